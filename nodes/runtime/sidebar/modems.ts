/** The modems of the running flows, as the sidebar finds them; those inside subflows too, one for each instance. */
import type { Node } from "node-red";
import type { ModemMonitor } from "./monitor";

/** A modem in the list. */
export interface ListedModem {
  readonly id: string;
  readonly name: string;
  /** Inside a subflow: ids of the node in the template, and of the instance. */
  readonly template?: string;
  readonly instance?: string;
}

const monitors = new Map<string, { readonly node: Node; readonly monitor: ModemMonitor }>();

/** Shows a modem until its node is closed. */
export function showModem(node: Node, monitor: ModemMonitor): void {
  const shown = { node, monitor };
  monitors.set(node.id, shown);
  node.on("close", () => {
    monitor.close();
    // The next one of the same id may be there already.
    if (monitors.get(node.id) === shown) monitors.delete(node.id);
  });
}

export function monitorOf(id: string): ModemMonitor | undefined {
  return monitors.get(id)?.monitor;
}

export function listModems(): readonly ListedModem[] {
  return [...monitors.values()].map(({ node }) => {
    const { id, name, z, _alias: template } = node as Node & { readonly _alias?: string };
    return {
      id,
      name: name ?? "",
      ...(template === undefined ? {} : { template, instance: z }),
    };
  });
}
