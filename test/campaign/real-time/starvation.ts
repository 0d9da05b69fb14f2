/**
 * How long a process has waited for a processor that others had: time that is the machine's, not the product's. A process
 * that hangs, sleeps or waits for something else is not waiting for a processor, so a stall of its own is never in it.
 */
import { readFileSync } from "node:fs";

/** Milliseconds that the main thread of a process has been ready to run, but did not, since its start; 0: it has ended. */
export function starvedMs(pid: number): number {
  try {
    const [, waited = "0"] = readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ");
    return Number(waited) / 1e6;
  } catch {
    return 0;
  }
}

/** Milliseconds between two ticks. */
const TICK = 20;

/** By how much the timers of this process, which has next to nothing to do, are late: what stopped it stopped all. */
export class LateTimers {
  /** Milliseconds so far. */
  total = 0;
  private last = performance.now();
  private readonly timer = setInterval(() => {
    const now = performance.now();
    this.total += Math.max(0, now - this.last - 2 * TICK);
    this.last = now;
  }, TICK);

  stop(): void {
    clearInterval(this.timer);
  }
}
