/**
 * Covering arrays of strength two: few choices of values in which every pair of values of two switches occurs.
 *
 * Greedy and without chance: a choice begins with the first pair still missing, and each further switch takes the
 * value that covers most of the missing pairs.
 */

export interface Switch<Name extends string> {
  readonly name: Name;
  readonly values: readonly string[];
}

/** Choices, one value for each switch, that together hold every pair of values. */
export function coveringArray<Name extends string>(
  switches: readonly Switch<Name>[],
): readonly Readonly<Record<Name, string>>[] {
  const missing = allPairs(switches);
  const rows: Readonly<Record<Name, string>>[] = [];
  for (
    let first = missing.values().next().value;
    first !== undefined;
    first = missing.values().next().value
  ) {
    const row = fill(switches, missing, first);
    for (const pair of pairsOf(row)) missing.delete(pair);
    rows.push(Object.fromEntries(switches.map(({ name }, at) => [name, row[at]])) as Record<Name, string>);
  }
  return rows;
}

/** Names of the pairs that a row of values holds; positions without value count for nothing. */
export function pairsOf(row: readonly (string | undefined)[]): readonly string[] {
  return row.flatMap((one, at) =>
    row.flatMap((other, to) =>
      to > at && one !== undefined && other !== undefined ? [pairName(at, one, to, other)] : [],
    ),
  );
}

function pairName(at: number, one: string, to: number, other: string): string {
  return JSON.stringify([at, one, to, other]);
}

function allPairs(switches: readonly Switch<string>[]): Set<string> {
  const pairs = new Set<string>();
  for (const [at, { values }] of switches.entries()) {
    for (const [to, other] of switches.entries()) {
      if (to <= at) continue;
      for (const one of values) for (const second of other.values) pairs.add(pairName(at, one, to, second));
    }
  }
  return pairs;
}

function fill(
  switches: readonly Switch<string>[],
  missing: ReadonlySet<string>,
  first: string,
): readonly (string | undefined)[] {
  const row: (string | undefined)[] = switches.map(() => undefined);
  const [at, one, to, other] = JSON.parse(first) as [number, string, number, string];
  row[at] = one;
  row[to] = other;
  for (const [position, { values }] of switches.entries()) {
    row[position] ??= best(values, (value) => gain(row, position, value, missing));
  }
  return row;
}

/** Missing pairs that a value at a position would add. */
function gain(
  row: readonly (string | undefined)[],
  position: number,
  value: string,
  missing: ReadonlySet<string>,
): number {
  return row.filter((other, to) => {
    if (other === undefined) return false;
    const pair = to < position ? pairName(to, other, position, value) : pairName(position, value, to, other);
    return missing.has(pair);
  }).length;
}

function best(values: readonly string[], score: (value: string) => number): string | undefined {
  let found: string | undefined;
  let most = -1;
  for (const value of values) {
    const points = score(value);
    if (points > most) [found, most] = [value, points];
  }
  return found;
}
