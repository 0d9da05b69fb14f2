/**
 * What one process of the host holds of the module's lock, which in an episode is one for all processes: it is given back
 * when that process dies, whatever waits on its dead line.
 */
import type { Lease, MailLock } from "../../../lib/quectel/connection/mail-lock";

export class ProcessLeases {
  private readonly leases = new Set<Lease>();
  private dead = false;

  /** Watches a lock from now on. */
  watch(lock: MailLock): void {
    const acquire = lock.acquire.bind(lock);
    lock.acquire = async (signal) => {
      const lease = await acquire(signal);
      this.leases.add(lease);
      if (this.dead) lease.release();
      return lease;
    };
  }

  /** The process is gone. */
  die(): void {
    this.dead = true;
    for (const lease of this.leases) lease.release();
    this.leases.clear();
  }
}
