/**
 * Loads a module from its sources with a copy of its own of all code of this repository that it needs, in which the
 * functions of `REPLACEABLE` can be replaced. What others have loaded stays as it is.
 */
import { createRequire } from "node:module";
import { join, resolve, sep } from "node:path";
import { REPLACEABLE } from "./replaceable";

const ROOT = resolve(__dirname, "../../..");
const load = createRequire(__filename);

/** @param module its path, as from this file. */
export function freshly(module: string): unknown {
  const { cache } = load;
  const loaded = (): string[] =>
    Object.keys(cache).filter(
      (path) => path.startsWith(ROOT + sep) && !path.includes(`${sep}node_modules${sep}`),
    );
  const kept = loaded().map((path) => [path, cache[path]] as const);
  const forget = (): void => {
    for (const path of loaded()) delete cache[path];
  };
  forget();
  try {
    for (const source of Object.keys(REPLACEABLE)) {
      const path = join(ROOT, source);
      // Exports of TypeScript cannot be set; a copy of them can.
      const exported = { ...(load(path) as object) };
      const entry = cache[path];
      if (entry === undefined) throw new Error(`${path} was loaded as another file`);
      entry.exports = exported;
    }
    return load(module);
  } finally {
    forget();
    for (const [path, entry] of kept) cache[path] = entry;
  }
}
