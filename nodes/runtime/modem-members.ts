/** ModemMembers: the nodes that use one modem; all show its status, each change once. */
import type { Node } from "node-red";
import type { ResultReceiver } from "./routing";
import { type Condition, sameStatus, type ShownStatus } from "./status";

/** A node that uses a modem. */
export interface ModemUser {
  readonly node: Node;
  /** Takes the results of the mails it has sent. */
  readonly receiver?: ResultReceiver;
  /** Told of each change of the condition, after the status was set. */
  readonly onChange?: (condition: Condition) => void;
}

export class ModemMembers {
  /** By id, as Node-RED looks for it: errors of the modem's node go to the Catch nodes of these. */
  readonly nodes: Record<string, Node> = {};
  private readonly users = new Map<string, ModemUser>();
  private shown: ShownStatus | undefined;

  get count(): number {
    return this.users.size;
  }

  join(user: ModemUser): void {
    this.nodes[user.node.id] = user.node;
    this.users.set(user.node.id, user);
  }

  /** Does nothing when a new node of the same id has come already. */
  leave({ node }: ModemUser): void {
    if (this.nodes[node.id] !== node) return;
    delete this.nodes[node.id];
    this.users.delete(node.id);
  }

  show(condition: Condition, status: ShownStatus): void {
    const isNews = this.shown === undefined || !sameStatus(this.shown, status);
    this.shown = status;
    for (const { node, onChange } of this.users.values()) {
      if (isNews) node.status(status);
      onChange?.(condition);
    }
  }
}
