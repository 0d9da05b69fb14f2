/**
 * Composes one transaction of a kept mail: texts in the charset that the module takes, notes, attachments.
 *
 * Called just before sending, because notes depend on the age of the mail and the coding on the module. Pure; the
 * same arguments give the same transaction. It is not the place where a message is checked: see message.ts.
 */
import type { MailTransaction, TextSupport, TransactionAttachment } from "../quectel/carrier";
import type { Mail } from "./mail";

/** A content on the disk (or in memory): `filename` as the flow named it. */
export interface StoredAttachment extends Omit<TransactionAttachment, "name"> {
  readonly filename: string;
}

/** A mail as the spool keeps it. */
export interface StoredMail extends Pick<Mail, "from" | "to" | "cc" | "bcc" | "subject" | "text"> {
  /** Id of the mail in the outbox; letters, digits and dashes. */
  readonly id: string;
  /** Wall-clock time at acceptance, milliseconds since 1970; for the reader only. */
  readonly raisedAt: number;
  readonly attachments: readonly StoredAttachment[];
}

/** What the modem's settings say about the text of mails. */
export interface ComposeSettings {
  readonly senderName: string;
  readonly senderAddress: string;
  /** Charset for text that is not ASCII; `auto` is UTF-8. */
  readonly charset: "auto" | "utf-8" | "gb2312" | "big5";
  /** Minutes after which a mail says when it was raised; 0 = never. */
  readonly lateNote: number;
}

/** What has happened to this transaction so far. */
export interface SendHistory {
  /** Milliseconds since acceptance, of a monotonic clock. */
  readonly ageMs: number;
  /** A former try of this transaction may have reached the recipients. */
  readonly possibleDuplicate: boolean;
  /** The module has refused the subject for its length (LIMIT_SUBJECT): cut it and give it whole in the text. */
  readonly shortSubject: boolean;
}

export interface ComposeOptions {
  readonly settings: ComposeSettings;
  /** What `MailCarrier.textSupport` said; `ASCII_ONLY` will do where `needsTextSupport` is false. */
  readonly support: TextSupport;
  readonly history: SendHistory;
}

export interface Composed {
  readonly transaction: MailTransaction;
  /** What the reader of the mail does not get as the flow gave it, for `msg.smtp.warnings`. */
  readonly warnings: readonly string[];
}
