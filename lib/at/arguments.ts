/**
 * Arguments of a command line, by type: what each builder returns can be put into a line as it is, and what a line
 * cannot carry is refused here, before the wire (V.250 section 5.4.2).
 *
 * There is no escape character in these commands: a double quote ends the string, a carriage return ends the line.
 * So a value with either is refused, never changed. Every builder throws ModemError `INVALID_ARGUMENT`.
 */
import { ModemError } from "../errors";

const DELETE = "\x7f";
const LAST_BYTE = "\xff";

/** Longest file name of the module's file commands, in bytes without the storage. */
const LONGEST_FILE_NAME = 80;
const FILE_NAME = /^(?:[A-Z]{2,4}:)?([^:*?\\/<>|]+)$/;

/** Smallest and largest value allowed; both belong to the range. */
export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
}

/**
 * A string in quotes. Each character is one byte: bytes of UTF-8, GB2312 or BIG5 are passed as latin1 text.
 * The value is not named in the error, because it may be a password.
 */
export function str(value: string): string {
  for (const character of value) {
    if (character === '"') throw refusal("a string holds a double quote");
    if (character < " " || character === DELETE) throw refusal("a string holds a control character");
    if (character > LAST_BYTE) throw refusal("a string holds a character that is not a single byte");
  }
  return `"${value}"`;
}

/** A whole number in decimal digits. */
export function num(value: number, range: NumberRange = {}): string {
  return wholeNumber(value, range).toString(10);
}

/** A whole number of 0 or more in the form 0x1F. */
export function hex(value: number, range: NumberRange = {}): string {
  return `0x${wholeNumber(value, { ...range, min: Math.max(0, range.min ?? 0) })
    .toString(16)
    .toUpperCase()}`;
}

/**
 * A file name in quotes, with or without storage (`RAM:log.csv`). Wildcards are refused, so that a name cannot become
 * a pattern; 1..80 bytes.
 */
export function fileName(value: string): string {
  const name = FILE_NAME.exec(value)?.[1];
  if (name === undefined || name !== name.trim())
    throw refusal("a file name holds a character that it may not");
  if (name.length > LONGEST_FILE_NAME) throw refusal(`a file name is longer than ${LONGEST_FILE_NAME} bytes`);
  return str(value);
}

function wholeNumber(value: number, { min, max }: NumberRange): number {
  if (!Number.isSafeInteger(value)) throw refusal(`${value} is not a whole number`);
  if (value < (min ?? value) || value > (max ?? value)) {
    throw refusal(`${value} is not between ${min ?? "any"} and ${max ?? "any"}`);
  }
  return value;
}

function refusal(detail: string): ModemError {
  return new ModemError("INVALID_ARGUMENT", { detail });
}
