/** A bare terminal at a port of a simulated modem: what is typed goes out as it is, what comes is kept as it is. */
import { SimulatedModem, type PortName, type SimulatedModemOptions } from "../../../lib/simulator";
import type { HostLine } from "../../../lib/simulator/line/port-line";
import { VirtualClock } from "../../support/virtual-clock";

export class Terminal {
  private received = "";
  private hostLine: HostLine;
  vanished = false;

  private constructor(
    readonly clock: VirtualClock,
    readonly modem: SimulatedModem,
    private readonly portName: PortName,
  ) {
    this.hostLine = this.openLine();
  }

  static with(options: Omit<SimulatedModemOptions, "clock"> = {}): Terminal {
    const clock = new VirtualClock();
    return new Terminal(clock, new SimulatedModem({ clock, ...options }), "usbat");
  }

  /** A second terminal at another port of the same modem. */
  beside(portName: PortName): Terminal {
    return new Terminal(this.clock, this.modem, portName);
  }

  get line(): HostLine {
    return this.hostLine;
  }

  /** Opens the port again after it has vanished or was closed. @throws when it cannot be opened. */
  reopen(): void {
    this.hostLine = this.openLine();
    this.vanished = false;
  }

  write(text: string): void {
    this.hostLine.write(Buffer.from(text, "latin1"));
  }

  /** Writes, lets `ms` pass, and takes what came since the last call. */
  async type(text: string, ms = 1): Promise<string> {
    this.write(text);
    return this.after(ms);
  }

  /** Lets `ms` pass and takes what came since the last call. */
  async after(ms: number): Promise<string> {
    await this.clock.advance(ms);
    return this.take();
  }

  /** What came since the last call. */
  take(): string {
    const { received } = this;
    this.received = "";
    return received;
  }

  private openLine(): HostLine {
    const line = this.modem.open(this.portName, {
      received: (bytes) => {
        this.received += bytes.toString("latin1");
      },
      vanished: () => {
        this.vanished = true;
      },
    });
    if (typeof line === "string") throw new Error(`${this.portName} cannot be opened: ${line}`);
    return line;
  }
}
