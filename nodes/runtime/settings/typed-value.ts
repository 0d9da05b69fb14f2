/** The value of a TypedInput: a fixed text, a property of the message, of a context, or an expression. */
import type { Node, NodeAPI, NodeMessageInFlow } from "node-red";
import { thrownText } from "../../../lib/mail/message/foreign";
import { dataOf } from "../../../lib/mail/message/snapshot";
import { invalid, type OptionReader } from "./options";

export type TypedValueType = "msg" | "str" | "env" | "flow" | "global" | "jsonata";

const TYPES: readonly TypedValueType[] = ["msg", "str", "env", "flow", "global", "jsonata"];

export interface TypedValue {
  /** The property that holds it; its type stands in the property `${name}Type`. */
  readonly name: string;
  readonly value: string;
  readonly type: TypedValueType;
}

/** Reads a pair such as `to` and `toType`; without one it is the property `fallback` of the message. */
export function readTypedValue(options: OptionReader, name: string, fallback: string): TypedValue {
  const type = options.choice(`${name}Type`, TYPES, "msg");
  const value = options.text(name, type === "msg" ? fallback : "");
  return { name, type, value };
}

/**
 * Evaluates it for a message that was taken in, as data that can be kept. Rejects with INVALID_CONFIG when an expression
 * or a name of a property is not valid. The value comes in a box: a promise would call its `then`, if it has one.
 */
export async function evaluate(
  RED: NodeAPI,
  node: Node,
  { name, value, type }: TypedValue,
  message: Readonly<Record<string, unknown>>,
): Promise<{ readonly value: unknown }> {
  try {
    // Node-RED gives each message its id before a node gets it.
    const msg: NodeMessageInFlow & Record<string, unknown> = { _msgid: "", ...message };
    const { result } = await new Promise<{ readonly result: unknown }>((resolve, reject) => {
      RED.util.evaluateNodeProperty(value, type, node, msg, (error, result: unknown) =>
        error === null || error === undefined ? resolve({ result }) : reject(error),
      );
    });
    return type === "msg" ? { value: result } : await dataOf(result);
  } catch (error) {
    throw invalid(name, `cannot be evaluated: ${thrownText(error)}`);
  }
}
