/** What goes through a TCP socket: QISEND, QISENDEX, QIRD and the echo of QISDE (fact base, sockets 1). */
import {
  answer,
  OK,
  SEND_FAIL,
  SEND_OK,
  type CommandContext,
  type CommandTable,
  type FinalResult,
} from "../device/command";
import { integerIn, quotedText } from "../device/parameters";
import { failTcpip, passTcpip, configured } from "../module/tcpip";
import { findSocket, HIGHEST_SOCKET, received, wasRead } from "../sockets/socket-table";
import type { TcpSocket } from "../sockets/tcp-socket";
import { stateKey, type Device } from "../device/device";

const LONGEST_BLOCK = 1460;
const LONGEST_READ = 1500;
const LONGEST_HEX = 512;
/** They end and cancel a block whose length was not told. */
const CTRL_Z = 0x1a;
const ESC = 0x1b;

const echo = stateKey<{ on: boolean }>("start", "QISDE", (modem) => ({
  on: modem.variants["socket-echo"] === "on",
}));

function socketOf({ modem, parameters }: CommandContext): TcpSocket | undefined {
  const id = integerIn(parameters[0], 0, HIGHEST_SOCKET);
  return id === undefined ? undefined : findSocket(modem, id);
}

async function send(context: CommandContext): Promise<FinalResult> {
  const { modem, parameters } = context;
  const isVariable = parameters.length === 1;
  const length = isVariable ? LONGEST_BLOCK : integerIn(parameters[1], 0, LONGEST_BLOCK);
  if (integerIn(parameters[0], 0, HIGHEST_SOCKET) === undefined) return failTcpip(modem, 552);
  if (length === undefined || parameters.length > 2) return failTcpip(modem, 552);
  const socket = socketOf(context);
  if (socket === undefined) return failTcpip(modem, 572);
  if (length === 0) return showSent(context, socket);
  if (!takesData(modem, socket)) return failTcpip(modem, 567);
  const [seconds = 0] = configured(modem, "qisend/timeout");
  const { bytes, end } = await context.collect({
    prompt: modem.variants["socket-prompt"] === "blank" ? "\r\n> " : "\r\n>",
    length,
    escapable: false,
    ...(isVariable ? { terminators: { end: CTRL_Z, cancel: ESC } } : {}),
    ...(seconds === 0 ? {} : { timeMs: seconds * 1000, timeFrom: "lastByte" as const }),
    ...(modem.state(echo).on ? { onBytes: (taken: Buffer) => context.raw(taken) } : {}),
  });
  if (end === "cancel") return OK;
  if (end !== "length") return failTcpip(modem, 571);
  const payload = configured(modem, "dataformat")[0] === 1 ? fromHex(bytes.toString("latin1")) : bytes;
  return payload === undefined ? failTcpip(modem, 552) : handOver(context, socket, payload);
}

async function sendHex(context: CommandContext): Promise<FinalResult> {
  const { modem, parameters } = context;
  const digits = quotedText(parameters[1]) ?? "";
  const bytes = fromHex(digits);
  if (bytes === undefined || digits.length > LONGEST_HEX || parameters.length !== 2) {
    return failTcpip(modem, 552);
  }
  const socket = socketOf(context);
  if (socket === undefined) return failTcpip(modem, 572);
  if (!takesData(modem, socket)) return failTcpip(modem, 567);
  return handOver(context, socket, bytes);
}

/** Nothing of a block is taken when the whole has no room. */
async function handOver(
  { modem, afterResult }: CommandContext,
  socket: TcpSocket,
  bytes: Buffer,
): Promise<FinalResult> {
  const isRefused = await modem.faults.socketSend();
  if (!takesData(modem, socket)) return failTcpip(modem, 567);
  const { total, acknowledged } = socket.sent;
  const room = Number(modem.variants["send-buffer"]) - (total - acknowledged);
  if (isRefused || bytes.length > room) return SEND_FAIL;
  afterResult(() => socket.send(bytes));
  passTcpip(modem);
  return SEND_OK;
}

function takesData(modem: Device, socket: TcpSocket): boolean {
  switch (socket.kind) {
    case "open":
      return true;
    case "peerClosed":
      return modem.variants["send-after-closed"] === "ok";
    case "opening":
    case "closing":
    case "gone":
      return false;
  }
}

function showSent({ modem, info }: CommandContext, { sent }: TcpSocket): FinalResult {
  info(`+QISEND: ${sent.total},${sent.acknowledged},${sent.total - sent.acknowledged}`);
  passTcpip(modem);
  return OK;
}

function read(context: CommandContext): FinalResult {
  const { modem, parameters, info, raw } = context;
  const most = parameters[1] === undefined ? LONGEST_READ : integerIn(parameters[1], 0, LONGEST_READ);
  if (most === undefined || parameters.length > 2) return failTcpip(modem, 552);
  const socket = socketOf(context);
  if (socket === undefined || socket.mode !== 0) return failTcpip(modem, 572);
  passTcpip(modem);
  if (parameters[1] !== undefined && most === 0) {
    const { receivedTotal, unreadBytes } = socket;
    info(`+QIRD: ${receivedTotal},${receivedTotal - unreadBytes},${unreadBytes}`);
    return OK;
  }
  const bytes = socket.read(most);
  wasRead(modem, socket.parameters.id, bytes.length);
  const isInline = configured(modem, "viewmode")[0] === 1;
  if (bytes.length === 0) {
    info("+QIRD: 0");
    return OK;
  }
  if (isInline) raw(`\r\n+QIRD: ${bytes.length},`);
  else info(`+QIRD: ${bytes.length}`);
  raw(received(modem, bytes));
  if (modem.variants["read-line-ends"] === "two") raw("\r\n");
  return OK;
}

function setEcho({ modem, parameters }: CommandContext): FinalResult {
  const value = integerIn(parameters[0], 0, 1);
  if (value === undefined || parameters.length !== 1) return failTcpip(modem, 552);
  modem.state(echo).on = value === 1;
  return OK;
}

function fromHex(digits: string): Buffer | undefined {
  return digits.length > 0 && /^([0-9a-f]{2})+$/i.test(digits) ? Buffer.from(digits, "hex") : undefined;
}

export const socketDataCommands: CommandTable = {
  "+QISEND": { test: answer(`+QISEND: (0-${HIGHEST_SOCKET}),(0-${LONGEST_BLOCK})`), write: send },
  "+QISENDEX": { test: answer(`+QISENDEX: (0-${HIGHEST_SOCKET}),<hex_string>`), write: sendHex },
  "+QIRD": { test: answer(`+QIRD: (0-${HIGHEST_SOCKET}),(0-${LONGEST_READ})`), write: read },
  "+QISDE": {
    test: answer("+QISDE: (0,1)"),
    read: ({ modem, info }) => {
      info(`+QISDE: ${modem.state(echo).on ? 1 : 0}`);
      return OK;
    },
    write: setEcho,
  },
};
