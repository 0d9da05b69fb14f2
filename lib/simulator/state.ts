/**
 * States of the features, typed, each with its lifetime, kept by the modem.
 *
 * A feature declares `const smtpState = stateKey("start", "smtp", () => ({ ... }))` and reads it with
 * `modem.state(smtpState)`. There is no central list, so features do not know each other.
 */
import type { SimulatedModem } from "./modem";

/**
 * How long a state lives:
 * `start` until the next restart; `power` until power is removed (the clock); `flash` for ever (UFS files,
 * stored settings); `world` is no state of the module at all: SIM card, cell, servers.
 */
export type Lifetime = "start" | "power" | "flash" | "world";

export interface StateKey<T> {
  readonly lifetime: Lifetime;
  /** For messages only; the key itself is the identity. */
  readonly name: string;
  /** Makes the state when it is first needed after its lifetime began. */
  readonly create: (modem: SimulatedModem) => T;
}

export function stateKey<T>(
  lifetime: Lifetime,
  name: string,
  create: (modem: SimulatedModem) => T,
): StateKey<T> {
  return { lifetime, name, create };
}

/** The states of one modem. */
export class StateStore {
  private readonly states = new Map<StateKey<unknown>, unknown>();

  constructor(private readonly modem: SimulatedModem) {}

  get<T>(key: StateKey<T>): T {
    if (!this.states.has(key)) this.states.set(key, key.create(this.modem));
    return this.states.get(key) as T;
  }

  /** Forgets what a restart (`restart`) or a loss of power (`powerLoss`) wipes out. */
  wipe(event: "restart" | "powerLoss"): void {
    for (const key of this.states.keys()) {
      const gone = key.lifetime === "start" || (event === "powerLoss" && key.lifetime === "power");
      if (gone) this.states.delete(key);
    }
  }
}
