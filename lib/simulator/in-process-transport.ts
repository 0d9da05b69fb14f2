/** The simulated modem as a Transport in the same process: no port, no socket. */
import { EventEmitter } from "node:events";
import { ModemError } from "../errors";
import type { ControlLines, Transport, TransportEvents, TransportFactory } from "../serial/transport";
import { lineRate } from "./line-rate";
import type { SimulatedModem } from "./modem";
import type { PortName } from "./port";
import type { HostLine } from "./port-line";

type State =
  | { readonly kind: "new" }
  | { readonly kind: "open"; readonly line: HostLine }
  | { readonly kind: "closed" };

/** Makes connections to one port of the modem. */
export function simulatorTransport(modem: SimulatedModem, portName: PortName = "usbat"): TransportFactory {
  return () => new InProcessTransport(modem, portName);
}

class InProcessTransport extends EventEmitter<TransportEvents> implements Transport {
  readonly label = "simulator";
  readonly flowControlled = true;
  private state: State = { kind: "new" };

  constructor(
    private readonly modem: SimulatedModem,
    private readonly portName: PortName,
  ) {
    super();
  }

  get bitRate(): number | undefined {
    return lineRate(this.modem);
  }

  async open(): Promise<void> {
    if (this.state.kind !== "new") throw new ModemError("PORT_CLOSED");
    const line = this.modem.open(this.portName, {
      received: (bytes) => this.emit("data", bytes),
      vanished: () => this.end(new ModemError("PORT_UNPLUGGED")),
    });
    if (line === "absent") throw new ModemError("PORT_NOT_FOUND", { detail: this.label });
    if (line === "busy") throw new ModemError("PORT_BUSY", { detail: this.label });
    this.state = { kind: "open", line };
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.line().write(bytes);
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
