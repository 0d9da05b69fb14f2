/** MailTransaction: one mail as the module's client is given it, and in what form it takes text. */
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
