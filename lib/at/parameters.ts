/**
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

interface Parameter {
  readonly text: string;
  readonly quoted: boolean;
}

const DECIMAL = /^[+-]?\d{1,15}$/;
const PREFIXED_HEX = /^0x[\da-f]{1,13}$/i;
const BARE_HEX = /^(?:0x)?([\da-f]{1,13})$/i;

/** Parameters by position from 0. An omitted one, as between two commas, is undefined. */
export class Parameters {
  constructor(private readonly items: readonly Parameter[]) {}

  /** Number of positions, the omitted ones included. */
  get length(): number {
    return this.items.length;
  }

  /** The text without its quotes; `""` in quotes is the empty string, nothing at all is undefined. */
  text(position: number): string | undefined {
    const item = this.items[position];
    return item === undefined || (item.text === "" && !item.quoted) ? undefined : item.text;
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
 * Takes a parameter list apart, or a whole line with its header. A comma in quotes or parentheses does not separate;
 * an open quote reaches to the end.
 */
export function parseParameters(line: string): Parameters {
  const items: Parameter[] = [];
  let text = "";
  let quoted = false;
  let inQuotes = false;
  let depth = 0;
  const finish = (): void => {
    items.push({ text: quoted ? text : text.trim(), quoted });
    text = "";
    quoted = false;
  };
  for (const character of informationText(line)) {
    if (character === '"' && depth === 0) {
      // Blanks around the quotes are not part of the string.
      if (!inQuotes && text.trim() === "") text = "";
      inQuotes = !inQuotes;
      quoted = true;
    } else if (character === "," && !inQuotes && depth === 0) {
      finish();
    } else if (inQuotes || !quoted || character.trim() !== "") {
      if (!inQuotes && character === "(") depth++;
      if (!inQuotes && character === ")") depth = Math.max(0, depth - 1);
      text += character;
    }
  }
  if (text !== "" || quoted || items.length > 0) finish();
  return new Parameters(items);
}
