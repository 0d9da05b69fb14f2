/** From the settings of a connection to what makes the transport of each attempt. */
import type { Clock } from "../../lib/clock";
import { SerialTransport } from "../../lib/serial/serial-transport";
import { TcpTransport } from "../../lib/serial/tcp-transport";
import type { TransportFactory } from "../../lib/serial/transport";
import type { ConnectionOptions } from "./connection-options";

/** Makes transports, and learns from whether the module answered. */
export interface TransportSource {
  readonly transport: TransportFactory;
  readonly onContact?: (answered: boolean) => void;
}

/** Line rates that modules are usually set to, the factory setting first, then by how common they are. */
const USUAL_RATES = [115_200, 9600, 921_600, 460_800, 230_400, 57_600, 38_400, 19_200] as const;

export function transportSource(connection: ConnectionOptions, clock: Clock): TransportSource {
  switch (connection.kind) {
    case "serial": {
      const { kind: _, baudRate, ...line } = connection;
      if (baudRate === "auto") return searchingSource(line);
      return { transport: () => new SerialTransport({ ...line, baudRate }) };
    }
    case "tcp": {
      const { host, port } = connection;
      return { transport: () => new TcpTransport({ host, port, clock }) };
    }
    case "simulator":
      return simulatedSource(clock);
  }
}

type Line = Omit<Extract<ConnectionOptions, { kind: "serial" }>, "kind" | "baudRate">;

/** Goes to the next rate after each connection on which the module said nothing, and stays where it answered. */
function searchingSource(line: Line): TransportSource {
  let place = 0;
  return {
    transport: () =>
      new SerialTransport({ ...line, baudRate: USUAL_RATES[place % USUAL_RATES.length] ?? USUAL_RATES[0] }),
    onContact: (answered) => {
      if (!answered) place++;
    },
  };
}

/** A simulated modem that lives as long as the source; its code is loaded only here, because most never need it. */
function simulatedSource(clock: Clock): TransportSource {
  const simulator: typeof import("../../lib/simulator") = require("../../lib/simulator");
  const { SimulatedModem, simulatorTransport } = simulator;
  return { transport: simulatorTransport(new SimulatedModem({ clock })) };
}
