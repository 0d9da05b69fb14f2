/** What this process writes through file handles: how often it flushes, and how many bytes. */
import { open } from "node:fs/promises";

export interface Written {
  /** Calls of fsync and fdatasync. */
  flushes: number;
  bytes: number;
}

const FLUSHES = ["sync", "datasync"] as const;
const WRITES = ["write", "writeFile", "appendFile", "writev"] as const;

/** Counts from now on, all that is written by any code of this process. `stop` ends it. */
export async function countWritten(): Promise<{ readonly written: Written; stop(): void }> {
  const handle = await open(__filename);
  const handles: object = Object.getPrototypeOf(handle);
  await handle.close();
  const written: Written = { flushes: 0, bytes: 0 };
  const originals = [...FLUSHES, ...WRITES].map((name) => [name, Reflect.get(handles, name)] as const);
  const spy = (name: string, original: unknown, note: (data: unknown) => void): void => {
    if (typeof original !== "function") throw new Error(`a file handle has no ${name}`);
    Reflect.set(handles, name, function (this: unknown, ...args: unknown[]): unknown {
      note(args[0]);
      return Reflect.apply(original, this, args);
    });
  };
  for (const [name, original] of originals) {
    const isFlush = FLUSHES.some((flush) => flush === name);
    spy(name, original, (data) => {
      if (isFlush) written.flushes++;
      else written.bytes += size(data);
    });
  }
  return {
    written,
    stop() {
      for (const [name, original] of originals) Reflect.set(handles, name, original);
    },
  };
}

function size(data: unknown): number {
  if (typeof data === "string") return Buffer.byteLength(data);
  if (ArrayBuffer.isView(data)) return data.byteLength;
  if (Array.isArray(data)) return data.reduce<number>((sum, part) => sum + size(part), 0);
  throw new Error(`something is written whose size is not known: ${typeof data}`);
}
