/**
 * A mail that the module may still be sending for somebody: is it, and what became of it?
 *
 * Every SMTP command is answered by 652 meanwhile; so one that changes nothing is asked again and again.
 */
import { delay, type Timer } from "../../clock";
import { isModemError, ModemError } from "../../errors";
import { queryRecipients, type PutResult } from "../../quectel/commands/smtp";
import type { Modem } from "../../quectel/connection/modem";
import type { ResultListener } from "./result-listener";

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

/**
 * Resolves when the module is no longer busy, but what may have been the result came among the lines of a text of
 * somebody outside; or after `limitMs` milliseconds. As long as there is no such text it asks nothing.
 *
 * Rejects only when aborted.
 */
export async function resultInDoubt(
  modem: AskedModem,
  listener: ResultListener,
  limitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const end = modem.clock.now() + limitMs;
  while (modem.clock.now() < end) {
    await listener.trouble(end - modem.clock.now(), modem, signal);
    if (!listener.isTroubled) return;
    const state = await stateNow(modem, listener, signal);
    if (state === "free" && listener.isInDoubt) return;
    if (listener.isTroubled) await delay(modem.clock, POLL_MS, signal);
  }
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
 * BusyWatch: the module's mail client has stayed busy (652) to the end of all patience, and the module may not be
 * restarted, so only its power switch helps.
 *
 * No mail is tried meanwhile. The module is asked once a minute all the same, because it may have been a very long mail
 * of another program after all. How long to be patient is decided by who waits.
 */

type WatchedModem = Pick<Modem, "clock" | "log" | "on" | "off" | "restartAllowed">;

const ASK_EVERY_MS = 60_000;

export class BusyWatch {
  /** `MODEM_STUCK` until the module says that it is free, or has started anew. */
  trouble: ModemError | undefined;
  private timer: Timer | undefined;

  /**
   * @param isFree asks the module; false also where it cannot be asked now. Never rejects.
   * @param changed called whenever `trouble` has changed.
   */
  constructor(
    private readonly modem: WatchedModem,
    private readonly isFree: () => Promise<boolean>,
    private readonly changed: () => void,
  ) {}

  /** The module was busy to the end; where it may be restarted, that is done when it is due, and nothing is wrong. */
  begin(): void {
    if (this.trouble !== undefined || this.modem.restartAllowed) return;
    this.trouble = new ModemError("MODEM_STUCK");
    this.modem.log.warn(this.trouble.message);
    this.modem.on("started", this.end);
    this.askLater();
    this.changed();
  }

  close(): void {
    this.trouble = undefined;
    this.timer?.clear();
    this.modem.off("started", this.end);
  }

  private readonly end = (): void => {
    this.close();
    this.changed();
  };

  private askLater(): void {
    this.timer = this.modem.clock.after(ASK_EVERY_MS, () => void this.ask());
  }

  private async ask(): Promise<void> {
    const { trouble } = this;
    const isFree = await this.isFree();
    // Closed, or ended by a start of the module meanwhile.
    if (this.trouble !== trouble || trouble === undefined) return;
    if (isFree) this.end();
    else this.askLater();
  }
}
