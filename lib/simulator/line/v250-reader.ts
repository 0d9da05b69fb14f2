/**
 * Command line reader of V.250 5.2: single bytes in, whole command lines out.
 *
 * It finds the prefix AT, edits with S5, ends with S3 and knows A/. What a line means is no matter of this file.
 */
import type { LineSettings } from "../device/port";

/** What a byte brought about. */
export type ReaderEvent =
  | { readonly kind: "none" }
  /** The text behind AT, one character per byte. */
  | { readonly kind: "line"; readonly text: string }
  /** A/: do the last line again. */
  | { readonly kind: "repeat" }
  /** Longer than a module can hold. */
  | { readonly kind: "overrun" };

/** Not published; far above the longest line that any command needs. */
const longestLine = 2048;

const NUL = 0x00;
const LF = 0x0a;
const ESC = 0x1b;
const A = 0x41;
const T = 0x54;
const SLASH = 0x2f;
/** Turns a letter to upper case. */
const upper = (byte: number): number => (byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte);

const none: ReaderEvent = { kind: "none" };

type State =
  /** Looking for A; what is not A is ignored. */
  | { readonly kind: "idle" }
  | { readonly kind: "prefix" }
  | { readonly kind: "line"; readonly bytes: number[] };

export class CommandLineReader {
  private state: State = { kind: "idle" };
  private previous = NUL;

  constructor(private readonly settings: LineSettings) {}

  /** True when the byte is one that goes with the line end before it and is to be ignored, echo included. */
  isLineFeedAfterEnd(byte: number): boolean {
    return byte === LF && this.previous === this.register(3);
  }

  push(byte: number): ReaderEvent {
    const event = this.step(byte);
    this.previous = byte;
    return event;
  }

  /** Forgets a line begun, as after a restart. */
  reset(): void {
    this.state = { kind: "idle" };
    this.previous = NUL;
  }

  private step(byte: number): ReaderEvent {
    const { state } = this;
    switch (state.kind) {
      case "idle":
        if (upper(byte) === A) this.state = { kind: "prefix" };
        return none;
      case "prefix":
        return this.afterA(byte);
      case "line":
        return this.inLine(state.bytes, byte);
    }
  }

  private afterA(byte: number): ReaderEvent {
    switch (upper(byte)) {
      case T:
        this.state = { kind: "line", bytes: [] };
        return none;
      case SLASH:
        this.state = { kind: "idle" };
        return { kind: "repeat" };
      case A:
        return none;
      default:
        this.state = { kind: "idle" };
        return none;
    }
  }

  private inLine(bytes: number[], byte: number): ReaderEvent {
    if (byte === this.register(3)) {
      this.state = { kind: "idle" };
      if (bytes.length > longestLine) return { kind: "overrun" };
      return { kind: "line", text: Buffer.from(bytes).toString("latin1") };
    }
    if (byte === this.register(5)) bytes.pop();
    // ESC and NUL are sent by programs that want to wake a modem; neither can be part of a line.
    else if (byte !== LF && byte !== ESC && byte !== NUL && bytes.length <= longestLine) bytes.push(byte);
    return none;
  }

  private register(number: 3 | 5): number {
    return this.settings.registers.get(number) ?? NUL;
  }
}
