/**
 * What a line from the module is, decided by the command in flight alone, in this order:
 *
 *   1. equals the command line                     -> echo
 *   2. as a whole is a result code                 -> result        (2, 3, 5 only after the echo, where echo is on)
 *   3. has a header that the command declared      -> information
 *   4. has any other header                        -> unsolicited
 *   5. the command declared free text              -> information   (but not the known words of 4)
 *   6. anything else                               -> unsolicited, or foreign: an answer that nobody here asked for
 *
 * A line with a header is never swallowed because it is not known, and never clears anything.
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
  | { readonly kind: "foreign" };

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

const COMMAND_LINE = /^AT[A-Z0-9+&^*$#%!]/i;

export interface InFlight {
  readonly command: Command<unknown>;
  readonly echo: Echo;
  readonly echoSeen: boolean;
  readonly format: ResultFormat;
}

/** The kind of `line` while a command is in flight. */
export function lineKind(line: string, inFlight: InFlight): LineKind {
  const { command, echo, echoSeen, format } = inFlight;
  if (line.trimEnd() === command.line.trimEnd()) return { kind: "echo" };
  if (COMMAND_LINE.test(line)) return { kind: "foreign" };
  const result = readResultCode(line, format);
  if (echo === "on" && !echoSeen) return { kind: result === undefined ? "unsolicited" : "foreign" };
  if (result !== undefined) return { kind: "result", result };
  return { kind: belongsTo(line, command) ? "information" : "unsolicited" };
}

/** The kind of `line` while none is in flight. */
export function idleLineKind(line: string, format: ResultFormat): LineKind {
  const answer = COMMAND_LINE.test(line) || readResultCode(line, format) !== undefined;
  return { kind: answer ? "foreign" : "unsolicited" };
}

/** True for information text that answers `command`. */
export function belongsTo(line: string, command: Command<unknown>): boolean {
  const header = headerOf(line);
  if (header !== undefined) {
    return command.headers.includes(header) && (command.accepts?.(line) ?? true);
  }
  return command.freeText === true && !UNSOLICITED_WORDS.has(line.trim());
}
