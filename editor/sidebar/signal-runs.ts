/** Where the line of the signal's chart is broken. */
import type { SignalSample } from "../../nodes/runtime/sidebar/signal-samples";

/** A sample with a value. */
export type SeenSample = SignalSample & { readonly rssiDbm: number };

/** Samples come each minute; where more are missing the line is broken. */
const GAP_MS = 150_000;

export function isSeen(sample: SignalSample | undefined): sample is SeenSample {
  return sample?.rssiDbm !== undefined;
}

/**
 * Runs of samples without a gap.
 *
 * @param samples oldest first.
 */
export function runsOf(samples: readonly SignalSample[]): readonly (readonly SeenSample[])[] {
  const runs: SeenSample[][] = [];
  let before: SignalSample | undefined;
  for (const sample of samples) {
    if (isSeen(sample)) {
      const run = isSeen(before) && before.ageMs - sample.ageMs <= GAP_MS ? runs.at(-1) : undefined;
      if (run === undefined) runs.push([sample]);
      else run.push(sample);
    }
    before = sample;
  }
  return runs;
}
