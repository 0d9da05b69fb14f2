/**
 * Tokenizer: bytes from the module cut into lines, raw bytes and acknowledgements.
 *
 *   bytes ──push──> [ raw bytes expected? ] ──> data
 *                   [ acks expected, line start, `A`? ] ──> ack
 *                   [ prompt expected, line start, `>`? ] ──> prompt
 *                   [ up to LF ] ──> line, without CR, LF and NUL, never empty
 *
 * It knows neither commands nor result codes, has no clock, and gives the same tokens however the bytes are cut. Its
 * user pulls tokens one by one, so that what `CONNECT 512` announces can be expected before the next byte is looked at.
 *
 * A line ends with LF, never with CR: a result whose LF is still to come is not over yet, and the next command would
 * run into it. One exception: with V0 a result code is digits and CR alone (V.250 section 5.7.1), so a line of one or
 * two digits ends with its CR. Where its user expects so, a prompt needs no line end, and a header ends with a comma.
 * Characters are bytes (latin1).
 */

export type Token =
  | { readonly kind: "line"; readonly text: string }
  /** The next part of the raw bytes expected; `left` are still to come. */
  | { readonly kind: "data"; readonly bytes: Buffer; readonly left: number }
  /** The module took a block of 1024 bytes (acknowledged upload). */
  | { readonly kind: "ack" }
  /** The module asks for the payload; the blank or line end behind the `>` of some firmware is an empty line. */
  | { readonly kind: "prompt" }
  /** More than a line can hold came without a line end; it is thrown away up to the next LF. */
  | { readonly kind: "garbage" };

/** Longest line kept, in bytes; the longest of a module is below 2 KiB. */
export const LONGEST_LINE = 8192;

const LF = 0x0a;
const CR = 0x0d;
const ACK = 0x41;
const PROMPT = 0x3e;
const COMMA = 0x2c;
/** What follows the header of a line that announces raw bytes behind a comma. */
const COUNT = /^: ?\d{1,5},$/;
const LONGEST_COUNT = 8;
const NUMERIC_RESULT = /^\d{1,2}$/;
const NOTHING = Buffer.alloc(0);

export class Tokenizer {
  private input: Buffer = NOTHING;
  private offset = 0;
  /** The text since the last CR or LF. */
  private text = "";
  /** Bytes in it, and in the texts since the last LF that a CR has ended. */
  private held = 0;
  private skipping = false;
  /**
   * Tokens from `first` to `released` are to be given out, those behind it are texts that wait for their LF. The places are
   * used again: a flood of short lines would make a new list for each.
   */
  private readonly tokens: (Token | undefined)[] = [];
  private first = 0;
  private released = 0;
  private count = 0;
  private rawLeft = 0;
  private acksLeft = 0;
  private promptExpected = false;
  /** A line that begins so and goes on with a number and a comma ends with that comma. */
  private header: string | undefined;

  /** Takes the next bytes; the buffer must not be changed afterwards. */
  push(bytes: Buffer): void {
    this.input =
      this.offset === this.input.length ? bytes : Buffer.concat([this.input.subarray(this.offset), bytes]);
    this.offset = 0;
  }

  /** The next `count` bytes are raw: no line end, result code or acknowledgement is looked for in them. */
  expectBytes(count: number): void {
    this.rawLeft = count;
  }

  /** Up to `count` bytes `A` that stand where a line would begin are acknowledgements. */
  expectAcks(count: number): void {
    this.acksLeft = count;
  }

  /** The next `>` that stands where a line would begin is the prompt. */
  expectPrompt(): void {
    this.promptExpected = true;
  }

  /** Lines `<header>: <number>,` end with that comma, so that the raw bytes behind it can be expected. */
  expectHeader(header: string): void {
    this.header = header;
  }

  /** Expects lines alone again. */
  expectLines(): void {
    this.rawLeft = 0;
    this.acksLeft = 0;
    this.promptExpected = false;
    this.header = undefined;
  }

  /** The next token, or undefined until more bytes come. */
  next(): Token | undefined {
    while (this.first === this.released && this.offset < this.input.length) {
      if (this.rawLeft > 0) this.takeRaw();
      else if (this.acksLeft > 0 && this.isAtLineStart() && this.input[this.offset] === ACK) this.takeAck();
      else if (this.promptExpected && this.isAtSegmentStart() && this.input[this.offset] === PROMPT)
        this.takePrompt();
      else this.takeText();
    }
    if (this.first === this.released) return undefined;
    const token = this.tokens[this.first];
    this.tokens[this.first++] = undefined;
    if (this.first === this.count) this.first = this.released = this.count = 0;
    return token;
  }

  private add(token: Token): void {
    this.tokens[this.count++] = token;
  }

  private takeRaw(): void {
    const bytes = this.input.subarray(this.offset, this.offset + this.rawLeft);
    this.offset += bytes.length;
    this.rawLeft -= bytes.length;
    this.add({ kind: "data", bytes, left: this.rawLeft });
    this.released = this.count;
  }

  private takeAck(): void {
    this.offset++;
    this.acksLeft--;
    this.add({ kind: "ack" });
    this.released = this.count;
  }

  private takePrompt(): void {
    this.offset++;
    this.promptExpected = false;
    // Behind an echo that ends with CR alone.
    this.add({ kind: "prompt" });
    this.release();
  }

  private isAtSegmentStart(): boolean {
    return this.text === "" && !this.skipping;
  }

  private isAtLineStart(): boolean {
    return this.held === 0 && !this.skipping;
  }

  /** Takes what stands before the next CR or LF, and that byte if it has come. */
  private takeText(): void {
    const { header } = this;
    let end = this.offset;
    while (end < this.input.length && this.input[end] !== LF && this.input[end] !== CR) {
      end++;
      if (header !== undefined && this.input[end - 1] === COMMA) return this.takeToComma(header, end);
    }
    if (end > this.offset && !this.skipping) this.hold(this.input.toString("latin1", this.offset, end));
    const ending = this.input[end];
    this.offset = Math.min(end + 1, this.input.length);
    if (ending === CR || ending === LF) this.endSegment();
    if (ending !== LF) return;
    this.release();
    this.skipping = false;
  }

  /** Takes what stands before `end`, a comma included; it is a line when it is `header` and a number. */
  private takeToComma(header: string, end: number): void {
    if (!this.skipping) this.hold(this.input.toString("latin1", this.offset, end));
    this.offset = end;
    // Longer ones are not looked at, so that a line of commas is read in linear time.
    if (this.held > header.length + LONGEST_COUNT) return;
    const { text } = this;
    if (!text.startsWith(header) || !COUNT.test(text.slice(header.length))) return;
    this.endSegment();
    this.release();
  }

  private hold(text: string): void {
    this.held += text.length;
    if (this.held > LONGEST_LINE) {
      this.count = this.released;
      this.add({ kind: "garbage" });
      this.release();
      this.skipping = true;
    } else {
      this.text += text;
    }
  }

  private endSegment(): void {
    if (this.text === "") return;
    const text = this.text.replaceAll("\0", "");
    this.text = "";
    if (text.trim() !== "") this.add({ kind: "line", text });
    if (NUMERIC_RESULT.test(text)) this.release();
  }

  private release(): void {
    this.released = this.count;
    this.text = "";
    this.held = 0;
  }
}
