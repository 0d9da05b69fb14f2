/**
 * The storages of the module and their files (fact base 3.1): flash (`UFS`) and volatile memory (`RAM`).
 *
 * Knows names, sizes, room, checksums and the numbers of errors; nothing of commands or handles.
 */
import { stateKey, type Device } from "../device/device";

export type StorageName = "UFS" | "RAM";

export interface FileName {
  readonly storage: StorageName;
  /** Without prefix, 1..80 characters. */
  readonly name: string;
}

export interface StoredFile {
  readonly name: string;
  content: Buffer;
  /** Bytes set aside for it, at least its size in RAM and 0 in flash. */
  readonly reserved: number;
}

const LONGEST_NAME = 80;

/**
 * Reads a name or pattern with its storage prefix.
 *
 * @returns undefined for an unknown prefix, an empty name or one that is too long.
 */
export function parseFileName(text: string): FileName | undefined {
  const [, prefix = "UFS", name = ""] = /^(?:([A-Za-z]+):)?(.*)$/s.exec(text) ?? [];
  const storage = prefix.toUpperCase();
  if (storage !== "UFS" && storage !== "RAM") return undefined;
  return name === "" || name.length > LONGEST_NAME ? undefined : { storage, name };
}

/** True for a name that stands for several files. */
export function isPattern(name: string): boolean {
  return name.includes("*");
}

/** The name as the module prints it: only RAM files carry a prefix. */
export function printedName({ storage, name }: FileName): string {
  return storage === "RAM" ? `RAM:${name}` : name;
}

export class Storage {
  private readonly files = new Map<string, StoredFile>();

  /** @param total size in bytes. */
  constructor(readonly total: number) {}

  get free(): number {
    return (
      this.total - this.all().reduce((sum, file) => sum + Math.max(file.reserved, file.content.length), 0)
    );
  }

  /** Bytes in files, without what is only reserved. */
  get used(): number {
    return this.all().reduce((sum, file) => sum + file.content.length, 0);
  }

  all(): readonly StoredFile[] {
    return [...this.files.values()];
  }

  find(name: string): StoredFile | undefined {
    return this.files.get(name);
  }

  /** Files whose name fits a pattern with `*`, oldest first. */
  matching(pattern: string): readonly StoredFile[] {
    const pieces = pattern.split("*").map((piece) => piece.replace(/[^A-Za-z0-9]/g, "\\$&"));
    const expression = new RegExp(`^${pieces.join(".*")}$`, "s");
    return this.all().filter((file) => expression.test(file.name));
  }

  /** Makes an empty file, or empties the one there is. */
  create(name: string, reserved = 0): StoredFile {
    const file: StoredFile = { name, content: Buffer.alloc(0), reserved };
    this.files.set(name, file);
    return file;
  }

  delete(name: string): void {
    this.files.delete(name);
  }
}

/** Sizes of the storages in bytes; they differ from model to model. */
export const storageSizes = stateKey("world", "storage sizes", () => ({ UFS: 14_483_456, RAM: 647_668 }));

const flash = stateKey("flash", "UFS", (modem) => new Storage(modem.state(storageSizes).UFS));
const memory = stateKey("start", "RAM", (modem) => new Storage(modem.state(storageSizes).RAM));

export function storageOf(modem: Device, name: StorageName): Storage {
  return modem.state(name === "UFS" ? flash : memory);
}

/** The file of a name as given in a command, or undefined. */
export function findFile(modem: Device, text: string): StoredFile | undefined {
  const file = parseFileName(text);
  return file === undefined ? undefined : storageOf(modem, file.storage).find(file.name);
}

/** Numbers of `+CME ERROR` that FILE commands give (fact base 3.8). */
export const fileError = {
  invalidInput: 400,
  beyondEnd: 401,
  nothingRead: 402,
  driveFull: 403,
  moveFailed: 404,
  notFound: 405,
  badName: 406,
  exists: 407,
  tooManyOpen: 413,
  readOnly: 414,
  badHandle: 416,
  listFailed: 417,
  deleteFailed: 418,
  noRoom: 420,
  timeout: 421,
  tooLarge: 423,
  alreadyOpen: 426,
} as const;

/** Checksum of QFUPL and QFDWL (3.5): XOR of all 16-bit words, high byte first; an odd last byte is a high byte. */
export function fileChecksum(content: Uint8Array): number {
  let high = 0;
  let low = 0;
  content.forEach((byte, index) => {
    if (index % 2 === 0) high ^= byte;
    else low ^= byte;
  });
  return high * 256 + low;
}
