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

  /**
   * Takes what stands before the next CR or LF, and that byte if it has come; or up to the comma behind the expected
   * header and a number, which ends a line as LF does.
   */
  private takeText(): void {
    const { header, input, offset } = this;
    let end = offset;
    while (end < input.length && input[end] !== LF && input[end] !== CR) {
      if (header !== undefined && input[end] === COMMA) break;
      end++;
    }
    const ending = input[end];
    // A comma that ends no line is text.
    const textEnd = ending === COMMA ? end + 1 : end;
    this.offset = Math.min(end + 1, input.length);
    if (textEnd > offset && !this.skipping) {
      this.held += textEnd - offset;
      this.text += input.toString("latin1", offset, textEnd);
    }
    if (this.held > LONGEST_LINE) {
      this.count = this.released;
      this.add({ kind: "garbage" });
      this.release();
      this.skipping = true;
    }
    let isLine = ending === LF || (ending === COMMA && header !== undefined && this.announces(header));
    if (!isLine && ending !== CR) return;
    if (this.text !== "") {
      const text = this.text.replaceAll("\0", "");
      this.text = "";
      if (text.trim() !== "") this.add({ kind: "line", text });
      isLine ||= NUMERIC_RESULT.test(text);
    }
    if (isLine) this.release();
    if (ending === LF) this.skipping = false;
  }

  /**
   * True when the text is `header`, a number and a comma. A longer one is not looked at, so that a line of commas is read in
   * linear time.
   */
  private announces(header: string): boolean {
    const { held, text } = this;
    return (
      held <= header.length + LONGEST_COUNT &&
      text.startsWith(header) &&
      COUNT.test(text.slice(header.length))
    );
  }

  private release(): void {
    this.released = this.count;
    this.text = "";
    this.held = 0;
  }
}
