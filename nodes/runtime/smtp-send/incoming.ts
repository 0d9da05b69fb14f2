/**
 * Incoming: one message in the hands of a node, and the ways back into the flow, none of which can throw.
 *
 * Node-RED copies messages while it passes them on and while it tells Catch and Complete nodes, and what that copy
 * throws would end the runtime. Here the node gets a snapshot that can be copied; `done` speaks of the message itself
 * where Node-RED can copy that, else of the snapshot.
 */
import type { Node } from "node-red";
import { thrownText } from "../../../lib/mail/message/foreign";
import { snapshotOf } from "../../../lib/mail/message/snapshot";
import type { Message } from "./contents";

export type Output = Message | (Message | null)[];
export type Send = (message: Output) => void;
export type Done = (error?: Error) => void;

export interface Incoming {
  /** What the message holds; the node's own to change, except for the objects in it. */
  readonly message: Message;
  /** What could not be kept of it. */
  readonly warnings: readonly string[];
  /** Never throws. */
  readonly send: Send;
  /** Ends the message; once, and never throws. */
  readonly done: Done;
}

/** Takes a message in; never rejects. */
export async function takeIn(node: Node, given: unknown, send: Send, done: Done): Promise<Incoming> {
  const { message, warnings, isWhole } = await snapshotOf(given);
  const told: Message = { ...message };
  // Node-RED counts an earlier error of the same node as a loop, and ends it at ten: a flow may send as often as it likes.
  delete told["error"];
  const isFirstFault = !("error" in message);
  let isDone = false;
  return {
    message,
    warnings,
    send: guardedSend(node, send),
    done(error) {
      if (isDone) return;
      isDone = true;
      if (isWhole && (error === undefined || isFirstFault) && tries(() => done(error))) return;
      if (!tries(() => complete(node, told, error)))
        report(node, "the completion of a message could not be reported", error);
    },
  };
}

/** Passes messages on; one that Node-RED cannot pass on is reported instead. */
export function guardedSend(node: Node, send: Send): Send {
  return (message) => {
    try {
      send(message);
    } catch (thrown) {
      report(node, "a result could not be passed on to all nodes", thrown);
    }
  };
}

/** Tells Catch nodes of an error whose message has no `done` any more; never throws. */
export function raise(node: Node, error: Error, message: Message): void {
  if (tries(() => node.error(error, message)) || tries(() => node.error(error, {}))) return;
  report(node, "an error could not be reported", error);
}

/** Runs `work` in the background: its rejection, which nothing awaits, is reported. */
export function unattended(node: Node, work: Promise<unknown>): void {
  work.catch((thrown: unknown) => report(node, "unexpected error", thrown));
}

/** What `done` of a node calls, which is bound to the message that came in. */
interface Completing {
  _complete(message: Message, error?: Error): void;
}

function complete(node: Node & Partial<Completing>, message: Message, error: Error | undefined): void {
  if (node._complete !== undefined) node._complete(message, error);
  else if (error !== undefined) node.error(error, message);
}

function tries(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

function report(node: Node, what: string, thrown: unknown): void {
  tries(() => node.error(thrown === undefined ? what : `${what}: ${thrownText(thrown)}`));
}
