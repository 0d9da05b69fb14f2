/**
 * The body of a transaction, and `message.txt` for what the module cannot carry in a body.
 *
 * The whole text always arrives, in UTF-8 if not in the body; the body then holds what can be read of it at a glance.
 */
import { createHash } from "node:crypto";
import type { CodedText, TextSupport } from "../carrier";
import { LIMITS } from "../limits";
import { foldToAscii, isAscii } from "../../../mail/ascii-fold";
import { codeText, codedSize, type CharsetWish } from "./charset";
import type { OutgoingAttachment } from "../../mailer";
import { cut, textFile } from "../../../mail/message/text";

/** Bytes kept free for the line that says where the rest of the text is. */
const REST_LINE = 240;
/** UTF-16 units of the text that a body shows when the whole is in `message.txt`: what fits on a phone. */
const EXCERPT = 1000;

const TEXT_FILE = "message.txt";

export interface BodyOptions {
  readonly support: TextSupport["body"];
  readonly charset: CharsetWish;
  /** Whether the mail can take one more attachment; if not, what does not fit is lost, and the body says so. */
  readonly roomForFile: boolean;
}

export interface CodedBody {
  readonly coded: CodedText;
  /** `message.txt` or nothing. */
  readonly files: readonly OutgoingAttachment[];
}

/** Codes a text whose lines end with CR LF; whatever is changed is listed by `warn`. */
export function codeBody(text: string, options: BodyOptions, warn: (warning: string) => void): CodedBody {
  const { support, charset, roomForFile } = options;
  // One UTF-16 unit is at least one byte in every charset: what lies beyond needs no coding to know that it is too much.
  const start = cut(text, LIMITS.bodyBytes);
  const folded = support === "unknown" && !isAscii(start);
  const readable = folded ? foldToAscii(start) : start;
  const { coded, fellBack } = codeText(readable, charset);
  if (fellBack) warn(`The text cannot be written in ${charset}; it is sent in UTF-8.`);
  const room = LIMITS.bodyBytes - (folded ? REST_LINE : 0);
  const fits = start.length === text.length && codedSize(coded, support) <= room;
  if (fits && !folded) return { coded, files: [] };

  warn(
    `${folded ? "The module is not known to take other letters than ASCII" : "The text is longer than a body may be"}; ` +
      (roomForFile
        ? `it is whole in ${TEXT_FILE}.`
        : "there is no place left for a file with the whole text."),
  );
  const units = roomForFile
    ? EXCERPT
    : Math.floor((LIMITS.bodyBytes - REST_LINE) / bytesPerUnit(coded, support));
  const beginning = fits ? readable : `${cut(readable, units)} [...]`;
  const body = codeText(`${beginning}\r\n\r\n${restLine(text, roomForFile)}`, charset).coded;
  return { coded: body, files: roomForFile ? [textAttachment(text)] : [] };
}

function restLine(text: string, inFile: boolean): string {
  const size = Buffer.byteLength(text, "utf8");
  return inFile
    ? `The whole text (${size} bytes) is in the attachment ${TEXT_FILE}.`
    : `This is not the whole text (${size} bytes): the modem could not carry it.`;
}

/** The most bytes that one UTF-16 unit takes as written to the module. */
function bytesPerUnit(coded: CodedText, support: TextSupport["body"]): number {
  if (coded.charset === "ascii") return 1;
  return support === "hex" ? 6 : 3;
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
