/**
 * Covering arrays of strength two: few choices of values in which every pair of values of two switches occurs.
 *
 * Greedy: of some rows drawn by a seed the one is taken that covers most of the missing pairs. In each of them the
 * switches get their values in an order of chance, always the value that adds most.
 */
import { numbers } from "../../lib/simulator/faults/random-faults";

export interface Switch<Name extends string> {
  readonly name: Name;
  readonly values: readonly string[];
}

type Row = readonly (string | undefined)[];
type Chance = ReturnType<typeof numbers>;

/** Rows of which the best is taken. */
const CANDIDATES = 8;

/** Choices, one value for each switch, that together hold every pair of values; the same for the same seed. */
export function coveringArray<Name extends string>(
  switches: readonly Switch<Name>[],
  seed = 1,
): readonly Readonly<Record<Name, string>>[] {
  const below = numbers(seed);
  const missing = new MissingPairs(switches.map(({ values }) => values));
  const rows: Readonly<Record<Name, string>>[] = [];
  while (missing.count > 0) {
    const row = best(
      Array.from({ length: CANDIDATES }, () => fill(switches, missing, below)),
      (candidate) => missing.coveredBy(candidate),
    );
    missing.remove(row);
    rows.push(Object.fromEntries(switches.map(({ name }, at) => [name, row[at]])) as Record<Name, string>);
  }
  return rows;
}

/** Names of the pairs that a row of values holds; positions without value count for nothing. */
export function pairsOf(row: Row): readonly string[] {
  return row.flatMap((one, at) =>
    row.flatMap((other, to) =>
      to > at && one !== undefined && other !== undefined ? [JSON.stringify([at, one, to, other])] : [],
    ),
  );
}

/** The pairs that no row holds yet. */
class MissingPairs {
  /** A number for each value of each switch, and by two of them what is missing, in both orders. */
  private readonly ids: readonly ReadonlyMap<string, number>[];
  private readonly missing: Uint8Array;
  private readonly size: number;
  count = 0;

  constructor(lists: readonly (readonly string[])[]) {
    let next = 0;
    this.ids = lists.map((list) => new Map(list.map((value) => [value, next++])));
    this.size = next;
    this.missing = new Uint8Array(next * next);
    for (const [at, one] of this.ids.entries()) {
      for (const other of this.ids.slice(at + 1)) {
        for (const first of one.values()) for (const second of other.values()) this.set(first, second, 1);
      }
    }
  }

  /** Missing pairs that a value at a position makes with the values of a row. */
  gain(row: Row, position: number, value: string): number {
    const own = this.id(position, value) * this.size;
    let sum = 0;
    for (const [at, other] of row.entries()) {
      if (other !== undefined && at !== position) sum += this.missing[own + this.id(at, other)] ?? 0;
    }
    return sum;
  }

  coveredBy(row: Row): number {
    return row.reduce((sum, value, at) => sum + (value === undefined ? 0 : this.gain(row, at, value)), 0);
  }

  /** Some pair that is missing, as a row that holds nothing else. */
  some(below: Chance): Row {
    let skip = below(this.count);
    for (const [at, one] of this.ids.entries()) {
      for (const [to, other] of this.ids.entries()) {
        if (to <= at) continue;
        for (const [first, id] of one) {
          for (const [second, otherId] of other) {
            if (this.missing[id * this.size + otherId] === 1 && skip-- === 0) {
              return this.ids.map((_ids, position) =>
                position === at ? first : position === to ? second : undefined,
              );
            }
          }
        }
      }
    }
    return this.ids.map(() => undefined);
  }

  remove(row: Row): void {
    const ids = row.flatMap((value, at) => (value === undefined ? [] : [this.id(at, value)]));
    for (const [at, one] of ids.entries()) for (const other of ids.slice(at + 1)) this.set(one, other, 0);
  }

  private set(one: number, other: number, value: 0 | 1): void {
    const before = this.missing[one * this.size + other] ?? 0;
    this.missing[one * this.size + other] = value;
    this.missing[other * this.size + one] = value;
    this.count += value - before;
  }

  private id(position: number, value: string): number {
    return this.ids[position]?.get(value) ?? 0;
  }
}

/** A row around some missing pair. */
function fill(switches: readonly Switch<string>[], missing: MissingPairs, below: Chance): Row {
  const row = [...missing.some(below)];
  for (const position of shuffled(switches.keys(), below)) {
    const values = switches[position]?.values ?? [];
    row[position] ??= best(shuffled(values, below), (value) => missing.gain(row, position, value));
  }
  return row;
}

function shuffled<T>(items: Iterable<T>, below: Chance): readonly T[] {
  const left = [...items];
  return Array.from({ length: left.length }, () => left.splice(below(left.length), 1)).flat();
}

/** The first of those with the highest score. @throws Error when there is none. */
function best<T>(candidates: readonly T[], score: (candidate: T) => number): T {
  const [first, ...others] = candidates.map((candidate) => ({ candidate, points: score(candidate) }));
  if (first === undefined) throw new Error("nothing to choose from");
  return others.reduce((most, other) => (other.points > most.points ? other : most), first).candidate;
}
