/**
 * SignalSamples: what the network was like in the last two hours, a sample a minute.
 *
 * Bounded in number and age; ages are monotonic, so a clock that jumps moves no sample.
 */
import type { Clock } from "../../../lib/clock";
import type { NetworkSnapshot } from "../../../lib/quectel/registration/registration";

/** Milliseconds. */
export const SAMPLE_INTERVAL_MS = 60_000;
export const SAMPLES_KEPT_FOR_MS = 2 * 3600_000;
/** A change of state asks for one more now and then. */
const MOST_SAMPLES = 150;

export interface SignalSample {
  /** Milliseconds. */
  readonly ageMs: number;
  /** Absent when the modem did not answer, or has no signal. */
  readonly rssiDbm?: number;
  readonly technology?: string;
}

export class SignalSamples {
  private kept: { readonly at: number; readonly network: NetworkSnapshot | undefined }[] = [];

  constructor(private readonly clock: Clock) {}

  /** The network as it was last seen; undefined while the modem does not tell. */
  get latest(): NetworkSnapshot | undefined {
    return this.kept.at(-1)?.network;
  }

  /** @param network undefined: the modem could not be asked. */
  add(network: NetworkSnapshot | undefined): void {
    const at = this.clock.now();
    this.kept.push({ at, network });
    this.kept = this.kept.filter((sample) => at - sample.at <= SAMPLES_KEPT_FOR_MS).slice(-MOST_SAMPLES);
  }

  /** Oldest first. */
  list(): readonly SignalSample[] {
    const now = this.clock.now();
    return this.kept
      .filter(({ at }) => now - at <= SAMPLES_KEPT_FOR_MS)
      .map(({ at, network: { rssiDbm, technology } = {} as Partial<NetworkSnapshot> }) => ({
        ageMs: Math.round(now - at),
        ...(rssiDbm === undefined ? {} : { rssiDbm }),
        ...(technology === undefined ? {} : { technology }),
      }));
  }
}
