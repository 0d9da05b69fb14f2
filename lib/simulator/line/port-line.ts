/**
 * The line between one port of the module and a host: two wires, and who holds the other end.
 *
 * A host opens it, writes bytes, and is told when the port vanishes. One host at a time.
 */
import { AtPort } from "./at-port";
import type { CommandProcessor } from "./command-run";
import type { PortName } from "../device/port";
import { Wire } from "./wire";

/** What a host gives to be called. */
export interface HostEnd {
  received(bytes: Buffer): void;
  /** The port has vanished; nothing comes any more. */
  vanished(): void;
}

/** What a host holds while the line is open. */
export interface HostLine {
  write(bytes: Uint8Array): void;
  /** Resolves when all bytes written have reached the module. */
  drained(): Promise<void>;
  /** Sets DTR; it is on after opening. */
  setDtr(on: boolean): void;
  close(): void;
}

export class PortLine {
  readonly port: AtPort;
  private readonly toModule: Wire;
  private readonly toHost: Wire;
  private host: HostEnd | undefined;

  /** @param rate line rate in bit/s, undefined when unpaced. */
  constructor(
    readonly name: PortName,
    private readonly modem: CommandProcessor,
    rate: () => number | undefined,
  ) {
    this.port = new AtPort(name, modem, (bytes) => this.transmit(bytes));
    this.toModule = new Wire(modem.clock, rate, {
      bytes: (bytes) => this.port.receive(bytes),
      packetEnd: () => this.port.packetEnd(),
    });
    this.toHost = new Wire(modem.clock, rate, {
      bytes: (bytes) => this.deliver(bytes),
      packetEnd: () => undefined,
    });
  }

  /** @returns undefined while another host holds the line. */
  open(host: HostEnd): HostLine | undefined {
    if (this.host !== undefined) return undefined;
    this.host = host;
    let dtr = true;
    const held = (): boolean => this.host === host;
    return {
      write: (bytes) => {
        if (held()) this.toModule.send(this.modem.faults.filter("host", this.name, Buffer.from(bytes)));
      },
      drained: () => this.toModule.drained(),
      setDtr: (on) => {
        if (held() && dtr && !on) this.port.dtrDropped();
        dtr = on;
      },
      close: () => {
        if (!held()) return;
        this.host = undefined;
        this.port.dtrDropped();
      },
    };
  }

  /** Resolves when all that was sent has reached the host. */
  drained(): Promise<void> {
    return this.toHost.drained();
  }

  /** The port vanishes for the host; bytes under way are lost. */
  vanish(): void {
    this.silence();
    const { host } = this;
    this.host = undefined;
    host?.vanished();
  }

  /** Loses what is under way in both directions. */
  silence(): void {
    this.toModule.clear();
    this.toHost.clear();
  }

  private transmit(bytes: Buffer): void {
    // Without a host the bytes are lost, as on a UART without a listener.
    if (this.host !== undefined) this.toHost.send(this.modem.faults.filter("modem", this.name, bytes));
  }

  private deliver(bytes: Buffer): void {
    this.modem.log.add({ kind: "sent", port: this.name, bytes });
    this.host?.received(bytes);
  }
}
