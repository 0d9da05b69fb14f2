/** Summary: how the outbox stands now, and whose mail is being sent. What is done about it is decided elsewhere. */
import type { Order } from "./order";
import type { OutboxSummary, SendingNode } from "./outbox-types";
import type { Policy } from "./policy";
import type { MailStore } from "./spool/store";
import type { Worker } from "./worker";

interface SummaryParts {
  readonly order: Order;
  readonly store: MailStore;
  readonly policy: Policy;
  readonly worker: Worker;
}

/** Of an outbox that is not open. */
export const EMPTY_SUMMARY: OutboxSummary = { depth: 0, oldestAgeMs: 0, failed: 0 };

export function summaryOf({ order, store, policy, worker }: SummaryParts): OutboxSummary {
  const oldest = order.oldest()?.accepted.time;
  const hold = policy.reason();
  return {
    depth: order.depth,
    oldestAgeMs: oldest === undefined ? 0 : Math.max(0, policy.time.now().time - oldest),
    ...worker.outlook(),
    ...(hold !== undefined && { hold }),
    failed: store.failedCount,
  };
}

/** Undefined while nothing is sent. */
export function sendingNodeOf({
  order,
  worker,
}: Pick<SummaryParts, "order" | "worker">): SendingNode | undefined {
  const { sent } = worker;
  return sent && { nodeId: sent.nodeId, behind: order.sendersBehind(sent) };
}
