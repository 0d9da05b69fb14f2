/**
 * Reporter: tells the end of a mail, and only then lets it go.
 *
 * The end is durable before it is told, and the record stays until the listeners' work is done: a kill in between
 * tells it again after the restart. So each end is told once, or over a crash at least once.
 */
import { ERROR_TABLE, isModemError, ModemError } from "../errors";
import type { SpoolRecord } from "./spool/record";
import { restoreError, storeError, type StoredError } from "./spool/stored-error";
import { reviveMessage } from "./spool/stored-message";
import { next } from "./lifecycle";
import { failureOf, resultOf } from "./mail-result";
import type { MailStore } from "./mail-store";
import type { Entry } from "./order";
import type { EndedAttachment, Logger, MailEnded } from "./outbox-types";
import type { Policy } from "./policy";
import type { OutboxTime } from "./time";

export interface ReporterParts {
  readonly store: MailStore;
  readonly time: OutboxTime;
  readonly simulated: boolean;
  /** Returns false when nobody listens: the mail is then kept, to be told at the next start. */
  readonly tell: (ended: MailEnded) => boolean;
  readonly trouble: (error: ModemError) => void;
  readonly log: Logger;
}

export class Reporter {
  private readonly telling = new Set<Promise<void>>();
  private stopped = false;

  constructor(private readonly parts: ReporterParts) {}

  /** Tells a durable end. Never rejects. */
  async tell(entry: Entry, mail: SpoolRecord): Promise<void> {
    await this.announce(entry, mail);
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
      await this.announce(entry, await this.parts.store.load(entry));
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

  private async announce(entry: Entry, record: SpoolRecord): Promise<void> {
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
      if (isTaken && !this.stopped) await this.letGo(entry, record);
      this.telling.delete(done);
    });
    this.telling.add(done);
  }

  private async letGo(entry: Entry, record: SpoolRecord): Promise<void> {
    for (const effect of next(record, { kind: "told" }, this.parts.time.now().time, 0).effects) {
      if (effect.kind === "leave") await this.parts.store.finish(entry, record, effect.keep);
    }
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

/** Why a mail could not be sent in its time: what holds the outbox, else the last failure of the mail, with its codes. */
export async function expiredError(
  entry: Entry,
  { store, policy, available }: { store: MailStore; policy: Policy; available: boolean },
): Promise<ModemError> {
  const last = policy.holds.setup?.error ?? (await lastErrorOf(entry, store));
  const error = last ?? (available ? undefined : storeError(new ModemError("MODEM_NOT_READY")));
  return expired(error);
}

/** OUTBOX_EXPIRED with what a person has to know of the last failure: its text, numbers and hint, itself as the cause. */
export function expired(last: StoredError | undefined): ModemError {
  if (last === undefined) return new ModemError("OUTBOX_EXPIRED");
  const { message, hint, stage, modemCode, smtpCode } = last;
  return new ModemError("OUTBOX_EXPIRED", {
    detail: message,
    hint,
    cause: restoreError(last),
    // A reply 4yz makes an error transient, but nothing is tried again here.
    class: ERROR_TABLE.OUTBOX_EXPIRED.class,
    ...(stage !== undefined && { stage }),
    ...(modemCode !== undefined && { modemCode }),
    ...(smtpCode !== undefined && { smtpCode }),
  });
}

async function lastErrorOf(entry: Entry, store: MailStore): Promise<StoredError | undefined> {
  try {
    const { transactions } = await store.load(entry);
    return transactions.flatMap(({ lastError }) => lastError ?? []).at(-1);
  } catch {
    // A record that cannot be read is told as such when it is ended.
    return undefined;
  }
}
