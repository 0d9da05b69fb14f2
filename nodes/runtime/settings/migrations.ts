/**
 * Migrations: properties of nodes that an older version of this package has saved, brought to the present form.
 *
 * Each step leads from one `version` to the next and is never changed once released. A node without `version` was
 * made by hand or by a program and counts as the first.
 */
import type { RawOptions } from "./options";
import { invalid, OptionReader } from "./options";

/** Step number n leads from version n + 1 to n + 2. */
export type Migration = (options: RawOptions) => RawOptions;

/** Released steps by node type; a type without an entry still has its first version. */
export const MIGRATIONS: Readonly<Record<string, readonly Migration[]>> = {};

/** The version that the dialogs of `type` save. */
export function currentVersion(type: string, table = MIGRATIONS): number {
  return 1 + (table[type]?.length ?? 0);
}

/**
 * Brings `options` of a node of `type` to the current version.
 *
 * @throws INVALID_CONFIG for a version of the future: what a newer package saved may mean something else here.
 */
export function migrate(type: string, options: RawOptions, table = MIGRATIONS): RawOptions {
  const current = currentVersion(type, table);
  const saved = new OptionReader(options).integer("version", { min: 1, max: Number.MAX_SAFE_INTEGER }, 1);
  if (saved > current) {
    throw invalid("version", `is ${saved}, which a newer version of this package has saved; update it`);
  }
  const steps = table[type] ?? [];
  const migrated = steps.slice(saved - 1).reduce((form, step) => step(form), options);
  return { ...migrated, version: current };
}
