/** One restart of the module because mails do not go out. Whether and when is decided elsewhere. */
import { delay } from "../../clock";
import { ModemError } from "../../errors";
import type { Modem } from "../connection/modem";

/** Longest time, in milliseconds, that a module out of step is waited for, and that a restart may take. */
const ANSWER_TIME = 60_000;
const RESTART_TIME = 180_000;

/**
 * Restarts the module for a mail that cannot go out; the caller holds the mail lock.
 *
 * Resolves when the module is ready again. Rejects with `MODEM_NOT_READY` when it does not come back within three
 * minutes, or with the reason of `signal`. @param note awaited just before, to count it
 */
export async function restartForMail(
  modem: Modem,
  note: () => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  await within(modem, ANSWER_TIME, signal, (limited) => modem.whenReady(limited));
  await note();
  modem.log.warn("the module is restarted, because mails do not go out");
  await within(modem, RESTART_TIME, signal, (limited) => modem.restart(limited));
}

async function within(
  modem: Modem,
  ms: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const late = new ModemError("MODEM_NOT_READY", { detail: `not within ${ms / 1000} s` });
  const limit = new AbortController();
  void delay(modem.clock, ms, over.signal).then(
    () => limit.abort(late),
    () => undefined,
  );
  try {
    await work(outer === undefined ? limit.signal : AbortSignal.any([outer, limit.signal]));
  } finally {
    over.abort();
  }
}
