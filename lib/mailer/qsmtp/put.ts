/**
 * The sending of a filled mail: QSMTPPUT, and its result that comes minutes later as an unsolicited line.
 *
 * From the moment the command is written nobody may say "not sent" unless the module does. A lost result is looked
 * for as long as the module says that it is still busy (652); only then the outcome is unknown. A line that may be the
 * text of a short message is no result (`result-listener.ts`).
 */
import { isModemError, ModemError } from "../../errors";
import { PUT_SECONDS, putMail, readPutResult, type PutResult } from "../../quectel/commands/smtp";
import { isRefusal } from "../../quectel/execute";
import type { Modem } from "../../quectel/connection/modem";
import { resultUnknown } from "./put-result";
import { ResultListener } from "./result-listener";
import { mailState, resultInDoubt, runningMailResult } from "./running-mail";
import { withStage } from "./stage-error";

const SILENT = "the module is no longer busy and said nothing";
const IN_TEXT =
  "the module is no longer busy, and what may have been its result came with a short message (SMS) or other text from outside";

/** Seconds by which the host waits longer than the module. */
const MARGIN_SECONDS = 30;
/** Bytes per second that a weak cell carries at least. */
const SLOWEST_AIR = 2048;
/** Base64 with its line ends (RFC 2045 section 6.8) and the headers of a mail. */
const WIRE_FACTOR = 1.37;
const HEADER_BYTES = 4096;

/**
 * Seconds that the module may take for a mail: the time set by the person, and on top what its bytes need on the air
 * at 2 KiB/s after coding; 60..65535.
 */
export function putSeconds(sendTimeout: number, bytes: number): number {
  const air = Math.ceil((bytes * WIRE_FACTOR + HEADER_BYTES) / SLOWEST_AIR);
  return Math.min(PUT_SECONDS.max, Math.max(PUT_SECONDS.min, sendTimeout + air));
}

export type PutModem = Pick<Modem, "execute" | "expect" | "clock" | "on" | "off" | "log">;

/** How this module was seen to answer QSMTPPUT; one for all its mails, changed by each. */
export interface PutForm {
  /** `OK` comes when the mail has ended, with or behind the result, and not at once as the manual has it. */
  isOkLate: boolean;
}

export interface PutOptions {
  /** Seconds for the module, 60..65535. */
  readonly seconds: number;
  readonly signal: AbortSignal;
  /** Left out: nothing is known, and nothing kept. */
  readonly form?: PutForm;
}

export interface PutOutcome {
  readonly result: PutResult;
  /** Milliseconds from the command to the result. */
  readonly sendMs: number;
  /** The connection was lost meanwhile: that the result is the one of this mail is still to be shown. */
  readonly wasLost: boolean;
}

/**
 * Sends the mail that the module holds; resolves with what the module says of it.
 *
 * Rejects with `MODEM_RESULT_UNKNOWN` once the command may have been read and its result can no longer come; with any
 * other error the mail was not sent.
 */
export async function sendMail(modem: PutModem, options: PutOptions): Promise<PutOutcome> {
  const { seconds, signal, form = { isOkLate: false } } = options;
  signal.throwIfAborted();
  // A result before the OK is another mail's, given up before, unless the module is not busy after it: then its line has
  // overtaken the OK.
  let isAccepted = false;
  let early: PutResult | undefined;
  // Fails while the module is not there; the listener would then have nobody to close it.
  const waiter = modem.expect(
    (line) => isAccepted && !listener.isInText && readPutResult(line) !== undefined,
  );
  const listener = new ResultListener(modem);
  let isWritten = false;
  let wasLost = false;
  const onStart = (): void => {
    isWritten = true;
    listener.forget();
  };
  const accepted = (): void => {
    isAccepted = true;
    early = listener.result;
    listener.forget();
  };
  const started = modem.clock.now();
  const limit = (seconds + MARGIN_SECONDS) * 1000;
  const over = new AbortController();
  const cancel = (): void => {
    waiter.cancel();
    over.abort(signal.reason);
  };
  signal.addEventListener("abort", cancel, { once: true });
  try {
    const command = putMail(seconds);
    // Asked meanwhile whether it is still there, a module that says OK late would be taken for a silent one.
    const timeoutMs = form.isOkLate ? limit : command.timeoutMs;
    await modem.execute({ ...command, timeoutMs, parse: accepted }, { signal, onStart });
    form.isOkLate = early !== undefined;
    if (early !== undefined && (await mailState(modem, signal)) === "free") listener.result ??= early;
    waiter.start(limit);
    if (listener.result === undefined)
      await Promise.race([waiter.promise, resultInDoubt(modem, listener, limit, over.signal)]);
    if (listener.result === undefined) throw resultUnknown(undefined, IN_TEXT);
  } catch (error) {
    if (!isWritten && !signal.aborted) throw neverWritten(error);
    if (isModemError(error, "MODEM_TIMEOUT")) form.isOkLate = true;
    // In the text of a message `ERROR` may be a line like any other.
    if (wasNotRead(error) && !listener.isInText) throw withStage(error, "send");
    if (listener.result === undefined) {
      wasLost = true;
      await lookForResult(modem, listener, options, error);
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    cancel();
    listener.close();
  }
  if (listener.result === undefined) throw resultUnknown(undefined, listener.isInDoubt ? IN_TEXT : SILENT);
  return { result: listener.result, sendMs: modem.clock.now() - started, wasLost };
}

/** The module cannot know of a mail whose command was still waiting for its turn. */
function neverWritten(error: unknown): unknown {
  if (wasNotRead(error)) return withStage(error, "send");
  return new ModemError("MODEM_NOT_READY", {
    cause: error,
    detail: "it went away just before the mail was to be sent",
    stage: "send",
  });
}

/** True for errors that prove that the module has not begun to send. */
function wasNotRead(error: unknown): boolean {
  return (
    isRefusal(error) || isModemError(error, "INVALID_ARGUMENT") || isModemError(error, "MODEM_NOT_READY")
  );
}

/** Waits for a result that the usual way has lost; rejects where it can no longer come. */
async function lookForResult(
  modem: PutModem,
  listener: ResultListener,
  { seconds, signal }: PutOptions,
  cause: unknown,
): Promise<void> {
  if (signal.aborted) throw resultUnknown(cause, "the node was stopped meanwhile");
  if (isModemError(cause, "MODEM_RESET")) throw resultUnknown(cause, "the module has restarted meanwhile");
  modem.log.warn(`the result of a mail is looked for: ${String(cause)}`);
  try {
    await runningMailResult(modem, listener, (seconds + MARGIN_SECONDS) * 1000, signal);
  } catch (error) {
    throw resultUnknown(error, "the node was stopped meanwhile");
  }
}
