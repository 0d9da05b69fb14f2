/** Commands: what a person or a flow does with the mails of the outbox: try now, retry, discard, adopt. */
import type { Clock } from "../clock";
import { ModemError } from "../errors";
import { adoptSpool } from "./adoption";
import type { Host } from "./spool/host";
import type { MailStore } from "./mail-store";
import { next } from "./lifecycle";
import type { Entry } from "./order";
import type { Policy } from "./policy";
import type { Reporter } from "./reporter";
import type { Worker } from "./worker";

export interface CommandParts {
  readonly clock: Clock;
  readonly host: Host;
  readonly store: MailStore;
  readonly policy: Policy;
  readonly reporter: Reporter;
  readonly worker: Worker;
  readonly trouble: (error: ModemError) => void;
}

/** All resolve with the number of mails, and reject with OUTBOX_NOT_FOUND for an id that is not there. */
export class Commands {
  constructor(private readonly parts: CommandParts) {}

  /** Makes waiting mails due. */
  async flush(id: string | undefined): Promise<number> {
    const { time } = this.parts.policy.time.now();
    const entries = this.waiting(id);
    for (const entry of entries) entry.due = Math.min(entry.due, time);
    return entries.length;
  }

  /** Puts failed mails back with a fresh age. */
  async retry(id: string | undefined): Promise<number> {
    const { store, policy } = this.parts;
    let mails = 0;
    for (const one of id === undefined ? store.failed.ids() : [id]) {
      // Of all mails another command may have taken some meanwhile.
      if (id === undefined && !store.failed.has(one)) continue;
      await store.requeue(one, (failed) => {
        const now = policy.time.now();
        const { mail } = next(failed, { kind: "retry" }, now.time, 0);
        return { ...mail, seq: store.nextSeq(), accepted: now, written: now };
      });
      mails++;
    }
    return mails;
  }

  /** Ends waiting mails with OUTBOX_DISCARDED; a failed one, named by its id, is removed. */
  async discard(id: string | undefined): Promise<number> {
    const { store, worker } = this.parts;
    if (id !== undefined && store.waiting.get(id) === undefined) {
      await store.failed.remove(id);
      return 1;
    }
    const entries = this.waiting(id);
    for (const entry of entries) {
      // Meanwhile it may have gone out or expired.
      if (entry.stage === "ended") continue;
      await worker.end(entry, { kind: "end", error: new ModemError("OUTBOX_DISCARDED"), keep: false });
    }
    return entries.length;
  }

  /** Moves the mails of another spool into this one. Rejects with OUTBOX_LOCKED or OUTBOX_DISK. */
  async adopt(directory: string): Promise<number> {
    const { store, clock, host, trouble, worker, reporter } = this.parts;
    const ids = await adoptSpool(directory, store, clock, host, trouble);
    for (const id of ids) {
      const entry = store.waiting.get(id);
      if (entry?.stage === "inDoubt") worker.doubt(entry);
      if (entry?.stage === "ended") await reporter.tellAgain(entry);
    }
    return ids.length;
  }

  private waiting(id: string | undefined): readonly Entry[] {
    const { waiting } = this.parts.store;
    if (id === undefined) return waiting.inOrder();
    const entry = waiting.get(id);
    if (entry === undefined || entry.stage === "ended")
      throw new ModemError("OUTBOX_NOT_FOUND", { detail: id });
    return [entry];
  }
}
