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
import type { Command } from "./command";
import { headerOf } from "./parameters";
import { readResultCode, type ResultCode, type ResultFormat } from "./result-codes";

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

/** Unsolicited words without a header; a free-text answer does not hold them. */
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
  return command.freeText === true && !UNSOLICITED_WORDS.has(line.trim());
}
