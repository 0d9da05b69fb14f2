/**
 * States of the features, typed, each with its lifetime.
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

/** One state of each modem. */
export class StateKey<T> {
  private readonly values = new WeakMap<SimulatedModem, { readonly value: T }>();

  constructor(
    readonly lifetime: Lifetime,
    /** For messages only; the key itself is the identity. */
    readonly name: string,
    private readonly create: (modem: SimulatedModem) => T,
  ) {}

  /** The state of `modem`, made when it is first needed after its lifetime began. */
  of(modem: SimulatedModem): T {
    const held = this.values.get(modem);
    if (held !== undefined) return held.value;
    const value = this.create(modem);
    this.values.set(modem, { value });
    return value;
  }

  forget(modem: SimulatedModem): void {
    this.values.delete(modem);
  }
}

export function stateKey<T>(
  lifetime: Lifetime,
  name: string,
  create: (modem: SimulatedModem) => T,
): StateKey<T> {
  return new StateKey(lifetime, name, create);
}

/** What a modem remembers to forget. */
export class StateStore {
  private readonly keys = new Set<StateKey<unknown>>();

  constructor(private readonly modem: SimulatedModem) {}

  get<T>(key: StateKey<T>): T {
    this.keys.add(key);
    return key.of(this.modem);
  }

  /** Forgets what a restart (`restart`) or a loss of power (`powerLoss`) wipes out. */
  wipe(event: "restart" | "powerLoss"): void {
    for (const key of this.keys) {
      const gone = key.lifetime === "start" || (event === "powerLoss" && key.lifetime === "power");
      if (gone) key.forget(this.modem);
    }
  }
}
