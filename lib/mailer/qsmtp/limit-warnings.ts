/**
 * Limits that a sister module's manual states and this one's does not: the module decides, and where it took more,
 * the sender is told that something may have been cut.
 */
import type { MailTransaction } from "./carrier";
import type { CodedMail } from "./fill";

/** Bytes each; in hex digits a subject may be twice as long. */
const ADDRESS_BYTES = 50;
const SUBJECT_BYTES = 100;
const SUBJECT_DIGITS = 200;
const MOST_RECIPIENTS = 20;
const MOST_ATTACHMENTS = 10;

/** One sentence for each limit that a mail has passed. */
export function limitWarnings(mail: MailTransaction, coded: CodedMail): readonly string[] {
  const recipients = [...mail.to, ...mail.cc, ...mail.bcc];
  const subjectLimit =
    coded.subject.text.length === mail.subject.bytes.length ? SUBJECT_BYTES : SUBJECT_DIGITS;
  return [
    ...[mail.senderAddress, ...recipients]
      .filter((address) => address.length > ADDRESS_BYTES)
      .map((address) => `${address} is longer than the ${ADDRESS_BYTES} bytes that are certain`),
    ...(coded.subject.text.length > subjectLimit
      ? [`the subject is longer than the ${SUBJECT_BYTES} bytes that are certain`]
      : []),
    ...(recipients.length > MOST_RECIPIENTS
      ? [`more than the ${MOST_RECIPIENTS} recipients that are certain`]
      : []),
    ...(mail.attachments.length > MOST_ATTACHMENTS
      ? [`more than the ${MOST_ATTACHMENTS} attachments that are certain`]
      : []),
  ];
}
