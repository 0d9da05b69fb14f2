/**
 * MailStore: the records of the mails as they change, and the mails that were given up and are kept for `retry`.
 *
 * A disk that fails loses nothing: what it does not take is held in the slot of the mail and written with the next
 * change, and a mail whose last state is not on the disk is not sent on, because a kill would bring the older one back.
 * Which mail is due is not its business.
 */
import { ModemError } from "../../errors";
import {
  contentBytes,
  contentNames,
  headOf,
  type Found,
  type OutboxInstant,
  type Place,
  type RecoveredMail,
  type SpoolRecord,
} from "./record";
import type { SpoolLock } from "./lock";
import { recover } from "./recovery";
import { loadRecord, pathOf, type Contents, type KeptContents, type Spool } from "./spool";
import type { OutboxTime } from "./state";

const QUEUE: Place = { folder: "queue" };
const SECONDS_PER_DAY = 24 * 60 * 60;

/** Where the record of a mail stands, and whether it is the last state of the mail. */
export interface Slot {
  readonly id: string;
  readonly accepted: OutboxInstant;
  /** On the disk when it was accepted, attachments included. */
  readonly bytes: number;
  place: Place;
  /** Of the last record that was written. */
  revision: number;
  /** A state that the disk did not take; it holds instead of the file. */
  unsaved: SpoolRecord | undefined;
}

/** Files that could not be removed yet. */
type Leftover = Found & { readonly contents: readonly string[] };

type FailedPlace = Extract<Place, { folder: "failed" }>;

export class MailStore {
  /** Mails kept for `retry`, and where. */
  readonly failed = new Map<string, FailedPlace>();
  private leftovers: Leftover[] = [];
  /** The record that was written last: mostly that of the mail to be sent next, which need not be read back then. */
  private last: SpoolRecord | undefined;
  private cleaning: Promise<void> = Promise.resolve();

  constructor(
    readonly spool: Spool,
    private readonly time: OutboxTime,
    private readonly trouble: (error: ModemError) => void,
    private readonly lock: Pick<SpoolLock, "assertHeld">,
  ) {}

  /** Finds all mails of the folder. Returns those that did not fail, in the order of acceptance. */
  async open(): Promise<readonly RecoveredMail[]> {
    const { mails, failed } = await recover(this.spool, this.trouble);
    for (const { record } of mails) this.time.found(record.accepted);
    for (const { id, place } of failed) this.failed.set(id, place);
    return mails;
  }

  /**
   * Keeps a new mail durably; `make` completes the record with its contents. Rejects with OUTBOX_FULL when they exceed
   * `room` bytes, with OUTBOX_LOCKED when the folder was taken meanwhile, by whose new holder contents without a record are
   * removed, and with the error of the disk; nothing of the mail is left then.
   */
  async insert(
    id: string,
    contents: Contents,
    room: number,
    make: (kept: KeptContents) => SpoolRecord,
  ): Promise<RecoveredMail> {
    const record = make(await this.spool.keep(id, contents, room));
    try {
      const bytes = await this.spool.write(record, QUEUE, true, () => this.assertHeld());
      // A copy, for its texts may be cut out of far longer ones, such as a whole log, that would be held with them.
      this.last = structuredClone(record);
      return { record, place: QUEUE, bytes: bytes + contentBytes(record) };
    } catch (error) {
      // The name may be there although it is not known to be durable; a refused mail must not go out later.
      await this.removeOrKeepFor({ id, place: QUEUE, contents: contentNames(record) });
      throw error;
    }
  }

  /** Rejects with OUTBOX_LOCKED when the folder is held no more. */
  async assertHeld(): Promise<void> {
    await this.lock.assertHeld();
  }

  /** Rejects with OUTBOX_DAMAGED when the record is no longer readable, or with the error of the disk. */
  async load(slot: Slot): Promise<SpoolRecord> {
    if (slot.unsaved !== undefined) return slot.unsaved;
    const { last } = this;
    const isLast = last?.id === slot.id && last.revision === slot.revision;
    return isLast ? last : loadRecord(this.spool, slot);
  }

  /**
   * Writes a new state: an end where the mail stands, anything else into the queue. Never rejects; false when the disk
   * took nothing that must not be forgotten.
   *
   * @param mayForget the change is only about when and how often it was tried.
   */
  async save(slot: Slot, record: SpoolRecord, mayForget: boolean): Promise<boolean> {
    const next = this.stamped(slot, record);
    const from = slot.place;
    const to = record.end === undefined ? QUEUE : from;
    try {
      await this.spool.write(next, to);
      this.moved(slot, to);
      slot.unsaved = undefined;
      this.last = next;
    } catch (cause) {
      this.trouble(new ModemError("OUTBOX_DISK", { detail: `state of mail ${slot.id}`, cause }));
      if (mayForget && (await this.moveBack(slot))) return true;
      slot.unsaved = next;
      return false;
    }
    if (from.folder !== to.folder) {
      await this.removeOrKeepFor({ id: slot.id, place: from, contents: [] });
      // A power cut must not bring the old state back when the new one has long done its work.
      await this.syncQuietly(from);
    }
    return true;
  }

  /**
   * Makes durable that the transaction may be on its way from now on, with its mark where there is room for it: a disk
   * that is full still takes the rename. Rejects with the error of the disk.
   */
  async putInFlight(slot: Slot, record: SpoolRecord, transaction: number): Promise<void> {
    const to: Place = { folder: "sending", transaction };
    // A mark that a former try left there may just be being removed.
    await this.cleaning;
    // Its new folder makes both durable.
    await this.spool.write(this.stamped(slot, record), slot.place, false).catch(() => undefined);
    await this.spool.move(slot.id, slot.place, to);
    this.moved(slot, to);
    await this.spool.sync(to);
  }

  /** The mail was told: it stays on the disk only among the failed ones. Never rejects. */
  async finish(slot: Slot, record: SpoolRecord, keep: boolean): Promise<void> {
    // A file that does not say who was served already must not be offered for retry.
    const isTrue =
      slot.unsaved === undefined || record.transactions.every(({ state }) => state.kind !== "done");
    if (keep && isTrue) {
      const since = Math.floor(this.time.now().time / 1000);
      const place: FailedPlace = { folder: "failed", since, bytes: slot.bytes };
      try {
        await this.spool.move(slot.id, slot.place, place);
        this.failed.set(slot.id, place);
        return;
      } catch (cause) {
        this.trouble(new ModemError("OUTBOX_DISK", { detail: `failed mail ${slot.id}`, cause }));
      }
    }
    await this.removeOrKeepFor({ id: slot.id, place: slot.place, contents: contentNames(record) });
    if (this.leftovers.length > 0) await this.removeLeftovers();
  }

  /** Takes a damaged record away. Never rejects. */
  async setAside({ id, place }: Slot): Promise<void> {
    await this.spool.setAside({ id, place }).catch((cause: unknown) => {
      this.trouble(new ModemError("OUTBOX_DISK", { detail: `damaged mail ${id}`, cause }));
    });
  }

  /** Removes what could not be removed before. Never rejects. */
  async removeLeftovers(): Promise<void> {
    this.cleaning = this.cleaning.then(async () => {
      for (let left = this.leftovers.length; left > 0; left--) {
        const one = this.leftovers.shift();
        if (one !== undefined) await this.removeOrKeepFor(one);
      }
    });
    await this.cleaning;
  }

  /** Oldest first. */
  failedIds(): string[] {
    return [...this.failed].sort(([, a], [, b]) => a.since - b.since).map(([id]) => id);
  }

  /** Rejects with OUTBOX_NOT_FOUND, OUTBOX_DAMAGED or the error of the disk. */
  async loadFailed(id: string): Promise<SpoolRecord> {
    return loadRecord(this.spool, { id, place: this.failedPlace(id) });
  }

  /**
   * Puts a failed mail, as `change` makes it, back into the queue. Rejects with OUTBOX_NOT_FOUND, OUTBOX_DAMAGED or
   * the error of the disk; it is still among the failed ones then. One rename moves it: a second copy could come back
   * by a power cut and be sent again.
   */
  async requeue(id: string, change: (failed: SpoolRecord) => SpoolRecord): Promise<RecoveredMail> {
    const place = this.takeFailed(id);
    let record: SpoolRecord;
    try {
      const changed = change(await loadRecord(this.spool, { id, place }));
      record = { ...changed, revision: changed.revision + 1 };
      await this.spool.write(record, place);
      await this.spool.move(id, place, QUEUE);
    } catch (error) {
      this.failed.set(id, place);
      throw error;
    }
    await this.syncQuietly(QUEUE);
    return { record: headOf(record), place: QUEUE, bytes: place.bytes };
  }

  /** Removes a failed mail for good. Rejects with OUTBOX_NOT_FOUND or OUTBOX_DISK. */
  async removeFailed(id: string): Promise<void> {
    const place = this.takeFailed(id);
    const contents = await loadRecord(this.spool, { id, place }).then(contentNames, () => []);
    let isGone = false;
    try {
      await this.spool.remove({ id, place });
      isGone = true;
      await this.spool.drop(id, contents);
    } catch (cause) {
      if (!isGone) this.failed.set(id, place);
      throw new ModemError("OUTBOX_DISK", { detail: `failed mail ${id}`, cause });
    }
  }

  /** Removes mails that failed more than `days` of running time ago. Never rejects. */
  async removeOld(days: number): Promise<void> {
    const before = this.time.now().time / 1000 - days * SECONDS_PER_DAY;
    // Chosen first: one that cannot be removed is put back behind the others, and would be met for ever.
    const old = [...this.failed].filter(([, { since }]) => since <= before);
    for (const [id] of old) {
      if (!this.failed.has(id)) continue;
      await this.removeFailed(id).catch((error: unknown) => {
        if (error instanceof ModemError) this.trouble(error);
      });
    }
  }

  /** A failed mail that was moved into this spool. */
  adoptFailed(id: string, place: FailedPlace): void {
    this.failed.set(id, place);
  }

  /**
   * From now on it does not count as failed, and its files are the caller's alone: of a retry and a removal that come
   * together one gets it. Throws OUTBOX_NOT_FOUND.
   */
  private takeFailed(id: string): FailedPlace {
    const place = this.failedPlace(id);
    this.failed.delete(id);
    return place;
  }

  private failedPlace(id: string): FailedPlace {
    const place = this.failed.get(id);
    if (place === undefined) throw new ModemError("OUTBOX_NOT_FOUND", { detail: id });
    return place;
  }

  /** The record as its next writing; the instant of acceptance may be of another clock, which would say nothing then. */
  private stamped(slot: Slot, record: SpoolRecord): SpoolRecord {
    slot.revision++;
    return { ...record, accepted: slot.accepted, revision: slot.revision, written: this.time.now() };
  }

  private async moveBack(slot: Slot): Promise<boolean> {
    if (slot.place.folder === "queue") return true;
    try {
      await this.spool.move(slot.id, slot.place, QUEUE);
      this.moved(slot, QUEUE);
      return true;
    } catch {
      return false;
    }
  }

  /** What was to be removed there is of use again. */
  private moved(slot: Slot, to: Place): void {
    slot.place = to;
    const path = pathOf(slot.id, to);
    this.leftovers = this.leftovers.filter(({ id, place }) => pathOf(id, place) !== path);
  }

  private async syncQuietly(place: Place): Promise<void> {
    await this.spool.sync(place).catch((cause: unknown) => {
      this.trouble(new ModemError("OUTBOX_DISK", { detail: `folder ${place.folder}`, cause }));
    });
  }

  private async removeOrKeepFor(leftover: Leftover): Promise<void> {
    try {
      await this.spool.remove(leftover, leftover.contents);
    } catch (cause) {
      this.leftovers.push(leftover);
      this.trouble(new ModemError("OUTBOX_DISK", { detail: `mail ${leftover.id} cannot be removed`, cause }));
    }
  }
}
