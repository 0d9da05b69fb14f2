/**
 * Notebook: the few things that this layer has to remember while the host is off, as text by key.
 *
 * Where it is kept is the caller's business; a write has to be on the disk when its promise resolves. It holds no
 * secrets. One notebook belongs to one modem.
 */
export interface Notebook {
  /** The text written last under `key`, undefined when there is none. */
  read(key: string): Promise<string | undefined>;
  write(key: string, text: string): Promise<void>;
}

/** A notebook that forgets with the process: for programs that have nothing to remember. */
export function memoryNotebook(): Notebook {
  const pages = new Map<string, string>();
  return {
    read: (key) => Promise.resolve(pages.get(key)),
    write: (key, text) => {
      pages.set(key, text);
      return Promise.resolve();
    },
  };
}

/** Reads JSON kept under `key`; undefined when there is none, or it is damaged or not what `isValid` wants. */
export async function readJson<T>(
  notebook: Notebook,
  key: string,
  isValid: (value: unknown) => value is T,
): Promise<T | undefined> {
  const text = await notebook.read(key);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isValid(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
