/**
 * Late code: parts of this package and of others that are read from the disk only when they are first needed.
 *
 * Node-RED runs for months, and meanwhile the package may be updated, replaced or damaged on the disk. What is in memory goes
 * on, but a part that was not loaded by then may be missing or belong to another build, which the bundle refuses
 * (scripts/bundle.mjs). Whoever needs it is told in plain words; what another attempt finds is not decided here.
 */
import { once } from "./async";
import { type ErrorClass, ModemError } from "./errors";

/**
 * What `load` gives, which is asked until it succeeds and then never again: `require` would look for the file each time, and
 * hold up the runtime meanwhile.
 *
 * @param kind class of the error, default `setup`: it lasts until a restart. `transient`: the next attempt may find it.
 * @throws ModemError PACKAGE_UPDATED
 */
export function lateCode<T>(load: () => T, kind: ErrorClass = "setup"): () => T {
  return once(() => {
    try {
      return load();
    } catch (cause) {
      throw new ModemError("PACKAGE_UPDATED", { cause, class: kind });
    }
  });
}
