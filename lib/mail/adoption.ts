/**
 * Adoption: finds spools whose modem is gone from the flows, and moves their mails into one that is there.
 *
 * Contents are copied first; then the rename of its record moves a mail at once, so a kill leaves it in one spool or
 * the other. Ages begin anew, because the spools' clocks cannot be compared.
 */
import { join } from "node:path";
import type { Clock } from "../clock";
import { ModemError } from "../errors";
import type { Host } from "./host";
import type { MailStore } from "./mail-store";
import { Spool } from "./spool";
import { isMissing, type FileLayer } from "./spool-files";
import { SpoolLock } from "./spool-lock";

export interface FoundSpool {
  readonly directory: string;
  /** Mails that have not ended, and failed ones. */
  readonly waiting: number;
  readonly failed: number;
}

/** The spools with mails in the folders below `root`. Rejects with the error of the disk. */
export async function findSpools(root: string, files: FileLayer): Promise<FoundSpool[]> {
  const spools: FoundSpool[] = [];
  for (const name of await listOrNone(files, root)) {
    const directory = join(root, name);
    try {
      const found = await new Spool(directory, files).find();
      const failed = found.filter(({ place }) => place.folder === "failed").length;
      if (found.length > 0) spools.push({ directory, waiting: found.length - failed, failed });
    } catch {
      // Not a spool.
    }
  }
  return spools;
}

/**
 * Moves all mails of the spool in `directory` into `store`. Returns their ids. Rejects with OUTBOX_LOCKED or OUTBOX_DISK; what was moved before stays moved.
 */
export async function adoptSpool(
  directory: string,
  store: MailStore,
  clock: Clock,
  host: Host,
  trouble: (error: ModemError) => void,
): Promise<string[]> {
  const { files } = store.spool;
  const lock = new SpoolLock(directory, files, clock, host);
  const other = new Spool(directory, files);
  try {
    await lock.take();
    const moved: string[] = [];
    for (const found of await other.find()) {
      const read = await other.load(found);
      if (read.kind !== "record" || store.has(found.id)) {
        trouble(
          new ModemError("OUTBOX_DAMAGED", { detail: `mail ${found.id} of ${directory} is left there` }),
        );
        continue;
      }
      const { record } = read;
      let bytes = Buffer.byteLength(record.text);
      for (const [index, { size }] of record.attachments.entries()) {
        await store.spool.copyFrom(other, record.id, index);
        bytes += size;
      }
      await store.spool.moveFrom(other, found);
      store.adopt(record, found.place, bytes);
      await other.drop(record.id, record.attachments.length);
      moved.push(record.id);
    }
    return moved;
  } catch (cause) {
    throw cause instanceof ModemError ? cause : new ModemError("OUTBOX_DISK", { detail: directory, cause });
  } finally {
    await lock.release();
  }
}

async function listOrNone(files: FileLayer, path: string): Promise<string[]> {
  try {
    return await files.list(path);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
