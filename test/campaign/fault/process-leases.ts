/**
 * What one process of the host holds of the module's lock, which in an episode is one for all processes: it is given back
 * when that process dies, whatever waits on its dead line, and nothing of a dead process waits for it.
 */
import type { Lease, MailLock, TakenOver } from "../../../lib/quectel/connection/mail-lock";
import { forever } from "./process-transport";

export class ProcessLeases {
  private readonly leases = new Set<Lease>();
  private readonly gone = new AbortController();

  /** Watches a lock from now on. */
  watch(lock: MailLock): void {
    const acquire = lock.acquire.bind(lock);
    const { signal: gone } = this.gone;
    lock.acquire = async (signal) => {
      const ends = signal === undefined ? gone : AbortSignal.any([signal, gone]);
      const lease = await acquire(ends).catch((error: unknown) => {
        if (gone.aborted) return forever();
        throw error;
      });
      this.leases.add(lease);
      if (gone.aborted) lease.release();
      return lease;
    };
    // A lease is given out when another port's use of the module is known to the module, which a dead line never tells.
    const { onForeign } = lock;
    if (onForeign === undefined) throw new Error("the lock of a modem has no onForeign");
    const died = new Promise<TakenOver>((resolve) => gone.addEventListener("abort", () => resolve("failed")));
    lock.onForeign = (what) => Promise.race([onForeign(what), died]);
  }

  /** The process is gone. */
  die(): void {
    this.gone.abort();
    for (const lease of this.leases) lease.release();
    this.leases.clear();
  }
}
