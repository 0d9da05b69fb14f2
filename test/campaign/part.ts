/** What a part of the campaign is: it takes a seed and a size, and gives figures that are held against their goals. */

export interface Figure {
  readonly name: string;
  /** As shown. */
  readonly value: string;
  readonly goal: string;
  readonly met: boolean;
  /** Of a figure that is counted: how it makes one with those of the other slices of its part. */
  readonly counted?: Counted;
  /** Of one that says how much was reached. */
  readonly cells?: Cells;
}

export interface Cells {
  readonly reached: readonly string[];
  readonly all: readonly string[];
  /** Those that this run must reach. */
  readonly required: readonly string[];
}

export interface Counted {
  readonly count: number;
  /** Undefined: it is only shown. */
  readonly wanted: number | undefined;
  readonly together: "sum" | "most";
}

export interface PartOptions {
  readonly seed: number;
  /** Size of this run beside the full one, above 0 to 1. */
  readonly share: number;
  /** Repeats one position alone; undefined: all of them. */
  readonly only: number | undefined;
  /** Real time for which positions are taken, however many that are; undefined: as many as the size says. */
  readonly minutes: number | undefined;
  /** Of a part that is cut into slices for several processes: this one takes position `index`, `index + of`, and so on. */
  readonly slice: Slice;
  /** Tells how far it is, or what failed and how to repeat it. */
  readonly say: (line: string) => void;
  /** Tells which position comes now, so that one that hangs can be named. */
  readonly at: (position: number) => void;
}

export interface Slice {
  readonly index: number;
  readonly of: number;
}

export interface Part {
  readonly name: string;
  /** Size of the full run, in units of the part. */
  readonly full: number;
  readonly unit: string;
  /** Its positions have nothing to do with each other, and all its figures are counted. */
  readonly isSliceable?: true;
  readonly run: (size: number, options: PartOptions) => Promise<readonly Figure[]>;
}

/** A figure that is only shown. @param together how those of several slices make one. */
export function shown(name: string, value: number | string, together: Counted["together"] = "sum"): Figure {
  if (typeof value === "string") return { name, value, goal: "", met: true };
  return counted(name, { count: value, wanted: undefined, together });
}

/** A figure that has to be none. */
export function none(name: string, count: number): Figure {
  return equal(name, count, 0);
}

export function equal(name: string, count: number, wanted: number): Figure {
  return counted(name, { count, wanted, together: "sum" });
}

/** How many of all cells were reached, and whether all required ones were; what the slices have reached is counted once. */
export function covered(name: string, cells: Cells): Figure {
  const { reached, all, required } = cells;
  const of = (list: readonly string[]): string =>
    `${text(list.filter((cell) => reached.includes(cell)).length)} of ${text(list.length)}`;
  const value = required.length === 0 ? of(all) : `${of(all)}, of those required ${of(required)}`;
  const goal = required.length === 0 ? "" : `${text(required.length)} required`;
  return { name, value, goal, met: required.every((cell) => reached.includes(cell)), cells };
}

/** The figures of a part from those of its slices. */
export function joined(slices: readonly (readonly Figure[])[]): readonly Figure[] {
  const [first = []] = slices;
  return first.map((figure) => {
    const all = slices.flatMap((figures) => figures.filter(({ name }) => name === figure.name));
    const { cells } = figure;
    if (cells !== undefined) {
      const reached = all.flatMap((one) => one.cells?.reached ?? []);
      return covered(figure.name, { ...cells, reached: [...new Set(reached)] });
    }
    const counts = all.flatMap((one) => one.counted ?? []);
    const [{ together, wanted } = { together: "sum", wanted: undefined } as const] = counts;
    if (counts.length < slices.length) return all.find(({ met }) => !met) ?? figure;
    const [count, goal] = [counts.map((one) => one.count), counts.map((one) => one.wanted ?? 0)];
    return counted(figure.name, {
      together,
      count: together === "sum" ? sum(count) : Math.max(...count),
      wanted: wanted === undefined ? undefined : sum(goal),
    });
  });
}

/** Positions that a slice takes: below `size`, until its time is over, or the one that is repeated alone. */
export function* positionsOf(
  size: number,
  { only, minutes, slice: { index, of } }: Pick<PartOptions, "only" | "minutes" | "slice">,
  now: () => number = () => performance.now(),
): Generator<number, void> {
  if (only !== undefined) {
    yield only;
    return;
  }
  const end = minutes === undefined ? Infinity : now() + minutes * 60_000;
  const last = minutes === undefined ? size : Infinity;
  for (let position = index; position < last && now() < end; position += of) yield position;
}

function counted(name: string, counted: Counted): Figure {
  const { count, wanted } = counted;
  return {
    name,
    value: text(count),
    goal: wanted === undefined ? "" : text(wanted),
    met: wanted === undefined || count === wanted,
    counted,
  };
}

export function atLeast(name: string, value: number, wanted: number): Figure {
  return { name, value: text(value), goal: `at least ${text(wanted)}`, met: value >= wanted };
}

export function below(name: string, value: number, limit: number, unit: string): Figure {
  return { name, value: `${value.toFixed(1)} ${unit}`, goal: `below ${limit} ${unit}`, met: value < limit };
}

/**
 * A time against that of a known piece of work on the same machine in the same minutes: one that is slow or busy lengthens both.
 *
 * @param goal what it has to be on a machine with nothing else to do, for the reader
 */
export function againstKnownWork(
  name: string,
  ms: number,
  { known, times, goal }: { readonly known: number; readonly times: number; readonly goal: string },
): Figure {
  const ratio = ms / known;
  return {
    name,
    value: `${ms.toFixed(1)} ms, ${ratio.toFixed(2)} x known work`,
    goal: `below ${times} x (${goal})`,
    met: ratio < times,
  };
}

function text(value: number): string {
  return value.toLocaleString("en-US");
}

function sum(list: readonly number[]): number {
  return list.reduce((all, one) => all + one, 0);
}
