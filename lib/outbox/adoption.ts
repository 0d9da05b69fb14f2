/**
 * Adoption: moves the mails of a spool whose modem is gone from the flows into one that is there.
 *
 * Contents are copied first; then the rename of its record moves a mail at once, so a kill leaves it in one spool or
 * the other. Ages begin anew, because the spools' clocks cannot be compared.
 */
import type { Clock } from "../clock";
import { ModemError } from "../errors";
import { diskError } from "../mail/spool/files";
import type { Host } from "../mail/spool/host";
import { SpoolLock } from "../mail/spool/lock";
import { contentNames } from "../mail/spool/record";
import { Spool } from "../mail/spool/spool";
import type { MailStore } from "./mail-store";

/**
 * Moves all mails of the spool in `directory` into `store`. Returns their ids. Rejects with OUTBOX_LOCKED or
 * OUTBOX_DISK; what was moved before stays moved.
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
      const { read, bytes } = await other.load(found);
      if (read.kind !== "record" || store.has(found.id)) {
        trouble(
          new ModemError("OUTBOX_DAMAGED", { detail: `mail ${found.id} of ${directory} is left there` }),
        );
        continue;
      }
      const { record } = read;
      await store.spool.copyFrom(other, record.id, record);
      await store.spool.moveFrom(other, found);
      store.adopt(record, found.place, bytes);
      await other.drop(record.id, contentNames(record));
      moved.push(record.id);
    }
    return moved;
  } catch (cause) {
    throw diskError(cause);
  } finally {
    await lock.release();
  }
}
