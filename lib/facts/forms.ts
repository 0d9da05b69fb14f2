/**
 * Command lines of questions: forms that no client command has, because they are wrong, at a limit, or useless.
 *
 * Everything in them is a constant of this folder or was read from the module in the same form; the channel still
 * refuses what is not one command line.
 */
import type { Command, Payload } from "../at/command";
import { TIMEOUT_MS } from "../quectel/commands/common";

export interface FormOptions {
  /** Milliseconds; see `Command`. */
  readonly timeoutMs?: number;
  readonly payload?: Payload;
  /** Parts of the line that nothing may show. */
  readonly secrets?: readonly string[];
}

/** Commands whose answer has no header. */
const FREE_TEXT: ReadonlySet<string> = new Set(["+CGMI", "+CGMM", "+CGMR", "+QGMR"]);

/** The command of a line, its answer as the lines of its information text. */
export function form(line: string, options: FormOptions = {}): Command<readonly string[]> {
  const header = /^AT(\+[A-Z]+)/.exec(line)?.[1];
  return {
    line,
    headers: header === undefined ? [] : [header],
    timeoutMs: TIMEOUT_MS.short,
    // Of all others a line without header is somebody's short message, or a position.
    freeText: header === undefined || FREE_TEXT.has(header),
    ...options,
    parse: ({ lines }) => lines,
  };
}

/** An e-mail address of so many bytes, as far as one can be so short. */
export function addressOf(length: number): string {
  const domain = "@example.com";
  return length > domain.length ? "a".repeat(length - domain.length) + domain : "a".repeat(length);
}

/** A host name of so many bytes, in labels of at most ten. */
export function hostOf(length: number): string {
  return "hhhhhhhhh."
    .repeat(Math.ceil(length / 10))
    .slice(0, length)
    .replace(/\.$/, "h");
}

/** Information text behind the first parameter's key, `5,0` of `+QSSLCFG: "seclevel",5,0`. */
export function behindKey(line: string | undefined): string | undefined {
  return /^\+\w+: *"[^"]*",(.*)$/.exec(line ?? "")?.[1];
}

/** What the module answers to a command line. */
export type Reply =
  | { readonly kind: "ok"; readonly lines: readonly string[] }
  /** `ERROR`, or `+CME ERROR` with its number. */
  | { readonly kind: "refused"; readonly number: number | undefined };
