/**
 * Oracle of the line: a module gets one command line at a time, spelled by the known grammar.
 *
 * Seen from the host's end of the wire, so that bytes which a fault loses or spoils on their way blame nobody. After a
 * command that was not answered only the lines of the resync ladder may follow, and with them line ends that fill up a
 * block a module may still wait for.
 */
import type { LineWitness } from "./process-transport";
import { isKnownLine } from "./grammar";

/** A reply is one whatever a line without checksums has made of the line end before it; all but CR and LF. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\x00-\x09\x0b\x0c\x0e-\x1f]/g;
/** NO CARRIER ends no command of this package. */
const FINAL = /^(OK|ERROR|SEND OK|SEND FAIL|\+CM[ES] ERROR: ?.*)$/;
/** After it exactly so many bytes are written. */
const SEND = /^AT\+QISEND=\d+,([1-9]\d*)$/;
/** Some firmware leaves out the space. */
const PROMPT = /^> ?$/;
const CONNECT = /^CONNECT\b/;
/** ATE0Q0V1, the probe, the escape sequence; see lib/at/resync-ladder.ts. */
const RESYNC = /^(\+\+\+|ATE0Q0V1|AT\+CMEE\?(;\+CMEE\?)*)$/;

/**
 * What closes down a multiplexer that another program has left (3GPP TS 27.010 section 5.4.6.3.3): a frame of the
 * control channel with the close-down command, and its DISC; each with its flags, and the line ended.
 */
const MULTIPLEXER_CLOSED_DOWN = "\xf9\x03\xef\x05\xc3\x01\xf2\xf9\xf9\x03\x53\x01\xfd\xf9";

/** The longest block that a module may still wait for, which cannot be cancelled but filled up; bytes. */
const LONGEST_FILL = 1460;

type State = "idle" | "running" | "data";

export class WireWitness implements LineWitness {
  /** What must not be, in words. */
  readonly complaints: string[] = [];
  private state: State = "idle";
  private line = "";
  private heard = "";
  private latest = "";
  /** Bytes of a block that the module waits for. */
  private block = 0;
  /** Empty lines since the latest command. */
  private filled = 0;
  /** What passed last, for a complaint. */
  private readonly passed: string[] = [];

  opened(): void {
    this.state = "idle";
    this.line = "";
    this.heard = "";
    this.block = 0;
  }

  written(bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString("latin1");
    this.remember("out", text);
    if (text === "+++") return;
    const ofBlock = Math.min(this.block, text.length);
    this.block -= ofBlock;
    const isData = this.state === "data" || ofBlock > 0;
    // A host that has not seen that the module takes data asks again, and its question goes into them. What a short block
    // leaves of it does not begin with AT, and is no command to the module.
    const question = text.replace(/\r$/, "");
    if (isData && RESYNC.test(question)) {
      this.latest = question;
      return;
    }
    if (this.state === "data") return;
    this.line += text.slice(ofBlock);
    for (let end = this.line.indexOf("\r"); end >= 0; end = this.line.indexOf("\r")) {
      this.command(this.line.slice(0, end));
      this.line = this.line.slice(end + 1);
    }
  }

  read(bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString("latin1");
    this.remember("in", text);
    this.heard += text;
    for (let end = this.heard.indexOf("\n"); end >= 0; end = this.heard.indexOf("\n")) {
      const segments = this.heard.slice(0, end).replaceAll(CONTROL, "").split("\r");
      this.heard = this.heard.slice(end + 1);
      for (const line of segments) {
        if (FINAL.test(line)) this.state = "idle";
        else if (CONNECT.test(line) && this.state === "running") this.state = "data";
        if (this.state === "idle") this.block = 0;
      }
    }
    const [, size] = SEND.exec(this.latest) ?? [];
    if (this.state === "running" && size !== undefined && PROMPT.test(this.heard)) {
      this.heard = "";
      this.block = Number(size);
    }
  }

  private remember(direction: "in" | "out", text: string): void {
    this.passed.push(`${direction} ${JSON.stringify(text.slice(0, 60))}`);
    if (this.passed.length > 12) this.passed.shift();
  }

  private complain(what: string): void {
    this.complaints.push(`${what}; before it: ${this.passed.join(" ")}`);
  }

  private command(line: string): void {
    if (line === "" && RESYNC.test(this.latest) && ++this.filled <= LONGEST_FILL) return;
    this.filled = 0;
    // To a module in command state it is an empty line.
    if (line === MULTIPLEXER_CLOSED_DOWN && RESYNC.test(this.latest)) return;
    // A module that answers nothing is restarted blindly, after the whole ladder.
    const isResync = RESYNC.test(line) || (line === "AT+CFUN=1,1" && RESYNC.test(this.latest));
    if (!isKnownLine(line)) this.complain(`a line of no known form: ${JSON.stringify(line)}`);
    if (this.state !== "idle" && !isResync)
      this.complain(`${JSON.stringify(line)} was written while ${JSON.stringify(this.latest)} ran`);
    this.latest = line;
    this.state = "running";
  }
}
