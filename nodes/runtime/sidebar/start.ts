/** Puts a modem into the sidebar: its monitor on the runtime's clock and channel. */
import type { NodeAPI } from "node-red";
import { systemClock } from "../../../lib/clock";
import type { ModemNode } from "../modem/modem-user";
import { showModem } from "./modems";
import { ModemMonitor } from "./monitor";
import manifest = require("@modem-mail/node-red-quectel-smtp/package.json");

/** Until the node is closed. */
export function showInSidebar(RED: NodeAPI, node: ModemNode): void {
  const { id, host } = node;
  // Missing in the types.
  const version: unknown = Reflect.get(RED.settings, "version");
  const monitor = new ModemMonitor({
    clock: systemClock,
    versions: { package: manifest.version, nodeRed: String(version) },
    modem: {
      settings: host.settings,
      get running() {
        return host.inUse;
      },
      status: () => host.status(),
    },
    // Never retained: who comes later asks.
    publish: (tick) => RED.comms.publish(`quectel-modem/${id}`, tick, false),
  });
  host.observe(monitor);
  showModem(node, monitor);
}
