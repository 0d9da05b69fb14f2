/** Carries out a fault plan: counts bytes, commands and steps, and cuts the byte streams at the triggers. */
import {
  describeRule,
  type ByteFault,
  type FaultPlan,
  type FaultRule,
  type ModuleFault,
  type SmtpRefusal,
  type SmtpStep,
} from "./faults";
import type { FinalResult } from "../handler";
import type { SimulatedModem } from "../modem";
import type { PortName } from "../line/port";
import type { Segment } from "../line/wire";
import { cell, change, simCard } from "../module/world";

type Direction = "host" | "modem";
type ByteRule = Extract<FaultRule, { at: { direction: string } }>;

export class FaultInjector {
  private plan: FaultPlan = [];
  private fired = new Set<FaultRule>();
  private counts = new Map<string, number>();

  constructor(private readonly modem: SimulatedModem) {}

  /** Replaces the plan; counting begins anew. */
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
      if (rule.fault.kind === "result") result = rule.fault.result;
      else if (isModuleFault(rule.fault)) await this.strike(rule.fault);
    }
    return result;
  }

  async smtp(step: SmtpStep): Promise<SmtpRefusal | undefined> {
    let refusal: SmtpRefusal | undefined;
    for (const rule of this.due(`smtp ${step}`, (rule) => "smtp" in rule.at && rule.at.smtp === step)) {
      if (rule.fault.kind === "reply") refusal = rule.fault;
      else if (isModuleFault(rule.fault)) await this.strike(rule.fault);
    }
    return refusal;
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
      if (!matches(rule) || "direction" in rule.at) return false;
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
      case "hang":
        modem.hang();
        return;
      case "contextLoss":
        modem.emit("contextLost", fault.contextId);
        return;
      case "noSignal":
        change(modem, cell, { rssi: 99 });
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

/** Number of the last byte that a rule touches. */
function lastByte({ at, fault }: ByteRule): number {
  return isModuleFault(fault) ? at.byte : at.byte + fault.count - 1;
}

function spoil(fault: ByteFault, bytes: Buffer): Buffer {
  switch (fault.kind) {
    case "drop":
      return Buffer.alloc(0);
    case "duplicate":
      return Buffer.concat([bytes, bytes]);
    case "corrupt":
      return Buffer.from(bytes.map((byte) => byte ^ fault.mask));
  }
}

function isModuleFault(fault: FaultRule["fault"]): fault is ModuleFault {
  switch (fault.kind) {
    case "drop":
    case "duplicate":
    case "corrupt":
    case "result":
    case "reply":
      return false;
    case "delay":
    case "urc":
    case "restart":
    case "powerLoss":
    case "unplug":
    case "hang":
    case "contextLoss":
    case "noSignal":
    case "simRemoved":
    case "run":
      return true;
  }
}

function notEmpty(segment: Segment): boolean {
  return segment.kind !== "bytes" || segment.bytes.length > 0;
}
