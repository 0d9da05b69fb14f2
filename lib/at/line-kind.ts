/**
 * What a line from the module is. With a command in flight the tests are, in this order:
 *
 *   1. equals the command line                     -> echo
 *   2. as a whole is a result code, V.250's or one -> result        (2, 3, 5 only after the echo, where echo is on)
 *      that the command declared
 *   3. has a header that the command declared      -> information
 *   4. has any other header                        -> unsolicited
 *   5. the command declared free text              -> information   (but not the unsolicited words)
 *   6. anything else                               -> unsolicited
 *
 * A line that is not known clears nothing and blocks nothing. Pure.
 */
import { type Command, headerOf, parseParameters } from "./command";

/** What is known of the module's echo (V.250 section 6.2.4). */
export type Echo = "unknown" | "on" | "off";

export type LineKind =
  | { readonly kind: "echo" }
  | { readonly kind: "result"; readonly result: ResultCode }
  | { readonly kind: "information" }
  | { readonly kind: "unsolicited" }
  /** The answer or the echo of a command that another program gave. */
  | { readonly kind: "foreign" }
  /** Still owed for a command that has ended, after synchronism was lost. */
  | { readonly kind: "late" };

/** What decides about a line: the command in flight, or why there is none. */
export type LineContext =
  | {
      readonly kind: "inFlight";
      readonly command: Command<unknown>;
      readonly echo: Echo;
      readonly echoSeen: boolean;
      readonly format: ResultFormat;
    }
  | { readonly kind: "idle"; readonly format: ResultFormat }
  /** `last` is the command whose answer was given up. */
  | {
      readonly kind: "outOfSync";
      readonly format: ResultFormat;
      readonly last: Command<unknown> | undefined;
    };

/** Unsolicited words without a header, in capitals; a free-text answer does not hold them. */
const UNSOLICITED_WORDS: ReadonlySet<string> = new Set([
  "RING",
  "NO CARRIER",
  "NO DIALTONE",
  "BUSY",
  "NO ANSWER",
  "RDY",
  "APP RDY",
  "POWERED DOWN",
  "NORMAL POWER DOWN",
  "SMS DONE",
  "PB DONE",
  "SMS READY",
  "CALL READY",
]);

/** A command line as an echo shows it: bare, with an extended command, or with basic commands and their digits. */
const COMMAND_LINE = /^AT(?:$|[+^*$#%!][A-Z]|(?:&?[A-Z]\d)+)/i;

/** The kind of a complete, non-empty line. */
export function lineKind(line: string, context: LineContext): LineKind {
  const text = line.trim();
  const result = readResultCode(text, context.format);
  switch (context.kind) {
    case "inFlight": {
      const { command, echo, echoSeen } = context;
      if (text === command.line.trim()) return { kind: "echo" };
      if (COMMAND_LINE.test(text)) return { kind: "foreign" };
      if (echo === "on" && !echoSeen) return { kind: result === undefined ? "unsolicited" : "foreign" };
      if (result !== undefined) return { kind: "result", result };
      if (command.endings?.includes(text) === true) {
        return { kind: "result", result: { kind: "declared", text } };
      }
      return { kind: isInformation(line, command) ? "information" : "unsolicited" };
    }
    case "idle":
      return { kind: result !== undefined || COMMAND_LINE.test(text) ? "foreign" : "unsolicited" };
    case "outOfSync": {
      const owed = context.last !== undefined && isOwed(line, context.last);
      return { kind: owed || result !== undefined || COMMAND_LINE.test(text) ? "late" : "unsolicited" };
    }
  }
}

/** True for what ends or answers `command`. */
function isOwed(line: string, command: Command<unknown>): boolean {
  return command.endings?.includes(line.trim()) === true || isInformation(line, command);
}

/** True for information text that answers `command`. */
function isInformation(line: string, command: Command<unknown>): boolean {
  const header = headerOf(line);
  if (header !== undefined) return command.headers.includes(header) && (command.accepts?.(line) ?? true);
  return command.freeText === true && !UNSOLICITED_WORDS.has(line.trim().toUpperCase());
}

/**
 * Signs that the module has restarted, so that every setting made over this connection is gone.
 *
 * | sign                          | why it is one                                                            |
 * |-------------------------------|--------------------------------------------------------------------------|
 * | `RDY`, `APP RDY`              | said once, when the AT port is ready after power-up                      |
 * | `POWERED DOWN`                | said last before the power goes                                          |
 * | `+CFUN: 1` unsolicited       | said at boot, where `RDY` may have been missed                           |
 * | an echo after it was off      | echo is on again after a restart                                         |
 *
 * Not signs by themselves: `+CPIN`, `+QUSIM` and `+QIND: … DONE`, which also follow a SIM card put in or a PIN, and
 * `+APIND`, which comes many seconds after the `RDY` of the same start. On USB the port itself vanishes, which ends
 * the connection.
 */
export type ResetCause = "ready" | "poweredDown" | "functionality" | "echo";

const RESET_WORDS: ReadonlyMap<string, ResetCause> = new Map([
  ["RDY", "ready"],
  ["APP RDY", "ready"],
  ["POWERED DOWN", "poweredDown"],
  ["NORMAL POWER DOWN", "poweredDown"],
]);

const FULL_FUNCTIONALITY = /^\+CFUN:\s*1$/;

/** So long after another sign `+CFUN: 1` belongs to the same start of the module, in ms. */
export const BOOT_TIME_MS = 60_000;

/** The restart that an unsolicited line tells of, or undefined. `sinceLast`: ms since the last sign of a restart. */
export function resetSign(line: string, sinceLast: number): ResetCause | undefined {
  const text = line.trim();
  if (FULL_FUNCTIONALITY.test(text)) return sinceLast < BOOT_TIME_MS ? undefined : "functionality";
  return RESET_WORDS.get(text);
}

/*
 * Lines behind which a text follows that somebody outside has written: the sender of a short message, a network, a
 * peer. Other programs switch them on (`AT+CNMI=2,2`), and what such a text says is no word of the module.
 *
 * How many lines a text has is not told. Certain is that the module writes header and text in one go, so the text is
 * over when the module has answered a command that was written after its header had come.
 */

/** Deliveries of messages and broadcasts: 3GPP TS 27.005 section 3.4.1. */
const DELIVERIES: ReadonlySet<string> = new Set(["+CMT", "+CBM", "+CDS"]);

/** Other lines with such a text: messages that another program reads, USSD, data of sockets and of MQTT. */
const OTHER_TEXTS: ReadonlySet<string> = new Set([
  "+CMGR",
  "+CMGL",
  "+QCMGR",
  "+QCMGL",
  "+CUSD",
  "+QIRD",
  "+QSSLRECV",
  "+QMTRECV",
]);

/**
 * Data of a socket in direct push mode, with their length: `+QIURC: "recv",0,4` and then the data. Without a length
 * it says that data wait for `AT+QIRD`, as on the sockets of this package, and nothing follows.
 */
const PUSHED_DATA = /^\+QIURC:\s*"recv",\s*\d+\s*,/i;

/**
 * Whether a text of somebody outside comes with an unsolicited line: `next`, where the next line is one; `perhaps`, where
 * lines of it may come in the line or behind it. A status report has a text in PDU form only (`+CDS: 25`).
 */
export function outsideText(line: string): "next" | "perhaps" | undefined {
  const header = headerOf(line);
  if (header === undefined) return undefined;
  if (OTHER_TEXTS.has(header) || PUSHED_DATA.test(line)) return "perhaps";
  if (!DELIVERIES.has(header)) return undefined;
  return header !== "+CDS" || parseParameters(line).length === 1 ? "next" : "perhaps";
}

/*
 * Result codes of V.250 section 5.7.1 and 3GPP TS 27.007 section 9: the tables, and reading one.
 *
 * A line is a result code only as a whole. `OKAY`, `OK google` and a file name that ends with OK are none.
 */

/** How the module writes result codes: words (V1) or digits (V0). */
export type ResultFormat = "words" | "digits";

export type ResultCode =
  | { readonly kind: "ok" }
  | { readonly kind: "error" }
  /** One that the command in flight declares for itself, such as `SEND OK`. */
  | { readonly kind: "declared"; readonly text: string }
  /** `+CME ERROR` or `+CMS ERROR`; the number is undefined when it is given in words that are not known. */
  | { readonly kind: "extended"; readonly family: "CME" | "CMS"; readonly number: number | undefined }
  /** Intermediate here: the command goes on after its data. With a number it announces so many raw bytes. */
  | { readonly kind: "connect"; readonly length: number | undefined };

const DIGITS: ReadonlyMap<string, ResultCode> = new Map([
  ["0", { kind: "ok" }],
  ["1", { kind: "connect", length: undefined }],
  ["4", { kind: "error" }],
]);

const EXTENDED = /^\+(CM[ES]) ERROR:(.*)$/;
const CONNECT = /^CONNECT(?: (\d{1,9}))?$/;

/**
 * Reads a line as a result code of a command in flight; undefined when it is none.
 *
 * `NO CARRIER`, `BUSY`, `NO ANSWER` and `NO DIALTONE` end dialling, which this package never does; they come when a
 * call of somebody else ends, and must not end a command.
 */
export function readResultCode(line: string, format: ResultFormat): ResultCode | undefined {
  const text = line.trim();
  const extended = EXTENDED.exec(text);
  if (extended !== null) return readExtended(extended[1] ?? "", (extended[2] ?? "").trimStart());
  if (format === "digits") return DIGITS.get(text);
  if (text === "OK") return { kind: "ok" };
  if (text === "ERROR") return { kind: "error" };
  const connect = CONNECT.exec(text);
  if (connect === null) return undefined;
  return { kind: "connect", length: connect[1] === undefined ? undefined : Number(connect[1]) };
}

function readExtended(family: string, error: string): ResultCode {
  const number = /^\d{1,5}$/.test(error) ? Number(error) : CME_WORDS.get(error.toLowerCase());
  return family === "CME"
    ? { kind: "extended", family: "CME", number }
    : { kind: "extended", family: "CMS", number: /^\d/.test(error) ? number : undefined };
}

/** Words of `+CME ERROR` with CMEE=2 and their numbers: 3GPP TS 27.007 section 9.2. */
const CME_WORDS: ReadonlyMap<string, number> = new Map([
  ["phone failure", 0],
  ["no connection to phone", 1],
  ["phone-adaptor link reserved", 2],
  ["operation not allowed", 3],
  ["operation not supported", 4],
  ["ph-sim pin required", 5],
  ["ph-fsim pin required", 6],
  ["ph-fsim puk required", 7],
  ["sim not inserted", 10],
  ["sim pin required", 11],
  ["sim puk required", 12],
  ["sim failure", 13],
  ["sim busy", 14],
  ["sim wrong", 15],
  ["incorrect password", 16],
  ["sim pin2 required", 17],
  ["sim puk2 required", 18],
  ["memory full", 20],
  ["invalid index", 21],
  ["not found", 22],
  ["memory failure", 23],
  ["text string too long", 24],
  ["invalid characters in text string", 25],
  ["dial string too long", 26],
  ["invalid characters in dial string", 27],
  ["no network service", 30],
  ["network timeout", 31],
  ["network not allowed - emergency calls only", 32],
  ["network personalization pin required", 40],
  ["network personalization puk required", 41],
  ["network subset personalization pin required", 42],
  ["network subset personalization puk required", 43],
  ["service provider personalization pin required", 44],
  ["service provider personalization puk required", 45],
  ["corporate personalization pin required", 46],
  ["corporate personalization puk required", 47],
  ["unknown", 100],
]);
