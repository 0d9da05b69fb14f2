/** Any JSON, for properties: what somebody else wrote, and what has the right form but means something else. */
import fc from "fast-check";

/** Names that every object has. */
export const COMMON_NAMES = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"] as const;

/**
 * @param leaf what is neither a list nor an object
 * @param key names of properties
 * @param maxKeys properties of an object at most
 */
export function anyJson(
  leaf: fc.Arbitrary<unknown>,
  key: fc.Arbitrary<string>,
  maxKeys: number,
): fc.Arbitrary<unknown> {
  return fc.letrec<{ json: unknown }>((tie) => ({
    json: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.array(tie("json"), { maxLength: 4 }),
      fc.dictionary(key, tie("json"), { maxKeys }),
    ),
  })).json;
}
