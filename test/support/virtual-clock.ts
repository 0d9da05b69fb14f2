/**
 * A clock that tests drive: minutes pass in milliseconds, and nothing sleeps.
 *
 * `run` lets the code under test do all it can do now, then jumps to the next timer. Work on real sockets or
 * files is announced with `busy`, so that time stands still until it is done.
 */
import type { Clock, Timer } from "../../lib/clock";

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
}

export class VirtualClock implements Clock {
  private time = 0;
  private offset: number;
  private order = 0;
  private pending: Pending[] = [];
  private working = 0;

  /** @param wall wall-clock time at the start, ms since 1970. */
  constructor(wall: number = Date.UTC(2026, 0, 1)) {
    this.offset = wall;
  }

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

  after(ms: number, fire: () => void): Timer {
    const entry: Pending = { at: this.time + Math.max(0, ms), order: this.order++, fire };
    this.pending.push(entry);
    return {
      clear: () => {
        this.pending = this.pending.filter((other) => other !== entry);
      },
    };
  }

  /** Number of running timers. */
  get timers(): number {
    return this.pending.length;
  }

  /** Holds the time until `work`, something on real sockets or files, has settled. */
  async busy<T>(work: Promise<T>): Promise<T> {
    this.working++;
    try {
      return await work;
    } finally {
      this.working--;
    }
  }

  /**
   * Runs until `done()` holds, jumping from timer to timer.
   *
   * @param limit virtual milliseconds after which it gives up.
   * @throws when the limit is reached, or nothing is left that could make `done()` true.
   */
  async run(done: () => boolean, limit = 24 * 3600_000): Promise<void> {
    const end = this.time + limit;
    for (let idle = 0; ;) {
      await settle();
      if (done()) return;
      if (this.working > 0) continue;
      const next = this.next();
      if (next === undefined) {
        // Work that nobody announced may still be under way; give the event loop some turns before giving up.
        if (++idle > 200) throw new Error(`nothing left to wait for at ${this.time} ms`);
        continue;
      }
      idle = 0;
      if (next.at > end) throw new Error(`condition not met within ${limit} ms of virtual time`);
      this.pending = this.pending.filter((other) => other !== next);
      this.time = next.at;
      next.fire();
    }
  }

  /** Lets exactly `ms` pass. */
  async advance(ms: number): Promise<void> {
    let over = false;
    this.after(ms, () => {
      over = true;
    });
    await this.run(() => over, ms + 1);
    await settle();
  }

  /** Runs until `promise` settles and returns or throws its outcome. */
  async until<T>(promise: Promise<T>, limit?: number): Promise<T> {
    let settled = false;
    const watched = promise.finally(() => {
      settled = true;
    });
    watched.catch(() => undefined);
    await this.run(() => settled, limit);
    return watched;
  }

  private next(): Pending | undefined {
    let first: Pending | undefined;
    for (const entry of this.pending) {
      if (
        first === undefined ||
        entry.at < first.at ||
        (entry.at === first.at && entry.order < first.order)
      ) {
        first = entry;
      }
    }
    return first;
  }
}

/** Lets promise callbacks and ready I/O run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
