/**
 * The trace as lines that a person reads: one command line or answer each, with the time.
 *
 * Contents of mails, attachments and files are not shown, only how many bytes they have. What the trace itself has
 * masked stays masked.
 */
import type { TraceEntry } from "../../../lib/serial/trace";

type Direction = TraceEntry["direction"];

/** A line of V.250: a command line, the escape sequence, or a control character alone. */
const COMMAND = /^(AT([+&%EDVSXZIHO\\?0-9]|$)|\+\+\+$|\p{Cc}$)/iu;
const FINAL = /^(OK|ERROR|NO CARRIER|\+CM[ES] ERROR: .*)$/;
/** What the module says between CONNECT and the final result code: acknowledgements, and the result of an upload. */
const ANSWER = /^(A+|\+Q[A-Z]+: .*|CONNECT.*)$/;

/** Puts the pieces of a trace together. */
class Reader {
  readonly lines: string[] = [];
  private readonly rest = { in: "", out: "" };
  /** Between CONNECT and the final result code, when contents are on the line. */
  private inData = false;
  private hidden = { direction: "out" as Direction, at: 0, bytes: 0 };

  take({ at, direction, text, isPayload }: TraceEntry): void {
    if (isPayload === true) {
      // The prompt ends with no line.
      this.flush("in", at);
      this.flush("out", at);
      this.showHidden();
      this.lines.push(shown(direction, at, text));
      return;
    }
    if (direction === "out" && this.inData) {
      if (text === "+++") this.lines.push(shown(direction, at, text));
      else this.hide(direction, at, text.length);
      return;
    }
    const parts = `${this.rest[direction]}${text}`.split(/\r\n|\r|\n/);
    this.rest[direction] = parts.pop() ?? "";
    for (const part of parts) this.line(direction, at, part);
    // Contents need not end with a line.
    if (direction === "out" && !isBegunCommand(this.rest.out)) this.flush(direction, at);
  }

  end(at: number): void {
    this.flush("in", at);
    this.flush("out", at);
    this.showHidden();
  }

  private flush(direction: Direction, at: number): void {
    const text = this.rest[direction];
    this.rest[direction] = "";
    if (text !== "") this.line(direction, at, text);
  }

  private line(direction: Direction, at: number, text: string): void {
    if (!this.isShown(direction, text)) {
      this.hide(direction, at, text.length);
      return;
    }
    if (text === "") return;
    this.showHidden();
    this.lines.push(shown(direction, at, text));
    if (direction === "in" && /^CONNECT( |$)/.test(text)) this.inData = true;
    else if (direction === "in" && FINAL.test(text)) this.inData = false;
  }

  private isShown(direction: Direction, text: string): boolean {
    if (direction === "out") return text === "" || COMMAND.test(text);
    return !this.inData || text === "" || FINAL.test(text) || ANSWER.test(text);
  }

  private hide(direction: Direction, at: number, bytes: number): void {
    if (this.hidden.bytes > 0 && this.hidden.direction !== direction) this.showHidden();
    const { bytes: before, at: since } = this.hidden;
    this.hidden = { direction, at: before > 0 ? since : at, bytes: before + bytes };
  }

  private showHidden(): void {
    const { direction, at, bytes } = this.hidden;
    if (bytes > 0) this.lines.push(shown(direction, at, `<${bytes} bytes>`));
    this.hidden = { ...this.hidden, bytes: 0 };
  }
}

/** Lines such as `12:30:05.123 > AT+CSQ` and `12:30:05.130 < +CSQ: 20,99`, in UTC. */
export function traceLines(entries: readonly TraceEntry[]): readonly string[] {
  const reader = new Reader();
  for (const entry of entries) reader.take(entry);
  reader.end(entries.at(-1)?.at ?? 0);
  return reader.lines;
}

/** The rest of a write that may still become a command line. */
function isBegunCommand(text: string): boolean {
  return text === "" || COMMAND.test(text) || /^A?$/i.test(text);
}

function shown(direction: Direction, at: number, text: string): string {
  const visible = text.replace(
    /\p{Cc}/gu,
    (control) => `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `${new Date(at).toISOString().slice(11, 23)} ${direction === "out" ? ">" : "<"} ${visible}`;
}
