/** Text of any length made fit for a mail, in pieces: 16 MB at once would hold up the runtime for seconds. */
import { wellFormed, withCrLf, withoutControls } from "./text";
import type { Work } from "./turns";

/** UTF-16 units made fit in one turn of the event loop: less than 10 ms, even when each of them is replaced. */
const PIECE = 64 * 1024;

export interface FitText {
  /** Unicode without lone surrogates and control characters; lines end with CR LF. */
  readonly text: string;
  /** Control characters were removed. */
  readonly removed: boolean;
}

export function* fitText(text: string): Work<FitText> {
  const pieces: string[] = [];
  let removed = false;
  for (const piece of piecesOf(text)) {
    // Not beside what made the text either, when it is a long one.
    if (text.length > PIECE) yield;
    const clean = withoutControls(wellFormed(piece));
    removed ||= clean.removed;
    pieces.push(withCrLf(clean.text));
  }
  return { text: pieces.join(""), removed };
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

/** Cuts a text where neither a surrogate pair nor CR LF is divided. */
function* piecesOf(text: string): Iterable<string> {
  for (let at = 0; at < text.length;) {
    let end = Math.min(text.length, at + PIECE);
    if (isPair(text, end)) end++;
    yield text.slice(at, end);
    at = end;
  }
}

function isPair(text: string, at: number): boolean {
  const [before, after] = [text.charCodeAt(at - 1), text.charCodeAt(at)];
  if (before === 0x0d) return after === 0x0a;
  return before >= 0xd800 && before < 0xdc00 && after >= 0xdc00 && after < 0xe000;
}
