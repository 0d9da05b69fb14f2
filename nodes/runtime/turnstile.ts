/**
 * Turnstile: lets pieces of work in one after the other, a few at a time and each in a turn of the event loop of its
 * own, so that a burst of messages never holds up the whole runtime.
 *
 * What has been let in ends in its own time; the order is that of asking.
 */

/** As many as keep the disk busy: the runtime has four threads for files. */
const MOST_AT_ONCE = 8;

export class Turnstile {
  private readonly waiting = new Set<() => void>();
  private inside = 0;

  /** Resolves or rejects as `work` does. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.inside < MOST_AT_ONCE) this.inside++;
    // Who leaves hands the place over.
    else await new Promise<void>((resolve) => this.waiting.add(resolve));
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  private leave(): void {
    for (const next of this.waiting) {
      this.waiting.delete(next);
      setImmediate(next);
      return;
    }
    this.inside--;
  }
}
