/**
 * Upload of one file under one name: size, time limit, acknowledgements, checksum. Where it goes and what it is
 * called is the caller's choice (`file-store.ts`, `root-files.ts`).
 */
import { isModemError, ModemError, SPECIAL_HINTS } from "../../errors";
import { deleteFile, uploadFile } from "../commands/files";
import { canOverrun, inputSeconds } from "../../at/wire";
import type { Modem } from "../connection/modem";

/** The part of a modem that files need. */
export type FileModem = Pick<Modem, "execute" | "epoch" | "line" | "log">;

export interface FileContent {
  /** Bytes, exact; 1 or more. */
  readonly size: number;
  /** Reads the content from the start; may be called again. */
  open(): AsyncIterable<Uint8Array>;
}

export interface UploadOptions {
  readonly signal: AbortSignal;
  /** Bytes handed over so far. */
  readonly onProgress?: (bytes: number) => void;
}

/**
 * Uploads a file; the name belongs to us. What is there under that name, left from before, is replaced; a file that
 * arrived damaged is deleted and sent once more.
 *
 * Rejects with `FILE_TIMEOUT` or `FILE_WRITE_FAILED` when it arrives damaged again, else as the commands do.
 */
export async function upload(
  modem: FileModem,
  name: string,
  content: FileContent,
  options: UploadOptions,
): Promise<void> {
  try {
    await uploadOnce(modem, name, content, options);
  } catch (error) {
    if (!isRepairable(error)) throw error;
    await removeFile(modem, name, options.signal);
    await uploadOnce(modem, name, content, options);
  }
}

/** Deletes a file; one that is not there is as good as deleted. */
export async function removeFile(
  modem: Pick<Modem, "execute">,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await modem.execute(deleteFile(name), { signal });
  } catch (error) {
    if (!isModemError(error) || !NOT_THERE.has(error.code)) throw error;
  }
}

/** What QFDEL and QFLST answer when there is no such file, according to firmware. */
export const NOT_THERE: ReadonlySet<string> = new Set([
  "FILE_NOT_FOUND",
  "FILE_LIST_FAILED",
  "FILE_DELETE_FAILED",
  "FILE_NOT_OPEN",
]);

/** What another try may mend: a file in the way, lost bytes, and a command line that was damaged on its way. */
const REPAIRABLE: ReadonlySet<string> = new Set([
  "FILE_INVALID_INPUT",
  "FILE_NAME_INVALID",
  "FILE_PARAMETER",
  "FILE_EXISTS",
  "FILE_ALREADY_THERE",
  "FILE_TIMEOUT",
  "FILE_WRITE_FAILED",
  "FILE_LEFT_DATA_MODE",
  "MODEM_TIMEOUT",
]);

function isRepairable(error: unknown): boolean {
  return isModemError(error) && REPAIRABLE.has(error.code);
}

async function uploadOnce(
  modem: FileModem,
  name: string,
  content: FileContent,
  options: UploadOptions,
): Promise<void> {
  const { line } = modem;
  let checksum = new FileChecksum();
  const stored = await modem.execute(
    uploadFile({
      name,
      size: content.size,
      seconds: inputSeconds(content.size, line),
      acknowledged: canOverrun(line),
      source: () => {
        checksum = new FileChecksum();
        return withChecksum(content, checksum);
      },
    }),
    options,
  );
  if (stored.size !== content.size) {
    throw new ModemError("FILE_TIMEOUT", { detail: `${stored.size} of ${content.size} bytes arrived` });
  }
  if (stored.checksum !== checksum.value) {
    throw new ModemError("FILE_WRITE_FAILED", {
      detail: `checksum ${stored.checksum.toString(16)} instead of ${checksum.value.toString(16)}`,
      hint: SPECIAL_HINTS.damagedBytes,
    });
  }
}

/** The content as it is read, each piece counted into the checksum on its way; exactly its size in bytes. */
async function* withChecksum(content: FileContent, checksum: FileChecksum): AsyncGenerator<Uint8Array> {
  for await (const piece of readable(content)) {
    checksum.update(piece);
    if (checksum.size > content.size) break;
    yield piece;
  }
  if (checksum.size !== content.size) {
    throw new ModemError("INVALID_ATTACHMENT", { detail: `its size is not ${content.size} bytes` });
  }
}

/** Reads the content; what keeps it from being read is no fault of the module, and its source may say what it is. */
async function* readable(content: FileContent): AsyncGenerator<Uint8Array> {
  try {
    yield* content.open();
  } catch (error) {
    if (isModemError(error)) throw error;
    throw new ModemError("INVALID_ATTACHMENT", { cause: error, detail: "its content cannot be read" });
  }
}

export class FileChecksum {
  private high = 0;
  private low = 0;
  private bytes = 0;

  /** Takes the next bytes of the file, however it is cut. */
  update(piece: Uint8Array): void {
    for (const byte of piece) {
      if (this.bytes++ % 2 === 0) this.high ^= byte;
      else this.low ^= byte;
    }
  }

  /** Bytes taken so far. */
  get size(): number {
    return this.bytes;
  }

  /** 0..0xFFFF; modules write it in hex with or without leading zeros, so it is compared as a number. */
  get value(): number {
    return this.high * 0x100 + this.low;
  }
}
