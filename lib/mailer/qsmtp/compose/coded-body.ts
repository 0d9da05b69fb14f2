/**
 * The body of a transaction, and `message.txt` for what the module cannot carry in a body.
 *
 * The whole text always arrives, in UTF-8 if not in the body; the body then holds what can be read of it at a glance.
 */
import { createHash } from "node:crypto";
import type { CodedText, TextSupport } from "./mail-transaction";
import { LIMITS } from "./limits";
import { isAscii, shownInAscii } from "../../../mail/ascii-fold";
import { codeText, type CharsetWish } from "./charset";
import type { OutgoingAttachment } from "../../mailer";
import { cut, textFile } from "../../../mail/message/text";

/** Bytes kept free for the line that says where the rest of the text is. */
const REST_LINE = 240;
/** UTF-16 units of the text that a body shows when the whole is in `message.txt`: what fits on a phone. */
const EXCERPT = 1000;

const TEXT_FILE = "message.txt";

export interface BodyOptions {
  readonly support: TextSupport["body"];
  /** `support` is that of subjects, and may not hold for bodies. */
  readonly isGuess: boolean;
  readonly charset: CharsetWish;
  /** Whether the mail can take one more attachment; if not, what does not fit is lost, and the body says so. */
  readonly roomForFile: boolean;
}

export interface CodedBody {
  readonly coded: CodedText;
  /** For a module that refuses the guessed coding of `coded`. */
  readonly plain?: CodedText;
  /** `message.txt` or nothing. */
  readonly files: readonly OutgoingAttachment[];
}

/** Codes a text whose lines end with CR LF; whatever is changed is listed by `warn`. */
export function codeBody(text: string, options: BodyOptions, warn: (warning: string) => void): CodedBody {
  const { support, isGuess, charset, roomForFile } = options;
  // One UTF-16 unit is at least one byte in every charset: what lies beyond needs no coding to know that it is too much.
  const start = cut(text, LIMITS.bodyBytes);
  const isForeign = !isAscii(start);
  const isFolded = isForeign && support === "unknown";
  const isGuessed = isForeign && !isFolded && isGuess;
  const { coded, fellBack } = codeText(isFolded ? shownInAscii(start) : start, charset);
  if (fellBack) warn(`The text cannot be written in ${charset}; it is sent in UTF-8.`);
  const isWhole = start.length === text.length && coded.bytes.length <= LIMITS.bodyBytes;
  if (isWhole && !isFolded && !isGuessed) return { coded, files: [] };

  const reason = isFolded
    ? "The module is not known to take other letters than ASCII"
    : isGuessed
      ? "It is not known how the module takes other letters than ASCII in a text"
      : "The text is longer than a body may be";
  warn(
    `${reason}; ` +
      (roomForFile
        ? `it is whole in ${TEXT_FILE}.`
        : "there is no place left for a file with the whole text."),
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
