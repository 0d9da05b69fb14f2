/** What is installed with this package, from its lock file: the packages reached from its runtime dependencies. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const ROOT = resolve(__dirname, "../..");

export interface LockedPackage {
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  /** Part of the package that it lies in. */
  readonly inBundle?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
}

/** All entries of the lock file by their place. */
export function lockedPackages(): Readonly<Record<string, LockedPackage>> {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
    packages: Readonly<Record<string, LockedPackage>>;
  };
  return packages;
}

/** Entries of the runtime tree by their place, without this package. */
export function runtimeTree(): ReadonlyMap<string, LockedPackage> {
  const all = lockedPackages();
  const found = new Map<string, LockedPackage>();
  const visit = (place: string): void => {
    const { dependencies = {}, optionalDependencies = {} } = all[place] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const next = placeOf(name, place, all);
      const entry = next === undefined ? undefined : all[next];
      if (next === undefined || entry === undefined)
        throw new Error(`${name}, wanted by ${place}, is not locked`);
      if (found.has(next)) continue;
      found.set(next, entry);
      visit(next);
    }
  };
  visit("");
  return found;
}

/** Name of a package by its place. */
export function nameAt(place: string): string {
  return place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);
}

/** Where Node.js finds `name` from `place`: in the nearest node_modules upwards. */
function placeOf(
  name: string,
  place: string,
  all: Readonly<Record<string, LockedPackage>>,
): string | undefined {
  for (let from = place; ; from = from.slice(0, Math.max(0, from.lastIndexOf("/node_modules/")))) {
    const candidate = `${from === "" ? "" : `${from}/`}node_modules/${name}`;
    if (all[candidate] !== undefined) return candidate;
    if (from === "") return undefined;
  }
}
