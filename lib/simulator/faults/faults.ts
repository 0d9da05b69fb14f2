/**
 * Fault plans: what goes wrong, and at which byte, command or step of a delivery.
 *
 * A rule fires once, at the n-th time its trigger is met since the plan was set; `every` makes it fire each time.
 */
import type { FinalResult } from "../handler";
import type { SimulatedModem } from "../modem";
import type { PortName } from "../line/port";

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

/** When a rule fires. Bytes and commands are counted from 1. */
export type FaultTrigger =
  /** Before byte `byte` from the host reaches the module. */
  | { readonly direction: "host" | "modem"; readonly byte: number; readonly port?: PortName }
  /** Before the n-th command of that name (`+QSMTPPUT`) is executed; default the first. */
  | { readonly command: string; readonly nth?: number | "every" }
  /** Before the n-th such step of a mail delivery; default the first. */
  | { readonly smtp: SmtpStep; readonly nth?: number | "every" };

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
  | { readonly kind: "contextLoss"; readonly contextId?: number }
  | { readonly kind: "noSignal" }
  | { readonly kind: "simRemoved" }
  /** Anything else, such as a wrong state. */
  | { readonly kind: "run"; readonly run: (modem: SimulatedModem) => void };

/** Answers instead of the command; at a command trigger only. */
export interface CommandFault {
  readonly kind: "result";
  readonly result: FinalResult;
}

/** The server's reply; at an SMTP step only. */
export interface SmtpFault extends SmtpRefusal {
  readonly kind: "reply";
}

export type FaultRule =
  | {
      readonly at: Extract<FaultTrigger, { direction: string }>;
      readonly fault: ByteFault | ModuleFault;
    }
  | { readonly at: Extract<FaultTrigger, { command: string }>; readonly fault: CommandFault | ModuleFault }
  | { readonly at: Extract<FaultTrigger, { smtp: string }>; readonly fault: SmtpFault | ModuleFault };

export type FaultPlan = readonly FaultRule[];

/** Names what a rule does, for the log. */
export function describeRule(rule: FaultRule): string {
  const { at } = rule;
  const where =
    "direction" in at ? `${at.direction} byte ${at.byte}` : "command" in at ? at.command : `SMTP ${at.smtp}`;
  return `fault at ${where}: ${rule.fault.kind}`;
}
