/** How the modem is reached: the properties of the dialog's tab Modem, checked. Opens nothing. */
import type { OptionReader } from "./options";
import { invalid } from "./options";

/** What becomes of a control line when the port is opened. */
export type LineAtOpen = "on" | "off" | "leave";

export type ConnectionOptions =
  | {
      readonly kind: "serial";
      readonly path: string;
      /** bit/s; `auto` tries the usual rates. */
      readonly baudRate: number | "auto";
      readonly flowControl: "none" | "rtscts";
      readonly dtr: LineAtOpen;
      readonly rts: LineAtOpen;
    }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "simulator" };

const LINE_AT_OPEN = ["on", "off", "leave"] as const;
/** The slowest and fastest rate of `AT+IPR` on these modules. */
const BAUD_RATES = { min: 1200, max: 4_000_000 } as const;
const TCP_PORTS = { min: 1, max: 65535 } as const;

export function readConnection(options: OptionReader): ConnectionOptions {
  const kind = options.choice("transport", ["serial", "tcp", "simulator"], "serial");
  switch (kind) {
    case "serial": {
      const flowControl = options.choice("flowControl", ["none", "rtscts"], "none");
      const rts = options.choice("rts", LINE_AT_OPEN, "leave");
      if (flowControl === "rtscts" && rts !== "leave") {
        throw invalid("rts", "must be leave while flowControl is rtscts, which drives that line");
      }
      return {
        kind,
        path: options.requiredText("serialPort"),
        baudRate: readBaudRate(options),
        flowControl,
        dtr: options.choice("dtr", LINE_AT_OPEN, "leave"),
        rts,
      };
    }
    case "tcp":
      return {
        kind,
        host: options.requiredText("tcpHost"),
        port: options.requiredInteger("tcpPort", TCP_PORTS),
      };
    case "simulator":
      return { kind };
  }
}

function readBaudRate(options: OptionReader): number | "auto" {
  if (options.text("baudRate") === "auto") return "auto";
  return options.integer("baudRate", BAUD_RATES, 115_200);
}
