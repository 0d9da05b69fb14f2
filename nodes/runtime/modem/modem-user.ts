/** The bond between a node and the modem that it uses. */
import type { Node, NodeAPI } from "node-red";
import type { ModemHost } from "./modem-host";
import type { ModemUser } from "./modem-members";
import { invalid } from "../settings/options";
import { STATE_WORDS } from "../status/status-words";

/** The config node `quectel-modem`. */
export interface ModemNode extends Node {
  readonly host: ModemHost;
  /** Node-RED delegates the errors of a config node to the Catch nodes of these. */
  readonly users: Readonly<Record<string, Node>>;
}

/** The host of a node's modem. @throws INVALID_CONFIG while none is chosen, or it is disabled. */
export type GetHost = () => ModemHost;

/** Makes `user.node` a user of the modem with that id, from now until the node is closed. */
export function useModem(RED: NodeAPI, modemId: unknown, user: ModemUser): GetHost {
  const { node } = user;
  const found = typeof modemId === "string" && modemId !== "" ? RED.nodes.getNode(modemId) : undefined;
  if (!isModemNode(found)) {
    node.status({ fill: "red", shape: "ring", text: STATE_WORDS.noModem });
    return () => {
      throw invalid("modem", "is not chosen, or it is disabled");
    };
  }
  const { host } = found;
  host.join(user);
  node.on("close", () => host.leave(user));
  return () => host;
}

function isModemNode(node: Node | null | undefined): node is ModemNode {
  return node?.type === "quectel-modem" && "host" in node;
}
