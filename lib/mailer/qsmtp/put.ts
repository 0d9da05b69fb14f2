/**
 * The sending of a filled mail: QSMTPPUT, and its result that comes minutes later as an unsolicited line; what that means
 * is in `result.ts`.
 *
 * From the moment the command is written, "not sent" may be reported only if the module reports it. A lost result is looked
 * for as long as the module says that it is still busy (652); only then the outcome is unknown. A line that may be the
 * text of a short message is no result (`ResultListener`).
 */
import { once } from "node:events";
import { outsideText } from "../../at/line-kind";
import { delay } from "../../clock";
import { isModemError, ModemError } from "../../errors";
import {
  PUT_SECONDS,
  putMail,
  queryRecipients,
  readPutResult,
  type PutResult,
} from "../../quectel/commands/smtp";
import type { Modem } from "../../quectel/connection/modem";
import type { ModemState } from "../../quectel/connection/modem-state";
import { isRefusal } from "../../quectel/execute";
import { withStage } from "./guarded-modem";
import { resultUnknown } from "./result";

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
      await Promise.race([waiter.promise, listener.inDoubt(modem, limit, over.signal)]);
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

/*
 * A mail that the module may still be sending for somebody: is it, and what became of it?
 *
 * Every SMTP command is answered by 652 meanwhile; so one that changes nothing is asked repeatedly.
 */

type AskedModem = Pick<Modem, "execute" | "clock">;

/** Milliseconds between two questions, and for a result that comes right after the module has become free. */
const POLL_MS = 5_000;
const GRACE_MS = 2_000;
/** Milliseconds that the lines of a short message take at most: a question asked among them may be answered by them. */
const TEXT_TIME_MS = 500;

/**
 * The result of the mail that is running; undefined when none runs (any more), or after `limitMs` milliseconds. A module
 * that went away is asked as soon as it answers again; when it is not busy then, its result can no longer come.
 *
 * Rejects only when aborted.
 */
export async function runningMailResult(
  modem: AskedModem,
  listener: ResultListener,
  limitMs: number,
  signal: AbortSignal,
): Promise<PutResult | undefined> {
  const end = modem.clock.now() + limitMs;
  let wasAway = false;
  while (listener.result === undefined && modem.clock.now() < end) {
    const state = await stateNow(modem, listener, signal);
    if (state === "free" && wasAway) break;
    await listener.within(state === "free" ? GRACE_MS : POLL_MS, modem, signal);
    if (state === "free") break;
    wasAway = state === "absent";
  }
  return listener.result;
}

/** As `mailState`, and lets the listener know what the answer means for the lines it has heard. */
async function stateNow(
  modem: AskedModem,
  listener: ResultListener,
  signal: AbortSignal,
): Promise<"sending" | "free" | "absent"> {
  if (listener.isInText) await delay(modem.clock, TEXT_TIME_MS, signal);
  const mark = listener.mark();
  const state = await mailState(modem, signal);
  if (state === "absent" || !listener.isUndisturbedSince(mark)) return "absent";
  listener.answered(mark, state === "sending");
  return state;
}

/** `sending`: the module works on a mail. `free`: it does not. `absent`: it does not answer now. */
export async function mailState(
  modem: AskedModem,
  signal: AbortSignal,
): Promise<"sending" | "free" | "absent"> {
  try {
    await modem.execute(queryRecipients(), { signal });
    return "free";
  } catch (error) {
    signal.throwIfAborted();
    if (isModemError(error, "SMTP_BUSY")) return "sending";
    // A plain ERROR is what a module says whose mail client has not started yet.
    return isModemError(error) && error.modemCode !== undefined ? "free" : "absent";
  }
}

/*
 * ResultListener: hears results of mails, and does not take the text of a short message for one.
 *
 * Where another program has messages sent to our port (`AT+CNMI=2,2`), a text may read `+QSMTPPUT: 0,0`. No line by
 * itself shows whether it is the module's word or the text's, so from the header of such a text on no result is
 * believed, until the module has answered a question asked after it (`at/line-kind.ts`). What was heard meanwhile is
 * kept as a doubt: while the module is still busy it was no result; once it is not, it may have been one, and only a
 * line that comes later is.
 */

export type ListeningModem = Pick<Modem, "on" | "off">;

/** What had been heard at the moment of a question. */
export interface Mark {
  readonly texts: number;
  readonly doubts: number;
}

export class ResultListener {
  /** The result heard last. */
  result: PutResult | undefined;
  /** Lines that may have been the result, or part of such a text. */
  doubts = 0;
  /** True while a line may belong to a text of somebody outside. */
  isInText = false;
  /** Texts that have begun, and those of them that are over for sure. */
  private texts = 0;
  private endedTexts = 0;
  private readonly onLine = (line: string): void => {
    if (outsideText(line) !== undefined) {
      this.texts++;
      this.isInText = true;
      this.begun?.();
      return;
    }
    const result = readPutResult(line);
    if (result === undefined) return;
    if (this.isInText) {
      this.doubts++;
      return;
    }
    this.result = result;
    this.heard?.();
  };
  /** Texts that had begun when the module was last looked for; undefined once it has been found. */
  private textsBefore: number | undefined;
  private readonly onState = ({ name }: ModemState): void => {
    if (name === "connecting") {
      this.textsBefore = this.texts;
    } else if (name === "registering" || name === "ready") {
      // It has answered, so what was said before is over.
      this.endTexts(this.textsBefore ?? 0);
      this.textsBefore = undefined;
      this.back?.();
    }
  };
  /** What the waits that run are told. */
  private back: (() => void) | undefined;
  private heard: (() => void) | undefined;
  private begun: (() => void) | undefined;

  constructor(private readonly modem: ListeningModem) {
    modem.on("unsolicited", this.onLine);
    modem.on("state", this.onState);
  }

  /**
   * Resolves when a result has been heard, a module that went away answers again, or `ms` milliseconds are over; rejects
   * when aborted.
   */
  async within(ms: number, modem: Pick<Modem, "clock">, signal: AbortSignal): Promise<void> {
    if (this.result !== undefined) return;
    const heard = new AbortController();
    this.heard = () => heard.abort();
    this.back = this.heard;
    await delay(modem.clock, ms, signal, heard.signal).catch(() => signal.throwIfAborted());
  }

  /**
   * Resolves when the module is no longer busy, but what may have been the result came among the lines of a text of
   * somebody outside; or after `limitMs` milliseconds with such texts. As long as there is none it asks nothing and only
   * waits.
   *
   * Rejects only when aborted.
   */
  async inDoubt(modem: AskedModem, limitMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = modem;
    const end = clock.now() + limitMs;
    while (clock.now() < end) {
      if (!this.isInText && this.doubts === 0) {
        const begun = new AbortController();
        this.begun = () => begun.abort();
        await once(begun.signal, "abort", { signal }).catch(() => signal.throwIfAborted());
        continue;
      }
      const state = await stateNow(modem, this, signal);
      if (state === "free" && this.doubts > 0) return;
      // What a question could still clear up.
      if (this.isInText || this.doubts > 0) await delay(clock, POLL_MS, signal);
    }
  }

  /** To be taken before a question is written. */
  mark(): Mark {
    const { texts, doubts } = this;
    return { texts, doubts };
  }

  /** False when a text has begun since `mark`: it may have answered in the place of the module. */
  isUndisturbedSince({ texts }: Mark): boolean {
    return this.texts === texts;
  }

  /** The module has answered the question: texts begun before are over; while it was busy, no result had come. */
  answered({ texts, doubts }: Mark, wasBusy: boolean): void {
    this.endTexts(texts);
    if (wasBusy) this.doubts -= doubts;
  }

  /** Results heard so far no longer belong to any mail. */
  forget(): void {
    this.result = undefined;
    this.doubts = 0;
  }

  /** So many texts are over for sure. */
  private endTexts(count: number): void {
    this.endedTexts = Math.max(this.endedTexts, count);
    this.isInText = this.texts > this.endedTexts;
  }

  close(): void {
    this.modem.off("unsolicited", this.onLine);
    this.modem.off("state", this.onState);
  }
}
