/**
 * FileLayer: the few operations on files that the spool needs, so that tests can let each of them fail.
 *
 * Files are made for their owner alone (0600, folders 0700). Nothing here knows what the files hold.
 */
import { createReadStream, readFile } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { getSystemErrorMap, promisify } from "node:util";
import { dirname } from "node:path";
import { delay, systemClock, type Clock } from "../../clock";
import { copyOf, ModemError, systemCode } from "../../errors";
import { outsideFiles } from "../../mail/message/outside-files";

/** A new file under way; nothing of it is certain to stay before `sync` has resolved. */
export interface FileWriter {
  writeFile(bytes: Uint8Array): Promise<void>;
  /** fsync of the content. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** All methods reject with the error of the operating system (`code` such as ENOSPC). */
export interface FileLayer {
  /** Makes the folder and those above it; no error when it exists. */
  makeFolder(path: string): Promise<void>;
  /** Names in the folder, in no order. */
  list(path: string): Promise<string[]>;
  read(path: string): Promise<Buffer>;
  /** Bytes of a file. */
  length(path: string): Promise<number>;
  /** Reads a file piece by piece. */
  stream(path: string): AsyncIterable<Uint8Array>;
  /**
   * The same for a file that was allowed by its real path: rejects when something else has taken its place meanwhile,
   * such as a link to a file elsewhere.
   */
  streamReal(path: string): AsyncIterable<Uint8Array>;
  /** Bytes of such a file. */
  size(path: string): Promise<number>;
  /** Makes a new file; rejects with EEXIST when the name is taken. */
  create(path: string): Promise<FileWriter>;
  /** Renames at once, replacing a file of the new name. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; no error when it is missing. */
  remove(path: string): Promise<void>;
  /** Makes names in the folder durable. */
  syncFolder(path: string): Promise<void>;
}

/** The files of the host. */
export const hostFiles: FileLayer = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  list: readdir,
  // The function with a callback takes half the time of its namesake with a promise; a start reads thousands of files.
  read: promisify<string, Buffer>(readFile),
  length: async (path) => (await stat(path)).size,
  // Opened with the first look: an error of a stream without a listener would end the runtime.
  async *stream(path) {
    yield* createReadStream(path);
  },
  streamReal: (path) => outsideFiles.stream(path, true),
  size: (path) => outsideFiles.size(path),
  create: (path) => open(path, "wx", 0o600),
  rename: replaceFile,
  remove: (path) => rm(path, { force: true, maxRetries: process.platform === "win32" ? TRIES : 0 }),
  async syncFolder(path) {
    // Windows has no handle of a folder to flush; NTFS journals its names.
    if (process.platform === "win32") return;
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

/** How often, and after which pause, doubled each time: 2.5 s in all. */
const TRIES = 8;
const FIRST_PAUSE_MS = 10;

/** What Windows answers while a virus scanner, an indexer or a backup has one of the two files open. */
const TAKEN: ReadonlySet<string | undefined> = new Set(["EPERM", "EACCES", "EBUSY"]);

/** Where the retries take place; for tests. */
export interface RenameOptions {
  readonly platform?: NodeJS.Platform;
  readonly clock?: Clock;
  readonly move?: (from: string, to: string) => Promise<void>;
}

/**
 * Renames at once, replacing a file of the new name. On Windows it is tried again for a while when another program has
 * one of the files open. Rejects with the error of the operating system.
 */
export async function replaceFile(from: string, to: string, options: RenameOptions = {}): Promise<void> {
  const { platform = process.platform, clock = systemClock, move = rename } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      await move(from, to);
      return;
    } catch (error) {
      if (platform !== "win32" || !TAKEN.has(systemCode(error)) || attempt > TRIES) throw error;
    }
    await delay(clock, FIRST_PAUSE_MS * 2 ** (attempt - 1));
  }
}

/** Rejects where a file that is there but for its name must not get it any more. */
export type LastCheck = () => Promise<unknown>;

/** Writes a new file and makes its content durable; its name is durable after `syncFolder`. Returns the bytes. */
export async function writeDurably(
  files: FileLayer,
  path: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<number> {
  const writer = await files.create(path);
  let size = 0;
  try {
    for await (const chunk of chunks) {
      await writer.writeFile(chunk);
      size += chunk.length;
    }
    await writer.sync();
  } finally {
    await writer.close();
  }
  return size;
}

/** True for a file that is missing where its folder is not: a folder that is away, as a share, may come back with the file. */
export async function isGone(files: FileLayer, path: string, error: unknown): Promise<boolean> {
  return systemCode(error) === "ENOENT" && files.list(dirname(path)).then(Boolean, () => false);
}

/** Milliseconds without it after which the same fault of the disk is news again. */
const FAULT_OVER_MS = 60 * 60_000;

/** @param isOfOneMail it names a mail that is left out because of it, which is a fact of its own. */
export type Trouble = (error: ModemError, isOfOneMail?: boolean) => void;

/**
 * Passes errors on, but those of the disk once for each reason and without the file that met it: a full disk fails for
 * each mail and each of its files, and is one fact. Each error of the disk names its cause.
 */
export function oncePerFault(clock: Clock, tell: (error: ModemError) => void): Trouble {
  const faults = new Map<string, number>();
  return (error, isOfOneMail = false) => {
    if (isOfOneMail || error.code !== "OUTBOX_DISK") return tell(error);
    const reason = diskReason(error.cause);
    const now = clock.now();
    for (const [one, at] of faults) if (now - at > FAULT_OVER_MS) faults.delete(one);
    const isNews = !faults.has(reason);
    faults.set(reason, now);
    if (isNews) tell(copyOf(error, { detail: reason }));
  };
}

/** What every file on the disk meets. */
const DISK_FAULTS: ReadonlySet<string | undefined> = new Set(["ENOSPC", "EDQUOT", "EROFS", "EIO"]);

/** False for a fault of one file, such as one that another program has open or that may not be changed. */
export function isOfDisk(error: unknown): boolean {
  return DISK_FAULTS.has(systemCode(error));
}

function diskReason(cause: unknown): string {
  const code = systemCode(cause);
  const [, text] = [...getSystemErrorMap().values()].find(([name]) => name === code) ?? [];
  return text === undefined ? String(cause) : `${text} (${code})`;
}

/** A ModemError as it is; anything else becomes OUTBOX_DISK. */
export function diskError(cause: unknown): ModemError {
  if (cause instanceof ModemError) return cause;
  const detail = systemCode(cause) === "ENOSPC" ? "no space left" : String(cause);
  return new ModemError("OUTBOX_DISK", { detail, cause });
}

/* What a new attachment is read from: only while there is time and room. */

/** Bytes hashed and written in one turn. */
const PIECE = 64 * 1024;

/** A content in memory, bit by bit: hashing 5 MB at once would stop the runtime for tens of milliseconds. */
export function* inPieces(bytes: Buffer): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}

/** Passes a content on until `ask` throws. */
export async function* whileAllowed(
  source: AsyncIterable<Uint8Array>,
  ask: () => void,
): AsyncIterable<Uint8Array> {
  ask();
  for await (const chunk of source) {
    ask();
    yield chunk;
  }
}

/** Passes a content on while it is counted and hashed. What fails here is the source, not the spool. */
export async function* measured(
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  filename: string,
  hash: { update(bytes: Uint8Array): unknown },
  room: number,
): AsyncIterable<Uint8Array> {
  let size = 0;
  try {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > room) break;
      hash.update(chunk);
      yield chunk;
    }
  } catch (cause) {
    throw new ModemError("INVALID_ATTACHMENT", { detail: `${filename} cannot be read`, cause });
  }
  if (size > room) throw new ModemError("OUTBOX_FULL", { detail: `no room for the attachment ${filename}` });
}
