/**
 * Which charset a text travels in, and its bytes there.
 *
 * ASCII whenever possible, because it alone is certain with every firmware. Not concerned with how bytes are written
 * on the line: see `TextSupport` of carrier.ts.
 */
import type { CharsetName, CodedText, TextSupport } from "../quectel/carrier";
import { isAscii } from "./ascii-fold";

/** What a person has chosen for text that is not ASCII; `auto` is UTF-8. */
export type CharsetWish = "auto" | "utf-8" | "gb2312" | "big5";

type DoubleByteCharset = Exclude<CharsetName, "ascii" | "utf-8">;

/** First and last lead byte and first trail byte of the two-byte codes (GB 2312 in EUC form; Big5 with its ETEN rows). */
const RANGES = {
  gb2312: { firstLead: 0xa1, lastLead: 0xf7, firstTrail: 0xa1 },
  big5: { firstLead: 0xa1, lastLead: 0xf9, firstTrail: 0x40 },
} as const satisfies Record<DoubleByteCharset, object>;

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

/** The bytes, or undefined where a character is missing in the charset. */
function encodeDoubleByte(text: string, charset: DoubleByteCharset): Buffer | undefined {
  // Loaded only here: its tables are large, and most mails are ASCII or UTF-8.
  const iconv: typeof import("iconv-lite") = require("iconv-lite");
  const bytes = iconv.encode(text, charset);
  // The library writes `?` for what it cannot encode, and knows later supersets under the same names.
  if (iconv.decode(bytes, charset) !== text || !isWithin(bytes, RANGES[charset])) return undefined;
  return bytes;
}

function isWithin(bytes: Buffer, range: (typeof RANGES)[DoubleByteCharset]): boolean {
  let trail = false;
  for (const byte of bytes) {
    if (trail) {
      if (byte < range.firstTrail) return false;
      trail = false;
    } else if (byte >= 0x80) {
      if (byte < range.firstLead || byte > range.lastLead) return false;
      trail = true;
    }
  }
  return !trail;
}

/** Bytes of the text as written on the line: two hex digits per byte where the module wants them; ASCII never does. */
export function codedSize(coded: CodedText, support: TextSupport["body"]): number {
  return support === "hex" && coded.charset !== "ascii" ? coded.bytes.length * 2 : coded.bytes.length;
}
