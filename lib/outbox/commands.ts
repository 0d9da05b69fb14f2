/**
 * Commands: what a flow or a person asks of the mails of the outbox: take a new one, list, try now, retry, discard,
 * adopt.
 *
 * The rule of a full outbox: failed mails go first, oldest before younger, for they have been told. A `high` mail then
 * pushes out the youngest `low` ones that wait, each of which ends with OUTBOX_FULL. Any other mail is refused.
 */
import { randomBytes, randomInt } from "node:crypto";
import type { Clock } from "../clock";
import { knownFields, ModemError } from "../errors";
import type { Mail, MailOptions } from "../mail/mail";
import { storableMessage } from "../mail/message/foreign";
import type { Mailer } from "../mailer/mailer";
import { newTransaction, next, stateOf } from "./lifecycle";
import type { Entry, Order } from "./order";
import type { ListQuery, ListState, MailOrigin, OutboxList, OutboxRow, OutboxSettings } from "./outbox-types";
import type { Policy } from "./policy";
import type { Reporter } from "./reporter";
import { diskError, isOfDisk, type Trouble } from "./spool/files";
import type { Host } from "./spool/lock";
import { RECORD_FORMAT, type RecoveredMail, type SpoolRecord } from "./spool/record";
import { adoptSpool } from "./spool/recovery";
import type { KeptContents } from "./spool/spool";
import type { MailStore } from "./spool/store";
import type { Worker } from "./worker";

export interface CommandParts {
  readonly clock: Clock;
  readonly host: Host;
  readonly mailer: Pick<Mailer, "plan">;
  readonly settings: Pick<OutboxSettings, "maxQueued" | "maxSpoolMB">;
  readonly order: Order;
  readonly store: MailStore;
  readonly policy: Policy;
  readonly reporter: Reporter;
  readonly worker: Worker;
  readonly trouble: Trouble;
}

const MEGABYTE = 1e6;
/** Bytes of a record without its text and message. */
const RECORD_FRAME = 1_000;
/** None of these is mistaken for another when an id is read out. */
const ID_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";
const MOST_ROWS = 1000;
const ROWS = 100;

/** Those with an id reject with OUTBOX_NOT_FOUND for one that is not there; those about mails resolve with their number. */
export class Commands {
  /** Bytes of each mail on its way to the disk. */
  private readonly reserved = new Set<{ readonly bytes: number }>();

  constructor(private readonly parts: CommandParts) {}

  /** Returns the id. Rejects with OUTBOX_FULL, OUTBOX_DISK, OUTBOX_CLOSED or INVALID_ATTACHMENT; nothing is kept then. */
  async accept(mail: Mail, options: MailOptions, origin: MailOrigin): Promise<{ readonly id: string }> {
    const { order, store, worker } = this.parts;
    const place = origin.place ?? order.nextSeq();
    let id: string;
    do {
      id = Array.from({ length: 8 }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]).join("");
    } while (order.entries.has(id) || store.failed.has(id));
    const message = storableMessage(origin.message);
    const texts = RECORD_FRAME + Buffer.byteLength(mail.text) + JSON.stringify(message).length;
    const { size, contents, pushed } = await this.reserve(mail, texts);
    let kept: RecoveredMail;
    try {
      const room = this.roomLeft() + contents + pushed.reduce((sum, { bytes }) => sum + bytes, 0);
      const { attachments, text, subject, fields } = mail;
      kept = await store.insert(id, { subject, fields, attachments, text, message }, room, (parts) =>
        this.record(id, place, mail, options, origin.nodeId, parts),
      );
    } catch (cause) {
      this.reserved.delete(size);
      for (const one of pushed) order.cancelEnding(one);
      throw diskError(cause);
    }
    // In one step: a mail that counts twice for a moment would refuse another for which there is room.
    this.reserved.delete(size);
    const entry = order.add(kept, false);
    for (const one of pushed) {
      const error = new ModemError("OUTBOX_FULL", { detail: "replaced by a mail of high priority" });
      await worker.end(one, { kind: "evict", error });
    }
    for (const older of entry.replaces === undefined ? [] : order.replaced(entry)) {
      // Meanwhile it may have ended in another way.
      if (older.stage === "ended") continue;
      await worker.end(older, { kind: "supersede", error: new ModemError("OUTBOX_SUPERSEDED") });
    }
    return { id };
  }

  /** Mails that end or are removed meanwhile are left out; so are those whose record cannot be read. */
  async list(query: ListQuery): Promise<OutboxList> {
    const ids = this.idsOf(query.state);
    const offset = Math.max(0, query.offset ?? 0);
    const limit = Math.min(MOST_ROWS, Math.max(1, query.limit ?? ROWS));
    const rows: OutboxRow[] = [];
    for (const id of ids.slice(offset, offset + limit)) {
      const row = await this.rowOf(id).catch(() => undefined);
      if (row !== undefined) rows.push(row);
    }
    return { total: ids.length, rows };
  }

  /** Makes waiting mails due. */
  async flush(id: string | undefined): Promise<number> {
    const { time } = this.parts.policy.time.now();
    const entries = this.waiting(id);
    for (const entry of entries) entry.due = Math.min(entry.due, time);
    return entries.length;
  }

  /**
   * Puts failed mails back with a fresh age. Of all mails, one whose record cannot be read or changed is reported and stops no
   * other; a disk that takes no change ends it, for the next mail would meet the same. Rejects when not one could be put back.
   */
  async retry(id: string | undefined): Promise<number> {
    if (id !== undefined) return this.requeue(id, () => undefined).then(() => 1);
    const { store, trouble } = this.parts;
    let mails = 0;
    let failure: ModemError | undefined;
    for (const one of store.failedIds()) {
      store.throwIfOver();
      // Another command may have taken it meanwhile.
      if (!store.failed.has(one)) continue;
      let isRead = false;
      try {
        await this.requeue(one, () => (isRead = true)).then(() => mails++);
      } catch (error) {
        store.throwIfOver();
        failure = diskError(error);
        const isEnd = isRead && isOfDisk(error);
        // With nothing put back, whoever asked is told by the rejection.
        if (!isEnd || mails > 0) trouble(failure, !isEnd);
        if (isEnd) break;
      }
    }
    if (mails === 0 && failure !== undefined) throw failure;
    return mails;
  }

  /** @param onRead its record was read; what fails from then on is a change of the disk. */
  private async requeue(id: string, onRead: () => void): Promise<void> {
    const { order, store, policy } = this.parts;
    const mail = await store.requeue(id, (failed) => {
      onRead();
      const now = policy.time.now();
      const { mail: waiting } = next(failed, { kind: "retry" }, now.time, 0);
      return { ...waiting, seq: order.nextSeq(), ...policy.time.startOver(failed), written: now };
    });
    order.add(mail, true);
  }

  /** Ends waiting mails with OUTBOX_DISCARDED; a failed one, named by its id, is removed. */
  async discard(id: string | undefined): Promise<number> {
    const { order, store, worker } = this.parts;
    if (id !== undefined && !order.entries.has(id)) {
      await store.removeFailed(id);
      return 1;
    }
    const entries = this.waiting(id);
    for (const entry of entries) {
      store.throwIfOver();
      // Meanwhile it may have gone out or expired.
      if (entry.stage === "ended") continue;
      await worker.end(entry, { kind: "end", error: new ModemError("OUTBOX_DISCARDED"), keep: false });
    }
    return entries.length;
  }

  /** Moves the mails of another spool into this one. Rejects with OUTBOX_LOCKED or OUTBOX_DISK. */
  async adopt(directory: string): Promise<number> {
    const { order, store, policy, clock, host, trouble, worker, reporter } = this.parts;
    const adopted: Entry[] = [];
    const number = await adoptSpool(directory, {
      store,
      clock,
      host,
      trouble,
      time: policy.time,
      has: (id) => order.entries.has(id) || store.failed.has(id),
      adopt: (mail) => {
        const { record, place } = mail;
        if (place.folder === "failed") store.adoptFailed(record.id, place);
        else adopted.push(order.add({ ...mail, record: { ...record, seq: order.nextSeq() } }, true));
      },
    });
    for (const entry of adopted) {
      if (entry.stage === "inDoubt") worker.doubt(entry);
      if (entry.stage === "ended") await reporter.tellAgain(entry);
    }
    return number;
  }

  private waiting(id: string | undefined): readonly Entry[] {
    const { order } = this.parts;
    if (id === undefined) return order.inOrder();
    const entry = order.entries.get(id);
    if (entry === undefined || entry.stage === "ended")
      throw new ModemError("OUTBOX_NOT_FOUND", { detail: id });
    return [entry];
  }

  /**
   * Counts the new mail as if it were there. `contents`: bytes of its attachments. `pushed`: mails that leave when it is
   * kept.
   *
   * @param texts bytes of everything else.
   */
  private async reserve(
    { attachments, priority }: Mail,
    texts: number,
  ): Promise<{
    readonly size: { readonly bytes: number };
    readonly contents: number;
    readonly pushed: Entry[];
  }> {
    const { order, store } = this.parts;
    const { maxQueued, maxSpoolMB } = this.parts.settings;
    let contents = 0;
    for (const { filename, content } of attachments) {
      store.throwIfOver();
      try {
        contents +=
          content.kind === "bytes" ? content.bytes.length : await store.spool.files.size(content.path);
      } catch (cause) {
        throw new ModemError("INVALID_ATTACHMENT", { detail: `${filename} cannot be read`, cause });
      }
    }
    const bytes = texts + contents;
    for (const failed of this.roomLeft() < bytes ? store.failedIds() : []) {
      if (this.roomLeft() >= bytes) break;
      if (store.failed.has(failed)) await store.removeFailed(failed);
    }
    const pushed: Entry[] = [];
    let room = this.roomLeft();
    while (room < bytes || order.depth + this.reserved.size >= maxQueued) {
      const victim = priority === "high" ? order.youngestLow() : undefined;
      if (victim === undefined) {
        for (const entry of pushed) order.cancelEnding(entry);
        const limit = room < bytes ? `${maxSpoolMB} MB on the disk` : `${maxQueued} mails`;
        throw new ModemError("OUTBOX_FULL", { detail: `its limit is ${limit}` });
      }
      order.startEnding(victim);
      pushed.push(victim);
      room += victim.bytes;
    }
    const size = { bytes };
    this.reserved.add(size);
    return { size, contents, pushed };
  }

  private roomLeft(): number {
    const { order, store, settings } = this.parts;
    let left = settings.maxSpoolMB * MEGABYTE - order.bytes;
    for (const { bytes } of store.failed.values()) left -= bytes;
    for (const { bytes } of this.reserved) left -= bytes;
    return left;
  }

  private record(
    id: string,
    seq: number,
    mail: Mail,
    options: MailOptions,
    nodeId: string,
    { attachments, text, message }: KeptContents,
  ): SpoolRecord {
    const { clock, policy, mailer } = this.parts;
    const now = policy.time.now();
    const { to, cc, bcc, unreadable = [], subject, priority, warnings } = mail;
    const { replaces, replyTo, fields, isSubjectInText } = mail;
    return {
      format: RECORD_FORMAT,
      id,
      unique: randomBytes(16).toString("hex"),
      revision: 1,
      seq,
      accepted: now,
      written: now,
      raisedAt: clock.wall(),
      priority,
      delivery: options.delivery,
      maxAge: options.maxAge ?? null,
      origin: { nodeId, ...message },
      from: mail.from ?? null,
      ...knownFields({ replaces, replyTo, fields, isSubjectInText }),
      to,
      cc,
      bcc,
      ...(unreadable.length > 0 && { unreadable }),
      subject,
      text,
      attachments,
      warnings,
      transactions: mailer.plan(mail).map((one) => newTransaction(one, now.time)),
      attempts: 0,
    };
  }

  private idsOf(state: ListState | undefined): string[] {
    if (state === "failed") return this.parts.store.failedIds();
    return this.parts.order
      .inOrder()
      .filter(({ stage }) => state === undefined || (stage !== "queued") === (state === "sending"))
      .map(({ id }) => id);
  }

  private async rowOf(id: string): Promise<OutboxRow> {
    const { order, store, policy } = this.parts;
    const entry = order.entries.get(id);
    const now = policy.time.now().time;
    if (entry === undefined) {
      const record = await store.loadFailed(id);
      return { ...contentsOf(record), state: "failed", ageMs: policy.time.age(record.accepted) };
    }
    const record = await store.load(entry);
    const state = stateOf(record);
    const due = state.kind === "queued" ? Math.min(entry.due, state.due) : entry.due;
    return {
      ...contentsOf(record),
      state: entry.stage === "queued" ? "waiting" : "sending",
      ageMs: policy.time.age(entry.accepted),
      ...(entry.stage === "queued" && { nextTryInMs: Math.max(0, due - now) }),
    };
  }
}

function contentsOf(record: SpoolRecord): Omit<OutboxRow, "state" | "ageMs"> {
  const { id, priority, to, cc, bcc, subject, text, attempts, attachments } = record;
  const error = record.transactions
    .flatMap(({ state, lastError }) => ("error" in state ? state.error : (lastError ?? [])))
    .at(-1);
  const bytes = typeof text === "string" ? Buffer.byteLength(text) : text.bytes;
  return {
    id,
    nodeId: record.origin.nodeId,
    priority,
    // Of their own: a flow may change what it gets, and the mail may still be sent by this record.
    to: [...to],
    cc: [...cc],
    bcc: [...bcc],
    subject,
    size: attachments.reduce((sum, one) => sum + one.size, bytes),
    attachments: attachments.map(({ filename, size }) => ({ filename, size })),
    attempts,
    raisedAt: new Date(record.raisedAt).toISOString(),
    ...(error !== undefined && { error: { code: error.code, message: error.message } }),
  };
}
