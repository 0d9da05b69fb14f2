/**
 * The simulated EC25: one module with its ports, states, clock, variants, faults and log.
 *
 *   host <-> PortLine (wires) <-> AtPort (V.250, data mode) <-> behaviours <-> command handlers <-> states
 *
 * This file ties them together and starts and stops them; it knows no single command.
 */
import { randomInt } from "node:crypto";
import { EventEmitter, setMaxListeners } from "node:events";
import { type Clock, delay, systemClock } from "../clock";
import type { AtPort } from "./line/at-port";
import { type Behaviour, BehaviourStack, type CommandPredicate, Expectations } from "./line/behaviours";
import { bootSequence, isServed, serviceDelayMs } from "./module/boot";
import { CommandRegistry, features } from "./commands";
import { FaultInjector } from "./faults/fault-injector";
import type { FaultPlan } from "./faults/faults";
import { type Command, type CommandContext, ERROR, type FinalResult } from "./device/command";
import { ModemLog } from "./device/log";
import { lineRate } from "./line/line-rate";
import { type ModemPort, type PortName, portNames } from "./device/port";
import type { CommandProcessor } from "./line/command-run";
import { type HostEnd, type HostLine, PortLine } from "./line/port-line";
import { type Happening, type RestartKind, type StateKey, StateStore } from "./device/device";
import type { ServedModem } from "./serve/served-modem";
import { noDelay, type Timing } from "./device/timing";
import { urcPorts } from "./line/urc-port";
import { chooseVariants, type VariantChoice, type Variants } from "./variants/variants";

type Power = "on" | "starting" | "off" | "unplugged";

export interface SimulatedModemOptions {
  /** Default: the clock of the host. */
  readonly clock?: Clock;
  /** 15 digits; default: one of its own, so that no two modules are taken for one. */
  readonly imei?: string;
  readonly variants?: VariantChoice;
  readonly timing?: Partial<Timing>;
  readonly faults?: FaultPlan;
  /** Announces work on real sockets or files to a virtual clock, which stands still meanwhile. */
  readonly busy?: <T>(work: Promise<T>) => Promise<T>;
}

export interface SimulatedModemEvents {
  /** The network took a PDP context away; undefined: all of them. */
  contextLost: [contextId: number | undefined];
  /** SIM card or cell have changed. */
  surroundings: [];
  /** A port has left data mode. */
  dataModeLeft: [];
  /** The module answers on its ports again after a start. */
  started: [];
}

export class SimulatedModem
  extends EventEmitter<SimulatedModemEvents>
  implements CommandProcessor, ServedModem
{
  readonly clock: Clock;
  /** 15 digits (3GPP TS 23.003 section 6.2.1). */
  readonly imei: string;
  readonly variants: Variants;
  readonly timing: Timing;
  private readonly registry = new CommandRegistry(features);
  /** All that was received, sent and done, for assertions. */
  readonly log: ModemLog;
  readonly faults: FaultInjector;
  private readonly states: StateStore;
  private readonly lines: ReadonlyMap<PortName, PortLine>;
  private readonly behaviours = new BehaviourStack();
  private readonly expectations: Expectations;
  private life = newLife();
  private power: Power = "on";
  private startTime: number;

  /** A module that has been running for a while: powered, started, no URC under way. */
  constructor(private readonly options: SimulatedModemOptions = {}) {
    super();
    this.clock = options.clock ?? systemClock;
    this.imei = options.imei ?? nextImei();
    this.variants = chooseVariants(options.variants);
    this.timing = { ...noDelay, ...options.timing };
    this.log = new ModemLog(() => this.clock.now());
    this.states = new StateStore(this);
    this.faults = new FaultInjector(this);
    this.faults.set(options.faults ?? []);
    this.expectations = new Expectations(this.clock);
    this.startTime = this.clock.now() - serviceDelayMs;
    this.lines = new Map(portNames.map((name) => [name, new PortLine(name, this, () => lineRate(this))]));
    this.startFeatures();
  }

  get commandNames(): readonly string[] {
    return this.registry.names();
  }

  command(name: string): Command | undefined {
    return this.registry.find(name);
  }

  state<T>(key: StateKey<T>): T {
    return this.states.get(key);
  }

  get startedAt(): number {
    return this.startTime;
  }

  get signal(): AbortSignal {
    return this.life.signal;
  }

  wait(ms: number): Promise<void> {
    return delay(this.clock, ms, this.signal);
  }

  busy<T>(work: Promise<T>): Promise<T> {
    return this.options.busy === undefined ? work : this.options.busy(work);
  }

  background(work: (signal: AbortSignal) => Promise<void>): void {
    const { signal } = this;
    void work(signal).catch((error: unknown) => {
      if (!signal.aborted) this.reportDefect(error);
    });
  }

  whileRunning(happening: Happening, listener: (contextId?: number) => void): void {
    this.on(happening, listener);
    this.signal.addEventListener("abort", () => this.off(happening, listener), { once: true });
  }

  happened(happening: Happening, contextId?: number): void {
    if (happening === "surroundings") this.emit(happening);
    else this.emit(happening, contextId);
  }

  dataModeLeft(): void {
    this.emit("dataModeLeft");
  }

  reportDefect(error: unknown): void {
    this.log.add({ kind: "event", text: `defect of the simulator: ${String(error)}` });
    process.emitWarning(error instanceof Error ? (error.stack ?? error.message) : String(error), {
      type: "SimulatorDefect",
    });
  }

  open(name: PortName, host: HostEnd): HostLine | "absent" | "busy" {
    const present = this.power === "on" || this.variants["restart-port"] === "stays";
    if (this.power === "unplugged" || !present) return "absent";
    return this.line(name).open(host) ?? "busy";
  }

  raiseUrc(line: string, port?: PortName, data?: Buffer): void {
    if (!this.faults.urc(line)) return;
    for (const name of port === undefined ? urcPorts(this) : [port]) this.port(name).urc(line, data);
  }

  async linesDrained(): Promise<void> {
    await Promise.all([...this.lines.values()].map((line) => line.drained()));
  }

  noise(bytes: Buffer): void {
    for (const name of urcPorts(this)) this.port(name).transmit(bytes);
  }

  /** Puts a behaviour before the commands and all older behaviours; the function returned takes it away. */
  define(behaviour: Behaviour): () => void {
    return this.behaviours.define(behaviour);
  }

  /** Resolves with the next command that fits; rejects after `timeoutMs` milliseconds of the modem's clock (10 000). */
  expectCommand(
    predicate: CommandPredicate,
    { timeoutMs }: { timeoutMs?: number } = {},
  ): Promise<CommandContext> {
    return this.expectations.command(predicate, timeoutMs);
  }

  /** Expectations, faults, behaviours, then the command itself. */
  async execute(context: CommandContext): Promise<FinalResult> {
    this.expectations.received(context);
    const faulty = await this.faults.command(context.name);
    context.signal.throwIfAborted();
    if (faulty !== undefined) return faulty;
    return this.behaviours.run(context, async (current = context) => {
      if (!isServed(this, current.name)) return ERROR;
      const handler = this.registry.find(current.name)?.[current.form];
      return handler === undefined ? ERROR : handler(current);
    });
  }

  async commandTurn(port: ModemPort, signal: AbortSignal): Promise<void> {
    if (this.variants["data-mode-other-port"] === "answers") return;
    while ([...this.lines.values()].some((line) => line.port !== port && line.port.collecting)) {
      await EventEmitter.once(this, "dataModeLeft", { signal });
    }
  }

  restart(kind: RestartKind = "restart"): void {
    this.stop(kind, kind);
    this.start();
  }

  powerOff(): void {
    this.stop("powered off", "powerLoss");
    this.power = "off";
  }

  /** Starts a module that is off. */
  powerOn(): void {
    if (this.power === "off") this.start();
  }

  unplug(): void {
    this.stop("unplugged", "powerLoss");
    for (const line of this.lines.values()) line.vanish();
    this.power = "unplugged";
  }

  plug(): void {
    if (this.power === "unplugged") this.start();
  }

  hang(): void {
    this.log.add({ kind: "event", text: "hangs" });
    this.endLife("hangs");
    for (const line of this.lines.values()) line.port.hang();
  }

  multiplex(name?: PortName): void {
    this.log.add({ kind: "event", text: "multiplexing" });
    for (const line of this.lines.values())
      if (name === undefined || line.name === name) line.port.multiplex();
  }

  private start(): void {
    this.power = "starting";
    this.background(async () => {
      await this.wait(this.timing.bootMs);
      this.power = "on";
      this.startTime = this.clock.now();
      for (const line of this.lines.values()) line.port.switchOn();
      this.startFeatures();
      this.log.add({ kind: "event", text: "started" });
      this.emit("started");
      await bootSequence(this);
    });
  }

  private stop(reason: string, wipe: RestartKind): void {
    this.log.add({ kind: "event", text: reason });
    this.endLife(reason);
    for (const line of this.lines.values()) {
      line.port.switchOff();
      if (this.variants["restart-port"] === "vanishes") line.vanish();
      else line.silence();
    }
    this.states.wipe(wipe);
  }

  private endLife(reason: string): void {
    const { life } = this;
    this.life = newLife();
    life.abort(new Error(reason));
  }

  private startFeatures(): void {
    for (const feature of features) feature.start?.(this);
  }

  private port(name: PortName): AtPort {
    return this.line(name).port;
  }

  private line(name: PortName): PortLine {
    const line = this.lines.get(name);
    if (line === undefined) throw new Error(`no port ${name}`);
    return line;
  }
}

/** As much waits for the end of a run as the module does at once. */
function newLife(): AbortController {
  const life = new AbortController();
  setMaxListeners(0, life.signal);
  return life;
}

/* The number of a simulated module: each has one of its own, as real ones do. */

/** The type allocation code 00-101 belongs to test equipment (3GPP TS 23.003 section 6.2.1). */
const TYPE = "00101500";
const SERIALS = 1_000_000;

/** Random in each process, because two programs may simulate modules at the same time. */
let serial = randomInt(SERIALS);

/** Fifteen digits that no module of this process has had, with their check digit. */
function nextImei(): string {
  serial = (serial + 1) % SERIALS;
  const digits = TYPE + String(serial).padStart(6, "0");
  return digits + checkDigit(digits);
}

/** Luhn's formula (3GPP TS 23.003 annex B): every second digit from the right counts twice. */
function checkDigit(digits: string): string {
  const sum = Array.from(digits)
    .reverse()
    .reduce((total, digit, index) => {
      const value = Number(digit) * (index % 2 === 0 ? 2 : 1);
      return total + (value > 9 ? value - 9 : value);
    }, 0);
  return String((10 - (sum % 10)) % 10);
}
