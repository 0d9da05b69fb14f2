/** Unicode text made fit for a mail: no lone surrogates, no control characters, line ends as in RFC 5322. */
import { types } from "node:util";
import { isAscii } from "../ascii-fold";
import { primitiveText } from "./foreign";

/** Takes what had to be mended in a message, as a sentence for its `msg.smtp.warnings`. */
export type Warn = (warning: string) => void;

/**
 * A value as text: scalars as they are, a date in ISO 8601, an Error by its own text; undefined for everything else,
 * which may have JSON.
 */
export function textOf(value: unknown): string | undefined {
  const text = primitiveText(value);
  if (text !== undefined) return text;
  if (types.isDate(value)) {
    const time = Date.prototype.getTime.call(value);
    return Number.isNaN(time) ? "Invalid Date" : new Date(time).toISOString();
  }
  // JSON of an Error is `{}`, and an alarm without text is as good as lost.
  return types.isNativeError(value) ? String(value) : undefined;
}

/** Lone surrogates have no bytes in UTF-8; they become U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD");
}

/** True when the text holds a control character of any kind (C0, DEL, C1), line ends and tabs included. */
export function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** The text without control characters except tabs and line ends, and whether any was there. */
export function withoutControls(text: string): { readonly text: string; readonly removed: boolean } {
  const clean = text.replace(/[^\P{Cc}\t\r\n\u0085]/gu, "");
  return { text: clean, removed: clean.length !== text.length };
}

/** Every line end (CR LF, CR, LF, NEL, U+2028, U+2029) as CR LF. */
export function withCrLf(text: string): string {
  return text.replace(/\r\n|[\r\n\u0085\u2028\u2029]/g, "\r\n");
}

/** Parts of a text, an empty line between two of them; those that are empty are left out. */
export function paragraphs(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\r\n\r\n");
}

/** Text as the content of a file; a byte order mark where programs would have to guess the charset. */
export function textFile(text: string): Buffer {
  return Buffer.from(isAscii(text) || text.startsWith("\uFEFF") ? text : `\uFEFF${text}`, "utf8");
}

/** At most `length` UTF-16 units of the text, never half a surrogate pair. */
export function cut(text: string, length: number): string {
  const piece = text.slice(0, length);
  return /[\uD800-\uDBFF]$/.test(piece) ? piece.slice(0, -1) : piece;
}

/** A value of a message as it is shown in errors and warnings: short, in quotes, control characters escaped. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${cut(text, 79)}…` : text);
}
