/**
 * Command: one AT command line, what its answer looks like, and how long that may take.
 *
 * The syntax is that of V.250 section 5 and 3GPP TS 27.007; which commands there are is the business of the layer
 * above. A command is a constant of its kind plus arguments, so a table of constructors describes a whole module.
 *
 * Arguments are built by type (`str`, `num`, `hex`, `fileName`): what a builder returns can be put into a line as it is,
 * and what a line cannot carry is refused here, before the wire (V.250 section 5.4.2). There is no escape character in
 * these commands: a double quote ends the string, a carriage return ends the line. So a value with either is refused,
 * never changed. Every builder throws ModemError `INVALID_ARGUMENT`.
 */
import { ModemError } from "../errors";
import { maskSecrets } from "../serial/trace";

/** Bytes that the module takes after CONNECT, or after the prompt. */
export interface Payload {
  /** Exactly so many bytes are sent, 1 or more; it is what the command line announced. */
  readonly size: number;
  /** The bytes, or what reads them when CONNECT has come; must make `size` bytes. */
  readonly source: Uint8Array | (() => AsyncIterable<Uint8Array>);
  /** The module says `A` after each full 1024 bytes and wants no more before. */
  readonly acknowledged?: boolean;
  /**
   * The module asks by the prompt `>`, which has no line end, and takes exactly `size` bytes, whatever they are: there
   * is no way back to command state but through all of them (V.250 has no such state; `AT+QISEND=<id>,<length>`).
   */
  readonly prompted?: boolean;
}

/** Raw bytes behind an information line, in command state: `+QIRD: 37`, and then 37 bytes. */
export interface Block {
  /** The header of the line that announces them; it must be among `headers`. */
  readonly header: string;
  /** Most bytes that the command allows; a line that announces more is damaged. */
  readonly longest: number;
  /** What stands between the number and the bytes: a line end, or a comma. A line with more numbers is a line. */
  readonly framing: "line" | "comma";
}

/** The answer to a command that ended with OK. */
export interface Response {
  /**
   * Information text line by line, in order, header included, without line ends and empty lines. One character is
   * one byte (latin1): `decodeText` makes text of what a person wrote.
   */
  readonly lines: readonly string[];
  /** Raw bytes announced by `CONNECT <n>` or by the header of a `Block`, of all such blocks. */
  readonly data?: Buffer;
  /** The line of `Command.endings` that ended the command; undefined when OK did. */
  readonly ending?: string;
}

export interface Command<T> {
  /**
   * Command line without its terminator, `AT+CSQ`. One character is one byte (latin1), so raw UTF-8 or BIG5 bytes
   * can be carried.
   */
  readonly line: string;
  /** Headers of the information text that belongs to the answer, `+CSQ`; every other header is unsolicited. */
  readonly headers: readonly string[];
  /** The answer holds lines without a header, as those of ATI or AT+CGSN. */
  readonly freeText?: boolean;
  /** Tells a line with a declared header from an unsolicited one with the same header; without it all are taken. */
  readonly accepts?: (line: string) => boolean;
  /**
   * Milliseconds from the last byte of the line on the wire to the final result code; with a payload also the longest
   * time without progress, and from the payload's last byte to the final result code.
   */
  readonly timeoutMs: number;
  /** Final result codes of this command alone, in addition to `OK` and the errors: `SEND OK`, `SEND FAIL`. */
  readonly endings?: readonly string[];
  /** Sent after CONNECT, or after the prompt. */
  readonly payload?: Payload;
  /** The answer holds raw bytes announced by `CONNECT <n>`. */
  readonly download?: boolean;
  /** The answer holds raw bytes behind a header with their number. */
  readonly block?: Block;
  /** Parts of the line that no error, log or trace may show. */
  readonly secrets?: readonly string[];
  /** Makes the result of the answer; throws a ModemError (`MODEM_ANSWER`) when it does not understand it. */
  readonly parse: (response: Response) => T;
}

/**
 * The last look at a command line before the wire: it begins with AT, holds bytes 0x20..0x7e and 0x80..0xff alone, the
 * ones that neither end a line nor edit it, and its quotes are in pairs; so whatever made it, it is one command line
 * and not two.
 */
export const ONE_LINE = /^[Aa][Tt][ !#-~\x80-\xff]*(?:"[ !#-~\x80-\xff]*"[ !#-~\x80-\xff]*)*$/;

/** The command line as errors and logs may show it: secrets masked, raw bytes decoded. */
export function shownLine(command: Pick<Command<unknown>, "line" | "secrets">): string {
  return maskSecrets(command.line, command.secrets ?? []);
}

/** For commands that answer with their result code alone. */
export function nothing(): void {}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Text of a line or parameter: UTF-8 where the bytes are valid UTF-8, else latin1.
 *
 * Done for a whole line at once, so a character cut in two by a read is whole, and a byte that is not UTF-8 spoils
 * nothing but itself.
 */
export function decodeText(latin1: string): string {
  try {
    return utf8.decode(Buffer.from(latin1, "latin1"));
  } catch {
    return latin1;
  }
}

const DELETE = "\x7f";
const LAST_BYTE = "\xff";

/** Longest file name of the module's file commands, in bytes without the storage. */
const LONGEST_FILE_NAME = 80;
const FILE_NAME = /^(?:[A-Z]{2,4}:)?([^:*?\\/<>|]+)$/;

/** Smallest and largest value allowed; both belong to the range. */
interface NumberRange {
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
export function num(value: number, { min, max }: NumberRange = {}): string {
  if (!Number.isSafeInteger(value)) throw refusal(`${value} is not a whole number`);
  if (value < (min ?? value) || value > (max ?? value)) {
    throw refusal(`${value} is not between ${min ?? "any"} and ${max ?? "any"}`);
  }
  return value.toString(10);
}

/** A whole number of 0 or more in the form 0x1F. */
export function hex(value: number, range: NumberRange = {}): string {
  const digits = num(value, { ...range, min: Math.max(0, range.min ?? 0) });
  return `0x${Number(digits).toString(16).toUpperCase()}`;
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

function refusal(detail: string): ModemError {
  return new ModemError("INVALID_ARGUMENT", { detail });
}

/*
 * Parameters of information text: `"a",1,,"b,c",0x1F` taken apart (V.250 section 5.7, 3GPP TS 27.007 section 4).
 *
 * Lenient on purpose: modules leave quotes open, write blanks at will and change between quoted and bare words from
 * one firmware to the next. So the form is kept beside the text and the caller asks for what it needs.
 */

/** A line of information text with a header: `+CSQ: 19,99`; modules differ in the blank behind the colon. */
const WITH_HEADER = /^([+^*$#&%!][^:"]*):\s*(.*)$/s;

/** The header of a line, `+CSQ` of `+CSQ: 19,99`; undefined for text without one. */
export function headerOf(line: string): string | undefined {
  return WITH_HEADER.exec(line)?.[1];
}

/** What follows the header of a line, or the whole line when it has none. */
export function informationText(line: string): string {
  return WITH_HEADER.exec(line)?.[2] ?? line;
}

/** One parameter as it is written; blanks around a bare one do not count. */
interface Parameter {
  text: string;
  quoted: boolean;
}

const DECIMAL = /^[+-]?\d{1,15}$/;
const PREFIXED_HEX = /^0x[\da-f]{1,13}$/i;
const BARE_HEX = /^(?:0x)?([\da-f]{1,13})$/i;

/** Parameters by position from 0. An omitted one, as between two commas, is undefined. */
export class Parameters {
  constructor(private readonly items: readonly Readonly<Parameter>[]) {}

  /** Number of positions, the omitted ones included. */
  get length(): number {
    return this.items.length;
  }

  /** The text without its quotes; `""` in quotes is the empty string, nothing at all is undefined. */
  text(position: number): string | undefined {
    const item = this.items[position];
    if (item?.quoted === true) return item.text;
    const bare = item?.text.trim();
    return bare === "" ? undefined : bare;
  }

  /** A whole number, decimal or with 0x, quoted or not; undefined for anything else. */
  integer(position: number): number | undefined {
    const text = this.text(position);
    return text !== undefined && (DECIMAL.test(text) || PREFIXED_HEX.test(text)) ? Number(text) : undefined;
  }

  /** A number in hex digits with or without 0x, such as a checksum or a cell; undefined for anything else. */
  hex(position: number): number | undefined {
    const digits = BARE_HEX.exec(this.text(position) ?? "")?.[1];
    return digits === undefined ? undefined : Number.parseInt(digits, 16);
  }

  /** True for a parameter written in quotes. */
  isQuoted(position: number): boolean {
    return this.items[position]?.quoted ?? false;
  }
}

/**
 * For commands whose result is the whole number behind the header of the answer's first line, 15 of `+QSMTPBODY: 15`.
 * Where there is none, it throws a ModemError `MODEM_ANSWER`, which names `what`.
 */
export function firstNumber(what: string): (response: Response) => number {
  return ({ lines: [line = ""] }) => {
    const digits = /^[^:"]*:\s*"?(\d{1,15})"?\s*(?:,|$)/.exec(line)?.[1];
    if (digits === undefined) throw new ModemError("MODEM_ANSWER", { detail: `${what} is missing` });
    return Number(digits);
  };
}

/**
 * Takes a parameter list apart, or a whole line with its header. A comma in quotes or parentheses does not separate;
 * an open quote reaches to the end.
 */
export function parseParameters(line: string): Parameters {
  const text = informationText(line);
  if (text === "") return new Parameters([]);
  let item: Parameter = { text: "", quoted: false };
  const items = [item];
  let inQuotes = false;
  let depth = 0;
  for (const character of text) {
    if (character === '"' && depth === 0) {
      // Blanks around the quotes are not part of the string.
      if (!inQuotes && item.text.trim() === "") item.text = "";
      inQuotes = !inQuotes;
      item.quoted = true;
    } else if (character === "," && !inQuotes && depth === 0) {
      item = { text: "", quoted: false };
      items.push(item);
    } else if (inQuotes || !item.quoted || character.trim() !== "") {
      if (!inQuotes && character === "(") depth++;
      if (!inQuotes && character === ")") depth = Math.max(0, depth - 1);
      item.text += character;
    }
  }
  return new Parameters(items);
}
