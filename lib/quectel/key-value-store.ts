/**
 * KeyValueStore: the few things that this layer has to remember while the host is off, as text by key.
 *
 * Where it is kept is the caller's business; a write has to be on the disk when its promise resolves. It holds no
 * secrets. One store belongs to one modem.
 */
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
