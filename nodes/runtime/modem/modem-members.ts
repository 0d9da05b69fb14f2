/**
 * ModemMembers: the nodes that use one modem; each shows its status, and what became of its own last mail.
 *
 * A change of state or colour is shown at once. Where only figures change, as with each percent of an upload, the
 * newest is shown once a second: each goes to every open editor and every Status node.
 */
import type { Node } from "node-red";
import type { Clock, Timer } from "../../../lib/clock";
import type { ErrorCode } from "../../../lib/errors";
import type { ResultReceiver } from "./routing";
import { type Condition, isSameLook, type Onlooker, sameStatus, type ShownStatus } from "../status/status";

/** A node that uses a modem. */
export interface ModemUser {
  readonly node: Node;
  /** Takes the results of the mails it has sent. */
  readonly receiver?: ResultReceiver;
  /** Why the node cannot work, or its last mail was not sent; undefined when it was, or when it sends none. */
  readonly failure?: () => ErrorCode | undefined;
  /** Told of each change of the condition, after the status was set. */
  readonly onChange?: (condition: Condition) => void;
}

/** Milliseconds between two statuses that differ in their text only. */
const PACE_MS = 1000;

/** Milliseconds for which a node shows that its mail was sent. */
export const SENT_SHOWN_MS = 10_000;

/** The status of a node, or without one that of the modem. */
type StatusOf = (who: Onlooker) => ShownStatus;

export class ModemMembers {
  /** By id, as Node-RED looks for it: errors of the modem's node go to the Catch nodes of these. */
  readonly nodes: Record<string, Node> = {};
  private readonly users = new Map<string, ModemUser>();
  /** What the nodes show whose last mail did not fail. */
  private shown: ShownStatus | undefined;
  private readonly shownAtNode = new Map<Node, ShownStatus>();
  /** Nodes that show that their last mail was sent, and when. */
  private readonly sent = new Map<Node, { readonly at: number; readonly shown: Timer }>();
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
    this.forgetSent(node);
    if (this.nodes[node.id] !== node) return;
    delete this.nodes[node.id];
    this.users.delete(node.id);
    this.shownAtNode.delete(node);
  }

  /** Shows each node its status, and tells all of the condition. */
  show(condition: Condition, statusOf: StatusOf): void {
    this.pending?.clear();
    const wait = this.waitFor(statusOf({}));
    if (wait === 0) this.tell(statusOf);
    else this.pending = this.clock.after(wait, () => this.tell(statusOf));
    for (const { onChange } of this.users.values()) onChange?.(condition);
  }

  /** Shows one node its status at once; does nothing for a node that has left. */
  showAt({ node, failure }: ModemUser, statusOf: StatusOf): void {
    if (this.nodes[node.id] !== node) return;
    const status = statusOf({ nodeId: node.id, failure: failure?.(), sentAt: this.sent.get(node)?.at });
    const before = this.shownAtNode.get(node);
    if (before !== undefined && sameStatus(before, status)) return;
    this.shownAtNode.set(node, status);
    node.status(status);
  }

  /**
   * Notes how the last mail of a node has ended, until the next one ends or what is noted is no news any more.
   *
   * @param at wall-clock time, milliseconds since 1970; undefined for a mail that was not sent.
   * @param onOld called when the node has to show its status of that moment.
   */
  noteEnd({ node }: ModemUser, at: number | undefined, onOld: () => void): void {
    this.forgetSent(node);
    if (at === undefined || this.nodes[node.id] !== node) return;
    const shown = this.clock.after(SENT_SHOWN_MS, () => {
      this.sent.delete(node);
      onOld();
    });
    this.sent.set(node, { at, shown });
  }

  /** Shows nothing any more that is not shown yet. */
  close(): void {
    this.pending?.clear();
    for (const node of this.sent.keys()) this.forgetSent(node);
  }

  private forgetSent(node: Node): void {
    this.sent.get(node)?.shown.clear();
    this.sent.delete(node);
  }

  /** Milliseconds until `status` may be shown. */
  private waitFor(status: ShownStatus): number {
    const { shown } = this;
    if (shown === undefined || !isSameLook(shown, status)) return 0;
    return Math.max(0, this.shownAt + PACE_MS - this.clock.now());
  }

  private tell(statusOf: StatusOf): void {
    const status = statusOf({});
    if (this.shown === undefined || !sameStatus(this.shown, status)) this.shownAt = this.clock.now();
    this.shown = status;
    for (const user of this.users.values()) this.showAt(user, statusOf);
  }
}
