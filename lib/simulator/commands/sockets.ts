/**
 * TCP sockets of the module: QIOPEN, QICLOSE, QISTATE, QISWTMD (fact base, sockets 1). Access modes 0 and 1 and TCP clients
 * only: transparent mode, UDP and listeners are refused with 555.
 */
import {
  answer,
  ERROR,
  OK,
  type Command,
  type CommandContext,
  type CommandHandler,
  type CommandTable,
  type Feature,
  type FinalResult,
} from "../device/command";
import { integerIn, quotedText, type Parameter } from "../device/parameters";
import { activeContext, HIGHEST_CONTEXT } from "../module/pdp-contexts";
import { failTcpip, passTcpip } from "../module/tcpip";
import { smtpClient } from "../delivery/smtp-state";
import {
  closeSocket,
  findSocket,
  HIGHEST_SOCKET,
  reportOpen,
  reserveSocket,
  sockets,
  switchMode,
} from "../sockets/socket-table";
import type { AccessMode, TcpSocket } from "../sockets/tcp-socket";
import { socketDataCommands } from "./socket-data";

const HIGHEST_PORT = 65_535;
const LONGEST_CLOSE_SECONDS = 65_535;
const DEFAULT_CLOSE_SECONDS = 10;

const socketId = (parameter: Parameter | undefined): number | undefined =>
  integerIn(parameter, 0, HIGHEST_SOCKET);

/** `<ctx>,<id>,"TCP","<host>",<port>[,<local port>[,<mode>]]` */
function open(context: CommandContext): FinalResult {
  const { modem, parameters, port: atPort, afterResult } = context;
  const [ctx, id, service, host, remote, local, access] = parameters;
  const parsed = {
    contextId: integerIn(ctx, 1, HIGHEST_CONTEXT),
    id: socketId(id),
    host: quotedText(host),
    port: integerIn(remote, 1, HIGHEST_PORT),
    localPort: local === undefined ? 0 : integerIn(local, 0, HIGHEST_PORT),
    mode: access === undefined ? 0 : integerIn(access, 0, 2),
  };
  if (!isComplete(parsed) || parsed.host === "" || parameters.length > 7) return failTcpip(modem, 552);
  if (quotedText(service)?.toUpperCase() !== "TCP" || parsed.mode === 2) return failTcpip(modem, 555);
  const { mode, ...rest } = parsed;
  const wanted = { ...rest, openedOn: atPort.name };
  if (modem.variants["open-while-mailing"] === "568" && smtpClient(modem).activity === "sending") {
    return failTcpip(modem, 568);
  }
  const obstacle = findSocket(modem, wanted.id) !== undefined ? 563 : noContext(context, wanted.contextId);
  if (obstacle !== undefined) {
    const name = obstacle === 563 ? "open-in-use" : "open-without-context";
    if (modem.variants[name] === "error") return failTcpip(modem, obstacle);
    afterResult(() => reportOpen(modem, wanted, obstacle));
    return OK;
  }
  const { connect } = reserveSocket(modem, wanted, mode === 1 ? 1 : 0);
  afterResult(connect);
  return OK;
}

function noContext({ modem }: CommandContext, id: number): 561 | undefined {
  return activeContext(modem, id) === undefined ? 561 : undefined;
}

type Complete<T> = { readonly [key in keyof T]: Exclude<T[key], undefined> };

function isComplete<T extends Readonly<Record<string, unknown>>>(values: T): values is T & Complete<T> {
  return Object.values(values).every((value) => value !== undefined);
}

async function close(context: CommandContext): Promise<FinalResult> {
  const { modem, parameters } = context;
  const id = socketId(parameters[0]);
  const seconds =
    parameters[1] === undefined ? DEFAULT_CLOSE_SECONDS : integerIn(parameters[1], 0, LONGEST_CLOSE_SECONDS);
  if (id === undefined || seconds === undefined || parameters.length > 2) return failTcpip(modem, 552);
  if (findSocket(modem, id) === undefined) {
    return modem.variants["close-unused"] === "ok" ? OK : failTcpip(modem, 572);
  }
  const closed = closeSocket(modem, id, seconds * 1000);
  if (modem.variants["close-waits"] === "peer") await closed;
  else modem.background(() => closed);
  passTcpip(modem);
  return OK;
}

/** All, those of a context (`0,<ctx>`), or one (`1,<id>`). */
function show(context: CommandContext): FinalResult {
  const { modem, parameters } = context;
  const kind = parameters[0] === undefined ? undefined : integerIn(parameters[0], 0, 1);
  const number = integerIn(parameters[1], 0, HIGHEST_CONTEXT);
  const isAll = parameters.length === 0;
  if (!isAll && (kind === undefined || number === undefined || parameters.length > 2)) {
    return failTcpip(modem, 552);
  }
  for (const socket of sockets(modem)) {
    const { id, contextId } = socket.parameters;
    if (isAll || (kind === 0 ? contextId : id) === number) context.info(stateLine(context, socket));
  }
  return OK;
}

function stateLine({ modem }: CommandContext, socket: TcpSocket): string {
  const { id, contextId, port, openedOn } = socket.parameters;
  const state = stateNumber(modem.variants["connected-state"], socket.kind);
  const { address, localPort, mode } = socket;
  return `+QISTATE: ${id},"TCP","${address}",${port},${localPort},${state},${contextId},${id},${mode},"${openedOn}"`;
}

function stateNumber(connected: "2" | "3", kind: TcpSocket["kind"]): string {
  switch (kind) {
    case "opening":
      return "1";
    case "open":
      return connected;
    case "peerClosed":
    case "closing":
      return "4";
    case "gone":
      return "0";
  }
}

function switchAccess({ modem, parameters }: CommandContext): FinalResult {
  const id = socketId(parameters[0]);
  const mode = integerIn(parameters[1], 0, 2);
  if (id === undefined || mode === undefined || parameters.length !== 2) return failTcpip(modem, 552);
  if (mode === 2) return failTcpip(modem, 555);
  if (findSocket(modem, id) === undefined) return failTcpip(modem, 572);
  const access: AccessMode = mode === 1 ? 1 : 0;
  switchMode(modem, id, access);
  return OK;
}

const commands: CommandTable = {
  "+QIOPEN": {
    test: answer(
      `+QIOPEN: (1-${HIGHEST_CONTEXT}),(0-${HIGHEST_SOCKET}),<service_type>,<IP_address>/<domain_name>,<remote_port>,<local_port>,(0-2)`,
    ),
    write: open,
  },
  "+QICLOSE": { test: answer(`+QICLOSE: (0-${HIGHEST_SOCKET}),(0-${LONGEST_CLOSE_SECONDS})`), write: close },
  "+QISTATE": { test: () => OK, exec: show, read: show, write: show },
  "+QISWTMD": { test: answer(`+QISWTMD: (0-${HIGHEST_SOCKET}),(0-2)`), write: switchAccess },
  ...socketDataCommands,
};

/** Firmware without sockets knows none of their commands. */
const whenPresent =
  (handler: CommandHandler): CommandHandler =>
  (context) =>
    context.modem.variants["socket-commands"] === "present" ? handler(context) : ERROR;

const guarded = (command: Command): Command => ({
  ...(command.test === undefined ? {} : { test: whenPresent(command.test) }),
  ...(command.read === undefined ? {} : { read: whenPresent(command.read) }),
  ...(command.write === undefined ? {} : { write: whenPresent(command.write) }),
  ...(command.exec === undefined ? {} : { exec: whenPresent(command.exec) }),
});

export const socketsFeature: Feature = {
  name: "sockets",
  commands: Object.fromEntries(Object.entries(commands).map(([name, command]) => [name, guarded(command)])),
};
