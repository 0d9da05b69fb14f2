/**
 * ChangeTick: tells every viewer that something about a modem has changed, at most once a second.
 *
 * It reaches all who see the editor, so it carries figures and words of the status, and nothing of any mail.
 */
import type { Clock, Timer } from "../../../lib/clock";
import type { ShownStatus } from "../status/status";

/** Milliseconds between two ticks. */
export const TICK_INTERVAL_MS = 1000;

/** What viewers need before they ask. */
export interface Tick extends Pick<ShownStatus, "fill" | "shape" | "text" | "state" | "waiting"> {
  /** Mails kept for a retry. */
  readonly failed: number;
  readonly rssiDbm?: number;
}

export class ChangeTick {
  private last = -Infinity;
  private timer: Timer | undefined;
  private isClosed = false;

  constructor(
    private readonly clock: Clock,
    private readonly publish: () => void,
  ) {}

  /** Publishes now, or when the second is over; what comes meanwhile is told together. */
  changed(): void {
    if (this.isClosed) return;
    const wait = Math.max(0, this.last + TICK_INTERVAL_MS - this.clock.now());
    this.timer ??= this.clock.after(wait, () => {
      this.timer = undefined;
      this.last = this.clock.now();
      this.publish();
    });
  }

  close(): void {
    this.isClosed = true;
    this.timer?.clear();
  }
}
