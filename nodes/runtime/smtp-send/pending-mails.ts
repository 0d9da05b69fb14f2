/**
 * PendingMails: the messages whose `done` waits for the end of their mails, while the process lives.
 *
 * They are kept for all nodes together, because a deploy replaces nodes, and their mails go on.
 */
import type { Node } from "node-red";
import type { Message } from "./contents";
import type { Done, Send } from "./incoming";

export interface PendingMail {
  /** The node that accepted the mail; after a deploy another one may have its id. */
  readonly node: Node;
  readonly message: Message;
  readonly send: Send;
  readonly done: Done;
  /** Bytes of the contents that Node-RED keeps with it. */
  readonly held: number;
}

const pending = new Map<string, PendingMail>();
let held = 0;

export function keepPending(mailId: string, mail: PendingMail): void {
  pending.set(mailId, mail);
  held += mail.held;
}

/** What is kept of the mail; it is forgotten by that. */
export function takePending(mailId: string): PendingMail | undefined {
  const mail = pending.get(mailId);
  pending.delete(mailId);
  held -= mail?.held ?? 0;
  return mail;
}

/** Bytes of contents that Node-RED keeps for all mails together. */
export function heldBytes(): number {
  return held;
}

/** To be called when a node is removed for good: its messages will not be asked for again. */
export function forgetPendingOf(nodeId: string): void {
  for (const [mailId, { node }] of pending) if (node.id === nodeId) takePending(mailId);
}
