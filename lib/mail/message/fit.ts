/** Text of any length made fit for a mail, in pieces: 16 MB at once would hold up the runtime for seconds. */
import { LongText, PIECE, piecesOf } from "./long-text";
import { isAscii } from "../ascii-fold";
import { wellFormed, withCrLf, withoutControls } from "./text";
import type { Work } from "./turns";

export interface FitText {
  /** Unicode without lone surrogates and control characters; lines end with CR LF. */
  readonly text: string;
  /** Control characters were removed. */
  readonly removed: boolean;
}

export function* fitText(text: string): Work<FitText> {
  const fit = new LongText();
  let removed = false;
  for (const piece of piecesOf(text)) {
    // Not in the turn of what made the text either, when it is a long one.
    if (text.length > PIECE) yield;
    const clean = withoutControls(wellFormed(piece));
    removed ||= clean.removed;
    fit.add(withCrLf(clean.text));
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

/** The same as `textFile` of text.ts, in pieces. */
export function* longTextFile(text: string): Work<Buffer> {
  let isPlain = true;
  for (const piece of piecesOf(text)) {
    isPlain &&= isAscii(piece);
    if (!isPlain) break;
    if (text.length > PIECE) yield;
  }
  return yield* textBytes(isPlain || text.startsWith("\uFEFF") ? text : `\uFEFF${text}`);
}
