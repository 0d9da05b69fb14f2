/**
 * Time as a dependency: a monotonic clock, the wall clock and timers.
 *
 * Everything that waits takes a Clock, so that tests run minutes in milliseconds and never sleep. Ages and
 * time limits use `now()`; only what a person reads uses `wall()`, because the wall clock of a gateway
 * without a battery jumps by weeks.
 */

/** A running timer. `clear()` may be called at any time, also after it has fired. */
export interface Timer {
  clear(): void;
}

export interface Clock {
  /** Monotonic time in milliseconds; only differences mean something. */
  now(): number;
  /** Wall-clock time in milliseconds since 1970-01-01 UTC; may jump in both directions. */
  wall(): number;
  /** Calls `fire` once after `ms` milliseconds (0 or more). */
  after(ms: number, fire: () => void): Timer;
}

/** A host whose wall clock shows a time before this package was made is wrong. */
export const PACKAGE_DATE = Date.UTC(2025, 10, 1);

/** setTimeout fires at once for longer delays than this (2^31 - 1 ms), so `after` goes there in steps. */
const LONGEST_TIMEOUT_MS = 0x7fffffff;

/** The clock of the host. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: Date.now,
  after(ms, fire) {
    if (ms > LONGEST_TIMEOUT_MS) {
      let timer = systemClock.after(LONGEST_TIMEOUT_MS, () => {
        timer = systemClock.after(ms - LONGEST_TIMEOUT_MS, fire);
      });
      return { clear: () => timer.clear() };
    }
    const handle = setTimeout(fire, Math.max(0, ms));
    return { clear: () => clearTimeout(handle) };
  },
};

/**
 * Resolves after `ms` milliseconds of `clock`, or rejects with the reason of the first signal that is aborted before.
 *
 * Takes several signals, because combining a long-lived one by AbortSignal.any leaves a trace in it for each wait.
 */
export function delay(
  clock: Clock,
  ms: number,
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<void> {
  return new Promise((resolve, reject) => {
    const early = signals.find((signal) => signal?.aborted);
    if (early !== undefined) return reject(early.reason);
    const settle = (): void => {
      timer.clear();
      for (const signal of signals) signal?.removeEventListener("abort", settle);
      const aborted = signals.find((signal) => signal?.aborted);
      if (aborted === undefined) resolve();
      else reject(aborted.reason);
    };
    const timer = clock.after(ms, settle);
    for (const signal of signals) signal?.addEventListener("abort", settle, { once: true });
  });
}
