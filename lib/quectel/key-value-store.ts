/**
 * KeyValueStore: the few things that this layer has to remember while the host is off, as text by key.
 *
 * Where it is kept is the caller's business; a write has to be on the disk when its promise resolves. It holds no
 * secrets. One store belongs to one modem.
 */
import { createHash } from "node:crypto";

export interface KeyValueStore {
  /** The text written last under `key`, undefined when there is none. */
  read(key: string): Promise<string | undefined>;
  write(key: string, text: string): Promise<void>;
}

/** A store that forgets with the process: for programs that have nothing to remember. */
export function memoryStore(): KeyValueStore {
  const texts = new Map<string, string>();
  return {
    read: (key) => Promise.resolve(texts.get(key)),
    write: (key, text) => {
      texts.set(key, text);
      return Promise.resolve();
    },
  };
}

/** What is kept of a text that is only compared with others: 32 hex digits of its SHA-256. */
export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** Reads JSON kept under `key`; undefined when there is none, or it is damaged or not what `isValid` wants. */
export async function readJson<T>(
  store: KeyValueStore,
  key: string,
  isValid: (value: unknown) => value is T,
): Promise<T | undefined> {
  const text = await store.read(key);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isValid(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/*
 * RecordedNames: the names of the files that this package has put into the module, kept over restarts of the host.
 *
 * A name is recorded before its file is uploaded and removed after the file was deleted. So a file left over from a
 * run that ended badly is known, and a file of somebody else is never deleted.
 */

export class RecordedNames {
  private names: Promise<readonly string[]> | undefined;

  /** @param key of the store. */
  constructor(
    private readonly store: KeyValueStore,
    private readonly key: string,
  ) {}

  /** Names with their storage, oldest first. */
  list(): Promise<readonly string[]> {
    this.names ??= this.read().catch((error: unknown) => {
      this.names = undefined;
      throw error;
    });
    return this.names;
  }

  async has(name: string): Promise<boolean> {
    return (await this.list()).includes(name);
  }

  /** Resolves when the name is recorded for good. */
  async add(name: string): Promise<void> {
    const names = await this.list();
    if (!names.includes(name)) await this.save([...names, name]);
  }

  async remove(name: string): Promise<void> {
    const names = await this.list();
    if (names.includes(name)) await this.save(names.filter((other) => other !== name));
  }

  private async read(): Promise<readonly string[]> {
    return [...new Set(await readJson(this.store, this.key, isTextList))];
  }

  /** Only what is on the disk counts as recorded. */
  private async save(names: readonly string[]): Promise<void> {
    await this.store.write(this.key, JSON.stringify(names));
    this.names = Promise.resolve(names);
  }
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
