/**
 * MailStore: the mails of the outbox, on the disk and in the order's memory, kept the same.
 *
 * A disk that fails loses nothing: what it does not take is held in memory and written with the next change, and a
 * mail whose last state is not on the disk is not sent on, because a kill would bring the older state back.
 */
import { ModemError } from "../errors";
import { headOf, recover, type RecordHead } from "./spool/recovery";
import {
  contentBytes,
  contentNames,
  fileName,
  type Found,
  type Place,
  type SpoolRecord,
} from "./spool/record";
import { loadRecord, type Contents, type KeptContents, type Spool } from "./spool/spool";
import type { OutgoingMail } from "../mailer/mailer";
import { FailedMails } from "./failed-mails";
import type { OutboxTime } from "./time";
import { adopted, stateOf } from "./lifecycle";
import { Order, type Entry } from "./order";
import { LONGEST_WAIT_MS } from "./outcome";

const QUEUE: Place = { folder: "queue" };
const MINUTE = 60_000;

/** Files that could not be removed yet. */
type Leftover = Found & { readonly contents: readonly string[] };

export class MailStore {
  readonly waiting = new Order();
  readonly failed: FailedMails;
  private leftovers: Leftover[] = [];
  private lastSeq = 0;

  constructor(
    readonly spool: Spool,
    private readonly time: OutboxTime,
    private readonly trouble: (error: ModemError) => void,
  ) {
    this.failed = new FailedMails(spool, time, trouble);
  }

  /** Finds all mails of the folder. Returns those that have ended and were perhaps not told. */
  async open(): Promise<Entry[]> {
    const { mails, failed } = await recover(this.spool, this.trouble);
    for (const { record } of mails) this.time.notBefore(record.written);
    for (const { id, place } of failed) this.failed.add(id, place);
    for (const { record, place, bytes } of mails) this.waiting.add(this.entryOf(record, place, bytes, true));
    this.lastSeq = mails.at(-1)?.record.seq ?? 0;
    return mails.flatMap(({ record: { id, end } }) =>
      end === undefined ? [] : (this.waiting.get(id) ?? []),
    );
  }

  /** Bytes on the disk. */
  get bytes(): number {
    return this.waiting.bytes + this.failed.bytes;
  }

  has(id: string): boolean {
    return this.waiting.get(id) !== undefined || this.failed.has(id);
  }

  /** The place in the order of acceptance for a new mail. */
  nextSeq(): number {
    return ++this.lastSeq;
  }

  /**
   * Keeps a new mail durably; `make` completes the record with its contents, and `onKept` is told in the moment from
   * which on the mail counts. Rejects with OUTBOX_FULL when they exceed `room` bytes, and with the error of the disk;
   * nothing of the mail is left then.
   */
  async insert(
    id: string,
    contents: Contents,
    room: number,
    make: (kept: KeptContents) => SpoolRecord,
    onKept: () => void,
  ): Promise<void> {
    const record = make(await this.spool.keep(id, contents, room));
    try {
      const bytes = await this.spool.write(record, QUEUE);
      this.waiting.add(this.entryOf(headOf(record), QUEUE, bytes + contentBytes(record), false));
      onKept();
    } catch (error) {
      // The name may be there although it is not known to be durable; a refused mail must not go out later.
      await this.removeOrKeepFor({ id, place: QUEUE, contents: contentNames(record) });
      throw error;
    }
  }

  /** Rejects with OUTBOX_DAMAGED when the record is no longer readable, or with the error of the disk. */
  async load(entry: Entry): Promise<SpoolRecord> {
    return entry.unsaved ?? loadRecord(this.spool, entry);
  }

  /**
   * Writes a new state into the queue. Never rejects; false when the disk took nothing that must not be forgotten.
   *
   * @param mayForget the change is only about when and how often it was tried.
   */
  async save(entry: Entry, record: SpoolRecord, mayForget: boolean): Promise<boolean> {
    const next = this.stamped(entry, record);
    const from = entry.place;
    try {
      await this.spool.write(next, QUEUE);
      entry.place = QUEUE;
      entry.unsaved = undefined;
    } catch (cause) {
      this.trouble(new ModemError("OUTBOX_DISK", { detail: `state of mail ${entry.id}`, cause }));
      if (mayForget && (await this.moveBack(entry))) return true;
      entry.unsaved = next;
      return false;
    }
    if (from.folder !== "queue") {
      await this.removeOrKeepFor({ id: entry.id, place: from, contents: [] });
      // A power cut must not bring the old state back when the new one has long done its work.
      await this.syncQuietly(from);
    }
    return true;
  }

  /**
   * Makes durable that the transaction may be on its way from now on, with its mark where there is room for it: a disk
   * that is full still takes the rename. Rejects with the error of the disk.
   */
  async putInFlight(entry: Entry, record: SpoolRecord, transaction: number): Promise<void> {
    const { id, place: from } = entry;
    const to: Place = { folder: "sending", transaction };
    try {
      await this.spool.write(this.stamped(entry, record), to);
    } catch {
      await this.spool.move(id, from, to);
      entry.place = to;
      await this.spool.sync(to);
      return;
    }
    entry.place = to;
    // Of two states the later holds, so what stays behind does no harm.
    if (from.folder !== to.folder) await this.removeOrKeepFor({ id, place: from, contents: [] });
  }

  /** The transaction of this mail that may be on its way; undefined: none. */
  marked({ place }: Pick<Entry, "place">): number | undefined {
    return place.folder === "sending" ? place.transaction : undefined;
  }

  /**
   * The mail as a mailer takes it.
   *
   * @param wall wall-clock time now: the one of the moment of acceptance may have been wrong, as on a host without
   * battery. The age is exact over a restart of the process; only a restart of the host loses it, and then that clock
   * tells it, unless it was ahead.
   */
  async outgoing(entry: Entry, record: SpoolRecord, wall: number): Promise<OutgoingMail> {
    const { id, from, replyTo, to, cc, bcc, subject } = record;
    const byAge = wall - Math.max(0, this.time.now().time - entry.accepted.time);
    const isExact = !entry.recovered || this.time.isExact(record.accepted);
    return {
      id,
      raisedAt: isExact ? byAge : Math.min(record.raisedAt, byAge),
      from: from ?? undefined,
      ...(replyTo !== undefined && { replyTo }),
      to,
      cc,
      bcc,
      subject,
      text: await this.spool.text(record),
      attachments: this.spool.attachments(record),
    };
  }

  /** The mail was told: it leaves the order, and stays on the disk only among the failed ones. Never rejects. */
  async finish(entry: Entry, record: SpoolRecord, keep: boolean): Promise<void> {
    this.waiting.delete(entry);
    // A file that does not say who was served already must not be offered for retry.
    const isTrue =
      entry.unsaved === undefined || record.transactions.every(({ state }) => state.kind !== "done");
    if (keep && isTrue) {
      const place = this.failed.placeFor(entry.bytes);
      try {
        await this.spool.move(entry.id, entry.place, place);
        this.failed.add(entry.id, place);
        return;
      } catch (cause) {
        this.trouble(new ModemError("OUTBOX_DISK", { detail: `failed mail ${entry.id}`, cause }));
      }
    }
    await this.removeOrKeepFor({ id: entry.id, place: entry.place, contents: contentNames(record) });
    await this.removeLeftovers();
  }

  /**
   * Puts a failed mail, as `change` makes it, back into the queue. Rejects with OUTBOX_NOT_FOUND, OUTBOX_DAMAGED or
   * the error of the disk; it is still among the failed ones then. One rename moves it: a second copy could come back
   * by a power cut and be sent again.
   */
  async requeue(id: string, change: (failed: SpoolRecord) => SpoolRecord): Promise<void> {
    const place = this.failed.take(id);
    try {
      const changed = change(await loadRecord(this.spool, { id, place }));
      const record = { ...changed, revision: changed.revision + 1 };
      await this.spool.write(record, place);
      await this.spool.move(id, place, QUEUE);
      this.waiting.add(this.entryOf(headOf(record), QUEUE, place.bytes, true));
    } catch (error) {
      this.failed.add(id, place);
      throw error;
    }
    await this.syncQuietly(QUEUE);
  }

  /** Takes a damaged record out of the order. Never rejects. */
  async setAside(entry: Entry): Promise<void> {
    this.waiting.delete(entry);
    await this.spool.setAside(entry).catch((cause: unknown) => {
      this.trouble(new ModemError("OUTBOX_DISK", { detail: `damaged mail ${entry.id}`, cause }));
    });
  }

  /** A mail that was moved into this spool. */
  adopt(record: SpoolRecord, place: Place, bytes: number): void {
    if (place.folder === "failed") this.failed.add(record.id, place);
    else this.waiting.add(this.entryOf({ ...headOf(record), seq: this.nextSeq() }, place, bytes, true));
  }

  /** Removes what could not be removed before. Never rejects. */
  async removeLeftovers(): Promise<void> {
    const again = this.leftovers;
    this.leftovers = [];
    for (const one of again) {
      const { place } = this.waiting.get(one.id) ?? {};
      // Meanwhile the mail may stand there again.
      if (place === undefined || fileName(one.id, place) !== fileName(one.id, one.place)) {
        await this.removeOrKeepFor(one);
      }
    }
  }

  private entryOf(record: RecordHead, place: Place, bytes: number, recovered: boolean): Entry {
    const now = this.time.now();
    const isOurs = record.accepted.clock === now.clock;
    const state = stateOf(adopted(record, this.marked({ place })));
    const due = state.kind === "queued" ? state.due : 0;
    return {
      id: record.id,
      seq: record.seq,
      priority: record.priority,
      nodeId: record.nodeId,
      replaces: record.replaces,
      accepted: this.time.translate(record.accepted),
      ownLimit: record.maxAge === null ? undefined : record.maxAge * MINUTE,
      recovered,
      bytes,
      place,
      due: isOurs ? Math.min(due, now.time + LONGEST_WAIT_MS) : now.time,
      stage: state.kind,
      revision: record.revision,
      unsaved: undefined,
    };
  }

  /** The record as its next writing; the instant of acceptance may be of another clock, which would say nothing then. */
  private stamped(entry: Entry, record: SpoolRecord): SpoolRecord {
    entry.revision++;
    return { ...record, accepted: entry.accepted, revision: entry.revision, written: this.time.now() };
  }

  private async moveBack(entry: Entry): Promise<boolean> {
    if (entry.place.folder === "queue") return true;
    try {
      await this.spool.move(entry.id, entry.place, QUEUE);
      entry.place = QUEUE;
      return true;
    } catch {
      return false;
    }
  }

  private async syncQuietly(place: Place): Promise<void> {
    await this.spool.sync(place).catch((cause: unknown) => {
      this.trouble(new ModemError("OUTBOX_DISK", { detail: `folder ${place.folder}`, cause }));
    });
  }

  private async removeOrKeepFor(leftover: Leftover): Promise<void> {
    try {
      await this.spool.remove(leftover);
      await this.spool.drop(leftover.id, leftover.contents);
    } catch (cause) {
      this.leftovers.push(leftover);
      this.trouble(new ModemError("OUTBOX_DISK", { detail: `mail ${leftover.id} cannot be removed`, cause }));
    }
  }
}
