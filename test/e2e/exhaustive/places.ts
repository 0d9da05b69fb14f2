/**
 * Which bytes of a dialogue are tried: every one where `EXHAUSTIVE` is set, else some, spread evenly.
 *
 * Which ones is drawn by `EXHAUSTIVE_SEED`, or by the time, so that ordinary runs try them all in the long run.
 */
import type { Direction, Place } from "./mishaps";

export const isComplete = process.env["EXHAUSTIVE"] !== undefined;

const seed = Number(process.env["EXHAUSTIVE_SEED"] ?? Math.floor(Date.now() / 1000) % 100_000);

/** How to repeat the choice. */
export const seedText = isComplete ? "all" : `EXHAUSTIVE_SEED=${seed}`;

/** Places of a dialogue with so many bytes in each direction; of `one` each, where not all are tried. */
export function placesOf(bytes: Readonly<Record<Direction, number>>, one: number): readonly Place[] {
  const step = isComplete ? 1 : one;
  return (["host", "modem"] as const).flatMap((direction) => {
    const first = 1 + (seed % step);
    const count = Math.max(0, Math.ceil((bytes[direction] - first + 1) / step));
    return Array.from({ length: count }, (_none, at): Place => ({ direction, byte: first + at * step }));
  });
}

/** Counts places over all tests of a file, and says so at its end. */
export class Tally {
  private tried = 0;
  private all = 0;

  constructor(private readonly what: string) {}

  add(tried: number, bytes: Readonly<Record<Direction, number>>): void {
    this.tried += tried;
    this.all += bytes.host + bytes.modem;
  }

  print(): void {
    console.log(`      ${this.what}: ${this.tried} of ${this.all} positions tried (${seedText})`);
  }
}

/** Milliseconds of real time for a test of so many runs. */
export function timeFor(runs: number): number {
  return 60_000 + runs * 200;
}

/** Tries all places. @throws Error with the first failures, when there is one. */
export async function tryAll(places: readonly Place[], run: (place: Place) => Promise<void>): Promise<void> {
  const failures: string[] = [];
  for (const place of places) {
    await run(place).catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      failures.push(`${place.direction} byte ${place.byte}: ${text}`);
    });
  }
  if (failures.length === 0) return;
  const some = failures.slice(0, 5).join("\n");
  throw new Error(`${failures.length} of ${places.length} places fail (${seedText}), such as\n${some}`);
}
