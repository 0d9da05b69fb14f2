/** From the settings of a connection to what makes the transport of each attempt, and what is known of its port. */
import type { Clock } from "../../lib/clock";
import type { UrcPort } from "../../lib/quectel/commands/general";
import { portRole } from "../../lib/serial/port-role";
import { SerialTransport } from "../../lib/serial/serial-transport";
import { TcpTransport } from "../../lib/serial/tcp-transport";
import type { TransportFactory } from "../../lib/serial/transport";
import type { ConnectionOptions } from "./connection-options";

/** Makes transports, and learns from whether the module answered. */
export interface TransportSource {
  readonly transport: TransportFactory;
  readonly onContact?: (answered: boolean) => void;
  /** Finds the module's name of the port; a device behind TCP or on a UART does not tell it. */
  readonly urcPort?: () => Promise<UrcPort | undefined>;
}

/** Line rates that modules are usually set to, the factory setting first, then by how common they are. */
export const USUAL_RATES = [115_200, 9600, 921_600, 460_800, 230_400, 57_600, 38_400, 19_200] as const;

export function transportSource(connection: ConnectionOptions, clock: Clock): TransportSource {
  switch (connection.kind) {
    case "serial": {
      const { kind: _, baudRate, ...line } = connection;
      const urcPort = (): Promise<UrcPort | undefined> => urcPortOf(line.path);
      if (baudRate === "auto") return { ...searchingSource(line), urcPort };
      return { transport: () => new SerialTransport({ ...line, baudRate }), urcPort };
    }
    case "tcp": {
      const { host, port } = connection;
      return { transport: () => new TcpTransport({ host, port, clock }) };
    }
    case "simulator":
      return simulatedSource(clock);
  }
}

/** The module's name of a port of its own USB interface. @param root folder that stands for `/` (tests). */
export async function urcPortOf(path: string, root?: string): Promise<UrcPort | undefined> {
  switch (await portRole(path, root)) {
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

type Line = Omit<Extract<ConnectionOptions, { kind: "serial" }>, "kind" | "baudRate">;

/** So many connections in a row without an answer until a rate that was right is doubted: a module may just hang. */
const DOUBT_AFTER = 10;

/** Goes to the next rate after each connection without an answer, and stays where the module has answered. */
function searchingSource(line: Line): TransportSource {
  let place = 0;
  let patience = 0;
  return {
    transport: () =>
      new SerialTransport({ ...line, baudRate: USUAL_RATES[place % USUAL_RATES.length] ?? USUAL_RATES[0] }),
    onContact: (answered) => {
      if (answered) patience = DOUBT_AFTER;
      else if (patience > 0) patience--;
      else place++;
    },
  };
}

/** A simulated modem that lives as long as the source; its code is loaded only here, because most never need it. */
function simulatedSource(clock: Clock): TransportSource {
  const simulator: typeof import("../../lib/simulator") = require("../../lib/simulator");
  const { SimulatedModem, simulatorTransport } = simulator;
  return { transport: simulatorTransport(new SimulatedModem({ clock })) };
}
