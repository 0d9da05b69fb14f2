/**
 * The open of one socket: QIOPEN, its OK, and its result minutes later, or what the module says when it is asked.
 *
 * Which port the result line goes to is not documented, so a line that does not come is not waited for alone: QISTATE
 * shows the same.
 */
import type { Command } from "../../at/command";
import type { Waiter } from "../../at/channel";
import { Deferred, within } from "../../async";
import { isModemError, ModemError } from "../../errors";
import { delay } from "../../clock";
import { lastTcpipError } from "../commands/pdp";
import {
  OPEN_MS,
  openSocket,
  readOpened,
  socketInfo,
  socketRanges,
  type SocketState,
  type SocketTarget,
} from "../commands/sockets";
import { errorOfNumber } from "../error-codes";
import { ifRefused, isRefusal } from "../execute";
import type { SocketModem } from "./socket-line";

/** Milliseconds between two questions for the state of a connection that is being opened. */
const ASK_MS = 5_000;

/** Milliseconds in which the line that refuses an open comes after its OK: the module need not ask the network. */
const REFUSED_MS = 500;

/** What became of an open, for whoever clears up after it. */
export interface Attempt {
  /** QIOPEN was about to be written: before that the module has nothing to close. */
  isAsked: boolean;
  /**
   * Set where it was called off after that. True: the module refused it since the id is in use, by another program then,
   * whose connection must stay. Never rejects.
   */
  isTaken?: Promise<boolean>;
}

/**
 * Opens a socket. Rejects with a `SOCKET_*` code, `SOCKET_IN_USE` where the id is taken, `PDP_NO_APN`, or as
 * `Modem.execute`; the id then may still have to be closed, as `attempt` tells.
 */
export async function openConnection(
  modem: SocketModem,
  id: number,
  target: SocketTarget,
  signal: AbortSignal,
  attempt: Attempt,
): Promise<void> {
  signal.throwIfAborted();
  const waiter = modem.expect((line) => readOpened(line, id) !== undefined);
  // Called off in the queue it is not written; called off later its answer is still of interest.
  const queued = new AbortController();
  const calledOff = new Deferred<never>();
  const onAbort = (): void => {
    if (attempt.isAsked) calledOff.reject(signal.reason);
    else queued.abort(signal.reason);
  };
  signal.addEventListener("abort", onAbort);
  const onStart = (): void => void (attempt.isAsked = true);
  const answer = modem.execute(openSocket(id, target), { signal: queued.signal, onStart });
  try {
    await resultOf(modem, id, Promise.race([answer, calledOff.promise]), waiter.promise, signal);
  } catch (error) {
    if (signal.aborted && attempt.isAsked) attempt.isTaken = isTaken(modem, id, answer, waiter);
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
    if (attempt.isTaken === undefined) waiter.cancel();
  }
}

async function resultOf(
  modem: SocketModem,
  id: number,
  answer: Promise<void>,
  opened: Promise<string>,
  signal: AbortSignal,
): Promise<void> {
  const heard = new AbortController();
  const onHeard = (): void => heard.abort();
  opened.then(onHeard, onHeard);
  let seen: Seen = "nothing";
  try {
    await answer;
    seen = await look(modem, id, signal, heard.signal);
  } catch (error) {
    signal.throwIfAborted();
    // A result line, or the loss of the module, says more than the answer of the command.
    if (!heard.signal.aborted) {
      throw isRefusal(error) ? await reasonOf(modem, "SOCKET_FAILED", id, signal, error) : error;
    }
  }
  if (heard.signal.aborted) {
    const number = readOpened(await opened, id) ?? 0;
    if (number !== 0) throw errorOfNumber(number);
    return;
  }
  switch (seen) {
    case "connected":
      return;
    case "gone":
      // A line that was lost told of a failure; which one, only the last error shows.
      throw await reasonOf(modem, "SOCKET_CONNECT_FAILED", id, signal);
    case "nothing":
      throw new ModemError("SOCKET_TIMEOUT", { detail: "the module did not report a result" });
  }
}

/** Of an open that was called off, see `Attempt`. */
async function isTaken(
  modem: SocketModem,
  id: number,
  answer: Promise<void>,
  waiter: Waiter,
): Promise<boolean> {
  try {
    // Refused at once, or by the line that follows.
    const number = await ifRefused<number | undefined>(
      answer
        .then(() => within(modem.clock, REFUSED_MS, waiter.promise, () => ""))
        .then((line) => readOpened(line, id)),
      () => lastNumber(modem),
    );
    return isModemError(errorOfNumber(number ?? 0), "SOCKET_IN_USE");
  } catch {
    return false;
  } finally {
    waiter.cancel();
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
  id: number,
  signal: AbortSignal,
  cause?: unknown,
): Promise<ModemError> {
  const number = await lastNumber(modem, signal);
  if (number !== undefined && number !== 0) return errorOfNumber(number, { cause });
  // That it answers shows that its TCP/IP stack is there; the module has not said the number of this code.
  if (number === 0 && code === "SOCKET_FAILED" && (await isWithoutSockets(modem, id, signal))) {
    const detail = "AT+QIOPEN, AT+QISTATE";
    return new ModemError("SOCKET_UNSUPPORTED", { cause, detail, modemCode: null, class: "transient" });
  }
  return new ModemError(code, { cause });
}

/** True where the module refuses to be asked about its sockets, whichever command is used. */
async function isWithoutSockets(modem: SocketModem, id: number, signal: AbortSignal): Promise<boolean> {
  const refused = <T>(command: Command<T>): Promise<boolean> =>
    ifRefused(
      modem.execute(command, { signal }).then(() => false),
      async () => true,
    );
  return (await refused(socketRanges())) && (await refused(socketInfo(id)));
}

/** The number of the last error, 0 for none; undefined where the module does not tell. */
function lastNumber(modem: SocketModem, signal?: AbortSignal): Promise<number | undefined> {
  return ifRefused<number | undefined>(
    modem.execute(lastTcpipError(), signal === undefined ? {} : { signal }).then((last) => last.number),
    async () => undefined,
  );
}
