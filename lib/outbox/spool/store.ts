/**
 * MailStore: the records of the mails as they change, and the mails that were given up and are kept for `retry`.
 *
 * A disk that fails loses nothing: what it does not take is held in the slot of the mail and written with the next
 * change, and a mail whose last state is not on the disk is not sent on, because a kill would bring the older one back.
 * Which mail is due is not its business.
 */
import { dirname } from "node:path";
import { ModemError } from "../../errors";
import { FILE_MS } from "../../mail/message/outside-files";
import {
  contentNames,
  headOf,
  writeRecord,
  type Found,
  type OutboxInstant,
  type Place,
  type RecoveredMail,
  type SpoolRecord,
} from "./record";
import type { Trouble } from "./files";
import type { SpoolLock } from "./lock";
import { recover } from "./recovery";
import type { Contents, KeptContents, Spool } from "./spool";
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
  /** A state that the disk did not take; it holds instead of the file, of which the folder may tell more than the text. */
  unsaved: SpoolRecord | undefined;
}

/** Files of a mail that could not be removed yet: its record, then its contents. */
interface Leftover {
  readonly id: string;
  readonly paths: readonly string[];
}

type FailedPlace = Extract<Place, { folder: "failed" }>;

export class MailStore {
  /** Mails kept for `retry`, and where. */
  readonly failed = new Map<string, FailedPlace>();
  private leftovers: Leftover[] = [];
  /** The record that was written last: mostly that of the mail to be sent next, which need not be read back then. */
  private last: SpoolRecord | undefined;
  private cleaning: Promise<void> = Promise.resolve();
  /** How long a command may go on, in running time, and what it ends with then. */
  private limit: { readonly time: number; readonly error: ModemError } | undefined;

  constructor(
    readonly spool: Spool,
    private readonly time: OutboxTime,
    private readonly trouble: Trouble,
    readonly lock: Pick<SpoolLock, "assertHeld">,
  ) {}

  /**
   * The outbox closes: commands under way have the time that one file may take, and end with OUTBOX_CLOSED after it. The
   * next outbox waits longer than that for the folder.
   */
  limitCommands(): void {
    this.limit = { time: this.time.now().time + FILE_MS, error: new ModemError("OUTBOX_CLOSED") };
  }

  /** The folder is no longer ours: commands under way end now, with `error`. */
  endCommands(error: ModemError): void {
    this.limit = { time: -Infinity, error };
  }

  /** To be asked before each mail and each piece of a file elsewhere: throws when commands have no time left. */
  readonly throwIfOver = (): void => {
    if (this.limit !== undefined && this.time.now().time > this.limit.time) throw this.limit.error;
  };

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
   * removed, with OUTBOX_CLOSED when they take longer than a close waits, and with the error of the disk; nothing of the
   * mail is left then.
   */
  async insert(
    id: string,
    contents: Contents,
    room: number,
    make: (kept: KeptContents) => SpoolRecord,
  ): Promise<RecoveredMail> {
    const kept = await this.spool.keep(id, contents, room, this.throwIfOver);
    const record = make(kept);
    const path = this.spool.path(id, QUEUE);
    try {
      const bytes = await this.spool.write(path, writeRecord(record), true, () => this.lock.assertHeld());
      // A copy, for its texts may be cut out of far longer ones, such as a whole log, that would be held with them.
      this.last = structuredClone(record);
      return { record, place: QUEUE, bytes: bytes + kept.bytes };
    } catch (error) {
      // The name may be there although it is not known to be durable; a refused mail must not go out later.
      const paths = contentNames(record).map((name) => this.spool.contentPath(id, name));
      await this.removeOrKeepFor({ id, paths: [path, ...paths] });
      throw error;
    }
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
    const from = slot.place;
    const to = record.end === undefined ? QUEUE : from;
    try {
      this.last = await this.put(slot, record, to);
      this.moved(slot, to);
      slot.unsaved = undefined;
    } catch (cause) {
      this.trouble(new ModemError("OUTBOX_DISK", { detail: `state of mail ${slot.id}`, cause }));
      if (mayForget && (await this.moveBack(slot))) return true;
      slot.unsaved = record;
      return false;
    }
    if (from.folder !== to.folder) {
      const path = this.spool.path(slot.id, from);
      await this.removeOrKeepFor({ id: slot.id, paths: [path] });
      // A power cut must not bring the old state back when the new one has long done its work.
      await this.syncQuietly(path);
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
    await this.put(slot, record, slot.place, false).catch(() => undefined);
    const { files } = this.spool;
    const path = this.spool.path(slot.id, to);
    await files.rename(this.spool.path(slot.id, slot.place), path);
    this.moved(slot, to);
    await files.syncFolder(dirname(path));
  }

  /** The mail was told: it stays on the disk only among the failed ones. Never rejects. */
  async finish(slot: Slot, record: SpoolRecord, keep: boolean): Promise<void> {
    // A file that does not say who was served already must not be offered for retry.
    const isTrue =
      slot.unsaved === undefined || record.transactions.every(({ state }) => state.kind !== "done");
    const path = this.spool.path(slot.id, slot.place);
    if (keep && isTrue) {
      const since = Math.floor(this.time.now().time / 1000);
      const place: FailedPlace = { folder: "failed", since, bytes: slot.bytes };
      try {
        await this.spool.files.rename(path, this.spool.path(slot.id, place));
        this.failed.set(slot.id, place);
        return;
      } catch (cause) {
        this.trouble(new ModemError("OUTBOX_DISK", { detail: `failed mail ${slot.id}`, cause }));
      }
    }
    const contents = contentNames(record).map((name) => this.spool.contentPath(slot.id, name));
    await this.removeOrKeepFor({ id: slot.id, paths: [path, ...contents] });
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
   * Puts a failed mail, as `change` makes it, back into the queue. Rejects with OUTBOX_NOT_FOUND, OUTBOX_DAMAGED,
   * OUTBOX_LOCKED or the error of the disk; it is still among the failed ones then. One rename moves it: a second copy
   * could come back by a power cut and be sent again.
   */
  async requeue(id: string, change: (failed: SpoolRecord) => SpoolRecord): Promise<RecoveredMail> {
    const place = this.takeFailed(id);
    const [from, to] = [this.spool.path(id, place), this.spool.path(id, QUEUE)];
    let record: SpoolRecord;
    try {
      const changed = change(await loadRecord(this.spool, { id, place }));
      record = { ...changed, revision: changed.revision + 1 };
      await this.spool.write(from, writeRecord(record), true, () => this.lock.assertHeld());
      this.throwIfOver();
      await this.spool.files.rename(from, to);
    } catch (error) {
      this.failed.set(id, place);
      throw error;
    }
    await this.syncQuietly(to);
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

  /**
   * Writes the record and returns it as its file has it: as the next revision, accepted by our own clock. Rejects with the
   * error of the disk.
   */
  private async put(slot: Slot, record: SpoolRecord, to: Place, isNamed = true): Promise<SpoolRecord> {
    const revision = ++slot.revision;
    const next = { ...record, accepted: slot.accepted, revision, written: this.time.now() };
    await this.spool.write(this.spool.path(slot.id, to), writeRecord(next), isNamed);
    return next;
  }

  private async moveBack(slot: Slot): Promise<boolean> {
    if (slot.place.folder === "queue") return true;
    try {
      const path = this.spool.path(slot.id, slot.place);
      await this.spool.files.rename(path, this.spool.path(slot.id, QUEUE));
      this.moved(slot, QUEUE);
      return true;
    } catch {
      return false;
    }
  }

  /** What was to be removed there is of use again. */
  private moved(slot: Slot, to: Place): void {
    slot.place = to;
    const path = this.spool.path(slot.id, to);
    this.leftovers = this.leftovers.filter(({ paths }) => !paths.includes(path));
  }

  /** @param path of a file in the folder. */
  private async syncQuietly(path: string): Promise<void> {
    await this.spool.files.syncFolder(dirname(path)).catch((cause: unknown) => {
      this.trouble(new ModemError("OUTBOX_DISK", { detail: dirname(path), cause }));
    });
  }

  private async removeOrKeepFor(leftover: Leftover): Promise<void> {
    try {
      for (const path of leftover.paths) await this.spool.files.remove(path);
    } catch (cause) {
      this.leftovers.push(leftover);
      this.trouble(new ModemError("OUTBOX_DISK", { detail: `mail ${leftover.id} cannot be removed`, cause }));
    }
  }
}

/** The record of one file. Rejects with OUTBOX_DAMAGED when it cannot be used, or with the error of the disk. */
export async function loadRecord(spool: Spool, found: Found): Promise<SpoolRecord> {
  const { read } = await spool.load(found);
  switch (read.kind) {
    case "record":
      return read.record;
    case "damaged":
      throw new ModemError("OUTBOX_DAMAGED", { detail: `mail ${found.id}, ${read.reason}` });
    case "newer":
      throw new ModemError("OUTBOX_DAMAGED", { detail: `mail ${found.id} has format ${read.format}` });
  }
}
