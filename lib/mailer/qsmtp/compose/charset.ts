/**
 * Which charset a text travels in, and its bytes there.
 *
 * ASCII whenever possible, because it alone is certain with every firmware. Not concerned with how bytes are written
 * on the line: see `TextSupport`.
 */
import { once } from "../../../async";
import type { CodedText, TextSupport } from "./mail-transaction";
import type { CharsetName } from "../../../quectel/commands/smtp";
import { isAscii } from "../../../mail/ascii-fold";

/** What a person has chosen for text that is not ASCII; `auto` is UTF-8. */
export type CharsetWish = "auto" | "utf-8" | "gb2312" | "big5";

type DoubleByteCharset = Exclude<CharsetName, "ascii" | "utf-8">;

interface DoubleByteCodes {
  /** Codes that every reader of the charset knows, first to last. */
  readonly ranges: readonly (readonly [first: number, last: number])[];
  readonly firstTrail: number;
}

/**
 * GB 2312 in EUC form; Big5 of 1984 (symbols, frequent and less frequent characters) without the rows that vendors
 * added in different ways.
 */
const CODES: Readonly<Record<DoubleByteCharset, DoubleByteCodes>> = {
  gb2312: { ranges: [[0xa1a1, 0xf7fe]], firstTrail: 0xa1 },
  big5: {
    ranges: [
      [0xa140, 0xa3bf],
      [0xa440, 0xc67e],
      [0xc940, 0xf9d5],
    ],
    firstTrail: 0x40,
  },
};

export interface Coding {
  readonly coded: CodedText;
  /** The charset wished for cannot carry the text, so it is UTF-8. */
  readonly fellBack: boolean;
}

/** The text in ASCII if it is, else in the charset wished for if that carries every character, else in UTF-8. */
export function codeText(text: string, wish: CharsetWish): Coding {
  if (isAscii(text)) {
    return { coded: { charset: "ascii", bytes: Buffer.from(text, "latin1") }, fellBack: false };
  }
  if (wish === "gb2312" || wish === "big5") {
    const bytes = encodeDoubleByte(text, wish);
    if (bytes !== undefined) return { coded: { charset: wish, bytes }, fellBack: false };
    return { coded: utf8(text), fellBack: true };
  }
  return { coded: utf8(text), fellBack: false };
}

/** The text in UTF-8, also when ASCII would do. */
export function utf8(text: string): CodedText {
  return { charset: "utf-8", bytes: Buffer.from(text, "utf8") };
}

/** Loaded when first needed: its tables are large, and most mails are ASCII or UTF-8. */
const loadIconv = once((): typeof import("iconv-lite") => require("iconv-lite"));

/** The bytes, or undefined where a character is missing in the charset. */
function encodeDoubleByte(text: string, charset: DoubleByteCharset): Buffer | undefined {
  const iconv = loadIconv();
  const bytes = iconv.encode(text, charset);
  // The library writes `?` for what it cannot encode, and knows later supersets under the same names.
  if (iconv.decode(bytes, charset) !== text || !isWithin(bytes, CODES[charset])) return undefined;
  return bytes;
}

function isWithin(bytes: Buffer, { ranges, firstTrail }: DoubleByteCodes): boolean {
  for (let at = 0; at < bytes.length; at++) {
    const lead = bytes[at] ?? 0;
    if (lead < 0x80) continue;
    const trail = bytes[++at] ?? 0;
    const code = (lead << 8) | trail;
    if (trail < firstTrail || !ranges.some(([first, last]) => first <= code && code <= last)) return false;
  }
  return true;
}

/** Bytes of the text as written on the line: two hex digits per byte where the module wants them; ASCII never does. */
export function codedSize(coded: CodedText, support: TextSupport["body"]): number {
  return support === "hex" && coded.charset !== "ascii" ? coded.bytes.length * 2 : coded.bytes.length;
}
