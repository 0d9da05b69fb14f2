/**
 * ModemMembers: the nodes that use one modem; all show its status, each change once.
 *
 * A change of state or colour is shown at once. Where only figures change, as with each percent of an upload, the
 * newest is shown once a second: each goes to every open editor and every Status node.
 */
import type { Node } from "node-red";
import type { Clock, Timer } from "../../lib/clock";
import type { ResultReceiver } from "./routing";
import { type Condition, isSameLook, sameStatus, type ShownStatus } from "./status";

/** A node that uses a modem. */
export interface ModemUser {
  readonly node: Node;
  /** Takes the results of the mails it has sent. */
  readonly receiver?: ResultReceiver;
  /** Told of each change of the condition, after the status was set. */
  readonly onChange?: (condition: Condition) => void;
}

/** Milliseconds between two statuses that differ in their text only. */
const PACE = 1000;

export class ModemMembers {
  /** By id, as Node-RED looks for it: errors of the modem's node go to the Catch nodes of these. */
  readonly nodes: Record<string, Node> = {};
  private readonly users = new Map<string, ModemUser>();
  private shown: ShownStatus | undefined;
  private shownAt = 0;
  /** Shows the newest status when the time for it has come. */
  private pending: Timer | undefined;

  constructor(private readonly clock: Clock) {}

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
    this.pending?.clear();
    const wait = this.waitFor(status);
    if (wait === 0) this.tell(status);
    else this.pending = this.clock.after(wait, () => this.tell(status));
    for (const { onChange } of this.users.values()) onChange?.(condition);
  }

  /** Shows nothing any more that is not shown yet. */
  close(): void {
    this.pending?.clear();
  }

  /** Milliseconds until `status` may be shown. */
  private waitFor(status: ShownStatus): number {
    const { shown } = this;
    if (shown === undefined || !isSameLook(shown, status)) return 0;
    return Math.max(0, this.shownAt + PACE - this.clock.now());
  }

  private tell(status: ShownStatus): void {
    const isNews = this.shown === undefined || !sameStatus(this.shown, status);
    this.shown = status;
    if (!isNews) return;
    this.shownAt = this.clock.now();
    for (const { node } of this.users.values()) node.status(status);
  }
}
