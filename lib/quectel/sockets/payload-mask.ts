/**
 * PayloadMask: takes what sockets carry out of a trace. Of a block of QISEND or QIRD a trace shows its length and, where
 * it is in clear, SMTP verbs and reply codes; never a login, an address or a text.
 *
 * It follows the dialogue from the outside, by the command lines and answers that go over the wire, and so also where
 * the engine has lost its step. A block that is cut short ends with the next result code.
 */
import type { TraceMask, TracePiece } from "../../serial/trace";
import { LONGEST_READ } from "../commands/sockets";

type Direction = "in" | "out";

type State =
  | { readonly kind: "idle" }
  /** QISEND is out; its prompt is awaited. */
  | { readonly kind: "sendAsked"; readonly count: number }
  /** QIRD is out; the line that announces the block is awaited. */
  | { readonly kind: "readAsked" }
  /** `interrupted`: the host has given a command before the module had sent the whole block. */
  | {
      readonly kind: "block";
      readonly direction: Direction;
      readonly bytes: string;
      readonly left: number;
      readonly interrupted?: true;
    };

type Block = Extract<State, { kind: "block" }>;

const IDLE: State = { kind: "idle" };
/** Beginning of the only command lines that are looked at; the host writes each in one piece. */
const SOCKET_COMMAND = Buffer.from("AT+QI");
const SEND = /^AT\+QISEND=\d{1,2},(\d{1,5})\r/;
const READ = /^AT\+QIRD=\d{1,2}(?:,(\d{1,5}))?\r/;
/** `+QIRD: 12`, with a comma in place of the line end where viewmode is 1. */
const ANNOUNCED = /^\+QIRD: ?(\d{1,5})$/;
const RESULT = /^(?:OK|ERROR|SEND OK|SEND FAIL|\+CM[ES] ERROR: .{0,100}|RDY|APP RDY)$/;
/** Longest part of a line that is kept. */
const LONGEST_LINE = 128;

/** RFC 5321 section 4.1, RFC 3207, RFC 4954, RFC 3030. */
const VERB = /^(EHLO|HELO|MAIL|RCPT|DATA|BDAT|RSET|NOOP|QUIT|VRFY|HELP|STARTTLS|AUTH)(?= |\r?$)/;
const REPLY = /^([2-5]\d\d)(?=[ -]|\r?$)/;
const MOST_WORDS = 12;

export class PayloadMask implements TraceMask {
  private state: State = IDLE;
  /** What of the module's line has come so far, while one is awaited. */
  private line = "";

  /** @returns what may be shown in place of these bytes; undefined: the bytes as they are. */
  push(direction: Direction, bytes: Uint8Array): readonly TracePiece[] | undefined {
    const { state } = this;
    if (state.kind === "block") {
      if (state.direction === direction && state.interrupted === undefined)
        return this.take(direction, latin1(bytes));
      if (direction === "in") return this.cutShort(state, latin1(bytes));
      this.state = { ...state, interrupted: true };
      return undefined;
    }
    if (direction === "in") return state.kind === "idle" ? undefined : this.take(direction, latin1(bytes));
    // A command line ends whatever was awaited before it.
    this.state = IDLE;
    this.line = "";
    if (!SOCKET_COMMAND.equals(bytes.subarray(0, SOCKET_COMMAND.length))) return undefined;
    const text = latin1(bytes);
    const count = Number(SEND.exec(text)?.[1] ?? 0);
    const read = READ.exec(text);
    if (count > 0) this.state = { kind: "sendAsked", count };
    // Without a number it reads as much as there is; with 0 it counts.
    else if (read !== null && Number(read[1] ?? LONGEST_READ) > 0) this.state = { kind: "readAsked" };
    return undefined;
  }

  private take(direction: Direction, text: string): readonly TracePiece[] {
    const pieces: TracePiece[] = [];
    let at = 0;
    while (at < text.length) {
      const { state } = this;
      if (state.kind === "block") {
        const taken = text.slice(at, at + state.left);
        at += taken.length;
        this.state = { ...state, bytes: state.bytes + taken, left: state.left - taken.length };
        if (this.state.left === 0) pieces.push(this.endBlock(this.state));
        continue;
      }
      const from = at;
      while (at < text.length && this.isAwaiting()) this.character(text.charAt(at++));
      // Of what stands behind the block, and behind the answer, nothing is a block.
      if (!this.isBlock(direction)) at = text.length;
      pieces.push({ kind: "text", text: text.slice(from, at) });
    }
    return pieces;
  }

  private isAwaiting(): boolean {
    return this.state.kind === "sendAsked" || this.state.kind === "readAsked";
  }

  private isBlock(direction: Direction): boolean {
    return this.state.kind === "block" && this.state.direction === direction;
  }

  /** The next character of a line of the module. */
  private character(character: string): void {
    const { state, line } = this;
    const isEnd = character === "\r" || character === "\n";
    if (!isEnd) this.line = (line + character).slice(0, LONGEST_LINE);
    switch (state.kind) {
      case "sendAsked":
        if (line === "" && character === ">") this.beginBlock("out", state.count);
        break;
      case "readAsked":
        // The line end in front of the data is CR LF.
        if (character === "\n" || character === ",") {
          const announced = ANNOUNCED.exec(line)?.[1];
          if (announced !== undefined) return this.beginBlock("in", Number(announced));
        }
        if (character === "\r") return;
        break;
      case "idle":
      case "block":
        break;
    }
    if (!isEnd) return;
    if (RESULT.test(line)) this.state = IDLE;
    this.line = "";
  }

  private beginBlock(direction: Direction, left: number): void {
    this.state = left > 0 ? { kind: "block", direction, bytes: "", left } : IDLE;
  }

  private endBlock({ direction, bytes }: Block): TracePiece {
    this.state = IDLE;
    return { kind: "payload", text: summary(direction, bytes) };
  }

  /** The module says something in the middle of a block: a result code ends it. */
  private cutShort(state: Block, text: string): readonly TracePiece[] | undefined {
    const hidden = state.direction === "in" ? text : "";
    const lines = text.split(/(?<=\n)/);
    const result = lines.findIndex((line) => RESULT.test(line.trim()));
    if (result < 0) {
      this.state = { ...state, bytes: (state.bytes + hidden).slice(0, LONGEST_READ) };
      return hidden === "" ? undefined : [];
    }
    const shown = hidden === "" ? text : lines.slice(result).join("");
    return [this.endBlock(state), { kind: "text", text: shown }];
  }
}

/** `<120 bytes: MAIL RCPT DATA>` */
function summary(direction: Direction, bytes: string): string {
  const pattern = direction === "out" ? VERB : REPLY;
  const words = bytes.split("\n").flatMap((line) => pattern.exec(line)?.[1] ?? []);
  const shown = words.slice(0, MOST_WORDS).join(" ");
  return `<${bytes.length} bytes${shown === "" ? "" : `: ${shown}`}>`;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
