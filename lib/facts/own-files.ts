/**
 * Files that questions put into the module: small, of a name recorded before the upload, and deleted by that name.
 *
 * A name that is taken belongs to somebody else and is left alone.
 */
import { ModemError } from "../errors";
import type { FormOptions, Reply } from "./forms";

const MOST_NAMES = 20;
/** Errors of QFLST for a file that is not there. */
const NOT_THERE: ReadonlySet<number | undefined> = new Set([405, 417, 418]);
/** Errors of QFUPL for a name that is taken. */
const TAKEN: ReadonlySet<number | undefined> = new Set([407, 424]);
const UPLOAD_MS = 60_000;

export type StoragePrefix = "RAM:" | "UFS:";

/** What they are put in and deleted with. */
interface Asking {
  ask(line: string, options?: FormOptions): Promise<Reply>;
  /** As `ask`, but also after the asking was stopped. */
  tidy(line: string, options?: FormOptions): Promise<Reply>;
}

export class OwnFiles {
  private readonly names = new Set<string>();
  /** Found free once, and free again after each use. */
  private readonly free = new Map<StoragePrefix, string>();

  /** Names of files that may still be in the module. */
  get left(): readonly string[] {
    return [...this.names];
  }

  /**
   * Uploads a file for the time of `work`.
   *
   * @param acknowledged asks for an `A` after each 1024 bytes.
   */
  async with<T>(
    asker: Asking,
    storage: StoragePrefix,
    content: string,
    work: (name: string, uploaded: Reply) => Promise<T>,
    acknowledged = false,
  ): Promise<T> {
    const source = Buffer.from(content, "latin1");
    const payload = { size: source.length, source, ...(acknowledged ? { acknowledged } : {}) };
    return this.withName(asker, storage, async (name) => {
      const line = `AT+QFUPL="${name}",${source.length},10${acknowledged ? ",1" : ""}`;
      const uploaded = await asker.ask(line, { payload, timeoutMs: UPLOAD_MS });
      // Somebody else has made a file of that name meanwhile.
      if (uploaded.kind === "refused" && TAKEN.has(uploaded.number)) this.names.delete(name);
      return work(name, uploaded);
    });
  }

  /** A name that no file has, for the time of `work`; a file that work makes is deleted. */
  async withName<T>(asker: Asking, storage: StoragePrefix, work: (name: string) => Promise<T>): Promise<T> {
    const name = await this.freeName(asker, storage);
    this.names.add(name);
    try {
      return await work(name);
    } finally {
      await this.remove(asker, name);
    }
  }

  /** Deletes a file of ours, wherever it came from. */
  async remove(asker: Asking, name: string): Promise<void> {
    if (!this.names.has(name)) return;
    await asker.tidy(`AT+QFDEL="${name}"`, { timeoutMs: UPLOAD_MS });
    this.names.delete(name);
  }

  private async freeName(asker: Asking, storage: StoragePrefix): Promise<string> {
    const before = this.free.get(storage);
    if (before !== undefined) return before;
    for (let number = 1; number <= MOST_NAMES; number++) {
      const name = `${storage}facts-${number}.txt`;
      const reply = await asker.ask(`AT+QFLST="${name}"`);
      const isFree = reply.kind === "ok" ? reply.lines.length === 0 : NOT_THERE.has(reply.number);
      if (!isFree) continue;
      this.free.set(storage, name);
      return name;
    }
    throw new ModemError("FILE_EXISTS", { detail: `${storage}facts-1.txt and all names like it` });
  }
}
