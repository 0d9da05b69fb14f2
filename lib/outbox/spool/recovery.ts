/**
 * Recovery: what a spool holds when its outbox starts, and how many mails one holds that no outbox uses.
 *
 * A kill may have left a mail in two folders, because a new state is written before the old one is removed; the later
 * revision holds. Nothing that cannot be read is thrown away, and it keeps nothing else from going on.
 */
import { ModemError, SPECIAL_HINTS } from "../../errors";
import { isMissing, type FileLayer } from "./files";
import type { Found, Place, SpoolRecord } from "./record";
import { Spool } from "./spool";

/** Records read at a time. */
const READERS = 32;

/** What a start must know of a record; texts and messages of a long queue would fill the memory of a small gateway. */
export type RecordHead = Omit<SpoolRecord, "text" | "subject" | "origin"> & { readonly nodeId: string };

export interface RecoveredMail {
  readonly record: RecordHead;
  readonly place: Place;
  /** On the disk, attachments included. */
  readonly bytes: number;
}

export interface Recovered {
  /** In the order of acceptance. */
  readonly mails: readonly RecoveredMail[];
  readonly failed: readonly { readonly id: string; readonly place: Extract<Place, { folder: "failed" }> }[];
}

/** Rejects only when a folder cannot be listed. */
export async function recover(spool: Spool, trouble: (error: ModemError) => void): Promise<Recovered> {
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

async function readOne(
  spool: Spool,
  found: Found,
  trouble: (error: ModemError) => void,
): Promise<RecoveredMail | undefined> {
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
    trouble(new ModemError("OUTBOX_DISK", { detail: `mail ${found.id} cannot be read`, cause }));
    return undefined;
  }
}

export function headOf({ text: _text, subject: _subject, origin, ...head }: SpoolRecord): RecordHead {
  return { ...head, nodeId: origin.nodeId };
}

/** Of the same revision the one in `sending` is taken, because it says that the mail may be on its way. */
function isAfter(a: RecoveredMail, b: RecoveredMail): boolean {
  if (a.record.revision !== b.record.revision) return a.record.revision > b.record.revision;
  return a.place.folder === "sending";
}

async function removeQuietly(
  spool: Spool,
  found: Found,
  trouble: (error: ModemError) => void,
): Promise<void> {
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
    if (isMissing(error)) return [];
    throw error;
  }
}
