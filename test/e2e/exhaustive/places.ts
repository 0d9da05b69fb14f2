/**
 * Which bytes of a dialogue are tried: every one where `EXHAUSTIVE` is set, else some, spread evenly, and more of those
 * at which the mail is decided.
 *
 * Which ones is drawn by `EXHAUSTIVE_SEED`, or by the time, so that ordinary runs try them all in the long run.
 */
import type { Extent } from "./extent";
import type { Place } from "./mishaps";

const isComplete = process.env["EXHAUSTIVE"] !== undefined;

const seed = Number(process.env["EXHAUSTIVE_SEED"] ?? Math.floor(Date.now() / 1000) % 100_000);

/** How to repeat the choice. */
const seedText = isComplete ? "all" : `EXHAUSTIVE_SEED=${seed}`;

/** One of so many bytes is tried in an ordinary run; at the decision, one of so many. */
const STEP = 83;
const STEP_OF_DECISION = 5;

export function placesOf({ bytes, decision }: Extent): readonly Place[] {
  return (["host", "modem"] as const).flatMap((direction) => {
    const all = everyNth(1, bytes[direction], STEP);
    const decisive = everyNth(...decision[direction], STEP_OF_DECISION);
    return [...new Set([...all, ...decisive])].map((byte): Place => ({ direction, byte }));
  });
}

function everyNth(first: number, last: number, step: number): readonly number[] {
  const every = isComplete ? 1 : step;
  const start = first + (seed % every);
  return Array.from(
    { length: Math.max(0, Math.ceil((last - start + 1) / every)) },
    (_none, at) => start + at * every,
  );
}

/** Counts places over all tests of a file, and says so at its end. */
export class Tally {
  private tried = 0;
  private all = 0;

  constructor(private readonly what: string) {}

  add(places: readonly Place[], { bytes }: Extent): void {
    this.tried += places.length;
    this.all += bytes.host + bytes.modem;
  }

  print(): void {
    console.log(`      ${this.what}: ${this.tried} of ${this.all} positions tried (${seedText})`);
  }
}

/** Milliseconds of real time for so many runs on a busy machine. */
export function timeFor(places: readonly Place[]): number {
  return 60_000 + places.length * 500;
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
