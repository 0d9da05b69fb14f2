/** Carries out a fault plan: counts bytes, commands and steps, and cuts the byte streams at the triggers. */
import {
  describeRule,
  isModuleFault,
  lastByte,
  spoil,
  type ByteRule,
  type FaultPlan,
  type FaultRule,
  type FaultyDevice,
  type ModuleFault,
} from "./faults";
import type { FinalResult } from "../device/command";
import type { PortName } from "../device/port";
import type {
  FaultPoints,
  FaultyConnection,
  OpenRefusal,
  Segment,
  SmtpOutcome,
  SmtpRefusal,
  SmtpStep,
} from "../device/fault-points";
import { broken, cell, change, simCard } from "../module/world";

type Direction = "host" | "modem";
type SocketByteRule = Extract<FaultRule, { at: { socket: string; byte: number } }>;

export class FaultInjector implements FaultPoints {
  private plan: FaultPlan = [];
  private fired = new Set<FaultRule>();
  private counts = new Map<string, number>();
  /** An unsolicited line that a fault adds meets no fault itself. */
  private strikingAtUrc = false;

  constructor(private readonly modem: FaultyDevice) {}

  /** Replaces the plan; counting starts over. */
  set(plan: FaultPlan): void {
    this.plan = plan;
    this.fired = new Set();
    this.counts = new Map();
  }

  /** Bytes as a wire is to carry them. */
  filter(direction: Direction, port: PortName, bytes: Buffer): readonly Segment[] {
    const key = `${direction} ${port}`;
    const before = this.counts.get(key) ?? 0;
    this.counts.set(key, before + bytes.length);
    const segments: Segment[] = [];
    let at = 0;
    for (const rule of this.byteRules(direction, port, before, bytes.length)) {
      const cut = Math.max(at, rule.at.byte - 1 - before);
      segments.push({ kind: "bytes", bytes: bytes.subarray(at, cut) });
      at = cut + this.cut(rule, before + cut + 1, bytes.subarray(cut), segments);
    }
    segments.push({ kind: "bytes", bytes: bytes.subarray(at) });
    return [...segments.filter(notEmpty), { kind: "packetEnd" }];
  }

  /** @returns the result that is answered instead of executing the command. */
  async command(name: string): Promise<FinalResult | undefined> {
    let result: FinalResult | undefined;
    for (const rule of this.due(
      `command ${name}`,
      (rule) => "command" in rule.at && rule.at.command === name,
    )) {
      if (rule.fault.kind === "result" && "result" in rule.fault) result = rule.fault.result;
      else if (isModuleFault(rule.fault)) await this.strike(rule.fault);
    }
    return result;
  }

  async smtp(step: SmtpStep): Promise<SmtpRefusal | SmtpOutcome | undefined> {
    let refusal: SmtpRefusal | SmtpOutcome | undefined;
    for (const rule of this.due(`smtp ${step}`, (rule) => "smtp" in rule.at && rule.at.smtp === step)) {
      if (rule.fault.kind === "reply" || (rule.fault.kind === "result" && "err" in rule.fault))
        refusal = rule.fault;
      else if (isModuleFault(rule.fault)) await this.strike(rule.fault);
    }
    return refusal;
  }

  /** @returns what becomes of the n-th attempt to open a connection instead of opening it. */
  async socketOpen(): Promise<OpenRefusal | undefined> {
    let refusal: OpenRefusal | undefined;
    for (const rule of this.due("socket open", ({ at }) => "socket" in at && at.socket === "open")) {
      if (rule.fault.kind === "openError" || rule.fault.kind === "silence") refusal = rule.fault;
      else if (isModuleFault(rule.fault)) await this.strike(rule.fault);
    }
    return refusal;
  }

  /** @returns true when a block is to be refused as if the send buffer were full. */
  async socketSend(): Promise<boolean> {
    let refused = false;
    for (const rule of this.due("socket send", ({ at }) => "socket" in at && at.socket === "send")) {
      if (rule.fault.kind === "sendFail") refused = true;
      else if (isModuleFault(rule.fault)) await this.strike(rule.fault);
    }
    return refused;
  }

  /** Payload of a TCP connection as its network is to carry it. */
  socketBytes(direction: "up" | "down", connection: FaultyConnection, bytes: Buffer): readonly Segment[] {
    const key = `socket ${direction}`;
    const before = this.counts.get(key) ?? 0;
    this.counts.set(key, before + bytes.length);
    const segments: Segment[] = [];
    let from = 0;
    const rules = this.plan
      .filter((rule): rule is SocketByteRule => "socket" in rule.at && "byte" in rule.at)
      .filter(({ at }) => at.socket === direction && at.byte > before && at.byte <= before + bytes.length)
      .sort((one, other) => one.at.byte - other.at.byte);
    for (const rule of rules) {
      const { fault } = rule;
      const cut = Math.max(from, rule.at.byte - 1 - before);
      segments.push({ kind: "bytes", bytes: bytes.subarray(from, cut) });
      segments.push({ kind: "action", run: () => this.note(rule) });
      from = cut;
      if (fault.kind === "damage") {
        segments.push({ kind: "bytes", bytes: Buffer.from([bytes.readUInt8(cut) ^ fault.mask]) });
        from++;
      } else if (fault.kind === "stall" || fault.kind === "delay") {
        segments.push({ kind: "pause", ms: fault.ms });
      } else if (isModuleFault(fault)) {
        segments.push({ kind: "action", run: () => this.strikeNow(fault) });
      } else {
        segments.push({ kind: "action", run: () => connection.suffer(fault.kind) });
      }
    }
    segments.push({ kind: "bytes", bytes: bytes.subarray(from) });
    return segments.filter(notEmpty);
  }

  /** The module has begun to run again. */
  async start(): Promise<void> {
    for (const { fault } of this.due("start", ({ at }) => "start" in at)) {
      if (isModuleFault(fault)) await this.strike(fault);
    }
  }

  /** @returns false when the unsolicited line is lost. */
  urc(line: string): boolean {
    if (this.strikingAtUrc || !this.plan.some(({ at }) => "urc" in at && line.startsWith(at.urc)))
      return true;
    let passes = true;
    this.strikingAtUrc = true;
    try {
      const starts = (rule: FaultRule): string => ("urc" in rule.at ? rule.at.urc : "");
      for (const start of new Set(
        this.plan.map(starts).filter((text) => text !== "" && line.startsWith(text)),
      )) {
        for (const { fault } of this.due(`urc ${start}`, (rule) => starts(rule) === start)) {
          if (fault.kind === "lose") passes = false;
          else if (fault.kind === "delay") {
            passes = false;
            this.modem.background(async () => {
              await this.modem.wait(fault.ms);
              this.modem.raiseUrc(line);
            });
          } else if (isModuleFault(fault)) this.strikeNow(fault);
        }
      }
    } finally {
      this.strikingAtUrc = false;
    }
    return passes;
  }

  private byteRules(direction: Direction, port: PortName, before: number, length: number): ByteRule[] {
    return this.plan
      .filter((rule): rule is ByteRule => "direction" in rule.at)
      .filter(({ at }) => at.direction === direction && (at.port ?? port) === port)
      .filter((rule) => lastByte(rule) > before && rule.at.byte <= before + length)
      .sort((one, other) => one.at.byte - other.at.byte);
  }

  /** Adds what a rule makes of the bytes from number `next` on. @returns how many of them it used up. */
  private cut(rule: ByteRule, next: number, rest: Buffer, segments: Segment[]): number {
    const { fault } = rule;
    if (next === rule.at.byte) segments.push({ kind: "action", run: () => this.note(rule) });
    if (isModuleFault(fault)) {
      if (fault.kind === "delay") segments.push({ kind: "pause", ms: fault.ms });
      else segments.push({ kind: "action", run: () => this.strikeNow(fault) });
      return 0;
    }
    const hit = rest.subarray(0, lastByte(rule) - next + 1);
    segments.push({ kind: "bytes", bytes: spoil(fault, hit) });
    return hit.length;
  }

  /** Counts one more of `key` and gives the rules it triggers. */
  private due(key: string, matches: (rule: FaultRule) => boolean): readonly FaultRule[] {
    const count = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, count);
    const due = this.plan.filter((rule) => {
      if (!matches(rule) || "byte" in rule.at) return false;
      const nth = rule.at.nth ?? 1;
      return nth === "every" || (nth === count && !this.fired.has(rule));
    });
    for (const rule of due) {
      this.fired.add(rule);
      this.note(rule);
    }
    return due;
  }

  private note(rule: FaultRule): void {
    this.modem.log.add({ kind: "event", text: describeRule(rule) });
  }

  private async strike(fault: ModuleFault): Promise<void> {
    if (fault.kind === "delay") await this.modem.wait(fault.ms);
    else this.strikeNow(fault);
  }

  private strikeNow(fault: Exclude<ModuleFault, { kind: "delay" }>): void {
    const { modem } = this;
    switch (fault.kind) {
      case "urc":
        modem.raiseUrc(fault.line);
        return;
      case "restart":
      case "powerLoss":
        modem.restart(fault.kind);
        return;
      case "unplug":
        modem.unplug();
        return;
      case "multiplexed":
        modem.multiplex(fault.port);
        return;
      case "hang":
        modem.hang();
        return;
      case "contextLoss":
        modem.happened("contextLost", fault.contextId);
        return;
      case "noSignal":
        change(modem, cell, { rssi: 99 });
        return;
      case "deadStack":
        modem.state(broken).dataStack = fault.err;
        return;
      case "cardLost":
        modem.state(broken).card = true;
        modem.happened("surroundings");
        return;
      case "deadApplication":
        modem.state(broken).application = true;
        return;
      case "simRemoved":
        change(modem, simCard, { inserted: false });
        return;
      case "run":
        fault.run(modem);
        return;
    }
  }
}

function notEmpty(segment: Segment): boolean {
  return segment.kind !== "bytes" || segment.bytes.length > 0;
}
