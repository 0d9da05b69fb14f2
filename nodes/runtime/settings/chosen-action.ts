/** The action of a node: chosen in the editor, or named by a property of the message. */
import type { Node, NodeAPI } from "node-red";
import { ModemError } from "../../../lib/errors";
import type { OptionReader } from "./options";
import { evaluate, type TypedValue } from "./typed-value";

export type ChosenAction<T extends string> =
  | { readonly kind: "fixed"; readonly action: T }
  | { readonly kind: "message"; readonly value: TypedValue };

/**
 * Reads the pair `action` and `actionType`. Where it is missing the action is the first of `actions` or named by
 * `msg.action`, as `usual` says; the dialog has the same default.
 */
export function readAction<T extends string>(
  options: OptionReader,
  actions: readonly [T, ...T[]],
  usual: "action" | "msg",
): ChosenAction<T> {
  const type = options.choice("actionType", ["action", "msg"], usual);
  if (type === "action") return { kind: "fixed", action: options.choice("action", actions, actions[0]) };
  return { kind: "message", value: { name: "action", type, value: options.text("action", "action") } };
}

/** The action for a message. Rejects with INVALID_ACTION when it names none of `actions`. */
export async function actionFor<T extends string>(
  RED: NodeAPI,
  node: Node,
  chosen: ChosenAction<T>,
  actions: readonly T[],
  message: Readonly<Record<string, unknown>>,
): Promise<T> {
  switch (chosen.kind) {
    case "fixed":
      return chosen.action;
    case "message": {
      const { value: named } = await evaluate(RED, node, chosen.value, message);
      const action = actions.find((known) => known === named);
      if (action === undefined) {
        throw new ModemError("INVALID_ACTION", {
          detail: `msg.${chosen.value.value} is none of ${actions.join(", ")}`,
        });
      }
      return action;
    }
  }
}
