/** Statistics of a handful of samples. The median, because one round in which the machine did something else counts little. */

/** The middle value, or the mean of the two in the middle. @throws Error without samples. */
export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** The value that `share` (0..1) of the samples do not exceed, interpolated. @throws Error without samples. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const low = sorted[Math.floor(position)];
  const high = sorted[Math.ceil(position)];
  if (low === undefined || high === undefined) throw new Error("no samples");
  return low + (high - low) * (position - Math.floor(position));
}

/** Smallest and largest sample. @throws Error without samples. */
export function spread(samples: readonly number[]): readonly [low: number, high: number] {
  return [quantile(samples, 0), quantile(samples, 1)];
}
