/**
 * Whether work takes time in proportion to its size, without a limit in milliseconds, which a slow or busy machine would exceed:
 * one run of a size against sixteen runs of a sixteenth of it, on the same machine at the same time.
 */
import assert from "node:assert/strict";

/** Runs of a part. Work that grows with the square of its size takes the whole up to so many times as long. */
const PARTS = 16;
/** Between 1, as in proportion, and `PARTS`. */
const MOST = 3;
/** Milliseconds of the processor that say nothing, because they may not be counted. */
const TICK_MS = 1;
/** A pause of the machine hits some; of each side the best counts. */
const ATTEMPTS = 5;

/**
 * Rejects when the processor time of `work` grows clearly faster than its size.
 *
 * @param size characters, pieces or whatever `work` makes of it
 */
export async function assertProportional(
  what: string,
  size: number,
  work: (size: number) => unknown,
): Promise<void> {
  const part = Math.floor(size / PARTS);
  const inParts = async (): Promise<void> => {
    for (let run = 0; run < PARTS; run++) await work(part);
  };
  // What is compiled meanwhile is not counted.
  await inParts();
  let [whole, parts] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    parts = Math.min(parts, await processorMs(inParts));
    whole = Math.min(whole, await processorMs(() => work(part * PARTS)));
    // Some machines count the processor's time in ticks, of which a part may not take one.
    if (whole <= MOST * Math.max(parts, TICK_MS)) return;
  }
  assert.fail(
    `${what}: ${part * PARTS} took ${whole.toFixed(1)} ms, ${PARTS} times ${part} took ${parts.toFixed(1)} ms`,
  );
}

/** Milliseconds of the processor that `work` takes, which others on the machine hardly change. */
export async function processorMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
