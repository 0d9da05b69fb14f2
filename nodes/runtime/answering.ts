/** The input of nodes that answer each message at once: a result on output 1, or an error for Catch nodes. */
import type { Node, NodeMessageInFlow } from "node-red";
import { failureOf, flowError } from "./failure-report";

/** Lets `work` answer each message: it changes the message, which then goes to output 1. */
export function answerMessages(node: Node, work: (message: NodeMessageInFlow) => Promise<void>): void {
  node.on("input", (message, send, done) => {
    delete message["error"];
    work(message).then(
      () => {
        send(message);
        done();
      },
      (thrown: unknown) => done(flowError(failureOf(thrown))),
    );
  });
}
