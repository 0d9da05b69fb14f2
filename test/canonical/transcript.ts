/**
 * A dialogue on the line as text that a person can read, and its half that is compared: all that the host writes.
 *
 * ```
 * # what the mail shows
 * > AT+QSMTPSUB=0,"TEST SMTP"      a command line of the host, without its CR
 * >> 15 bytes "Level too high."    other bytes of the host: a payload; long ones as length and SHA-256
 * < OK                             a line of the module, for the reader only
 * -- the module restarts           what happens around the line, for the reader only
 * ```
 * Bytes outside of printable ASCII are written `\xNN`, as is the backslash.
 */
import { createHash } from "node:crypto";
import type { Transport } from "../../lib/serial/transport";

/** Longest payload that is shown byte by byte. */
const SHOWN = 400;

/** From here to a final result code the host writes a payload. */
const CONNECT = /(?:^|\n)CONNECT\r\n$/;
const FINAL = /(?:^|\n)(?:OK|ERROR|\+CM[ES] ERROR: [^\r]*|RDY)\r\n$/;

export class Transcript {
  private readonly shown: string[] = [];
  private payload: Uint8Array[] = [];
  private heard = "";
  private isData = false;
  private isRecording = false;
  private readonly ids: string[] = [];

  /** Listens to one connection. */
  readonly watch = (transport: Transport): void => {
    this.isData = false;
    const write = transport.write.bind(transport);
    transport.write = (bytes) => {
      this.written(bytes);
      return write(bytes);
    };
    transport.on("data", (bytes) => this.received(bytes));
  };

  /** What passes before is left out. */
  begin(): void {
    this.isRecording = true;
  }

  /** Shows the id of a mail, which chance has made, as `{id}`. */
  hide(id: string): void {
    this.ids.push(id);
  }

  /** Something that happens around the line. */
  note(text: string): void {
    this.line(`-- ${text}`);
  }

  /** All lines so far. */
  lines(): readonly string[] {
    this.endPayload();
    return this.shown.map((line) => this.ids.reduce((text, id) => text.replaceAll(id, "{id}"), line));
  }

  private written(bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString("latin1");
    if (!this.isData && /^AT.*\r$/.test(text)) this.line(`> ${escaped(text.slice(0, -1))}`);
    else this.payload.push(Uint8Array.from(bytes));
  }

  private received(bytes: Uint8Array): void {
    for (const byte of bytes) {
      this.heard += String.fromCharCode(byte);
      if (byte !== 0x0a) continue;
      if (CONNECT.test(this.heard)) this.isData = true;
      else if (FINAL.test(this.heard)) this.isData = false;
      const line = this.heard.trim();
      this.heard = "";
      if (line !== "") this.line(`< ${escaped(line)}`);
    }
  }

  private line(line: string): void {
    this.endPayload();
    if (this.isRecording) this.shown.push(line);
  }

  private endPayload(): void {
    const bytes = Buffer.concat(this.payload);
    this.payload = [];
    if (bytes.length === 0 || !this.isRecording) return;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const content = bytes.length > SHOWN ? `SHA-256 ${sha256}` : `"${escaped(bytes.toString("latin1"))}"`;
    this.shown.push(`>> ${bytes.length} bytes ${content}`);
  }
}

/** What the supervisor asks by the clock while the modem is ready: it belongs to no mail. */
const WATCH: readonly string[] = ["> AT+CPIN?", "> AT+CEREG?"];

/** The lines of a transcript that are compared. */
export function hostLines(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => line.startsWith(">") && !WATCH.includes(line));
}

function escaped(latin1: string): string {
  return latin1.replace(
    /[^ -[\]-~]/g,
    (char) => `\\x${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}
