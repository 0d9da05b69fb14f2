/**
 * Coded text: subject and body of a mail in the bytes of a charset, as much of them as the module carries.
 *
 * ASCII whenever possible, because it alone is certain with every firmware. Not concerned with how bytes are written
 * on the line: see `TextSupport`.
 */
import { lateCode } from "../../../late-code";
import { type CodedText, type TextSupport, LIMITS } from "./mail-transaction";
import type { CharsetName } from "../../../quectel/commands/smtp";
import { shownInAscii } from "../../../mail/message/ascii-fold";
import { cut, isAscii, textFile, type Warn } from "../../../mail/message/text";
import { createHash } from "node:crypto";
import type { OutgoingAttachment } from "../../mailer";

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

interface Coding {
  readonly coded: CodedText;
  /** The charset wished for cannot carry the text, so it is UTF-8. */
  readonly fellBack: boolean;
}

/**
 * The text in ASCII if it is, else in the charset wished for if that carries every character, else in UTF-8.
 *
 * @param part an AT string, so a subject, has no escape for a double quote; with one it is UTF-8, which may be written in hex
 * digits, as ASCII never is
 */
export function codeText(text: string, wish: CharsetWish, part: "body" | "subject" = "body"): Coding {
  if (isAscii(text)) {
    const isPlain = part === "body" || !text.includes('"');
    const coded = isPlain ? ({ charset: "ascii", bytes: Buffer.from(text, "latin1") } as const) : utf8(text);
    return { coded, fellBack: false };
  }
  if (wish === "gb2312" || wish === "big5") {
    const bytes = encodeDoubleByte(text, wish);
    if (bytes !== undefined) return { coded: { charset: wish, bytes }, fellBack: false };
    return { coded: utf8(text), fellBack: true };
  }
  return { coded: utf8(text), fellBack: false };
}

/** The text in UTF-8, also when ASCII would do. */
function utf8(text: string): CodedText {
  return { charset: "utf-8", bytes: Buffer.from(text, "utf8") };
}

/** Loaded when first needed: its tables are large, and most mails are ASCII or UTF-8. */
const loadIconv = lateCode((): typeof import("iconv-lite") => require("iconv-lite"));

/** The bytes, or undefined where a character is missing in the charset, or its table on the disk. */
function encodeDoubleByte(text: string, charset: DoubleByteCharset): Buffer | undefined {
  let iconv: ReturnType<typeof loadIconv>;
  try {
    iconv = loadIconv();
  } catch {
    return undefined;
  }
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

/** How a body that is not ASCII is written: where nothing is known of bodies, as the subject is, which is a guess. */
export function bodyCoding({ subject, body }: TextSupport): TextSupport["body"] {
  return body === "unknown" ? subject : body;
}

/* The subject of a transaction: in what charset, and what becomes of characters that the module cannot take. */

interface SubjectOptions {
  readonly support: TextSupport["subject"];
  readonly charset: CharsetWish;
  /** The module has refused it for its length: cut it to what every module takes as written on the line. */
  readonly short: boolean;
  /** It stands whole in the text already, which was told. */
  readonly isInText: boolean;
}

interface CodedSubject {
  readonly coded: CodedText;
  /** False when the reader cannot see the subject of the flow in it, so it has to be said elsewhere. */
  readonly whole: boolean;
}

/** Codes a subject of one line; whatever is changed is listed by `warn`. */
export function codeSubject(subject: string, options: SubjectOptions, warn: Warn): CodedSubject {
  const folded = options.support === "unknown" && !isAscii(subject);
  if (folded && !options.isInText) {
    warn("The module is not known to support non-ASCII letters in a subject; it is in full in the text.");
  }
  let text = folded ? shownInAscii(subject) : subject;
  // No escape for a double quote is known in an AT string; hex digits need none.
  if (text.includes('"') && options.support !== "hex") {
    warn("Double quotes in the subject were replaced by single ones.");
    text = text.replaceAll('"', "'");
  }
  const { coded, fellBack } = codeText(text, options.charset, "subject");
  if (fellBack) warn(`The subject cannot be written in ${options.charset}; it is sent in UTF-8.`);
  const room = roomFor(coded, options);
  if (room === "none") {
    if (!options.isInText) {
      warn("The subject exceeds the module's limit; it was truncated and is in full in the text.");
    }
    return { coded: cutToSize(text, options), whole: false };
  }
  if (room === "doubtful") {
    warn(`The subject is longer than ${LIMITS.subjectBytes} hex digits; the module may refuse it.`);
  }
  return { coded, whole: !folded };
}

/**
 * Whether there is room for a subject. Whether bytes or digits are counted is not known: one in hex digits may have more of
 * them, which is refused at worst, but not the one number that may cost the whole mail.
 */
function roomFor(
  { charset, bytes }: CodedText,
  { support, short }: SubjectOptions,
): "certain" | "doubtful" | "none" {
  const most = LIMITS.subjectBytes;
  // Two digits for each byte; ASCII is never written so.
  const size = support === "hex" && charset !== "ascii" ? bytes.length * 2 : bytes.length;
  if (size <= most) return "certain";
  return short || bytes.length > most || size === most + 1 ? "none" : "doubtful";
}

function cutToSize(text: string, options: SubjectOptions): CodedText {
  // A character takes a byte at least.
  const characters = Array.from(cut(text, LIMITS.subjectBytes * 2)).slice(0, LIMITS.subjectBytes);
  let { coded } = codeText(characters.join(""), options.charset, "subject");
  while (roomFor(coded, options) === "none") {
    characters.pop();
    ({ coded } = codeText(characters.join(""), options.charset, "subject"));
  }
  return coded;
}

/*
 * The body of a transaction, and `message.txt` for what the module cannot carry in a body.
 *
 * The whole text always arrives, in UTF-8 if not in the body; the body then holds what can be read of it at a glance.
 */

/** Bytes kept free for the line that says where the rest of the text is. */
const REST_LINE = 240;
/** UTF-16 units of the text that a body shows when the whole is in `message.txt`: what fits on a phone. */
const EXCERPT = 1000;

const TEXT_FILE = "message.txt";

interface BodyOptions {
  readonly support: TextSupport;
  readonly charset: CharsetWish;
  /** Whether the mail can take one more attachment; if not, what does not fit is lost, and the body notes it. */
  readonly roomForFile: boolean;
}

interface CodedBody {
  readonly coded: CodedText;
  /** For a module that refuses the guessed coding of `coded`. */
  readonly plain?: CodedText;
  /** `message.txt` or nothing. */
  readonly files: readonly OutgoingAttachment[];
}

/** Codes a text whose lines end with CR LF; whatever is changed is listed by `warn`. */
export function codeBody(text: string, options: BodyOptions, warn: Warn): CodedBody {
  const { support, charset, roomForFile } = options;
  // One UTF-16 unit is at least one byte in every charset: what lies beyond needs no coding to know that it is too much.
  const start = text.length > LIMITS.bodyBytes ? cut(text, LIMITS.bodyBytes) : text;
  const isForeign = !isAscii(start);
  const isFolded = isForeign && bodyCoding(support) === "unknown";
  const isGuessed = isForeign && !isFolded && support.body === "unknown";
  const { coded, fellBack } = codeText(isFolded ? shownInAscii(start) : start, charset);
  if (fellBack) warn(`The text cannot be written in ${charset}; it is sent in UTF-8.`);
  const isWhole = start.length === text.length && coded.bytes.length <= LIMITS.bodyBytes;
  if (isWhole && !isFolded && !isGuessed) return { coded, files: [] };

  const reason = isFolded
    ? "The module is not known to support non-ASCII letters"
    : isGuessed
      ? "It is not known how the module handles non-ASCII letters in a text"
      : "The text exceeds the module's limit";
  warn(
    `${reason}; ` +
      (roomForFile ? `it is in full in ${TEXT_FILE}.` : "there is no room for a file with the full text."),
  );
  return {
    coded: withRest(text, isFolded ? shownInAscii(start) : start, options),
    ...(isGuessed && { plain: withRest(text, shownInAscii(start), options) }),
    files: roomForFile ? [textAttachment(text)] : [],
  };
}

/** What of the text is `shown` in the body, as far as there is room, and the line about the rest. */
function withRest(text: string, shown: string, { charset, roomForFile }: BodyOptions): CodedText {
  const end = `\r\n\r\n${restLine(text, roomForFile)}`;
  const { coded } = codeText(shown, charset);
  const isCut = text.length > LIMITS.bodyBytes || coded.bytes.length > LIMITS.bodyBytes - REST_LINE;
  const beginning = isCut ? `${cut(shown, excerptUnits(coded, roomForFile))} [...]` : shown;
  return codeText(beginning + end, charset).coded;
}

/** UTF-16 units of a text that is cut: few where the whole is in a file, else all that a body carries for certain. */
function excerptUnits({ charset }: CodedText, hasFile: boolean): number {
  // In no charset does a unit take more than three bytes.
  const most = Math.floor((LIMITS.bodyBytes - REST_LINE) / (charset === "ascii" ? 1 : 3));
  return hasFile ? Math.min(EXCERPT, most) : most;
}

function restLine(text: string, inFile: boolean): string {
  const size = Buffer.byteLength(text, "utf8");
  return inFile
    ? `The whole text (${size} bytes) is in the attachment ${TEXT_FILE}.`
    : `This is not the whole text (${size} bytes): the modem could not carry it.`;
}

function textAttachment(text: string): OutgoingAttachment {
  const bytes = textFile(text);
  return {
    filename: TEXT_FILE,
    size: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    async *open() {
      yield bytes;
    },
  };
}
