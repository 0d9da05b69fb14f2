/** The modems as the sidebar shows them: listed, and each with its monitor on the runtime's clock and channel. */
import type { Node, NodeAPI } from "node-red";
import { basename } from "node:path";
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
  node.on("close", () => monitor.close());
}

const watched = new WeakSet<object>();

/** From now on forgets the last mails of modems that are in the flows no more, disabled or not, when those have started. */
export function watchRemovedModems(RED: NodeAPI): void {
  if (watched.has(RED.events)) return;
  watched.add(RED.events);
  RED.events.on("flows:started", () => {
    const names: string[] = [];
    RED.nodes.eachNode(({ id }) => names.push(basename(modemDirectory(RED, id))));
    // Of a modem in a subflow Node-RED does not say that it is removed; its id begins with that of the instance.
    forgetEndedMails((directory) => {
      const modem = basename(directory);
      return names.some((name) => modem === name || modem.startsWith(`${name}-`));
    });
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
