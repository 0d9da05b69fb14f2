/**
 * The sockets of the module by id: their life from QIOPEN to QICLOSE, and the unsolicited lines that report it (fact base,
 * sockets 1 and 2). They do not care who is at the serial line: a host that restarts finds them as it left them.
 */
import type { PortName } from "../device/port";
import { activeContext } from "../module/pdp-contexts";
import { configured, failTcpip, passTcpip } from "../module/tcpip";
import type { TcpipError } from "../device/tcpip-errors";
import { stateKey, type Device } from "../device/device";
import { connectTo } from "./connect";
import { TcpSocket, type AccessMode, type SocketParameters, type SocketSettings } from "./tcp-socket";

export const HIGHEST_SOCKET = 11;

interface Entry {
  readonly socket: TcpSocket;
  /** "recv" has been said, and does not come again until the buffer has been emptied. */
  announced: boolean;
  /** Listens no more to the end of module and context. */
  unlisten: () => void;
}

const table = stateKey("start", "sockets", () => new Map<number, Entry>());

export function findSocket(modem: Device, id: number): TcpSocket | undefined {
  return modem.state(table).get(id)?.socket;
}

/** In the order of their ids. */
export function sockets(modem: Device): readonly TcpSocket[] {
  return [...modem.state(table).values()]
    .map(({ socket }) => socket)
    .sort((one, other) => one.parameters.id - other.parameters.id);
}

/** Takes the id at once; the result comes as `+QIOPEN: <id>,<err>` after `connect` was called. */
export function reserveSocket(
  modem: Device,
  parameters: SocketParameters,
  mode: AccessMode,
): { readonly connect: () => void } {
  const { id, contextId } = parameters;
  const entry: Entry = {
    announced: false,
    unlisten: () => undefined,
    socket: new TcpSocket(modem, parameters, mode, settingsOf(modem), {
      received: () => report(modem, entry),
      closed: () => reportClosed(modem, entry),
    }),
  };
  const all = modem.state(table);
  all.set(id, entry);
  const drop = (): void => {
    entry.socket.drop();
    forget(modem, entry);
  };
  const signals = [modem.signal, activeContext(modem, contextId)?.end.signal];
  for (const signal of signals) signal?.addEventListener("abort", drop);
  entry.unlisten = () => {
    for (const signal of signals) signal?.removeEventListener("abort", drop);
  };
  return { connect: () => modem.background((signal) => open(modem, entry, signal)) };
}

/** Says `+QIOPEN: <id>,<err>`. */
export function reportOpen(
  modem: Device,
  { id, openedOn }: Pick<SocketParameters, "id" | "openedOn">,
  error: TcpipError,
): void {
  if (error === 0) passTcpip(modem);
  else failTcpip(modem, error);
  modem.raiseUrc(`+QIOPEN: ${id},${error}`, portOf(modem, openedOn));
}

/** Closes a socket and frees its id. */
export async function closeSocket(modem: Device, id: number, timeoutMs: number): Promise<void> {
  const entry = modem.state(table).get(id);
  if (entry === undefined) return;
  await entry.socket.close(timeoutMs);
  forget(modem, entry);
}

/** A QIRD took bytes, or found none when `count` is 0. */
export function wasRead(modem: Device, id: number, count: number): void {
  const entry = modem.state(table).get(id);
  if (entry === undefined) return;
  const isEmptied =
    modem.variants["recv-again"] === "zero-read" ? count === 0 : entry.socket.unreadBytes === 0;
  if (isEmptied) entry.announced = false;
}

/** Another access mode: what waits is pushed. */
export function switchMode(modem: Device, id: number, mode: AccessMode): void {
  const entry = modem.state(table).get(id);
  if (entry === undefined) return;
  entry.socket.mode = mode;
  entry.announced = false;
  report(modem, entry);
}

async function open(modem: Device, entry: Entry, signal: AbortSignal): Promise<void> {
  const { socket } = entry;
  const refusal = await modem.faults.socketOpen();
  if (refusal?.kind === "silence" || socket.kind !== "opening") return;
  const connected =
    refusal === undefined
      ? await connectTo(modem, socket.parameters)
      : ({ kind: "failed", error: refusal.error } as const);
  if (modem.timing.roundTripMs > 0) await modem.wait(modem.timing.roundTripMs);
  const isWanted = !signal.aborted && socket.kind === "opening";
  if (connected.kind === "connected") {
    if (!isWanted) {
      connected.stream.destroy();
      return;
    }
    socket.address = connected.address;
    reportOpen(modem, socket.parameters, 0);
    socket.opened(connected.stream);
    return;
  }
  if (!isWanted) return;
  socket.drop();
  if (modem.variants["failed-open-id"] === "free") forget(modem, entry);
  reportOpen(modem, socket.parameters, connected.error);
}

function forget(modem: Device, entry: Entry): void {
  entry.unlisten();
  const all = modem.state(table);
  const { id } = entry.socket.parameters;
  if (all.get(id) === entry) all.delete(id);
}

/** Bytes wait: reports them, or pushes them. */
function report(modem: Device, entry: Entry): void {
  const { socket } = entry;
  if (socket.unreadBytes === 0) return;
  if (socket.mode === 1) {
    push(modem, entry);
    return;
  }
  if (entry.announced && modem.variants["recv-again"] !== "each") return;
  entry.announced = true;
  const { id, openedOn } = socket.parameters;
  const length = configured(modem, "recvind")[0] === 1 ? `,${socket.unreadBytes}` : "";
  modem.raiseUrc(`+QIURC: "recv",${id}${length}`, portOf(modem, openedOn));
}

function push(modem: Device, { socket }: Entry): void {
  const { id, openedOn } = socket.parameters;
  for (let bytes = socket.nextPush(); bytes.length > 0; bytes = socket.nextPush()) {
    modem.raiseUrc(`+QIURC: "recv",${id},${bytes.length}`, portOf(modem, openedOn), received(modem, bytes));
  }
}

/** Data as the host gets them: bytes, or hex digits under `dataformat`. */
export function received(modem: Device, bytes: Buffer): Buffer {
  if (configured(modem, "dataformat")[1] !== 1) return bytes;
  return Buffer.from(bytes.toString("hex").toUpperCase(), "latin1");
}

function reportClosed(modem: Device, entry: Entry): void {
  const { id, openedOn } = entry.socket.parameters;
  if (configured(modem, "passiveclosed")[0] === 1) {
    entry.socket.drop();
    forget(modem, entry);
  }
  modem.raiseUrc(`+QIURC: "closed",${id}`, portOf(modem, openedOn));
}

/** Undefined: the ports of QURCCFG. */
function portOf(modem: Device, openedOn: PortName): PortName | undefined {
  return modem.variants["socket-urc-port"] === "opening" ? openedOn : undefined;
}

function settingsOf(modem: Device): SocketSettings {
  return {
    receiveBuffer: () => configured(modem, "recv/buffersize")[0] ?? 0,
    retransmissions: () => {
      const [count = 0, tenths = 0] = configured(modem, "tcp/retranscfg");
      return { count, longestMs: tenths * 100 };
    },
    keepAliveMs: () => {
      const [on, idleMinutes = 0, intervalSeconds = 0, probes = 0] = configured(modem, "tcp/keepalive");
      return on === 1 ? idleMinutes * 60_000 + intervalSeconds * 1000 * probes : undefined;
    },
  };
}
