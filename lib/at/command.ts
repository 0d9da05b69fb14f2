/**
 * Command: one AT command line, what its answer looks like, and how long that may take.
 *
 * The syntax is that of V.250 section 5 and 3GPP TS 27.007; which commands there are is the business of the layer
 * above. A command is a constant of its kind plus arguments, so a table of constructors describes a whole module.
 */
import { ModemError } from "../errors";
import { maskSecrets } from "../serial/secrets";

export { fileName, hex, num, str, type NumberRange } from "./arguments";
export { Parameters, headerOf, informationText, parseParameters } from "./parameters";
export { decodeText } from "./text";

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
  readonly timeout: number;
  /** Final result codes of this command alone, beside `OK` and the errors: `SEND OK`, `SEND FAIL`. */
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

/** Bytes 0x20..0x7e and 0x80..0xff, the ones that neither end a line nor edit it. */
const CARRIED = /^AT[\x20-\x7e\x80-\xff]*$/i;

/**
 * The last look at a command line before the wire: it begins with AT, holds no control character, and its quotes
 * are in pairs, so whatever made it, it is one command line and not two.
 *
 * @throws ModemError `INVALID_ARGUMENT`.
 */
export function checkLine(command: Pick<Command<unknown>, "line" | "secrets">): void {
  const { line } = command;
  const quotes = line.split('"').length - 1;
  if (CARRIED.test(line) && quotes % 2 === 0) return;
  throw new ModemError("INVALID_ARGUMENT", {
    detail: "the command line holds a control character or an odd quote",
    command: shownLine(command).replace(/[^\x20-\x7e]/g, "?"),
  });
}

/** The command line as errors and logs may show it: secrets masked, raw bytes decoded. */
export function shownLine(command: Pick<Command<unknown>, "line" | "secrets">): string {
  return maskSecrets(command.line, command.secrets ?? []);
}

/** For commands that answer with their result code alone. */
export function nothing(): void {}
