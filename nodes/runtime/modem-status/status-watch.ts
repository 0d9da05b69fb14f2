/**
 * StatusWatch: when a `modem-status` node speaks without being asked.
 *
 * At its interval, when the state has changed, and when the signal has changed by so many dB since it was last told.
 */
import { type Clock, delay } from "../../../lib/clock";
import { isModemError } from "../../../lib/errors";
import { signalQuality } from "../../../lib/quectel/commands/network";
import { signalDbm } from "../../../lib/quectel/registration/registration";
import { reportOn, type ModemReport } from "./modem-report";
import type { GetHost } from "../modem/modem-user";
import { type Condition, stateOf } from "../status/status";

export interface WatchSettings {
  /** Seconds; 0 = only when asked and on change. */
  readonly interval: number;
  /** dB that count as a change. */
  readonly rssiChange: number;
  readonly includeIds: boolean;
}

export interface WatchParts {
  readonly host: GetHost;
  readonly clock: Clock;
  readonly tell: (report: ModemReport) => void;
  /** Why a report that was not requested could not be made; the state of the modem tells it as well. */
  readonly debug: (message: string) => void;
}

/** Milliseconds between two looks at the signal. */
const LOOK_MS = 20_000;
/** Below every signal, so that the first one known counts as a change. */
const NO_SIGNAL = -200;

export class StatusWatch {
  private readonly closing = new AbortController();
  private state: string | undefined;
  private told: ModemReport | undefined;

  constructor(
    private readonly settings: WatchSettings,
    private readonly parts: WatchParts,
  ) {}

  start(): void {
    const { interval } = this.settings;
    if (interval > 0) void this.repeat(interval * 1000, () => this.speak());
    void this.repeat(LOOK_MS, () => this.look());
  }

  close(): void {
    this.closing.abort();
  }

  /** Asks the modem now. Rejects with INVALID_CONFIG, or with what ended the dialogue. */
  async report(): Promise<ModemReport> {
    const { includeIds } = this.settings;
    const host = this.parts.host();
    const state = stateOf(host.condition);
    this.told = await reportOn(host.parts, { state, includeIds, signal: this.closing.signal });
    return this.told;
  }

  changed(condition: Condition): void {
    const state = stateOf(condition);
    if (state === this.state) return;
    this.state = state;
    void this.attempt(() => this.speak());
  }

  private async speak(): Promise<void> {
    this.parts.tell(await this.report());
  }

  private async look(): Promise<void> {
    const { modem } = this.parts.host().parts;
    if (modem.state.name !== "ready" || this.told === undefined) return;
    const options = { priority: "low", signal: this.closing.signal } as const;
    const rssiDbm = signalDbm(await modem.execute(signalQuality(), options));
    if (rssiDbm === undefined) return;
    if (Math.abs(rssiDbm - (this.told.rssiDbm ?? NO_SIGNAL)) >= this.settings.rssiChange) await this.speak();
  }

  private async repeat(ms: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      await delay(this.parts.clock, ms, signal).catch(() => undefined);
      if (!signal.aborted) await this.attempt(work);
    }
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const isExpected = isModemError(error) || this.closing.signal.aborted;
      this.parts.debug(`${isExpected ? "no report" : "unexpected"}: ${String(error)}`);
    }
  }
}
