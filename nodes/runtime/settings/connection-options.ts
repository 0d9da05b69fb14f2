/** How the modem is reached: the properties of the dialog's tab Modem, checked. Opens nothing. */
import { primitiveText } from "../../../lib/mail/message/foreign";
import type { ModemOptions } from "./modem-options";
import { invalid, type RawOptions } from "./options";

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

export function readConnection(options: ModemOptions): ConnectionOptions {
  const kind = options.choice("transport");
  switch (kind) {
    case "serial": {
      const flowControl = options.choice("flowControl");
      const rts = options.choice("rts");
      if (flowControl === "rtscts" && rts !== "leave") {
        throw invalid("rts", "must be leave while Flow control is RTS/CTS, which drives that line");
      }
      return {
        kind,
        path: options.text("serialPort"),
        baudRate: options.isWord("baudRate") ? "auto" : options.integer("baudRate"),
        flowControl,
        dtr: options.choice("dtr"),
        rts,
      };
    }
    case "tcp":
      return {
        kind,
        host: options.text("tcpHost"),
        port: options.integer("tcpPort"),
      };
    case "simulator":
      return { kind };
  }
}

/**
 * What a person calls a modem without a name of its own, as the dialogs list it; empty where that is not filled in. Takes the
 * properties as they were saved, usable or not.
 */
export function connectionName({ transport, serialPort, tcpHost, tcpPort }: RawOptions): string {
  switch (transport) {
    case "tcp": {
      const host = primitiveText(tcpHost) ?? "";
      const port = primitiveText(tcpPort) ?? "";
      return host === "" || port === "" ? host : `${host}:${port}`;
    }
    case "simulator":
      return "Simulated modem";
    default:
      return primitiveText(serialPort) ?? "";
  }
}
