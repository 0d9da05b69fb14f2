/**
 * The simulated EC25: one module with its ports, states, clock, variants and log.
 *
 *   transports -> ports (V.250 lines, data mode) -> registry -> command handlers -> states
 *
 * This file ties them together and restarts them; it knows no single command.
 */
import { EventEmitter } from "node:events";
import { delay, systemClock, type Clock } from "../clock";
import type { PortName } from "./port";
import { StateStore, type StateKey } from "./state";
import { noDelay, type Timing } from "./timing";
import { chooseVariants, type VariantChoice, type Variants } from "./variants";

export interface SimulatedModemOptions {
  /** Default: the clock of the host. */
  readonly clock?: Clock;
  readonly variants?: VariantChoice;
  readonly timing?: Partial<Timing>;
  /** Announces work on real sockets or files to a virtual clock, which stands still meanwhile. */
  readonly busy?: <T>(work: Promise<T>) => Promise<T>;
}

export interface SimulatedModemEvents {
  /** The network took a PDP context away; undefined: all of them. */
  contextLost: [contextId: number | undefined];
  /** SIM card or cell have changed. */
  surroundings: [];
}

/** Steps of a mail delivery at which a fault plan may step in. */
export type SmtpStep =
  | "connect"
  | "greeting"
  | "ehlo"
  | "starttls"
  | "auth"
  | "mail"
  | "rcpt"
  | "data"
  | "end";

/** What the server is made to answer instead of its own words. */
export interface SmtpRefusal {
  readonly code: number;
  readonly text: string;
}

export class SimulatedModem extends EventEmitter<SimulatedModemEvents> {
  readonly clock: Clock;
  readonly variants: Variants;
  readonly timing: Timing;
  private readonly states = new StateStore(this);
  private life = new AbortController();

  constructor(private readonly options: SimulatedModemOptions = {}) {
    super();
    this.clock = options.clock ?? systemClock;
    this.variants = chooseVariants(options.variants);
    this.timing = { ...noDelay, ...options.timing };
  }

  /** The state of a feature, made when first asked for. */
  state<T>(key: StateKey<T>): T {
    return this.states.get(key);
  }

  /** Aborted when this run of the module ends: restart, loss of power, unplugging. */
  get signal(): AbortSignal {
    return this.life.signal;
  }

  /** Waits milliseconds of the modem's clock; rejects when this run of the module ends. */
  wait(ms: number): Promise<void> {
    return delay(this.clock, ms, this.signal);
  }

  /** Passes `work` on real sockets or files through to its result, time standing still for a virtual clock. */
  busy<T>(work: Promise<T>): Promise<T> {
    return this.options.busy === undefined ? work : this.options.busy(work);
  }

  /**
   * Starts work that goes on after the command has been answered, such as the delivery of a mail.
   *
   * An end of this run of the module ends it silently; any other rejection is thrown at the process.
   */
  background(work: (signal: AbortSignal) => Promise<void>): void {
    const { signal } = this;
    void work(signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  /** Sends an unsolicited line on `port`; left out: on the port that `AT+QURCCFG="urcport"` names. */
  raiseUrc(_line: string, _port?: PortName): void {
    throw new Error("ports are not attached yet");
  }

  /** Asks the fault plan before a step of a mail delivery; a refusal is to be taken as the server's reply. */
  async smtpStep(_step: SmtpStep): Promise<SmtpRefusal | undefined> {
    return undefined;
  }
}
