/**
 * PendingMails: the messages whose `done` waits for the end of their mails, while the process lives.
 *
 * They are kept for all nodes together, because a deploy replaces nodes, and their mails go on.
 */
import type { Node } from "node-red";
import type { Message } from "./contents";

export type Send = (message: Message | (Message | null)[]) => void;
export type Done = (error?: Error) => void;

export interface PendingMail {
  /** The node that accepted the mail; after a deploy another one may have its id. */
  readonly node: Node;
  readonly message: Message;
  readonly send: Send;
  readonly done: Done;
}

const pending = new Map<string, PendingMail>();

export function keepPending(mailId: string, mail: PendingMail): void {
  pending.set(mailId, mail);
}

/** What is kept of the mail; it is forgotten by that. */
export function takePending(mailId: string): PendingMail | undefined {
  const mail = pending.get(mailId);
  pending.delete(mailId);
  return mail;
}

/** To be called when a node is removed for good: nobody will ask for its messages. */
export function forgetPendingOf(nodeId: string): void {
  for (const [mailId, { node }] of pending) if (node.id === nodeId) pending.delete(mailId);
}
