/**
 * The simulated EC25: one module with its ports, states, clock, variants, faults and log.
 *
 *   host <-> PortLine (wires) <-> AtPort (V.250, data mode) <-> behaviours <-> command handlers <-> states
 *
 * This file ties them together and starts and stops them; it knows no single command.
 */
import { EventEmitter, setMaxListeners } from "node:events";
import { delay, systemClock, type Clock } from "../clock";
import type { AtPort } from "./line/at-port";
import { BehaviourStack, Expectations, type Behaviour, type CommandPredicate } from "./line/behaviours";
import { nextImei } from "./module/imei";
import { bootSequence, isServed, serviceDelay } from "./module/boot";
import { features } from "./commands";
import { FaultInjector } from "./faults/fault-injector";
import type { SmtpOutcome, SmtpRefusal, SmtpStep } from "./faults/faults";
import { ERROR, type CommandContext, type FinalResult } from "./handler";
import { ModemLog } from "./log";
import { lineRate } from "./line/line-rate";
import { portNames, type PortName } from "./line/port";
import { PortLine, type HostEnd, type HostLine } from "./line/port-line";
import { CommandRegistry } from "./registry";
import { StateStore, type StateKey } from "./state";
import type { RestartKind, SimulatedModemEvents, SimulatedModemOptions } from "./modem-options";
import { noDelay, type Timing } from "./timing";
import { urcPorts } from "./line/urc-port";
import { chooseVariants, type Variants } from "./variants/variants";

type Power = "on" | "starting" | "off" | "unplugged";

export class SimulatedModem extends EventEmitter<SimulatedModemEvents> {
  readonly clock: Clock;
  /** 15 digits (3GPP TS 23.003 section 6.2.1). */
  readonly imei: string;
  readonly variants: Variants;
  readonly timing: Timing;
  readonly registry = new CommandRegistry(features);
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
    this.startTime = this.clock.now() - serviceDelay;
    this.lines = new Map(portNames.map((name) => [name, new PortLine(name, this, () => lineRate(this))]));
    this.startFeatures();
  }

  /** The state of a feature, made when first asked for. */
  state<T>(key: StateKey<T>): T {
    return this.states.get(key);
  }

  /** When the module began to answer after its start, ms of the clock. */
  get startedAt(): number {
    return this.startTime;
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
   * The end of this run of the module ends it silently; any other rejection is a defect of the simulator.
   */
  background(work: (signal: AbortSignal) => Promise<void>): void {
    const { signal } = this;
    void work(signal).catch((error: unknown) => {
      if (!signal.aborted) this.reportDefect(error);
    });
  }

  /** Calls `listener` at each such event until this run of the module ends. */
  whileRunning(event: "surroundings" | "contextLost", listener: (contextId?: number) => void): void {
    this.on(event, listener);
    this.signal.addEventListener("abort", () => this.off(event, listener), { once: true });
  }

  /** A fault of the simulator itself, not of the module: it must not pass for an answer. */
  reportDefect(error: unknown): void {
    this.log.add({ kind: "event", text: `defect of the simulator: ${String(error)}` });
    process.emitWarning(error instanceof Error ? (error.stack ?? error.message) : String(error), {
      type: "SimulatorDefect",
    });
  }

  /** Takes one end of the line to a port. */
  open(name: PortName, host: HostEnd): HostLine | "absent" | "busy" {
    const present = this.power === "on" || this.variants["restart-port"] === "stays";
    if (this.power === "unplugged" || !present) return "absent";
    return this.line(name).open(host) ?? "busy";
  }

  /**
   * Sends an unsolicited line on `port`, with the bytes that belong to it right behind; left out: on the ports
   * that `AT+QURCCFG="urcport"` names.
   */
  raiseUrc(line: string, port?: PortName, data?: Buffer): void {
    if (!this.faults.urc(line)) return;
    for (const name of port === undefined ? urcPorts(this) : [port]) this.port(name).urc(line, data);
  }

  /** Resolves when all that was sent has reached the hosts. */
  async linesDrained(): Promise<void> {
    await Promise.all([...this.lines.values()].map((line) => line.drained()));
  }

  /** Sends bytes that are no line of any kind on the port of unsolicited lines. */
  noise(bytes: Buffer): void {
    for (const name of urcPorts(this)) this.port(name).transmit(bytes);
  }

  /** Puts a behaviour before the commands and all older behaviours; the function returned takes it away. */
  define(behaviour: Behaviour): () => void {
    return this.behaviours.define(behaviour);
  }

  /** Resolves with the next command that fits; rejects after `timeout` ms of the modem's clock (10 000). */
  expectCommand(
    predicate: CommandPredicate,
    { timeout }: { timeout?: number } = {},
  ): Promise<CommandContext> {
    return this.expectations.command(predicate, timeout);
  }

  /** Executes one command: expectations, faults, behaviours, then the command itself. */
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

  /** Waits until a command on `port` may run, which another port in data mode can prevent. */
  async commandTurn(port: AtPort, signal: AbortSignal): Promise<void> {
    if (this.variants["data-mode-other-port"] === "answers") return;
    while ([...this.lines.values()].some((line) => line.port !== port && line.port.collecting)) {
      await EventEmitter.once(this, "dataModeLeft", { signal });
    }
  }

  /** Asks the fault plan before a step of a mail delivery; a refusal is to be taken as the server's reply. */
  smtpStep(step: SmtpStep): Promise<SmtpRefusal | SmtpOutcome | undefined> {
    return this.faults.smtp(step);
  }

  /** Ends this run of the module and starts the next; all that runs is lost without an answer. */
  restart(kind: RestartKind = "restart"): void {
    this.stop(kind, kind);
    this.start();
  }

  /** Switches off, as AT+QPOWD does. */
  powerOff(): void {
    this.stop("powered off", "powerLoss");
    this.power = "off";
  }

  /** Starts a module that is off. */
  powerOn(): void {
    if (this.power === "off") this.start();
  }

  /** The cable is pulled: the host sees its ports vanish; a module fed by USB loses power. */
  unplug(): void {
    this.stop("unplugged", "powerLoss");
    for (const line of this.lines.values()) line.vanish();
    this.power = "unplugged";
  }

  /** The cable is back: the module starts. */
  plug(): void {
    if (this.power === "unplugged") this.start();
  }

  /** Takes bytes and says nothing until the next restart. */
  hang(): void {
    this.log.add({ kind: "event", text: "hangs" });
    this.endLife("hangs");
    for (const line of this.lines.values()) line.port.hang();
  }

  /** Leaves a port, or all, in multiplexing mode (3GPP TS 27.010): deaf to AT until closed down or restarted. */
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
