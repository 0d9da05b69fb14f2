/**
 * Holds: why nothing goes out although mails wait. A person's pause, a deactivated PDP context and a setup error may
 * hold at the same time; each has its own end.
 */
import type { ModemError } from "../errors";
import type { HoldReason } from "./outbox-types";
import type { SettingsSeal } from "./settings-seal";
import { mayProbe } from "./setup-errors";
import { storeError, type StoredError } from "./spool/stored-error";

/** Milliseconds between two mails that try whether a setup error is over. */
export const PROBE_EVERY = 30 * 60_000;

export interface SetupHold {
  readonly error: StoredError;
  /** Wall-clock time, ISO 8601, for a reader. */
  readonly since: string;
  /** Running time of the last try. */
  readonly tried: number;
  readonly seal: SettingsSeal;
}

export interface StoredHolds {
  readonly setup?: SetupHold;
  readonly pdp?: { readonly since: string };
  readonly paused?: { readonly since: string };
}

export class Holds {
  constructor(private held: StoredHolds) {}

  get any(): boolean {
    return this.reason() !== undefined;
  }

  /** The one to be shown: what a person did first, then what needs him. */
  reason(): HoldReason | undefined {
    const { paused, pdp, setup } = this.held;
    if (paused !== undefined) return { kind: "paused", since: paused.since };
    if (pdp !== undefined) return { kind: "pdp", since: pdp.since };
    if (setup === undefined) return undefined;
    return { kind: "setup", code: setup.error.code, message: setup.error.message, since: setup.since };
  }

  get setup(): SetupHold | undefined {
    return this.held.setup;
  }

  /** Milliseconds until a mail may be tried; 0 = now, infinite = not before the hold ends. */
  wait(time: number): number {
    const { paused, pdp, setup } = this.held;
    if (paused !== undefined || pdp !== undefined) return Infinity;
    if (setup === undefined) return 0;
    return mayProbe(setup.error.code) ? Math.max(0, setup.tried + PROBE_EVERY - time) : Infinity;
  }

  /** Holds for a setup error, or notes that a try has met it again. */
  meet(error: ModemError, time: number, since: string, seal: () => SettingsSeal): void {
    const before = this.held.setup;
    const setup =
      before?.error.code === error.code
        ? { ...before, tried: time }
        : { error: storeError(error), since, tried: time, seal: seal() };
    this.held = { ...this.held, setup };
  }

  /** A mail is about to be tried under the hold. */
  probe(time: number): void {
    const { setup } = this.held;
    if (setup !== undefined) this.held = { ...this.held, setup: { ...setup, tried: time } };
  }

  begin(kind: "pdp" | "paused", since: string): void {
    this.held = { ...this.held, [kind]: this.held[kind] ?? { since } };
  }

  end(...kinds: readonly (keyof StoredHolds)[]): void {
    const left = Object.entries(this.held).filter(([kind]) => !kinds.some((one) => one === kind));
    this.held = Object.fromEntries(left);
  }

  store(): StoredHolds {
    return this.held;
  }
}
