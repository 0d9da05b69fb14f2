/** What a part of the campaign is: it takes a seed and a size, and gives figures that are held against their goals. */

export interface Figure {
  readonly name: string;
  /** As shown. */
  readonly value: string;
  readonly goal: string;
  readonly met: boolean;
}

export interface PartOptions {
  readonly seed: number;
  /** Size of this run beside the full one, above 0 to 1. */
  readonly share: number;
  /** Repeats one position alone; undefined: all of them. */
  readonly only: number | undefined;
  /** Tells how far it is, or what failed and how to repeat it. */
  readonly say: (line: string) => void;
  /** Tells which position comes now, so that one that hangs can be named. */
  readonly at: (position: number) => void;
}

export interface Part {
  readonly name: string;
  /** Size of the full run, in units of the part. */
  readonly full: number;
  readonly unit: string;
  readonly run: (size: number, options: PartOptions) => Promise<readonly Figure[]>;
}

/** A figure that is only shown. */
export function shown(name: string, value: number | string): Figure {
  return { name, value: text(value), goal: "", met: true };
}

/** A figure that has to be none. */
export function none(name: string, value: number): Figure {
  return { name, value: text(value), goal: "0", met: value === 0 };
}

export function equal(name: string, value: number, wanted: number): Figure {
  return { name, value: text(value), goal: text(wanted), met: value === wanted };
}

export function below(name: string, value: number, limit: number, unit: string): Figure {
  return { name, value: `${value.toFixed(1)} ${unit}`, goal: `below ${limit} ${unit}`, met: value < limit };
}

function text(value: number | string): string {
  return typeof value === "number" ? value.toLocaleString("en-US") : value;
}
