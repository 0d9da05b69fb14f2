/**
 * A mail that the module may still be sending for somebody: is it, and what became of it?
 *
 * Every SMTP command is answered by 652 meanwhile; so one that changes nothing is asked again and again.
 */
import { delay } from "../../clock";
import { isModemError } from "../../errors";
import { queryRecipients, type PutResult } from "../../quectel/commands/smtp";
import type { Modem } from "../../quectel/connection/modem";
import type { ResultListener } from "./result-listener";

export type AskedModem = Pick<Modem, "execute" | "clock">;

/** Milliseconds between two questions, and for a result that comes right after the module has become free. */
const POLL_MS = 5_000;
const GRACE_MS = 2_000;
/** Milliseconds that the lines of a short message take at most: a question asked among them may be answered by them. */
const TEXT_TIME_MS = 500;

/**
 * The result of the mail that is running; undefined when none runs (any more), or after `limit` milliseconds. A module
 * that went away is asked as soon as it answers again; when it is not busy then, its result can no longer come.
 *
 * Rejects only when aborted.
 */
export async function runningMailResult(
  modem: AskedModem,
  listener: ResultListener,
  limit: number,
  signal: AbortSignal,
): Promise<PutResult | undefined> {
  const end = modem.clock.now() + limit;
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
 * somebody outside; or after `limit` milliseconds. As long as there is no such text it asks nothing.
 *
 * Rejects only when aborted.
 */
export async function resultInDoubt(
  modem: AskedModem,
  listener: ResultListener,
  limit: number,
  signal: AbortSignal,
): Promise<void> {
  const end = modem.clock.now() + limit;
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
