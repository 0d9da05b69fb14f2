/** The modems as the sidebar shows them: listed, and each with its monitor on the runtime's clock and channel. */
import type { Node, NodeAPI } from "node-red";
import { systemClock } from "../../../lib/clock";
import { modemDirectory } from "../disk/folders";
import type { ModemNode } from "../modem/modem-user";
import { deployedModems, modemWithId } from "../modem/registry";
import { endedMailsOf, forgetEndedMails } from "./ended-mails";
import type { ListedModem } from "./modem-view";
import { ModemMonitor } from "./monitor";
import manifest = require("@modem-mail/node-red-quectel-smtp/package.json");

const monitors = new WeakMap<ModemNode, ModemMonitor>();

/** Watches a modem for the sidebar until its node is closed. */
export function showInSidebar(RED: NodeAPI, node: ModemNode): void {
  const { id, host } = node;
  const directory = modemDirectory(RED, id);
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
    mails: endedMailsOf(directory, systemClock),
    // Never retained: who comes later asks.
    publish: (tick) => RED.comms.publish(`quectel-modem/${id}`, tick, false),
  });
  host.observe(monitor);
  monitors.set(node, monitor);
  node.on("close", (isRemoved: boolean, done: () => void) => {
    monitor.close();
    if (isRemoved) forgetEndedMails(directory);
    done();
  });
}

/** Undefined for a modem that is not in the running flows. */
export function monitorOf(id: string): ModemMonitor | undefined {
  const modem = modemWithId(id);
  return modem && monitors.get(modem);
}

export function listModems(): readonly ListedModem[] {
  return deployedModems().map((node) => {
    const { id, name, z, _alias: template }: Node & { readonly _alias?: string } = node;
    return {
      id,
      name: name ?? "",
      ...(template === undefined ? {} : { template, instance: z }),
    };
  });
}
