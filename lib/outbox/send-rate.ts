/**
 * SendRate: no more than so many transactions in any 60 minutes of running time.
 *
 * Counted by minutes, so that what is kept stays small; a minute leaves the window as a whole.
 */

/** Minute of running time, and the transactions in it. */
export type MinuteCount = readonly [minute: number, count: number];

const MINUTE = 60_000;
/** A mail sent at the end of minute m is 60 minutes old at the end of minute m + 60. */
const WINDOW = 61;

export class SendRate {
  private counts: MinuteCount[];

  /** @param limit 0 = no limit. */
  constructor(
    private readonly limit: number,
    stored: readonly MinuteCount[],
  ) {
    this.counts = [...stored];
  }

  get limited(): boolean {
    return this.limit > 0;
  }

  /** Counts a transaction at this running time. */
  count(time: number): void {
    const minute = Math.floor(time / MINUTE);
    const same = this.counts.find((one) => one[0] === minute);
    const others = this.counts.filter((one) => one !== same && one[0] > minute - WINDOW);
    this.counts = [...others, [minute, (same?.[1] ?? 0) + 1]];
  }

  /** Milliseconds until a transaction may start; 0 = now. */
  wait(time: number): number {
    if (!this.limited) return 0;
    const minute = Math.floor(time / MINUTE);
    // Minutes later than now were counted by a clock that was lost.
    const counts = this.counts.filter((one) => one[0] > minute - WINDOW && one[0] <= minute);
    let excess = counts.reduce((sum, one) => sum + one[1], 0) - this.limit;
    if (excess < 0) return 0;
    for (const [counted, count] of counts) {
      excess -= count;
      if (excess < 0) return (counted + WINDOW) * MINUTE - time;
    }
    return 0;
  }

  store(): readonly MinuteCount[] {
    return this.counts;
  }
}
