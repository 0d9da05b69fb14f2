/**
 * Hostile messages into the nodes of a running flow: each is done once, with a result or an error of this package, and
 * no exception leaves the handler of a node.
 */
import type { Node } from "node-red";
import { helperNode, type FlowBench, type FlowNode } from "../../node/support/flow-bench";
import type { Dice } from "../fault/dice";
import type { Findings } from "./findings";
import { anyText, anyValue } from "./values";

/** What the nodes read of a message beside the vocabulary of a mail. */
const PROPERTIES: readonly string[] = (
  "to cc bcc from topic title payload description filename plaintext priority attachments replyTo headers " +
  "smtp error action id modem state offset limit force pdp _msgid parts req res"
).split(" ");
const ACTIONS = ["list", "flush", "retry", "discard", "adopt", "query", "pause", "resume"] as const;
/** Milliseconds for an answer. */
const PATIENCE = 60_000;
/** Words of an exception that is told as if the module had failed. */
const EXCEPTION =
  /\b(Type|Reference|Range|Syntax)Error\b|do not touch|Cannot read|is not a function|undefined \(/;

const TARGETS = ["send", "attach", "context", "status", "outbox"] as const;

/** The nodes that are attacked, beside `send` and its modem. */
export function attackedNodes(): FlowNode[] {
  const place = { z: "tab", modem: "modem", wires: [["kept"], ["kept"]] };
  return [
    { id: "attach", type: "quectel-attach-file", ...place },
    { id: "context", type: "quectel-pdp-context", ...place, action: "action", actionType: "msg" },
    { id: "status", type: "quectel-modem-status", ...place, interval: "0" },
    { id: "outbox", type: "quectel-outbox", ...place },
    helperNode("kept"),
  ];
}

/** Parts of a node that its types leave out. */
interface Innards {
  _complete(message: object, error?: unknown): void;
}

export class NodesAttack {
  constructor(private readonly bench: FlowBench) {}

  async tryOne(dice: Dice, found: Findings, where: string): Promise<void> {
    const target = dice.pick(TARGETS);
    const message: Record<string, unknown> = {};
    for (const name of PROPERTIES) if (dice.hit(0.3)) message[name] = anyValue(dice);
    if (dice.hit(0.5)) message["to"] = "duty@example.com";
    if (dice.hit(0.6)) message["action"] = dice.pick(ACTIONS);
    // As JSON brings it: a property named __proto__ is one, and changes nothing of what the message is.
    if (dice.hit(0.1)) {
      const value = { enumerable: true, writable: true, configurable: true };
      Object.defineProperty(message, anyText(dice), { ...value, value: anyValue(dice) });
    }
    const error = await this.done(this.bench.node(target), message).catch((reason: unknown) => {
      found.add("stuck", where, `${target}: ${String(reason)}`);
      return undefined;
    });
    if (error === undefined) return;
    const { code, text } = described(error);
    if (!/^[A-Z]+_[A-Z_]+$/.test(code) || (code === "MODEM_ERROR" && EXCEPTION.test(text)))
      found.add("escaped", where, `${target}: ${code} ${text}`);
  }

  /** Resolves with the error of `done`, or undefined. */
  private async done(node: Node, message: Record<string, unknown>): Promise<unknown> {
    const innards = node as Node & Innards;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<unknown>((resolve, reject) => {
        timer = setTimeout(() => reject(new Error("it is never done")), PATIENCE);
        innards._complete = (_message, error) => resolve(error);
        // An exception out of the handler is told by Node-RED here.
        innards.error = (thrown: unknown) => resolve(thrown);
        node.receive(message);
      });
    } finally {
      clearTimeout(timer);
      // Those of all nodes are there again.
      Reflect.deleteProperty(innards, "_complete");
      Reflect.deleteProperty(innards, "error");
    }
  }
}

function described(error: unknown): { readonly code: string; readonly text: string } {
  if (!(error instanceof Error)) return { code: "", text: String(error) };
  const code = "code" in error ? String(error.code) : "";
  return { code, text: `${error.message} ${String(error.stack)}` };
}
