/**
 * Makes the host's clock leap: minutes pass at once, and the timers that fall due in them fire.
 *
 * For tests on a real runtime, whose sockets and files take real time between the leaps.
 */
import { systemClock, type Clock, type Timer } from "../../../lib/clock";

interface Pending {
  due: number;
  /** Milliseconds from its start to its end. */
  readonly length: number;
  readonly fire: () => void;
  timer: Timer;
}

export class LeapingClock {
  private readonly real: Clock = { ...systemClock };
  private readonly pending = new Set<Pending>();
  private offset = 0;

  /** Takes the place of the host's clock until `restore`. */
  constructor() {
    systemClock.now = () => this.real.now() + this.offset;
    systemClock.after = (ms, fire) =>
      this.start({ due: systemClock.now() + ms, length: ms, fire, timer: { clear: () => undefined } });
  }

  /** Lets `ms` milliseconds pass now. */
  leap(ms: number): void {
    this.pass(ms, () => true);
  }

  /**
   * Lets `ms` milliseconds pass for timers of exactly `length` milliseconds; all others go on as if nothing had passed.
   *
   * Resolves when those that fell due have fired.
   */
  leapOnly(length: number, ms: number): Promise<void> {
    this.pass(ms, (entry) => entry.length === length);
    // Node.js fires timers of one length in the order of their start.
    return new Promise((resolve) => this.real.after(0, resolve));
  }

  restore(): void {
    Object.assign(systemClock, this.real);
  }

  private pass(ms: number, concerns: (entry: Pending) => boolean): void {
    this.offset += ms;
    for (const entry of [...this.pending].sort((a, b) => a.due - b.due)) {
      if (!concerns(entry)) entry.due += ms;
      entry.timer.clear();
      this.arm(entry);
    }
  }

  private start(entry: Pending): Timer {
    this.pending.add(entry);
    this.arm(entry);
    return {
      clear: () => {
        entry.timer.clear();
        this.pending.delete(entry);
      },
    };
  }

  private arm(entry: Pending): void {
    entry.timer = this.real.after(Math.max(0, entry.due - systemClock.now()), () => {
      this.pending.delete(entry);
      entry.fire();
    });
  }
}
