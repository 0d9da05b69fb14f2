/** Row: a group of figures that are measured together, in a process of their own. */
import type { Figure } from "./figure";

export interface Row {
  /** By which it is chosen on the command line. */
  readonly name: string;
  /** What is measured and how, for the documentation. */
  readonly about: string;
  /** Measures everything `rounds` times, peers in the same rounds. */
  measure(rounds: number): Promise<readonly Figure[]>;
}

/** Runs `measure` once for each round and returns its results in order. */
export async function inRounds<T>(rounds: number, measure: (round: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let round = 0; round < rounds; round++) results.push(await measure(round));
  return results;
}
