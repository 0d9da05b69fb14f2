/**
 * The clock of one process of the host: it begins at zero, and after the death of the process none of its timers fires.
 */
import type { Clock, Timer } from "../../../lib/clock";

export class ProcessClock implements Clock {
  private readonly started: number;
  private readonly running = new Set<Timer>();
  private dead = false;

  constructor(private readonly world: Clock) {
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
    const timer = this.world.after(ms, () => {
      this.running.delete(timer);
      fire();
    });
    this.running.add(timer);
    return {
      clear: () => {
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
