/** Subject of a message: one line of text. */
import { ModemError } from "../../errors";
import { isBlank, primitiveText } from "./foreign";
import { hasControl, shown, wellFormed } from "./text";

/** What the e-mail node of Node-RED writes when a message has no topic. */
export const DEFAULT_SUBJECT = "Message from Node-RED";

/** Longer subjects are no subjects; characters. */
const LONGEST_SUBJECT = 1000;

/**
 * The first of the values that is not blank, trimmed; tabs and Unicode line separators as spaces.
 *
 * @throws ModemError INVALID_SUBJECT for line ends and control characters, and for what is not text; LIMIT_SUBJECT
 */
export function readSubject(values: readonly unknown[]): string {
  const value = values.find((candidate) => !isBlank(candidate)) ?? DEFAULT_SUBJECT;
  const text = primitiveText(value);
  if (text === undefined) throw new ModemError("INVALID_SUBJECT", { detail: "it is not text" });
  if (text.length > LONGEST_SUBJECT) {
    throw new ModemError("LIMIT_SUBJECT", { detail: `${text.length} characters` });
  }
  const line = wellFormed(text)
    .trim()
    .replace(/[\t\u2028\u2029]/g, " ");
  if (hasControl(line)) throw new ModemError("INVALID_SUBJECT", { detail: shown(text) });
  return line;
}
