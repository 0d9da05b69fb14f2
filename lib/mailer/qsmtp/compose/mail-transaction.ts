/** MailTransaction: one mail as the module's client is given it: its form, how much fits, and names as it carries them. */
import { foldToAscii } from "../../../mail/ascii-fold";
import type { CharsetName } from "../../../quectel/commands/smtp";
import type { TransactionAttachment } from "../../../quectel/files/file-store";

/** Text in the bytes of a charset; how they are written on the line (raw or as hex digits) is decided later. */
export interface CodedText {
  readonly charset: CharsetName;
  readonly bytes: Buffer;
}

export interface MailTransaction {
  readonly senderName: string;
  readonly senderAddress: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly subject: CodedText;
  /** Empty text: a mail with a subject only. */
  readonly body: CodedText;
  /** The body for a module that refuses the coding of `body`, which then is a guess. ASCII. */
  readonly plainBody?: CodedText;
  readonly attachments: readonly TransactionAttachment[];
}

/**
 * How the module takes text that is not ASCII: `raw` bytes, `hex` digits, or `unknown`, when only ASCII is certain to
 * arrive. The two answers may differ, because `bodyoriginal` concerns the body only.
 */
export interface TextSupport {
  readonly subject: "raw" | "hex" | "unknown";
  readonly body: "raw" | "hex" | "unknown";
}

/** Of a module of which nothing is known; enough for text in ASCII. */
export const ASCII_ONLY: TextSupport = { subject: "unknown", body: "unknown" };

/** How a body that is not ASCII is written: where nothing is known of bodies, as the subject is, which is a guess. */
export function bodyCoding({ subject, body }: TextSupport): TextSupport["body"] {
  return body === "unknown" ? subject : body;
}

/*
 * The limits of the module's own mail client, in one table.
 *
 * The marks of the fact base say how sure each is. What exceeds an A is mended or refused before the first byte; what
 * exceeds a B or C is warned about or kept away from where that costs nothing, and the module decides.
 */

export const LIMITS = {
  /**
   * Bytes of a body before any hex coding. QSMTPBODY takes 10,240, but Quectel's client repeats the first 3072 of a longer
   * one and reports success (seen with the RTOS family, not ruled out for EC2x).
   */
  bodyBytes: 3072,
  /**
   * Bytes of a subject. B: QSMTPSUB takes 100; but for one of exactly 100 Quectel's client sends an empty mail and reports
   * success (seen and not ruled out as above).
   */
  subjectBytes: 99,
  /** B: bytes of an address, sender or recipient. */
  addressBytes: 50,
  /** B: bytes of the sender's name. A cut name loses nothing that matters, a refused one every mail. */
  senderNameBytes: 50,
  /** B: recipients of one transaction, all kinds together. */
  recipients: 20,
  /** A: bytes of a file's name: 80, of which four are left for the storage prefix `RAM:`. */
  fileNameBytes: 76,
} as const;

/*
 * The display name of the sender as the module's client can carry it.
 *
 * The module puts it between quotation marks into the From header as it is: neither a charset nor an escape is known.
 */

/** Printable ASCII without quotation marks and backslashes. */
const PLAIN_NAME = /^[ !#-[\]-~]*$/;

interface SenderName {
  /** ASCII without quotation marks, backslashes and control characters; may be empty. */
  readonly carried: string;
  /** What the reader sees otherwise than it was written, one sentence; undefined: nothing that matters. */
  readonly remark?: string;
}

export function senderNameOf(name: string): SenderName {
  if (PLAIN_NAME.test(name)) return { carried: name.slice(0, LIMITS.senderNameBytes) };
  const folded = foldToAscii(name);
  const lost = count(folded, "?") > count(name.normalize("NFKD"), "?") + count(name, "¿");
  if (lost) {
    return {
      carried: "",
      remark: "The module does not support the letters of the sender name; the mail is sent without it.",
    };
  }
  // In a quoted string a backslash takes the next character away, and the last one the end (RFC 5322 section 3.2.4).
  const carried = folded
    .replaceAll('"', "'")
    .replaceAll("\\", "/")
    .replace(/\p{Cc}+/gu, " ")
    .slice(0, LIMITS.senderNameBytes);
  return folded.includes("\\")
    ? {
        carried,
        remark: "The module does not support the backslash in the sender name; it was replaced by a slash.",
      }
    : { carried };
}

function count(text: string, sign: string): number {
  return text.split(sign).length - 1;
}

/*
 * Names of attachments that the module, its flash file system and every mail program take.
 *
 * Rules of the FILE manual: at most 80 bytes; letters, digits, dot, dash and underscore are safe.
 */

const LONGEST_EXTENSION = 16;

/** A safe name for each of the names, in their order; unique without regard to case, extensions kept. */
export function safeFileNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const parts = safeParts(name);
    let number = 1;
    let unique = joined(parts, "");
    while (taken.has(unique.toLowerCase())) {
      number += 1;
      unique = joined(parts, `-${number}`);
    }
    taken.add(unique.toLowerCase());
    return unique;
  });
}

interface NameParts {
  readonly stem: string;
  /** With its dot, or empty. */
  readonly extension: string;
}

function safeParts(name: string): NameParts {
  const last = name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1);
  // No name needs more; a longer one would only be folded to be cut.
  const safe = foldToAscii(last.length > 512 ? last.slice(0, 256) + last.slice(-256) : last)
    .replace(/[^A-Za-z0-9._-]+/g, "_")
    .replace(/\.{2,}/g, ".");
  const dot = safe.lastIndexOf(".");
  const tail = dot === -1 ? "" : safe.slice(dot + 1);
  const isExtension = tail !== "" && tail.length < LONGEST_EXTENSION && /[A-Za-z0-9]/.test(tail);
  const stem = trimmed(isExtension ? safe.slice(0, dot) : safe);
  return {
    stem: /[A-Za-z0-9]/.test(stem) ? stem : "attachment",
    extension: isExtension ? `.${tail}` : "",
  };
}

/** Without the dots, dashes and underscores at its ends that a shell or a file system would take for something else. */
function trimmed(stem: string): string {
  let end = stem.length;
  while (end > 0 && "._".includes(stem.charAt(end - 1))) end--;
  return stem.slice(0, end).replace(/^[._-]+/, "");
}

function joined({ stem, extension }: NameParts, number: string): string {
  return stem.slice(0, LIMITS.fileNameBytes - extension.length - number.length) + number + extension;
}
