/** The subject of a transaction: in what charset, and what becomes of characters that the module cannot take. */
import type { CodedText, TextSupport } from "./mail-transaction";
import { LIMITS } from "./limits";
import { shownInAscii, isAscii } from "../../../mail/ascii-fold";
import { cut } from "../../../mail/message/text";
import { codeText, codedSize, utf8, type CharsetWish } from "./charset";

export interface SubjectOptions {
  readonly support: TextSupport["subject"];
  readonly charset: CharsetWish;
  /** The module has refused it for its length: cut it to what every module takes as written on the line. */
  readonly short: boolean;
  /** It stands whole in the text already, which was told. */
  readonly isInText: boolean;
}

export interface CodedSubject {
  readonly coded: CodedText;
  /** False when the reader cannot see the subject of the flow in it, so it has to be said elsewhere. */
  readonly whole: boolean;
}

/** Codes a subject of one line; whatever is changed is listed by `warn`. */
export function codeSubject(
  subject: string,
  options: SubjectOptions,
  warn: (warning: string) => void,
): CodedSubject {
  const folded = options.support === "unknown" && !isAscii(subject);
  if (folded && !options.isInText) {
    warn(
      "The module is not known to take other letters than ASCII in a subject; it stands whole in the text.",
    );
  }
  const text = withoutQuotes(folded ? shownInAscii(subject) : subject, options.support, warn);
  const { coded, fellBack } = code(text, options.charset);
  if (fellBack) warn(`The subject cannot be written in ${options.charset}; it is sent in UTF-8.`);
  if (!fits(coded, options)) {
    if (!options.isInText) {
      warn("The subject is longer than the module takes; it was cut and stands whole in the text.");
    }
    return { coded: cutToSize(text, options), whole: false };
  }
  if (codedSize(coded, options.support) > LIMITS.subjectBytes) {
    warn(`The subject is longer than ${LIMITS.subjectBytes} hex digits; the module may refuse it.`);
  }
  return { coded, whole: !folded };
}

/**
 * Whether bytes or digits are counted is not known: a subject in hex digits may have more of them, which is refused at
 * worst, but not the one number that may cost the whole mail.
 */
function fits(coded: CodedText, { support, short }: SubjectOptions): boolean {
  const size = codedSize(coded, support);
  if (short) return size <= LIMITS.subjectBytes;
  return coded.bytes.length <= LIMITS.subjectBytes && size !== LIMITS.subjectBytes + 1;
}

/** No escape for a double quote is known in an AT string; hex digits need none. */
function withoutQuotes(
  text: string,
  support: TextSupport["subject"],
  warn: (warning: string) => void,
): string {
  if (!text.includes('"') || support === "hex") return text;
  warn("Double quotes in the subject were replaced by single ones.");
  return text.replaceAll('"', "'");
}

/** ASCII text with a double quote goes as UTF-8, because ASCII is never written in hex digits. */
function code(text: string, charset: CharsetWish): ReturnType<typeof codeText> {
  return text.includes('"') && isAscii(text)
    ? { coded: utf8(text), fellBack: false }
    : codeText(text, charset);
}

function cutToSize(text: string, options: SubjectOptions): CodedText {
  // A character takes a byte at least.
  const characters = Array.from(cut(text, LIMITS.subjectBytes * 2)).slice(0, LIMITS.subjectBytes);
  let coded = code(characters.join(""), options.charset).coded;
  while (!fits(coded, options)) {
    characters.pop();
    coded = code(characters.join(""), options.charset).coded;
  }
  return coded;
}
