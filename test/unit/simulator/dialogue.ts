/** Talks to a simulated modem in the same process as a person with a terminal would: a line, its answer. */
import { SimulatedModem, type PortName, type SimulatedModemOptions } from "../../../lib/simulator";
import type { HostLine } from "../../../lib/simulator/line/port-line";
import { VirtualClock } from "../../support/virtual-clock";

const FINAL = /\r\n(OK|ERROR|NO CARRIER|\+CM[ES] ERROR: [^\r]*)\r\n/;

export type DialogueOptions = SimulatedModemOptions & { readonly clock?: VirtualClock };

export class Dialogue {
  readonly clock: VirtualClock;
  readonly modem: SimulatedModem;
  private received = "";
  private readonly line: HostLine;

  /** Echo is off. Another dialogue with the same modem takes another port. */
  constructor(options: DialogueOptions = {}, other?: Dialogue, port: PortName = "usbat") {
    this.clock = other?.clock ?? options.clock ?? new VirtualClock();
    const clock = this.clock;
    this.modem =
      other?.modem ??
      new SimulatedModem({ imei: "001015000000016", clock, busy: clock.busy.bind(clock), ...options });
    const line = this.modem.open(port, {
      received: (bytes) => (this.received += bytes.toString("latin1")),
      vanished: () => undefined,
    });
    if (typeof line === "string") throw new Error(`the port is ${line}`);
    this.line = line;
    line.write(Buffer.from("ATE0\r"));
  }

  /** Sends bytes and nothing else. */
  write(text: string | Uint8Array): void {
    this.line.write(typeof text === "string" ? Buffer.from(text, "latin1") : text);
  }

  /** Waits until what was received matches, and takes it away up to the end of the match. */
  async expect(pattern: RegExp): Promise<string> {
    await this.clock.run(() => pattern.test(this.received));
    const match = pattern.exec(this.received);
    const end = (match?.index ?? 0) + (match?.[0].length ?? 0);
    const text = this.received.slice(0, end);
    this.received = this.received.slice(end);
    return text;
  }

  /** Sends a command line and returns the lines of its answer, empty ones left out, joined by ` | `. */
  async command(line: string): Promise<string> {
    await this.quiet();
    this.write(`${line}\r`);
    return joined(await this.expect(FINAL));
  }

  /** Sends a command line with data behind its CONNECT and returns the lines of the answer as `command`. */
  async commandWithData(line: string, data: string | Uint8Array): Promise<string> {
    await this.quiet();
    this.write(`${line}\r`);
    const begun = await this.expect(/\r\n(CONNECT|ERROR|\+CME ERROR: \d+)\r\n/);
    if (!begun.includes("CONNECT")) return joined(begun);
    this.write(data);
    return joined(await this.expect(FINAL));
  }

  /** Sends several lines, each of which must be answered with OK alone. */
  async configure(...lines: readonly string[]): Promise<void> {
    for (const line of lines) {
      const answer = await this.command(line);
      if (answer !== "OK") throw new Error(`${line} was answered with ${answer}`);
    }
  }

  /** Waits for an unsolicited line that begins so, and returns it. */
  async urc(head: string): Promise<string> {
    const text = await this.expect(new RegExp(`\\r\\n${head.replace(/[+"]/g, "\\$&")}[^\\r]*\\r\\n`));
    return text.trim().split("\r\n").at(-1) ?? "";
  }

  /** Forgets what was received and not asked for. */
  private async quiet(): Promise<void> {
    await this.clock.advance(0);
    this.received = "";
  }
}

function joined(text: string): string {
  return text
    .split("\r\n")
    .filter((line) => line !== "")
    .join(" | ");
}
