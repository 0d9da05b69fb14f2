/** Priority of a message: the words and numbers that alert nodes use, as the three that a queue knows. */
import type { Priority } from "../mail";
import { isBlank, primitiveText } from "./foreign";
import { shown } from "./text";

const WORDS: Readonly<Record<Priority, readonly string[]>> = {
  high: [
    "high",
    "highest",
    "urgent",
    "critical",
    "emergency",
    "alert",
    "alarm",
    "important",
    "max",
    "maximum",
  ],
  normal: ["normal", "default", "medium", "standard", "none"],
  low: ["low", "lowest", "non-urgent", "min", "minimum"],
};
const PRIORITIES: readonly Priority[] = ["high", "normal", "low"];

/** As a word, or as a number: 1 or more is high, below 0 low. Anything else is normal, with a warning. */
export function readPriority(value: unknown, warn: (warning: string) => void): Priority {
  if (isBlank(value)) return "normal";
  const text = typeof value === "boolean" ? undefined : primitiveText(value)?.trim().toLowerCase();
  const known = PRIORITIES.find((priority) => WORDS[priority].some((word) => word === text));
  if (known !== undefined) return known;
  const number = text === undefined || text === "" ? Number.NaN : Number(text);
  if (number >= 1) return "high";
  if (number < 0) return "low";
  if (number !== 0) {
    const given = primitiveText(value);
    warn(
      `The priority ${given === undefined ? "" : `${shown(given)} `}is invalid; the mail is sent with normal priority.`,
    );
  }
  return "normal";
}
