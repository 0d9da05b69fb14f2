/**
 * The notebook of a modem as files in a folder of its own, one page each.
 *
 * A page is written beside its old form, brought to the disk and then renamed, so that a loss of power leaves the one
 * or the other.
 */
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ModemError } from "../../lib/errors";
import { replaceFile } from "../../lib/mail/spool/files";
import type { Notebook } from "../../lib/quectel/notebook";

export class FileNotebook implements Notebook {
  /** Writes happen one after another, so that two of one page cannot meet. */
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly directory: string) {}

  async read(key: string): Promise<string | undefined> {
    try {
      return await readFile(this.file(key), "utf8");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
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
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const file = this.file(key);
    const handle = await open(`${file}.new`, "w", 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await replaceFile(`${file}.new`, file);
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
