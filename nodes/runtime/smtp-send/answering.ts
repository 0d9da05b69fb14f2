/** The input of nodes that answer each message at once: a result on output 1, or an error for Catch nodes. */
import type { Node } from "node-red";
import type { Message } from "./contents";
import { failureOf, flowError } from "../status/failure-report";
import { takeIn, unattended, type Done, type Incoming, type Send } from "./incoming";

/** Lets `work` answer each message: it changes what it gets, which then goes to output 1. */
export function answerMessages(node: Node, work: (message: Message) => Promise<void>): void {
  node.on("input", (message, send, done) => unattended(node, answer(node, work, message, send, done)));
}

async function answer(
  node: Node,
  work: (message: Message) => Promise<void>,
  ...given: readonly [message: unknown, send: Send, done: Done]
): Promise<void> {
  const incoming: Incoming = await takeIn(node, ...given);
  const { message, warnings, send, done } = incoming;
  for (const warning of warnings) node.warn(warning);
  try {
    await work(message);
  } catch (thrown) {
    done(flowError(failureOf(thrown)));
    return;
  }
  delete message["error"];
  send(message);
  done();
}
