/**
 * The store of a modem as files in a folder of its own, one for each key.
 *
 * A text is written beside its old form, brought to the disk and then renamed, and the folder is brought to the disk
 * too: a loss of power after a write leaves the new form, one before it the old.
 */
import { dirname, join } from "node:path";
import { ModemError, systemCode } from "../../../lib/errors";
import { hostFiles, writeDurably, type FileLayer } from "../../../lib/outbox/spool/files";
import type { KeyValueStore } from "../../../lib/quectel/key-value-store";

export class FolderStore implements KeyValueStore {
  /** Writes happen one after another, so that two of one key cannot meet. */
  private last: Promise<void> = Promise.resolve();
  private hasFolder = false;

  constructor(
    private readonly directory: string,
    private readonly files: FileLayer = hostFiles,
  ) {}

  async read(key: string): Promise<string | undefined> {
    try {
      return (await this.files.read(this.file(key))).toString();
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
      throw notKept(error);
    }
  }

  write(key: string, text: string): Promise<void> {
    const writing = this.last
      .then(() => this.replace(key, text))
      .catch((error: unknown) => {
        throw notKept(error);
      });
    this.last = writing.catch(() => undefined);
    return writing;
  }

  private async replace(key: string, text: string): Promise<void> {
    const { files, directory } = this;
    const file = this.file(key);
    const draft = `${file}.new`;
    await files.makeFolder(directory);
    // One that a kill has left.
    await files.remove(draft);
    await writeDurably(files, draft, [Buffer.from(text)]);
    await files.rename(draft, file);
    await files.syncFolder(directory);
    if (this.hasFolder) return;
    // The names of the folder and of the modem's, which may be new too.
    await files.syncFolder(dirname(directory));
    await files.syncFolder(dirname(dirname(directory)));
    this.hasFolder = true;
  }

  private file(key: string): string {
    return join(this.directory, `${encodeURIComponent(key)}.txt`);
  }
}

/** It is no fault of the module, and the mail that needs the note goes out when the disk works again. */
function notKept(cause: unknown): ModemError {
  const detail = `the notes about its modem, ${String(cause)}`;
  return new ModemError("OUTBOX_DISK", { cause, class: "transient", detail });
}
