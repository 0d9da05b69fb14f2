/**
 * Ending: tells the end of a mail, and only then lets it go.
 *
 * The end is durable before it is told, and the record stays until the listeners' work is done: a kill in between
 * tells it again after the restart.
 */
import { isModemError, ModemError } from "../errors";
import type { Logger } from "../quectel/settings";
import { failureOf, isAllSent, resultOf } from "./mail-result";
import type { MailStore } from "./mail-store";
import type { OutboxTime } from "./time";
import type { EndedAttachment, MailEnded } from "./outbox-types";
import type { SpoolRecord } from "../mail/spool/record";
import { reviveMessage } from "../mail/spool/stored-message";
import { givenUp } from "./transactions";
import type { Entry } from "./waiting-mails";

export interface EndingParts {
  readonly store: MailStore;
  readonly time: OutboxTime;
  readonly simulated: boolean;
  /** Returns false when nobody listens: the mail is then kept, to be told at the next start. */
  readonly tell: (ended: MailEnded) => boolean;
  readonly trouble: (error: ModemError) => void;
  readonly log: Logger;
}

export class Ending {
  private readonly telling = new Set<Promise<void>>();
  private stopped = false;

  constructor(private readonly parts: EndingParts) {}

  /** Ends a mail whose record is complete. Resolves when the end is durable and told; never rejects. */
  async end(entry: Entry, record: SpoolRecord, keep = true): Promise<void> {
    const { store, time } = this.parts;
    store.waiting.startEnding(entry);
    const ended: SpoolRecord = { ...record, end: { time: time.now().time } };
    await store.save(entry, ended, false);
    await this.announce(entry, ended, keep);
  }

  /** Gives up all of a mail that still waits. Never rejects. */
  async giveUp(entry: Entry, error: ModemError, keep = true): Promise<void> {
    const { store } = this.parts;
    store.waiting.startEnding(entry);
    let record: SpoolRecord;
    try {
      record = await store.load(entry);
    } catch (cause) {
      await this.endWithoutRecord(entry, cause);
      return;
    }
    await this.end(entry, givenUp(record, error), keep);
  }

  /**
   * Ends a mail whose record cannot be read: its sender is told, and no more can be said. The record is set aside, so
   * that no later start sends what was told as failed. Never rejects.
   */
  async endWithoutRecord(entry: Entry, cause: unknown): Promise<void> {
    const { store, trouble } = this.parts;
    store.waiting.startEnding(entry);
    const error =
      cause instanceof ModemError
        ? cause
        : new ModemError("OUTBOX_DISK", { detail: `mail ${entry.id}`, cause });
    await store.setAside(entry);
    const { message, code, hint } = error;
    const wasPut = entry.place.folder === "sending";
    this.emit({
      id: entry.id,
      origin: { nodeId: entry.nodeId, message: {} },
      subject: "",
      result: {
        status: "failed",
        id: entry.id,
        accepted: [],
        rejected: [],
        attempts: 0,
        queuedMs: this.ageOf(entry),
        bytes: 0,
        warnings: [],
      },
      failure: {
        message,
        code,
        hint,
        class: error.class,
        outcome: wasPut ? "unknown" : "notSent",
        attempts: 0,
      },
      error,
      recovered: entry.recovered,
      attachments: [],
      readText: () => Promise.reject(error),
      waitUntil: () => undefined,
    });
    trouble(error);
  }

  /** Tells an end that the last run decided and perhaps did not tell. Never rejects. */
  async tellAgain(entry: Entry): Promise<void> {
    try {
      await this.announce(entry, await this.parts.store.load(entry), true);
    } catch (cause) {
      if (isModemError(cause, "OUTBOX_DAMAGED")) {
        await this.endWithoutRecord(entry, cause);
        return;
      }
      // What became of the mail stands in the record, which the next start may be able to read.
      this.parts.store.waiting.delete(entry);
      this.parts.trouble(new ModemError("OUTBOX_DISK", { detail: `mail ${entry.id}`, cause }));
    }
  }

  /** Resolves when all that was told is done with. */
  async settled(): Promise<void> {
    while (this.telling.size > 0) await Promise.all(this.telling);
  }

  /** From now on no file is touched. */
  stop(): void {
    this.stopped = true;
  }

  private async announce(entry: Entry, record: SpoolRecord, keep: boolean): Promise<void> {
    const works: Promise<unknown>[] = [];
    const { spool } = this.parts.store;
    const message = await this.message(record);
    const isTold = this.emit({
      id: record.id,
      origin: { nodeId: record.origin.nodeId, message },
      subject: record.subject,
      result: resultOf(record, {
        queuedMs: this.ageOf(entry),
        recovered: entry.recovered,
        simulated: this.parts.simulated,
      }),
      ...failureOf(record),
      recovered: entry.recovered,
      attachments: spool.attachments(record).map(readable),
      readText: () => spool.text(record),
      waitUntil: (work) => void works.push(work),
    });
    if (!isTold) {
      this.parts.store.waiting.delete(entry);
      return;
    }
    const done = Promise.allSettled(works).then(async (settled) => {
      const isTaken = settled.every(({ status }) => status === "fulfilled");
      // What was not taken stands in the record and is told at the next start.
      if (isTaken && !this.stopped) {
        await this.parts.store.finish(entry, record, keep && !isAllSent(record));
      }
      this.telling.delete(done);
    });
    this.telling.add(done);
  }

  /** The end of a mail is told even if the rest of its message cannot be read any more. */
  private async message(record: SpoolRecord): Promise<unknown> {
    try {
      return reviveMessage(await this.parts.store.spool.message(record));
    } catch (cause) {
      this.parts.trouble(new ModemError("OUTBOX_DAMAGED", { detail: `message of mail ${record.id}`, cause }));
      return {};
    }
  }

  private emit(ended: MailEnded): boolean {
    try {
      return this.parts.tell(ended);
    } catch (error) {
      this.parts.log.error(`The end of mail ${ended.id} could not be passed on: ${String(error)}`);
      return true;
    }
  }

  private ageOf(entry: Entry): number {
    return Math.max(0, Math.round(this.parts.time.now().time - entry.accepted.time));
  }
}

function readable(attachment: {
  readonly filename: string;
  readonly size: number;
  open(): AsyncIterable<Uint8Array>;
}): EndedAttachment {
  const { filename, size } = attachment;
  return {
    filename,
    size,
    open: () => attachment.open(),
    async readBack() {
      const chunks: Uint8Array[] = [];
      for await (const chunk of attachment.open()) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
  };
}
