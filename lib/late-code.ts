/**
 * Late code: parts of this package and of others that are read from the disk only when they are first needed.
 *
 * Node-RED runs for months, and meanwhile the package may be updated, replaced or damaged on the disk. What is in memory goes
 * on, but a part that was not loaded by then may be missing or belong to another build, which the bundle refuses
 * (scripts/bundle.mjs). Whoever needs it is told in plain words; what another attempt finds is not decided here.
 */
import { once } from "./async";
import { ModemError } from "./errors";

/**
 * What `load` gives, which is asked until it succeeds and then never again: `require` would look for the file each time, and
 * hold up the runtime meanwhile.
 *
 * @param told the error of a failed attempt, default PACKAGE_UPDATED of class `setup`
 * @throws ModemError that one
 */
export function lateCode<T>(load: () => T, told = notLoaded): () => T {
  return once(() => {
    try {
      return load();
    } catch (cause) {
      throw told(cause);
    }
  });
}

/** The error of a part that could not be loaded. @param cause what the attempt threw */
export function notLoaded(cause: unknown): ModemError {
  return new ModemError("PACKAGE_UPDATED", { cause });
}
