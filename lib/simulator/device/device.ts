/**
 * Device: the simulated module as its commands, states and connections see it.
 *
 * They ask it for what they share (time, switches, states, the log) and tell it what becomes of it. How it is put
 * together, and who holds its ports, is the business of `modem.ts`, which alone knows all of it.
 *
 * A feature declares `const smtpState = stateKey("start", "smtp", () => ({ ... }))` and reads it with
 * `modem.state(smtpState)`. There is no central list of states, so features do not know each other.
 */
import type { Clock } from "../../clock";
import type { Variants } from "../variants/variants";
import type { FaultPoints } from "./fault-points";
import type { ModemLog } from "./log";
import type { PortName } from "./port";
import type { Timing } from "./timing";

/** `restart`: as by AT+CFUN=1,1; `powerLoss`: the supply was cut, which also stops the clock. */
export type RestartKind = "restart" | "powerLoss";

/** What happens to a module from outside: SIM card or cell have changed; the network took a context, or all, away. */
export type Happening = "surroundings" | "contextLost";

export interface Device {
  readonly clock: Clock;
  /** 15 digits (3GPP TS 23.003 section 6.2.1). */
  readonly imei: string;
  readonly variants: Variants;
  readonly timing: Timing;
  readonly log: Pick<ModemLog, "add">;
  readonly faults: FaultPoints;
  /** Names of all commands in alphabetical order, as `AT+CLAC` lists them. */
  readonly commandNames: readonly string[];
  /** When the module began to answer after its start, ms of the clock. */
  readonly startedAt: number;
  /** Aborted when this run of the module ends: restart, loss of power, unplugging. */
  readonly signal: AbortSignal;

  /** The state of a feature, made when first asked for. */
  state<T>(key: StateKey<T>): T;

  /** Waits milliseconds of the modem's clock; rejects when this run of the module ends. */
  wait(ms: number): Promise<void>;
  /** Passes `work` on real sockets or files through to its result, time standing still for a virtual clock. */
  busy<T>(work: Promise<T>): Promise<T>;
  /**
   * Starts work that goes on after the command has been answered, such as the delivery of a mail.
   *
   * The end of this run of the module ends it silently; any other rejection is a defect of the simulator.
   */
  background(work: (signal: AbortSignal) => Promise<void>): void;

  /** Calls `listener` at each such happening until this run of the module ends. */
  whileRunning(happening: Happening, listener: (contextId?: number) => void): void;
  /** Tells all who listen. @param contextId of `contextLost`; undefined: all contexts. */
  happened(happening: Happening, contextId?: number): void;

  /**
   * Sends an unsolicited line on `port`, with the bytes that belong to it right behind; left out: on the ports
   * that `AT+QURCCFG="urcport"` names.
   */
  raiseUrc(line: string, port?: PortName, data?: Buffer): void;
  /** Sends bytes that are no line of any kind on the port of unsolicited lines. */
  noise(bytes: Buffer): void;
  /** Resolves when all that was sent has reached the hosts. */
  linesDrained(): Promise<void>;

  /** Ends this run of the module and starts the next; all that runs is lost without an answer. */
  restart(kind?: RestartKind): void;
  /** Switches off, as AT+QPOWD does. */
  powerOff(): void;
  /** The cable is pulled: the host sees its ports vanish; a module fed by USB loses power. */
  unplug(): void;
  /** The cable is back: the module starts. */
  plug(): void;
  /** Takes bytes and says nothing until the next restart. */
  hang(): void;
  /** Leaves a port, or all, in multiplexing mode (3GPP TS 27.010): deaf to AT until closed down or restarted. */
  multiplex(name?: PortName): void;
}

/**
 * How long a state lives:
 * `start` until the next restart; `power` until power is removed (the clock); `flash` for ever (UFS files,
 * stored settings); `world` is no state of the module at all: SIM card, cell, servers.
 */
export type Lifetime = "start" | "power" | "flash" | "world";

/** One state of each modem. */
export class StateKey<T> {
  private readonly values = new WeakMap<Device, { readonly value: T }>();

  constructor(
    readonly lifetime: Lifetime,
    /** For messages only; the key itself is the identity. */
    readonly name: string,
    private readonly create: (modem: Device) => T,
  ) {}

  /** The state of `modem`, made when it is first needed after its lifetime began. */
  of(modem: Device): T {
    const held = this.values.get(modem);
    if (held !== undefined) return held.value;
    const value = this.create(modem);
    this.values.set(modem, { value });
    return value;
  }

  forget(modem: Device): void {
    this.values.delete(modem);
  }
}

export function stateKey<T>(lifetime: Lifetime, name: string, create: (modem: Device) => T): StateKey<T> {
  return new StateKey(lifetime, name, create);
}

/** What a modem remembers to forget. */
export class StateStore {
  private readonly keys = new Set<StateKey<unknown>>();

  constructor(private readonly modem: Device) {}

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
