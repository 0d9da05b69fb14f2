/** When a mail is tried again after a failure that may pass. */

/** Milliseconds. */
export const SHORTEST_WAIT = 30_000;
export const LONGEST_WAIT = 30 * 60_000;

/**
 * Milliseconds until the next try after `tries` failures (1 or more): doubles from 1 min to 30 min, of which chance
 * takes away up to half, so that many gateways behind one server that was down do not come back together.
 *
 * @param random 0 to 1.
 */
export function backOff(tries: number, random: number): number {
  const full = Math.min(LONGEST_WAIT, 2 * SHORTEST_WAIT * 2 ** Math.min(tries - 1, 16));
  return Math.round(full * (1 - random / 2));
}
