/** The simulated modem as a Transport in the same process: no port, no socket. */
import { EventEmitter } from "node:events";
import { ModemError } from "../../errors";
import type { ControlLines, Transport, TransportEvents, TransportFactory } from "../../serial/transport";
import { configuredRate, lineRate } from "../line/line-rate";
import type { ServedModem } from "./served-modem";
import type { PortName } from "../device/port";
import type { HostLine } from "../line/port-line";

type State =
  | { readonly kind: "new" }
  | { readonly kind: "open"; readonly line: HostLine }
  | { readonly kind: "closed" };

export interface SimulatorTransportOptions {
  /** Default `usbat`. */
  readonly portName?: PortName;
  /** Line rate the host has set, bit/s; while AT+IPR says another one, all that is sent is noise. */
  readonly hostRate?: number;
}

/** Makes connections to one port of the modem. */
export function simulatorTransport(
  modem: ServedModem,
  options: SimulatorTransportOptions = {},
): TransportFactory {
  return () => new InProcessTransport(modem, options);
}

/** What bytes sent at another rate look like: never ASCII. */
function noise(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.map((byte) => (byte * 7) | 0x80));
}

class InProcessTransport extends EventEmitter<TransportEvents> implements Transport {
  readonly label = "simulator";
  readonly flowControlled = true;
  private state: State = { kind: "new" };

  constructor(
    private readonly modem: ServedModem,
    private readonly options: SimulatorTransportOptions,
  ) {
    super();
  }

  get bitRate(): number | undefined {
    return lineRate(this.modem);
  }

  async open(): Promise<void> {
    if (this.state.kind !== "new") throw new ModemError("PORT_CLOSED");
    const line = this.modem.open(this.options.portName ?? "usbat", {
      received: (bytes) => this.emit("data", this.heard(bytes)),
      vanished: () => this.end(new ModemError("PORT_UNPLUGGED")),
    });
    if (line === "absent") throw new ModemError("PORT_NOT_FOUND", { detail: this.label });
    if (line === "busy") throw new ModemError("PORT_BUSY", { detail: this.label });
    this.state = { kind: "open", line };
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.line().write(this.heard(bytes));
  }

  async drain(): Promise<void> {
    await this.line().drained();
  }

  async set(lines: ControlLines): Promise<void> {
    const line = this.line();
    if (lines.dtr !== undefined) line.setDtr(lines.dtr);
  }

  async close(): Promise<void> {
    this.end(undefined);
  }

  private heard(bytes: Uint8Array): Buffer {
    const { hostRate } = this.options;
    const same = hostRate === undefined || hostRate === configuredRate(this.modem);
    return same ? Buffer.from(bytes) : noise(bytes);
  }

  private end(error: ModemError | undefined): void {
    const { state } = this;
    if (state.kind === "closed") return;
    this.state = { kind: "closed" };
    if (state.kind === "open") state.line.close();
    this.emit("closed", error);
  }

  private line(): HostLine {
    if (this.state.kind !== "open") throw new ModemError("PORT_CLOSED");
    return this.state.line;
  }
}
