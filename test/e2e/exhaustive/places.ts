/**
 * Which bytes of a dialogue are tried: where `EXHAUSTIVE` names a part of all of them, such as `1/4`, each byte of that
 * part; else some, spread evenly, and more of those at which the mail is decided.
 *
 * Which ones is drawn by `EXHAUSTIVE_SEED`, or by the time, so that ordinary runs try them all in the long run.
 */
import { countOf, type Extent } from "./extent";
import type { Place } from "./mishaps";

/** The part of the bytes that this process tries, all of it; undefined where it tries some of all. */
const part = partOf(process.env["EXHAUSTIVE"]);

const seed = Number(process.env["EXHAUSTIVE_SEED"] ?? Math.floor(Date.now() / 1000) % 100_000);

/** How to repeat the choice. */
const seedText = part === undefined ? `EXHAUSTIVE_SEED=${seed}` : `EXHAUSTIVE=${part.number}/${part.parts}`;

/** One of so many bytes is tried in an ordinary run; at the decision, one of so many. */
const STEP = 167;
const STEP_OF_DECISION = 9;

export function placesOf(extent: Extent): readonly Place[] {
  const { decision, only } = extent;
  return (["host", "modem"] as const).flatMap((direction) => {
    const [first, last] = decision[direction];
    const list = only?.[direction];
    // Places of a list are counted as bytes are.
    const from = list === undefined ? first : 1 + list.filter((byte) => byte < first).length;
    const to = list === undefined ? last : list.filter((byte) => byte <= last).length;
    return bytesOf(countOf(extent, direction), [from, to])
      .map((number) => (list === undefined ? number : (list[number - 1] ?? number)))
      .map((byte): Place => ({ direction, byte }));
  });
}

function bytesOf(last: number, decision: readonly [number, number]): readonly number[] {
  if (part !== undefined) return every(part.parts, part.number, last);
  const decisive = every(STEP_OF_DECISION, decision[0] + (seed % STEP_OF_DECISION), decision[1]);
  return [...new Set([...every(STEP, 1 + (seed % STEP), last), ...decisive])];
}

/** Numbers from `first` to `last`, both included, in steps. */
function every(step: number, first: number, last: number): readonly number[] {
  return Array.from(
    { length: Math.max(0, Math.ceil((last - first + 1) / step)) },
    (_none, at) => first + at * step,
  );
}

/** @throws Error when it is neither left out nor `<number>/<parts>`. */
function partOf(text: string | undefined): { readonly number: number; readonly parts: number } | undefined {
  if (text === undefined) return undefined;
  const [, number = 0, parts = 0] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (number < 1 || number > parts) throw new Error(`EXHAUSTIVE=${text} is no part such as 1/4`);
  return { number, parts };
}

/** Counts places over all tests of a file, and says so at its end. */
export class Tally {
  private tried = 0;
  private all = 0;

  constructor(private readonly what: string) {}

  add(places: readonly Place[], extent: Extent): void {
    this.tried += places.length;
    this.all += countOf(extent, "host") + countOf(extent, "modem");
  }

  print(): void {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    const memory = `${Math.round(maxRSS / 1024)} MB at most`;
    const time = `${Math.round((userCPUTime + systemCPUTime) / 1e6)} s of the processor`;
    const circumstances = `${seedText}, ${memory}, ${time}`;
    console.log(`      ${this.what}: ${this.tried} of ${this.all} positions tried (${circumstances})`);
  }
}

/** Milliseconds of real time for so many runs on a busy machine; a whole run may be given the least of it. */
export function timeFor(places: readonly Place[]): number {
  return 60_000 + places.length * (part === undefined ? 500 : 5_000);
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
