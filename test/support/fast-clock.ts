/**
 * A virtual clock for code without any real I/O: it goes from timer to timer as soon as the promises at hand have run.
 *
 * Thousands of dialogues pass in seconds. Work on real sockets has to be announced with `busy`; where code under test
 * uses them unannounced, `VirtualClock` is the one to use.
 */
import type { Clock, Timer } from "../../lib/clock";
import { longestWait } from "./wait-for";

interface Pending {
  readonly at: number;
  readonly fire: () => void;
}

/** Milliseconds; real clocks go on by more between two looks. */
const SHORTEST = 0.001;

/** Milliseconds of real time after which work that was announced counts as hanging. */
const LONGEST_WORK = 60_000;

/** Timers within one virtual millisecond after which the code under test counts as turning in a circle. */
const MOST_WITHIN_A_MILLISECOND = 1_000_000;

export class FastClock implements Clock {
  /** Turns of the event loop that pass before time goes on: for streams, which take more than promises. */
  turns: () => number = () => 0;
  private time = 0;
  private readonly pending = new Set<Pending>();
  private working = 0;

  /** @param offset wall-clock time at the start, ms since 1970. */
  constructor(private offset = 0) {}

  now(): number {
    return this.time;
  }

  wall(): number {
    return this.time + this.offset;
  }

  /** Makes the wall clock jump by `ms`, as when a host without battery clock gets the time from the network. */
  jumpWall(ms: number): void {
    this.offset += ms;
  }

  /** Holds the time until `work`, something on real sockets, has settled. */
  async busy<T>(work: Promise<T>): Promise<T> {
    this.working++;
    try {
      return await work;
    } finally {
      this.working--;
    }
  }

  after(ms: number, fire: () => void): Timer {
    // A rest that is lost in rounding would be waited for again and again.
    const entry: Pending = { at: this.time + (ms > 0 ? Math.max(ms, SHORTEST) : 0), fire };
    this.pending.add(entry);
    return { clear: () => this.pending.delete(entry) };
  }

  /** Number of running timers. */
  get timers(): number {
    return this.pending.size;
  }

  /**
   * Runs until `done()` holds.
   *
   * @param limit virtual milliseconds after which it gives up.
   * @throws when the limit is reached, nothing is left to wait for, or timers fire without end while no time passes.
   */
  async run(done: () => boolean, limit = Number.POSITIVE_INFINITY): Promise<void> {
    const end = this.time + limit;
    let millisecond = Math.floor(this.time);
    let fired = 0;
    let lastStep = performance.now();
    const latest = lastStep + longestWait();
    // From a promise callback on, a tick comes after all others; at the end of ordinary code it comes before them.
    await Promise.resolve();
    for (;;) {
      // A tick comes after all promise callbacks that are ready, and those that they make ready.
      await new Promise<void>((resolve) => process.nextTick(resolve));
      if (done()) return;
      for (let turn = this.turns(); turn > 0; turn--)
        await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.working > 0) {
        if (performance.now() - lastStep > LONGEST_WORK) throw new Error("work on sockets does not end");
        await new Promise<void>((resolve) => setImmediate(resolve));
        continue;
      }
      let next: Pending | undefined;
      for (const entry of this.pending) if (next === undefined || entry.at < next.at) next = entry;
      if (next === undefined) throw new Error(`nothing left to wait for at ${this.time} ms`);
      if (next.at > end) throw new Error(`condition not met within ${limit} ms of virtual time`);
      this.pending.delete(next);
      this.time = next.at;
      if (this.time >= millisecond + 1) {
        millisecond = Math.floor(this.time);
        fired = 0;
      } else if (++fired > MOST_WITHIN_A_MILLISECOND) throw new Error(`time stands still at ${this.time} ms`);
      next.fire();
      lastStep = performance.now();
      if (lastStep > latest)
        throw new Error(`condition not met at ${this.time} ms, after ${longestWait()} ms of real time`);
    }
  }

  /** Lets exactly `ms` pass. */
  async advance(ms: number): Promise<void> {
    let over = false;
    this.after(ms, () => {
      over = true;
    });
    await this.run(() => over);
  }

  /** Runs until `promise` settles and returns or throws its outcome. Gives up as `run` does. */
  async until<T>(promise: Promise<T>, limit?: number): Promise<T> {
    let settled = false;
    const watched = promise.finally(() => {
      settled = true;
    });
    watched.catch(() => undefined);
    await this.run(() => settled, limit);
    return watched;
  }
}
