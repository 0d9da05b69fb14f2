/** Unicode text made fit for a mail, also one of megabytes: no lone surrogates, no control characters, line ends as in RFC 5322. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { types } from "node:util";
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

/** True when the text holds a control character of any kind (C0, DEL, C1), line ends and tabs included. */
export function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** True when every character is one of ASCII. */
export function isAscii(text: string): boolean {
  return /^\p{ASCII}*$/u.test(text);
}

/** Control characters except tabs and line ends. */
export const CONTROLS = /[^\P{Cc}\t\r\n\u0085]/gu;
const LINE_ENDS = /\r\n|[\r\n\u0085\u2028\u2029]/g;

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

/*
 * LongText: a text made of many pieces, megabytes of them, without a turn of the event loop that joins them all.
 *
 * What `replace` and `+` return is a tree of strings, and reading the first character of a large one copies all of it.
 * So each piece is made flat when it is added, and small pieces are joined to larger ones on the way.
 */

/** UTF-16 units worked on in one turn of the event loop: less than 10 ms, even when each of them is replaced. */
export const PIECE = 64 * 1024;

export class LongText {
  private readonly joined: string[] = [];
  private open: string[] = [];
  private openLength = 0;
  private joinedLength = 0;

  /** UTF-16 units so far. */
  get length(): number {
    return this.joinedLength + this.openLength;
  }

  /** True when so much was added that others should have their turn. */
  add(piece: string): boolean {
    this.open.push(piece);
    this.openLength += piece.length;
    if (this.openLength < PIECE) return false;
    this.close();
    return true;
  }

  toString(): string {
    this.close();
    return this.joined.join("");
  }

  private close(): void {
    this.joined.push(flat(this.open));
    this.joinedLength += this.openLength;
    this.open = [];
    this.openLength = 0;
  }
}

/** The pieces as one flat string: looking at a character makes it so. */
export function flat(pieces: readonly string[]): string {
  const text = pieces.join("");
  text.charCodeAt(0);
  return text;
}

/** Cuts a text into pieces of about `length` UTF-16 units; neither a surrogate pair nor CR LF is divided. */
export function* piecesOf(text: string, length = PIECE): Iterable<string> {
  for (let at = 0; at < text.length;) {
    let end = Math.min(text.length, at + length);
    if (isPair(text, end)) end++;
    yield text.slice(at, end);
    at = end;
  }
}

/** The same pieces in UTF-8. */
export function* bytePieces(text: string, length = PIECE): Iterable<Buffer> {
  for (const piece of piecesOf(text, length)) yield Buffer.from(piece);
}

function isPair(text: string, at: number): boolean {
  const [before, after] = [text.charCodeAt(at - 1), text.charCodeAt(at)];
  if (before === 0x0d) return after === 0x0a;
  return before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000;
}

/* Text of any length made fit for a mail, in pieces: 16 MB at once would hold up the runtime for seconds. */

interface FitText {
  /** Unicode without lone surrogates and control characters; lines end with CR LF. */
  readonly text: string;
  /** Control characters were removed. */
  readonly removed: boolean;
}

/** A text made fit at once, so a short one. */
export function fitPiece(text: string): FitText {
  const formed = text.toWellFormed();
  const clean = formed.replace(CONTROLS, "");
  return { text: clean.replace(LINE_ENDS, "\r\n"), removed: clean.length !== formed.length };
}

export function* fitText(text: string): Work<FitText> {
  if (text.length <= PIECE) return fitPiece(text);
  const fit = new LongText();
  let removed = false;
  for (const piece of piecesOf(text)) {
    // Not in the turn of what made the text either.
    yield;
    const clean = fitPiece(piece);
    removed ||= clean.removed;
    fit.add(clean.text);
  }
  return { text: fit.toString(), removed };
}

/** True when `text` is `lines` with CR LF in the place of each LF, and with no other line end. */
export function* isWithCrLf(lines: string, text: string): Work<boolean> {
  if (lines.includes("\r")) return false;
  let at = 0;
  for (const piece of piecesOf(lines)) {
    if (at > 0) yield;
    const expected = piece.replaceAll("\n", "\r\n");
    if (!text.startsWith(expected, at)) return false;
    at += expected.length;
  }
  return at === text.length;
}

/** The bytes of a text in UTF-8, or as `name` has it; lone surrogates become U+FFFD. */
export function* textBytes(text: string, name: BufferEncoding = "utf8"): Work<Buffer> {
  const parts: Buffer[] = [];
  for (const piece of piecesOf(text)) {
    if (parts.length > 0) yield;
    parts.push(Buffer.from(piece, name));
  }
  return Buffer.concat(parts);
}

/** The same as `textFile`, in pieces. */
export function* longTextFile(text: string): Work<Buffer> {
  let isPlain = true;
  for (const piece of piecesOf(text)) {
    isPlain &&= isAscii(piece);
    if (!isPlain) break;
    if (text.length > PIECE) yield;
  }
  return yield* textBytes(isPlain || text.startsWith("\uFEFF") ? text : `\uFEFF${text}`);
}

/** Work that lets go of the event loop wherever it yields. */
export type Work<T> = Generator<void, T, void>;

/** Does `work` with a turn of the event loop between its pieces; rejects with what it throws. */
export async function inTurns<T>(work: Work<T>): Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    await nextTurn();
  }
}
