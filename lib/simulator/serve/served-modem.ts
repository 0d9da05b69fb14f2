/** What the ways of serving a modem have in common: the modem they serve, and the port they make of it. */
import type { Device } from "../device/device";
import type { PortName } from "../device/port";
import type { HostEnd, HostLine } from "../line/port-line";

/** The modem as a host reaches it. */
export interface ServedModem extends Device {
  /** Takes one end of the line to a port. */
  open(name: PortName, host: HostEnd): HostLine | "absent" | "busy";
  /** Calls `listener` each time the module answers on its ports again after a start. */
  on(event: "started", listener: () => void): unknown;
  off(event: "started", listener: () => void): unknown;
}

/** A port of the modem that programs outside this process can open. */
export interface ServedPort {
  /** What a person connects to: `tcp://127.0.0.1:2217`, `/tmp/ttyModem`. */
  readonly address: string;
  /** Ends the service; resolves when address and connections are gone. */
  close(): Promise<void>;
}
