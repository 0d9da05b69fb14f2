/**
 * Fault plans: what goes wrong, and at which byte, command or step of a delivery.
 *
 * A rule fires once, at the n-th time its trigger is met since the plan was set; `every` makes it fire each time.
 */
import type { FinalResult } from "../device/command";
import type { Device } from "../device/device";
import type { PortName } from "../device/port";
import type { FaultPoints, OpenRefusal, SmtpOutcome, SmtpRefusal, SmtpStep } from "../device/fault-points";

/** A module with a fault plan, which a fault may replace. */
export interface FaultyDevice extends Device {
  readonly faults: FaultPoints & { set(plan: FaultPlan): void };
}

/** When a rule fires. Bytes and commands are counted from 1. */
export type FaultTrigger =
  /** Before byte `byte` from the host reaches the module. */
  | { readonly direction: "host" | "modem"; readonly byte: number; readonly port?: PortName }
  /** Before the n-th command of that name (`+QSMTPPUT`) is executed; default the first. */
  | { readonly command: string; readonly nth?: number | "every" }
  /** Before the n-th such step of a mail delivery; default the first. */
  | { readonly smtp: SmtpStep; readonly nth?: number | "every" }
  /** Before byte `byte` of the payload of all TCP connections, to the peer or from it. */
  | { readonly socket: "up" | "down"; readonly byte: number }
  /** Before the n-th QIOPEN connects; before the n-th block of QISEND is taken; default the first. */
  | { readonly socket: "open" | "send"; readonly nth?: number | "every" }
  /** At the n-th start of the module, before it says anything; default the first. */
  | { readonly start: "module"; readonly nth?: number | "every" }
  /** Before the n-th unsolicited line that begins so is sent; default the first. */
  | { readonly urc: string; readonly nth?: number | "every" };

/** What happens to the bytes of the line; at a byte trigger only. */
export type ByteFault =
  | { readonly kind: "drop"; readonly count: number }
  | { readonly kind: "duplicate"; readonly count: number }
  /** Bits of `mask` are turned over. */
  | { readonly kind: "corrupt"; readonly count: number; readonly mask: number };

/** What happens to the module; at every trigger. */
export type ModuleFault =
  /** This and all that follows comes so much later. */
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "urc"; readonly line: string }
  | { readonly kind: "restart" }
  | { readonly kind: "powerLoss" }
  | { readonly kind: "unplug" }
  /** The module takes bytes and says nothing until it is restarted. */
  | { readonly kind: "hang" }
  /** The port, or every port, is left in multiplexing mode (27.010) by another program. */
  | { readonly kind: "multiplexed"; readonly port?: PortName }
  | { readonly kind: "contextLoss"; readonly contextId?: number }
  | { readonly kind: "noSignal" }
  | { readonly kind: "simRemoved" }
  /** Until the next start no data pass although the context looks healthy; each mail ends with `err`. */
  | { readonly kind: "deadStack"; readonly err: number }
  /** Until the next start the card is not seen: CME 13. */
  | { readonly kind: "cardLost" }
  /** Until the next start QI*, QSMTP* and QF* are not served. */
  | { readonly kind: "deadApplication" }
  /** Anything else, such as a wrong state. */
  | { readonly kind: "run"; readonly run: (modem: FaultyDevice) => void };

/** What happens to a TCP connection; all but a stall is for ever. */
export type ConnectionFault =
  /** Nothing passes in this direction for so long. */
  | { readonly kind: "stall"; readonly ms: number }
  /** Nothing passes any more, without notice, as when a NAT forgot the connection. */
  | { readonly kind: "silence" }
  /** The peer resets the connection (RST). */
  | { readonly kind: "reset" }
  /** The connection ends on both sides; what comes behind is lost. */
  | { readonly kind: "cut" }
  /** The peer sends no more but would still take data (FIN). */
  | { readonly kind: "halfClose" };

/** Bits of one byte are turned over on the network; at a byte of a connection only. */
interface DamageFault {
  readonly kind: "damage";
  readonly mask: number;
}

/** The block of a QISEND is refused as if the send buffer were full; at a `send` trigger only. */
interface SendFault {
  readonly kind: "sendFail";
}

/** The unsolicited line is lost; at an `urc` trigger only. */
interface UrcFault {
  readonly kind: "lose";
}

/** Answers instead of the command; at a command trigger only. */
export interface CommandFault {
  readonly kind: "result";
  readonly result: FinalResult;
}

/** The server's reply, or the two numbers of the result line whatever happened; at an SMTP step only. */
export type SmtpFault =
  | ({ readonly kind: "reply" } & SmtpRefusal)
  | ({ readonly kind: "result" } & SmtpOutcome);

export type FaultRule =
  | {
      readonly at: Extract<FaultTrigger, { direction: string }>;
      readonly fault: ByteFault | ModuleFault;
    }
  | { readonly at: Extract<FaultTrigger, { command: string }>; readonly fault: CommandFault | ModuleFault }
  | { readonly at: Extract<FaultTrigger, { smtp: string }>; readonly fault: SmtpFault | ModuleFault }
  | {
      readonly at: { readonly socket: "up" | "down"; readonly byte: number };
      readonly fault: ConnectionFault | DamageFault | ModuleFault;
    }
  | {
      readonly at: { readonly socket: "open"; readonly nth?: number | "every" };
      readonly fault: OpenRefusal | ModuleFault;
    }
  | {
      readonly at: { readonly socket: "send"; readonly nth?: number | "every" };
      readonly fault: SendFault | ModuleFault;
    }
  | { readonly at: Extract<FaultTrigger, { start: string }>; readonly fault: ModuleFault }
  | { readonly at: Extract<FaultTrigger, { urc: string }>; readonly fault: UrcFault | ModuleFault };

export type FaultPlan = readonly FaultRule[];

/** Names what a rule does, for the log. */
export function describeRule(rule: FaultRule): string {
  const { at } = rule;
  return `fault at ${whereOf(at)}: ${rule.fault.kind}`;
}

function whereOf(at: FaultTrigger): string {
  if ("direction" in at) return `${at.direction} byte ${at.byte}`;
  if ("command" in at) return at.command;
  if ("smtp" in at) return `SMTP ${at.smtp}`;
  if ("urc" in at) return at.urc;
  if ("start" in at) return "start";
  return "byte" in at ? `socket ${at.socket} byte ${at.byte}` : `socket ${at.socket}`;
}

export type ByteRule = Extract<FaultRule, { at: { direction: string } }>;

/** Number of the last byte that a rule touches. */
export function lastByte({ at, fault }: ByteRule): number {
  return isModuleFault(fault) ? at.byte : at.byte + fault.count - 1;
}

/** The bytes as the fault leaves them. */
export function spoil(fault: ByteFault, bytes: Buffer): Buffer {
  switch (fault.kind) {
    case "drop":
      return Buffer.alloc(0);
    case "duplicate":
      return Buffer.concat([bytes, bytes]);
    case "corrupt":
      return Buffer.from(bytes.map((byte) => byte ^ fault.mask));
  }
}

/** True for what strikes the module at any trigger. */
export function isModuleFault(fault: FaultRule["fault"]): fault is ModuleFault {
  switch (fault.kind) {
    case "drop":
    case "duplicate":
    case "corrupt":
    case "result":
    case "reply":
    case "stall":
    case "silence":
    case "reset":
    case "cut":
    case "halfClose":
    case "damage":
    case "openError":
    case "sendFail":
    case "lose":
      return false;
    case "delay":
    case "urc":
    case "restart":
    case "powerLoss":
    case "unplug":
    case "hang":
    case "multiplexed":
    case "contextLoss":
    case "noSignal":
    case "simRemoved":
    case "deadStack":
    case "cardLost":
    case "deadApplication":
    case "run":
      return true;
  }
}
