/**
 * The open of one socket: QIOPEN, its OK, and its result minutes later, or what the module says when it is asked.
 *
 * Which port the result line goes to is not documented, so a line that does not come is not waited for alone: QISTATE
 * shows the same.
 */
import { ModemError } from "../../errors";
import { delay } from "../../clock";
import { lastTcpipError } from "../commands/pdp";
import {
  OPEN_MS,
  openSocket,
  readOpened,
  socketInfo,
  type SocketState,
  type SocketTarget,
} from "../commands/sockets";
import { errorOfNumber } from "../error-codes";
import { ifRefused, isRefusal } from "../execute";
import type { SocketModem } from "./socket-line";

/** Milliseconds between two questions for the state of a connection that is being opened. */
const ASK_MS = 5_000;

/**
 * Opens a socket. Rejects with a `SOCKET_*` code, `SOCKET_IN_USE` where the id is taken, `PDP_NO_APN`, or as
 * `Modem.execute`; the id then may still have to be closed.
 *
 * @param onStart called when QIOPEN is about to be written: before that the module has nothing to close.
 */
export async function openConnection(
  modem: SocketModem,
  id: number,
  target: SocketTarget,
  signal: AbortSignal,
  onStart: () => void,
): Promise<void> {
  const waiter = modem.expect((line) => readOpened(line, id) !== undefined);
  const heard = new AbortController();
  const onHeard = (): void => heard.abort();
  waiter.promise.then(onHeard, onHeard);
  let seen: Seen = "nothing";
  try {
    await modem.execute(openSocket(id, target), { signal, onStart });
    seen = await look(modem, id, signal, heard.signal);
  } catch (error) {
    signal.throwIfAborted();
    // A result line, or the loss of the module, says more than the answer of the command.
    if (!heard.signal.aborted) {
      throw isRefusal(error) ? await reasonOf(modem, "SOCKET_FAILED", signal, error) : error;
    }
  } finally {
    waiter.cancel();
  }
  if (heard.signal.aborted) {
    const number = readOpened(await waiter.promise, id) ?? 0;
    if (number !== 0) throw errorOfNumber(number);
    return;
  }
  switch (seen) {
    case "connected":
      return;
    case "gone":
      // A line that was lost told of a failure; which one, only the last error shows.
      throw await reasonOf(modem, "SOCKET_CONNECT_FAILED", signal);
    case "nothing":
      throw new ModemError("SOCKET_TIMEOUT", { detail: "the module did not report a result" });
  }
}

/** What the questions for the state have shown. */
type Seen = "connected" | "gone" | "nothing";

/** Asks for the state until it shows how the open has ended, until `heard`, or until its time is over. */
async function look(modem: SocketModem, id: number, signal: AbortSignal, heard: AbortSignal): Promise<Seen> {
  const end = modem.clock.now() + OPEN_MS;
  for (let absent = 0; modem.clock.now() < end;) {
    await delay(modem.clock, ASK_MS, signal, heard).catch(() => signal.throwIfAborted());
    if (heard.aborted) return "nothing";
    const state = await askState(modem, id, signal);
    if (state === "connected") return state;
    absent = state === "gone" ? absent + 1 : 0;
    if (absent === 2) return "gone";
  }
  return "nothing";
}

async function askState(
  modem: SocketModem,
  id: number,
  signal: AbortSignal,
): Promise<"opening" | "connected" | "gone"> {
  const state = await ifRefused<SocketState | undefined>(
    modem.execute(socketInfo(id), { signal }).then((info) => info?.state),
    // Asking is not what this is about.
    async () => "opening",
  );
  return state === undefined || state === "closing" ? "gone" : state;
}

/** The error that the module names as its last, else that of `code`. */
async function reasonOf(
  modem: SocketModem,
  code: "SOCKET_CONNECT_FAILED" | "SOCKET_FAILED",
  signal: AbortSignal,
  cause?: unknown,
): Promise<ModemError> {
  const number = await ifRefused(
    modem.execute(lastTcpipError(), { signal }).then((last) => last.number),
    async () => 0,
  );
  return number === 0 ? new ModemError(code, { cause }) : errorOfNumber(number, { cause });
}
