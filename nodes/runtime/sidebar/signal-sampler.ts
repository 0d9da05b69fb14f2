/**
 * SignalSampler: asks a modem once a minute how its network is, and at once when it has become ready.
 *
 * It asks nothing while a mail is prepared or in flight: a module that is slow then would be taken for silent, and a
 * chart is worth less than a mail.
 */
import { type Clock, delay } from "../../../lib/clock";
import type { Modem } from "../../../lib/quectel/connection/modem";
import { networkSnapshot } from "../../../lib/quectel/registration/registration";
import { SAMPLE_INTERVAL_MS, type SignalSamples } from "./signal-samples";

export interface SamplerParts {
  readonly clock: Clock;
  readonly samples: SignalSamples;
  /** Undefined while the modem is not in use. */
  readonly modem: () => Modem | undefined;
  /** Told after each sample. */
  readonly sampled: () => void;
}

export class SignalSampler {
  private readonly closing = new AbortController();
  private asking: Promise<void> | undefined;
  private wasReady = false;

  constructor(private readonly parts: SamplerParts) {}

  start(): void {
    void this.repeat();
  }

  close(): void {
    this.closing.abort();
  }

  /** To be called when the state of the modem may have changed. */
  look(): void {
    const isReady = this.parts.modem()?.state.name === "ready";
    if (isReady && !this.wasReady) void this.sample();
    this.wasReady = isReady;
  }

  private async repeat(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      await delay(this.parts.clock, SAMPLE_INTERVAL_MS, signal).catch(() => undefined);
      if (!signal.aborted) await this.sample();
    }
  }

  private sample(): Promise<void> {
    this.asking ??= this.ask().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  private async ask(): Promise<void> {
    const { modem: find, samples, sampled } = this.parts;
    const { signal } = this.closing;
    const modem = find();
    if (modem === undefined || modem.lock.held) return;
    const isThere = modem.state.name === "ready" || modem.state.name === "registering";
    // A modem that is just going away leaves a gap in the chart.
    const network = isThere
      ? await networkSnapshot((command) => modem.execute(command, { priority: "low", signal })).catch(
          () => undefined,
        )
      : undefined;
    if (signal.aborted) return;
    samples.add(network);
    sampled();
  }
}
