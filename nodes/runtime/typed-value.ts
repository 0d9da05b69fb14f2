/** The value of a TypedInput: a fixed text, a property of the message, of a context, or an expression. */
import type { Node, NodeAPI, NodeMessageInFlow } from "node-red";
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

/** Evaluates it for a message. Rejects with INVALID_CONFIG when an expression or a name of a property is not valid. */
export function evaluate(
  RED: NodeAPI,
  node: Node,
  { name, value, type }: TypedValue,
  msg: NodeMessageInFlow,
): Promise<unknown> {
  return new Promise<unknown>((resolve, reject) => {
    RED.util.evaluateNodeProperty(value, type, node, msg, (error, result: unknown) =>
      // A value that throws when it is looked at rejects here too.
      error === null || error === undefined ? resolve(result) : reject(error),
    );
  }).catch((error: unknown) => {
    throw invalid(name, `cannot be evaluated: ${error instanceof Error ? error.message : String(error)}`);
  });
}
