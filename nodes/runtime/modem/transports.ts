/** From the settings of a connection to what makes the transport of each attempt, and what is known of its port. */
import { once } from "../../../lib/async";
import type { Clock } from "../../../lib/clock";
import { lateCode } from "../../../lib/late-code";
import type { UrcPort } from "../../../lib/quectel/commands/general";
import type { Line } from "../../../lib/quectel/connection/line-source";
import { portRole, type PortSource } from "../../../lib/serial/port-role";
import { SerialTransport } from "../../../lib/serial/serial-transport";
import { TcpTransport } from "../../../lib/serial/tcp-transport";
import type { Transport, TransportFactory } from "../../../lib/serial/transport";
import type { ConnectionOptions } from "../settings/connection-options";
import type { InboxMail } from "../../../lib/simulator/delivery/inbox";
import { INBOX_HOST, simulatedInbox } from "./simulated-inbox";

export interface TransportSource {
  /** Makes the transport of each attempt. */
  readonly transport: Line;
  /** Finds the module's name of the port; a device behind TCP or on a UART does not tell it. */
  readonly urcPort?: () => Promise<UrcPort | undefined>;
}

export function transportSource(connection: ConnectionOptions, clock: Clock): TransportSource {
  switch (connection.kind) {
    case "serial": {
      const { kind: _, baudRate, ...line } = connection;
      const urcPort = (): Promise<UrcPort | undefined> => urcPortOf(line.path);
      const atRate = (rate: number): Transport => new SerialTransport({ ...line, baudRate: rate });
      return { transport: baudRate === "auto" ? { atRate } : () => atRate(baudRate), urcPort };
    }
    case "tcp": {
      const { host, port } = connection;
      return { transport: () => new TcpTransport({ host, port, clock }) };
    }
    case "simulator":
      return simulatedSource(clock);
  }
}

/** The module's name of a port of its own USB interface. */
export async function urcPortOf(path: string, source?: PortSource): Promise<UrcPort | undefined> {
  switch (await portRole(path, source)) {
    case "at":
      return "usbat";
    case "modem":
      return "usbmodem";
    case "diag":
    case "gnss":
    case undefined:
      return undefined;
  }
}

/**
 * A simulated modem that lives as long as the source. No mail of it leaves this computer. Its code is loaded only here,
 * because most never need it.
 */
function simulatedSource(clock: Clock): TransportSource {
  const power = once(() => simulatedModem(clock));
  return { transport: () => power()() };
}

// Of class `transient`, as other errors of a port.
const loadSimulator = lateCode(
  (): typeof import("../../../lib/simulator") => require("../../../lib/simulator"),
  "transient",
);

function simulatedModem(clock: Clock): TransportFactory {
  const { inboxConnection, inboxServer, internet, SimulatedModem, simulatorTransport } = loadSimulator();
  const modem = new SimulatedModem({ clock });
  const receive = (mail: InboxMail): void => simulatedInbox.add(mail, clock.wall());
  Object.assign(modem.state(internet), {
    loopbackOnly: true,
    hosts: { [INBOX_HOST]: "127.0.0.1" },
    mailServer: inboxServer(INBOX_HOST, receive),
    // Whatever the port, as for the module's own client.
    tcpServer: (host: string) => (host.toLowerCase() === INBOX_HOST ? inboxConnection(receive) : undefined),
  });
  return simulatorTransport(modem);
}
