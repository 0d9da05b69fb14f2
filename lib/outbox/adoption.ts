/**
 * Adoption: moves the mails of a spool whose modem is gone from the flows into one that is there.
 *
 * Contents are copied first; then the rename of its record moves a mail at once, so a kill leaves it in one spool or
 * the other. Ages begin anew, because the spools' clocks cannot be compared.
 */
import type { Clock } from "../clock";
import { isModemError, ModemError } from "../errors";
import { diskError } from "./spool/files";
import type { Host } from "./spool/host";
import { SpoolLock } from "./spool/lock";
import { contentNames, type Found } from "./spool/record";
import { Spool } from "./spool/spool";
import type { MailStore } from "./mail-store";

/**
 * Moves all mails of the spool in `directory` into `store`. Returns their ids. A mail that cannot be moved stays where
 * it is and is reported, and stops no other; one that lacks a content is moved all the same, so that its sender is told
 * when it is to be sent. Rejects with OUTBOX_LOCKED, and with OUTBOX_DISK when not one could be moved.
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
    let failure: ModemError | undefined;
    for (const found of await other.find()) {
      try {
        await adoptOne(other, found, store, trouble);
        moved.push(found.id);
      } catch (cause) {
        failure = leftThere(found.id, directory, cause);
        trouble(failure);
      }
    }
    if (failure?.code === "OUTBOX_DISK" && moved.length === 0) throw failure;
    return moved;
  } catch (cause) {
    throw diskError(cause);
  } finally {
    await lock.release();
  }
}

/** Rejects with OUTBOX_DAMAGED for a record that cannot be taken, or with the error of the disk. */
async function adoptOne(
  other: Spool,
  found: Found,
  store: MailStore,
  trouble: (error: ModemError) => void,
): Promise<void> {
  const { read, bytes } = await other.load(found);
  if (read.kind !== "record" || store.has(found.id)) throw new ModemError("OUTBOX_DAMAGED");
  const { record } = read;
  const of = `of mail ${record.id} of ${other.directory}`;
  const gone = await store.spool.copyFrom(other, record.id, record);
  await store.spool.moveFrom(other, found);
  store.adopt(record, found.place, bytes);
  if (gone.length > 0) {
    trouble(new ModemError("OUTBOX_DAMAGED", { detail: `${gone.join(", ")} ${of} cannot be found` }));
  }
  await other.drop(record.id, contentNames(record)).catch((cause: unknown) => {
    trouble(new ModemError("OUTBOX_DISK", { detail: `contents ${of} cannot be removed`, cause }));
  });
}

function leftThere(id: string, directory: string, cause: unknown): ModemError {
  const detail = `mail ${id} of ${directory} is left there`;
  return isModemError(cause, "OUTBOX_DAMAGED")
    ? new ModemError("OUTBOX_DAMAGED", { detail })
    : new ModemError("OUTBOX_DISK", { detail, cause });
}
