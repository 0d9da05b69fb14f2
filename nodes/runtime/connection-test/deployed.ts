/** What the runtime knows of the modem whose dialog is open: how it was deployed, and the variables of its flow. */
import type { Node, NodeAPI } from "node-red";
import { isRecord } from "../../../lib/mail/message/foreign";
import type { RawOptions } from "../settings/options";
import type { DeployedModem, Environment } from "./typed-settings";

/** The modem as it stands in the deployed flows; undefined for one that is new. */
export function deployedModem(RED: NodeAPI, id: string): DeployedModem | undefined {
  let properties: RawOptions | undefined;
  RED.nodes.eachNode((definition) => {
    if (definition.id === id && definition.type === "quectel-modem") properties = { ...definition };
  });
  if (properties === undefined) return undefined;
  const credentials: unknown = RED.nodes.getCredentials(id);
  const flow = typeof properties["z"] === "string" ? properties["z"] : "";
  return {
    properties,
    credentials: isRecord(credentials) ? credentials : {},
    environment: isSubflow(RED, flow) ? undefined : environmentOf(RED, flow),
  };
}

/** True for the template of a subflow: its values come from each instance. */
export function isSubflow(RED: NodeAPI, flow: string): boolean {
  let found = false;
  RED.nodes.eachNode(({ id, type }) => {
    if (id === flow && type === "subflow") found = true;
  });
  return found;
}

/** Variables as a node of `flow` sees them; a flow that is not deployed yet has those of the runtime only. */
export function environmentOf(RED: NodeAPI, flow: string): Environment {
  const witness = witnessOf(RED, flow);
  // Node-RED looks in the flow of the node, then in the global variables, then in those of its process.
  return (name) => (witness === undefined ? process.env[name] : RED.util.getSetting(witness, name));
}

/** A node that runs in the flow, one of no group where there is one; for all flows a config node of all flows. */
function witnessOf(RED: NodeAPI, flow: string): Node | undefined {
  let found: Node | undefined;
  let grouped: Node | undefined;
  RED.nodes.eachNode(({ id, z, g }: { id: string; z?: string; g?: string }) => {
    if ((z ?? "") !== flow) return;
    if (g === undefined) found ??= RED.nodes.getNode(id) ?? undefined;
    else grouped ??= RED.nodes.getNode(id) ?? undefined;
  });
  return found ?? grouped;
}
