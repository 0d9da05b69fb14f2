/** Waiting for a condition of the real world: a file, a line of another process. */

/**
 * Resolves with the first value of `probe` that is not undefined or false.
 *
 * @param what named in the error after `limit` milliseconds of real time; a function tells what is known by then.
 */
export async function waitFor<T>(
  what: string | (() => string),
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  limit = 30_000,
): Promise<T> {
  const end = performance.now() + Math.min(limit, longestWait());
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) {
      throw new Error(`waited ${limit} ms in vain for ${typeof what === "string" ? what : what()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A mutant that makes tests wait for ever is not worth 30 s: `test/mutation/setup.ts` sets this for the process. */
export function longestWait(): number {
  return Number(process.env["LONGEST_WAIT_MS"] ?? Number.POSITIVE_INFINITY);
}
