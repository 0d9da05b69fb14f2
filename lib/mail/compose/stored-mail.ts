/** StoredMail: a mail as the spool keeps it and as it is composed for sending; contents stay where they are. */
import type { TransactionAttachment } from "../../quectel/smtp/carrier";
import type { Mail } from "../mail";

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
