/**
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
