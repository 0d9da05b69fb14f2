/** The ends of mails whose node was removed. */
import type { Node } from "node-red";
import type { MailEnded } from "../../../lib/outbox/outbox-types";
import { takePending } from "./pending-mails";
import type { ModemNode } from "../modem/modem-user";

/** A node that takes them. */
export interface UnclaimedResults extends Node {
  takeUnclaimed(ended: MailEnded): Promise<void>;
}

/** A mail whose node was removed has ended: the log knows, and the outbox nodes of the modem. */
export async function tellUnclaimed(modem: ModemNode, ended: MailEnded): Promise<void> {
  const { id, failure } = ended;
  takePending(id);
  if (failure === undefined) modem.log(`mail ${id} was sent; its node is gone`);
  else modem.warn(`mail ${id} was not sent, and its node is gone: ${failure.message}`);
  for (const user of Object.values(modem.users)) {
    if (takesUnclaimed(user)) await user.takeUnclaimed(ended);
  }
}

function takesUnclaimed(node: Node): node is UnclaimedResults {
  return "takeUnclaimed" in node;
}
