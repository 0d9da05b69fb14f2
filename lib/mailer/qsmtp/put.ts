/**
 * The sending of a filled mail: QSMTPPUT, its result that comes minutes later as an unsolicited line, and what that means.
 *
 * From the moment the command is written, "not sent" may be reported only if the module reports it. A lost result is looked
 * for as long as the module says that it is still busy (652); only then the outcome is unknown. A line that may be the
 * text of a short message is no result (`running-mail.ts`).
 */
import { ERROR_TABLE, type ErrorCode, isModemError, ModemError } from "../../errors";
import { PUT_SECONDS, putMail, readPutResult, type PutResult } from "../../quectel/commands/smtp";
import type { Modem } from "../../quectel/connection/modem";
import { codeOfNumber, errorOfNumber } from "../../quectel/error-codes";
import { isRefusal } from "../../quectel/execute";
import { LOGIN_REFUSED, LOGIN_WANTED } from "../login-replies";
import { withStage } from "./guarded-modem";
import { mailState, resultInDoubt, ResultListener, runningMailResult } from "./running-mail";

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
 * Seconds that the module may take for a mail: the time set by the person, plus what its bytes take to send
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
  // Fails while the module is not there; the listener would then never be closed.
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
  if (listener.result === undefined) throw resultUnknown(undefined, listener.doubts > 0 ? IN_TEXT : SILENT);
  return { result: listener.result, sendMs: modem.clock.now() - started, wasLost };
}

/** The module cannot know of a mail whose command was still waiting for its turn. */
function neverWritten(error: unknown): unknown {
  if (wasNotRead(error)) return withStage(error, "send");
  return new ModemError("MODEM_NOT_READY", {
    cause: error,
    detail: "it was lost just before the mail was sent",
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
  modem.log.warn(`looking for the result of a mail: ${String(cause)}`);
  try {
    await runningMailResult(modem, listener, (seconds + MARGIN_SECONDS) * 1000, signal);
  } catch (error) {
    throw resultUnknown(error, "the node was stopped meanwhile");
  }
}

/* From the module's result of a mail to the error of this package. */

/** Numbers of the SMTP client begin here; firmware of tomorrow may add some behind those that are known. */
const FIRST_NUMBER = 651;
/** Stands for 554 and for every reply that has no number of its own, so the reply itself decides. */
const OTHER_REPLY = 682;

/** What the server said last, by the first digit (RFC 5321 section 4.2.1). */
type Reply = "none" | "positive" | "negative";

/** 0 stands for none; 354 and its like are positive too: the server wanted to go on. */
function replyOf(smtpCode: number | undefined): Reply {
  if (smtpCode === undefined || smtpCode === 0) return "none";
  return smtpCode >= 400 && smtpCode < 600 ? "negative" : "positive";
}

/**
 * The error of a `+QSMTPPUT` line; undefined when the server has accepted the mail. Its `smtpCode` is a refusal of the
 * server, never a reply with which the server agreed to go on: such a reply stands in the text.
 *
 * A line that says neither, such as `0,550`, `1,0` or a mere `0` (which is also the end of `656,0`), was damaged on its
 * way or is not understood: whether the mail was sent is unknown then, so the error is `MODEM_RESULT_UNKNOWN`.
 */
export function putError(result: PutResult): ModemError | undefined {
  const { error, smtpCode = 0 } = result;
  const isAccepted = result.smtpCode === 0 || (smtpCode >= 200 && smtpCode < 300);
  if (error === 0 && isAccepted) return undefined;
  if (error < FIRST_NUMBER)
    return resultUnknown(undefined, `the module said ${error},${result.smtpCode ?? "and no more"}`);
  if (isUnreadFile(result)) {
    const detail = `the module said ${error},${smtpCode}; an empty mail may have arrived`;
    return new ModemError("SMTP_FILE_OPEN_FAILED", { stage: "send", modemCode: error, detail });
  }
  const reply = replyOf(result.smtpCode);
  const details = {
    stage: "send",
    modemCode: error,
    ...(reply === "negative" ? { smtpCode } : {}),
  } as const;
  // The module has numbers for 530 and 535 only.
  const refusal = reply === "negative" ? (LOGIN_WANTED[smtpCode] ?? LOGIN_REFUSED[smtpCode]) : undefined;
  if (refusal !== undefined) {
    const { code, hint } = refusal;
    return new ModemError(code, {
      ...details,
      ...saying(code, smtpCode),
      ...(hint === undefined ? {} : { hint }),
    });
  }
  // Whoever was content has not refused, and 682 without a reply stands for no reply in particular.
  const isNoRefusal = reply === "positive" || (error === OTHER_REPLY && reply === "none");
  return errorOfNumber(error, {
    ...details,
    ...saying(codeOfNumber(error), smtpCode),
    ...(isNoRefusal ? { class: "transient" } : {}),
  });
}

/**
 * With this Quectel's client was seen to say that it could not read an attachment, and before it to end the mail without
 * a content: the second number is the module's own and no reply.
 */
function isUnreadFile({ error, smtpCode }: PutResult): boolean {
  return error === OTHER_REPLY && (smtpCode === 651 || smtpCode === 661);
}

/**
 * Numbers with which the module says, without a reply of the server, that it had not yet begun to hand the mail over:
 * busy with another one, name not found, no login it knows, and a recipient or a value that was missing. Not 661: a file
 * is read when the mail has begun, and an empty mail may have arrived.
 */
const BEFORE_THE_MAIL: ReadonlySet<number> = new Set([652, 653, 655, 659, 664]);

/**
 * True for a result that proves that the server has not taken the mail: the server refused (4yz, 5yz), or the module
 * had not begun. Everything else may come after the server has taken it: the confirmation of its last line was lost or
 * came too late (RFC 1047 section 2), or the module reports what happened when the connection was closed.
 */
export function provesRefusal({ error, smtpCode }: PutResult): boolean {
  if (error < FIRST_NUMBER) return false;
  switch (replyOf(smtpCode)) {
    case "negative":
      return true;
    case "none":
      return smtpCode !== undefined && BEFORE_THE_MAIL.has(error);
    case "positive":
      return false;
  }
}

/** The server's reply, where the text of the code does not name it already. */
function saying(code: ErrorCode | undefined, smtpCode: number): { readonly detail?: string } {
  const isNamed = code !== undefined && ERROR_TABLE[code].text.includes(`(${smtpCode}`);
  return smtpCode === 0 || isNamed ? {} : { detail: `the server said ${smtpCode}` };
}

/** As `provesRefusal`, the other way round, by the error alone; true where another copy must be marked for its reader. */
export function mayHaveArrived(error: unknown): boolean {
  if (!isModemError(error) || error.stage !== "send" || error.smtpCode !== undefined) return false;
  const { modemCode = 0 } = error;
  return modemCode >= FIRST_NUMBER && !BEFORE_THE_MAIL.has(modemCode);
}

/** After these the module can no longer be heard. */
const DIALOGUE_ENDS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "PORT_CLOSED",
  "PORT_UNPLUGGED",
  "PORT_FAILED",
  "PORT_MULTIPLEXED",
  "PORT_TELNET",
  "MODEM_SILENT",
  "MODEM_TIMEOUT",
  "MODEM_OUT_OF_SYNC",
  "MODEM_RESET",
  "MODEM_ABORTED",
  "MODEM_DEAD",
  "MODEM_RESULT_UNKNOWN",
]);

/** True for an error that means the result of a mail in flight is lost, not that the mail has failed. */
export function endsDialogue(error: unknown): boolean {
  return isModemError(error) && DIALOGUE_ENDS.has(error.code);
}

/** The error for a mail whose result can no longer come: it may have been sent or not. */
export function resultUnknown(cause: unknown, detail: string): ModemError {
  return new ModemError("MODEM_RESULT_UNKNOWN", { cause, detail, stage: "send" });
}
