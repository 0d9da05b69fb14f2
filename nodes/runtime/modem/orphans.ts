/** Orphanage: a node that takes the results of mails whose own node is gone. */
import type { Node } from "node-red";
import type { MailEnded } from "../../../lib/outbox/outbox-types";

export interface Orphanage extends Node {
  takeOrphan(ended: MailEnded): Promise<void>;
}

export function isOrphanage(node: Node): node is Orphanage {
  return "takeOrphan" in node;
}
