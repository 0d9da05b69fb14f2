/** Commands: what a person or a flow does with the mails of the outbox: try now, retry, discard, adopt. */
import type { Clock } from "../clock";
import { ModemError } from "../errors";
import { adoptSpool } from "./adoption";
import type { Host } from "../mail/spool/host";
import type { Ending } from "./ending";
import type { Ledger } from "./ledger";
import type { LostResults } from "./lost-results";
import type { MailStore } from "./mail-store";
import type { Sender } from "./sender";
import { revived } from "./transactions";
import type { Entry } from "./waiting-mails";

export interface CommandParts {
  readonly clock: Clock;
  readonly host: Host;
  readonly store: MailStore;
  readonly ledger: Ledger;
  readonly ending: Ending;
  readonly lost: LostResults;
  readonly sender: Sender;
  readonly trouble: (error: ModemError) => void;
}

/** All resolve with the number of mails, and reject with OUTBOX_NOT_FOUND for an id that is not there. */
export class Commands {
  constructor(private readonly parts: CommandParts) {}

  /** Makes waiting mails due. */
  async flush(id: string | undefined): Promise<number> {
    const { time } = this.parts.ledger.time.now();
    const entries = this.waiting(id);
    for (const entry of entries) entry.due = Math.min(entry.due, time);
    return entries.length;
  }

  /** Puts failed mails back with a fresh age. */
  async retry(id: string | undefined): Promise<number> {
    const { store, ledger } = this.parts;
    let mails = 0;
    for (const one of id === undefined ? store.failed.ids() : [id]) {
      // Of all mails another command may have taken some meanwhile.
      if (id === undefined && !store.failed.has(one)) continue;
      await store.requeue(one, (failed) => {
        const now = ledger.time.now();
        return { ...revived(failed, now.time), seq: store.nextSeq(), accepted: now, written: now };
      });
      mails++;
    }
    return mails;
  }

  /** Ends waiting mails with OUTBOX_DISCARDED; a failed one, named by its id, is removed. */
  async discard(id: string | undefined): Promise<number> {
    const { store } = this.parts;
    if (id !== undefined && store.waiting.get(id) === undefined) {
      await store.failed.remove(id);
      return 1;
    }
    const entries = this.waiting(id);
    for (const entry of entries) await this.discardOne(entry, new ModemError("OUTBOX_DISCARDED"));
    return entries.length;
  }

  /** Moves the mails of another spool into this one. Rejects with OUTBOX_LOCKED or OUTBOX_DISK. */
  async adopt(directory: string): Promise<number> {
    const { store, clock, host, trouble, lost, ending } = this.parts;
    const ids = await adoptSpool(directory, store, clock, host, trouble);
    for (const id of ids) {
      const entry = store.waiting.get(id);
      if (entry?.stage === "asking") lost.add(entry);
      if (entry?.stage === "ending") await ending.tellAgain(entry);
    }
    return ids.length;
  }

  private async discardOne(entry: Entry, error: ModemError): Promise<void> {
    const { sender, lost, ending } = this.parts;
    switch (entry.stage) {
      case "running":
        sender.discardRunning(error);
        return;
      case "asking":
        await lost.giveUp(entry, error);
        return;
      case "waiting":
        await ending.giveUp(entry, error, false);
        return;
      case "ending":
        return;
    }
  }

  private waiting(id: string | undefined): readonly Entry[] {
    const { waiting } = this.parts.store;
    if (id === undefined) return waiting.inOrder();
    const entry = waiting.get(id);
    if (entry === undefined || entry.stage === "ending")
      throw new ModemError("OUTBOX_NOT_FOUND", { detail: id });
    return [entry];
  }
}
