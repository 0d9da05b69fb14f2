/** IdleTime: the minutes without use after which something is given up. What that is, it does not know. */
import type { Clock, Timer } from "../../clock";

const MINUTE_MS = 60_000;

export class IdleTime {
  private timer: Timer | undefined;
  private uses = 0;
  private isClosed = false;

  /**
   * @param minutes 0: never over.
   * @param over called when the time is over; `isStill` turns false with the next use.
   */
  constructor(
    private readonly clock: Clock,
    private readonly minutes: number,
    private readonly over: (isStill: () => boolean) => void,
  ) {}

  /** It was used just now: the time begins anew. */
  begin(): void {
    this.end();
    if (this.minutes === 0 || this.isClosed) return;
    const use = ++this.uses;
    this.timer = this.clock.after(this.minutes * MINUTE_MS, () => this.over(() => use === this.uses));
  }

  end(): void {
    this.timer?.clear();
  }

  /** It does not begin again. */
  close(): void {
    this.isClosed = true;
    this.end();
  }
}
