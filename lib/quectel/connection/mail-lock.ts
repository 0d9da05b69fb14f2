/**
 * MailLock: the module has one mail, so one transaction at a time may configure, fill and send it.
 *
 * Not the command slot of the channel: that is free again after each command, also while a mail is on the air. What
 * must not disturb a mail (deactivating its PDP context, restarting) takes this lock. It is fair: first come, first
 * served. Who holds it lends it to the steps it calls by passing its lease on, so nothing waits for itself.
 */

/** The right to use the module's mail; ends with `release`. */
export interface Lease {
  /** Gives the lock to the next in line; may be called again. */
  release(): void;
}

export interface LockOptions {
  /** Ends the waiting; what has begun goes on. */
  readonly signal?: AbortSignal;
  /** A lease that the caller holds already. */
  readonly borrowed?: Lease;
}

export class MailLock {
  private holder: Lease | undefined;
  private readonly waiting: ((lease: Lease) => void)[] = [];

  /** True while somebody holds the lock. */
  get held(): boolean {
    return this.holder !== undefined;
  }

  /** Waits for the lock; rejects with the signal's reason when aborted before. */
  acquire(signal?: AbortSignal): Promise<Lease> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      if (this.holder === undefined) {
        resolve(this.grant());
        return;
      }
      const onAbort = (): void => {
        this.waiting.splice(this.waiting.indexOf(enter), 1);
        reject(signal?.reason);
      };
      const enter = (lease: Lease): void => {
        signal?.removeEventListener("abort", onAbort);
        resolve(lease);
      };
      this.waiting.push(enter);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Runs `work` under the lock: under the borrowed lease when that one holds it, else under one of its own. */
  async run<T>(work: (lease: Lease) => Promise<T>, options: LockOptions = {}): Promise<T> {
    const { borrowed, signal } = options;
    if (borrowed !== undefined && borrowed === this.holder) return work(borrowed);
    const lease = await this.acquire(signal);
    try {
      return await work(lease);
    } finally {
      lease.release();
    }
  }

  private grant(): Lease {
    const lease: Lease = { release: () => this.pass(lease) };
    this.holder = lease;
    return lease;
  }

  private pass(lease: Lease): void {
    if (this.holder !== lease) return;
    this.holder = undefined;
    const next = this.waiting.shift();
    if (next !== undefined) next(this.grant());
  }
}
