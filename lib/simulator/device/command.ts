/**
 * What a command of the simulated modem is: its handlers, what they are given, and how they answer.
 *
 * Commands stand in tables, one file per feature in `commands/`. A handler sends information lines through its
 * context and returns the final result, so that each command has exactly one.
 */
import type { CollectOptions, Collected } from "./data-mode";
import type { Device } from "./device";
import type { Parameter } from "./parameters";
import type { ModemPort } from "./port";

/** `AT+X` | `AT+X?` | `AT+X=?` | `AT+X=...` */
export type CommandForm = "exec" | "read" | "test" | "write";

/** How a command ends; the port puts it into the words or digits of V, Q and CMEE. */
export type FinalResult =
  | { readonly kind: "ok" }
  | { readonly kind: "error" }
  | { readonly kind: "noCarrier" }
  /** A result in words of its own, such as `SEND OK`; the same under V0. */
  | { readonly kind: "text"; readonly text: string }
  /** `+CME ERROR: code`, or `ERROR` under CMEE=0. */
  | { readonly kind: "cme"; readonly code: number }
  | { readonly kind: "cms"; readonly code: number };

export const OK: FinalResult = { kind: "ok" };
export const ERROR: FinalResult = { kind: "error" };
export const NO_CARRIER: FinalResult = { kind: "noCarrier" };
/** The block was taken by the TCP/IP stack. */
export const SEND_OK: FinalResult = { kind: "text", text: "SEND OK" };
/** The send buffer had no room; nothing of the block was taken. */
export const SEND_FAIL: FinalResult = { kind: "text", text: "SEND FAIL" };
export const cme = (code: number): FinalResult => ({ kind: "cme", code });
export const cms = (code: number): FinalResult => ({ kind: "cms", code });

/** One execution of a command. */
export interface CommandContext {
  readonly modem: Device;
  /** The port the command came in on. */
  readonly port: ModemPort;
  /** Upper case with its `+`, for example `+QSMTPCFG`. */
  readonly name: string;
  readonly form: CommandForm;
  /** What stood behind `=`, one character per byte; empty in the other forms. */
  readonly argumentText: string;
  /** `argumentText` cut into parameters; none in the other forms. */
  readonly parameters: readonly Parameter[];
  /** Aborted when the module restarts, loses power or is unplugged. */
  readonly signal: AbortSignal;

  /** Sends one information line, framed. */
  readonly info: (line: string) => void;
  /** Sends bytes as they are: no framing, no echo rules. Use latin1 strings or buffers. */
  readonly raw: (bytes: Uint8Array | string) => void;
  /**
   * Sends CONNECT and collects bytes in data mode.
   *
   * Rejects when `signal` is aborted; a handler lets that pass.
   */
  readonly collect: (options: CollectOptions) => Promise<Collected>;
  /** Waits so many milliseconds of the modem's clock; rejects when `signal` is aborted. */
  readonly wait: (ms: number) => Promise<void>;
  /** Does something right after the final result has been sent: background work, a URC, a reset. */
  readonly afterResult: (action: () => void) => void;
}

/** A form of a command. What it throws, other than by an abort, is a fault of the simulator and ends as ERROR. */
export type CommandHandler = (context: CommandContext) => FinalResult | Promise<FinalResult>;

/** The forms a command has; any other form is answered with ERROR. */
export type Command = { readonly [form in CommandForm]?: CommandHandler } & {
  /** Milliseconds of thinking before the answer; left out: as `timing.thinkingMs` says. */
  readonly thinkingMs?: number;
};

/** Commands by upper-case name with `+`. */
export type CommandTable = Readonly<Record<string, Command>>;

/** Commands and what they do at every start of the module. */
export interface Feature {
  readonly name: string;
  readonly commands: CommandTable;
  /** Called at each start of the module, before the first URC, with fresh volatile states. */
  readonly start?: (modem: Device) => void;
}

/** A test form that only says OK, as many commands have. */
export const testOk: CommandHandler = () => OK;

/** A form that answers one fixed information line. */
export const answer =
  (...lines: readonly string[]): CommandHandler =>
  (context) => {
    for (const line of lines) context.info(line);
    return OK;
  };
