/**
 * MailLock: the module has one mail, so one transaction at a time may configure, fill and send it.
 *
 * Not the command slot of the channel: that is free again after each command, also while a mail is on the air. What
 * must not disturb a mail (deactivating its PDP context, restarting) takes this lock. It is fair: first come, first
 * served. Who holds it lends it to the steps it calls by passing its lease on, so nothing waits for itself.
 */
import { Semaphore } from "../../async";

/** The right to use the module's mail; ends with `release`. */
export interface Lease {
  /** Gives the lock to the next in line; may be called again. */
  release(): void;
  /** Gives the module to its other ports, while this port stays ours; absent where there are none. */
  leaveModule?(): void;
}

export interface LockOptions {
  /** Ends the waiting; what has begun goes on. */
  readonly signal?: AbortSignal;
  /** A lease that the caller holds already. */
  readonly borrowed?: Lease;
}

export class MailLock {
  private readonly semaphore = new Semaphore();
  private holder: Lease | undefined;

  /** True while somebody holds the lock. */
  get held(): boolean {
    return this.semaphore.full;
  }

  /** True when the lock held is that of all that has to be locked. */
  get isWhole(): boolean {
    return true;
  }

  /** Waits for the lock; rejects with the signal's reason when aborted before. */
  async acquire(signal?: AbortSignal): Promise<Lease> {
    const leave = await this.semaphore.acquire(signal);
    const lease: Lease = {
      release: () => {
        if (this.holder === lease) this.holder = undefined;
        leave();
      },
    };
    this.holder = lease;
    return lease;
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
}
