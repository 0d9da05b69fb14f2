/**
 * Makes an episode that fails as small as it still fails: first its mishaps, then its mails (delta debugging: Zeller and
 * Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002).
 */
import type { Chosen } from "./schedule";

/** @param fails says whether what is left still fails; once it says no to everything, the smallest so far stays. */
export async function shrunk(all: Chosen, fails: (chosen: Chosen) => Promise<boolean>): Promise<Chosen> {
  let { mails, mishaps } = all;
  for (let size = Infinity; mails.length + mishaps.length < size;) {
    size = mails.length + mishaps.length;
    mishaps = await fewest(mishaps, (some) => fails({ mails, mishaps: some }));
    mails = await fewest(mails, (some) => fails({ mails: some, mishaps }));
  }
  return { mails, mishaps };
}

/** None of what is left can be left out alone. */
export async function fewest<T>(
  all: readonly T[],
  fails: (some: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  if (all.length === 0 || (await fails([]))) return [];
  let left = all;
  for (let parts = 2; left.length > 1;) {
    const size = Math.ceil(left.length / parts);
    const smaller = await firstThatFails(candidates(left, size), fails);
    if (smaller !== undefined) {
      parts = smaller.length <= size ? 2 : Math.max(2, parts - 1);
      left = smaller;
    } else if (size === 1) return left;
    else parts = Math.min(left.length, parts * 2);
  }
  return left;
}

/** Each part alone, then all but each part. */
function candidates<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  const starts = Array.from({ length: Math.ceil(list.length / size) }, (_none, part) => part * size);
  const alone = starts.map((start) => list.slice(start, start + size));
  const without = starts.map((start) => [...list.slice(0, start), ...list.slice(start + size)]);
  // Of two parts, one alone is all but the other.
  return starts.length === 2 ? alone : [...alone, ...without];
}

async function firstThatFails<T>(
  lists: readonly (readonly T[])[],
  fails: (some: readonly T[]) => Promise<boolean>,
): Promise<readonly T[] | undefined> {
  for (const list of lists) if (await fails(list)) return list;
  return undefined;
}
