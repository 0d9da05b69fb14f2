/**
 * The clock of one process of the host: it begins at zero, after the death of the process none of its timers fires, and
 * while the process is paused (SIGSTOP) time goes on and its timers fire late, all together.
 */
import type { Clock, Timer } from "../../../lib/clock";
import type { ProcessPause } from "./process-pause";

export class ProcessClock implements Clock {
  private readonly started: number;
  private readonly running = new Set<Timer>();
  private dead = false;

  constructor(
    private readonly world: Clock,
    private readonly pause: ProcessPause,
  ) {
    this.started = world.now();
  }

  now(): number {
    return this.world.now() - this.started;
  }

  wall(): number {
    return this.world.wall();
  }

  after(ms: number, fire: () => void): Timer {
    if (this.dead) return { clear: () => undefined };
    let cleared = false;
    const timer = this.world.after(ms, () =>
      this.pause.pass("timers", () => {
        if (cleared || this.dead) return;
        this.running.delete(timer);
        fire();
      }),
    );
    this.running.add(timer);
    return {
      clear: () => {
        cleared = true;
        timer.clear();
        this.running.delete(timer);
      },
    };
  }

  /** The process is gone. */
  die(): void {
    this.dead = true;
    for (const timer of this.running) timer.clear();
    this.running.clear();
  }
}
