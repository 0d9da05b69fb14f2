/**
 * Recovery: what a spool holds when its outbox starts, how many mails one holds that no outbox uses, and their adoption
 * by another.
 *
 * A kill may have left a mail in two folders, because a new state is written before the old one is removed; the later
 * revision holds. Nothing that cannot be read is thrown away, and it keeps nothing else from going on.
 */
import type { Clock } from "../../clock";
import { isModemError, ModemError, SPECIAL_HINTS, systemCode } from "../../errors";
import { diskError, type FileLayer, type Trouble } from "./files";
import { SpoolLock, type Host } from "./lock";
import { contentNames, headOf, type Found, type Place, type RecoveredMail, type SpoolRecord } from "./record";
import { Spool } from "./spool";
import type { OutboxTime } from "./state";

/** Records read at a time. */
const READERS = 32;

export interface Recovered {
  /** In the order of acceptance. */
  readonly mails: readonly RecoveredMail[];
  readonly failed: readonly { readonly id: string; readonly place: Extract<Place, { folder: "failed" }> }[];
}

/** Rejects only when a folder cannot be listed. */
export async function recover(spool: Spool, trouble: Trouble): Promise<Recovered> {
  const found = await spool.find();
  const latest = new Map<string, RecoveredMail>();
  const unread = new Set<string>();
  await inParallel(
    found.filter(({ place }) => place.folder !== "failed"),
    async (one) => {
      const mail = await readOne(spool, one, trouble);
      if (mail === undefined) {
        unread.add(one.id);
        return;
      }
      const other = latest.get(one.id);
      const isLater = other === undefined || isAfter(mail, other);
      if (isLater) latest.set(one.id, mail);
      const older = isLater ? other : mail;
      if (older !== undefined) await removeQuietly(spool, { id: one.id, place: older.place }, trouble);
    },
  );
  const failed: { id: string; place: Extract<Place, { folder: "failed" }> }[] = [];
  for (const { id, place } of found) {
    if (place.folder !== "failed") continue;
    if (latest.has(id)) await removeQuietly(spool, { id, place }, trouble);
    else failed.push({ id, place });
  }
  const kept = new Set([...latest.keys(), ...unread, ...failed.map(({ id }) => id)]);
  await spool
    .sweep((id) => kept.has(id))
    .catch((cause: unknown) => {
      trouble(new ModemError("OUTBOX_DISK", { detail: "attachments without a mail", cause }));
    });
  return { mails: [...latest.values()].sort((a, b) => a.record.seq - b.record.seq), failed };
}

async function readOne(spool: Spool, found: Found, trouble: Trouble): Promise<RecoveredMail | undefined> {
  try {
    const { read, bytes } = await spool.load(found);
    switch (read.kind) {
      case "record":
        return { record: headOf(read.record), place: found.place, bytes };
      case "newer":
        trouble(
          new ModemError("OUTBOX_DAMAGED", {
            detail: `mail ${found.id} was written by a later version (format ${read.format}) and is left alone`,
            hint: SPECIAL_HINTS.laterVersion,
          }),
        );
        return undefined;
      case "damaged": {
        const where = await spool.setAside(found);
        trouble(new ModemError("OUTBOX_DAMAGED", { detail: `${where}, ${read.reason}` }));
        return undefined;
      }
    }
  } catch (cause) {
    trouble(new ModemError("OUTBOX_DISK", { detail: `mail ${found.id} cannot be read`, cause }), true);
    return undefined;
  }
}

/** Of the same revision the one in `sending` is taken, because it says that the mail may be on its way. */
function isAfter(a: RecoveredMail, b: RecoveredMail): boolean {
  if (a.record.revision !== b.record.revision) return a.record.revision > b.record.revision;
  return a.place.folder === "sending";
}

async function removeQuietly(spool: Spool, found: Found, trouble: Trouble): Promise<void> {
  await spool.remove(found).catch((cause: unknown) => {
    trouble(new ModemError("OUTBOX_DISK", { detail: `old state of mail ${found.id}`, cause }));
  });
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: READERS }, worker));
}

export interface FoundSpool {
  readonly directory: string;
  /** Mails that have not ended, and failed ones. */
  readonly waiting: number;
  readonly failed: number;
}

/** Those of `directories` that are spools with mails. Rejects with the error of the disk. */
export async function findSpools(
  directories: readonly string[],
  files: FileLayer,
): Promise<readonly FoundSpool[]> {
  const spools: FoundSpool[] = [];
  for (const directory of directories) {
    const places = await placesIn(directory, files);
    const failed = places.filter((folder) => folder === "failed").length;
    if (places.length > 0) spools.push({ directory, waiting: places.length - failed, failed });
  }
  return spools;
}

/** The folder of each record; none where no spool is. */
async function placesIn(directory: string, files: FileLayer): Promise<readonly string[]> {
  try {
    return (await new Spool(directory, files).find()).map(({ place }) => place.folder);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}

/**
 * Records of a spool that no outbox uses, at most `most`, those that wait before failed ones, as far as they can be
 * read; nothing is changed. Rejects with the error of the disk.
 */
export async function recordsIn(
  directory: string,
  files: FileLayer,
  most: number,
): Promise<readonly { readonly record: SpoolRecord; readonly place: Place }[]> {
  const spool = new Spool(directory, files);
  const records: { record: SpoolRecord; place: Place }[] = [];
  for (const found of (await spool.find()).slice(0, most)) {
    // Meanwhile it may have been adopted.
    const read = await spool.load(found).then(
      ({ read }) => read,
      () => undefined,
    );
    if (read?.kind === "record") records.push({ record: read.record, place: found.place });
  }
  return records;
}

/** What is needed to discard a spool. */
export type Discarder = Pick<Adopter, "clock" | "host"> & { readonly files: FileLayer };

/**
 * Removes all mails of the spool in `directory`, which no outbox uses. Resolves with their number. Rejects with
 * OUTBOX_LOCKED or OUTBOX_DISK; what is left then can be discarded again.
 */
export async function discardSpool(directory: string, { files, clock, host }: Discarder): Promise<number> {
  const lock = new SpoolLock(directory, files, clock, host);
  const spool = new Spool(directory, files);
  try {
    await lock.take();
    const found = await spool.find();
    for (const one of found) await spool.remove(one);
    await spool.sweep(() => false);
    return new Set(found.map(({ id }) => id)).size;
  } catch (cause) {
    throw diskError(cause);
  } finally {
    await lock.release();
  }
}

/** Who takes over. */
export interface Adopter {
  readonly store: {
    readonly spool: Spool;
    readonly lock: Pick<SpoolLock, "assertHeld">;
    /** Throws when there is no time for another mail. */
    readonly throwIfOver: () => void;
  };
  readonly clock: Clock;
  readonly host: Host;
  readonly time: Pick<OutboxTime, "now">;
  has(id: string): boolean;
  /** A mail was moved into its spool. */
  adopt(mail: RecoveredMail): void;
  readonly trouble: Trouble;
}

/**
 * Moves all mails of the spool in `directory` into that of `adopter`. Returns their number. Contents are copied first;
 * then the rename of its record moves a mail at once, so a kill leaves it in one spool or the other.
 *
 * A mail that cannot be moved stays where it is and is reported, and stops no other; one that lacks a content is moved
 * all the same, so that its sender is told when it is to be sent. Rejects with OUTBOX_LOCKED, with OUTBOX_DISK when not
 * one could be moved, and with OUTBOX_CLOSED when it takes too long for an adopter that closes.
 */
export async function adoptSpool(directory: string, adopter: Adopter): Promise<number> {
  const { files } = adopter.store.spool;
  const lock = new SpoolLock(directory, files, adopter.clock, adopter.host);
  const other = new Spool(directory, files);
  try {
    await lock.take();
    let moved = 0;
    let failure: ModemError | undefined;
    for (const found of await other.find()) {
      adopter.store.throwIfOver();
      try {
        await adoptOne(other, found, adopter);
        moved++;
      } catch (cause) {
        // Of an adopter that has no time left, or has lost its folder, the mail says nothing.
        adopter.store.throwIfOver();
        failure = leftThere(found.id, directory, cause);
        adopter.trouble(failure, true);
      }
    }
    if (failure?.code === "OUTBOX_DISK" && moved === 0) throw failure;
    return moved;
  } catch (cause) {
    throw diskError(cause);
  } finally {
    await lock.release();
  }
}

/** Rejects with OUTBOX_DAMAGED for a record that cannot be taken, or with the error of the disk. */
async function adoptOne(other: Spool, found: Found, adopter: Adopter): Promise<void> {
  const { spool, lock } = adopter.store;
  const { read, bytes } = await other.load(found);
  if (read.kind !== "record" || adopter.has(found.id)) throw new ModemError("OUTBOX_DAMAGED");
  const { record } = read;
  const of = `of mail ${record.id} of ${other.directory}`;
  const gone = await spool.copyFrom(other, record.id, record);
  // Who has taken this spool meanwhile has removed contents that are of no mail yet.
  await lock.assertHeld();
  // Its days among the failed ones were counted by a clock that means nothing here.
  const place: Place =
    found.place.folder === "failed"
      ? { ...found.place, since: Math.floor(adopter.time.now().time / 1000) }
      : found.place;
  await spool.moveFrom(other, found, place);
  adopter.adopt({ record: headOf(record), place, bytes });
  if (gone.length > 0) {
    adopter.trouble(new ModemError("OUTBOX_DAMAGED", { detail: `${gone.join(", ")} ${of} cannot be found` }));
  }
  await other.drop(record.id, contentNames(record)).catch((cause: unknown) => {
    adopter.trouble(new ModemError("OUTBOX_DISK", { detail: `contents ${of} cannot be removed`, cause }));
  });
}

function leftThere(id: string, directory: string, cause: unknown): ModemError {
  const detail = `mail ${id} of ${directory} is left there`;
  return isModemError(cause, "OUTBOX_DAMAGED")
    ? new ModemError("OUTBOX_DAMAGED", { detail })
    : new ModemError("OUTBOX_DISK", { detail, cause });
}
