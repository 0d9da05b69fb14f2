/** The mails that are measured. */
import type { Transaction } from "../../../lib/mailer/mailer";
import { attachment, awkwardBytes, mail } from "../../e2e/transaction/mail-rig";

/** An alert as most are: a subject and a line of text. */
export const ALERT: Transaction = mail({
  subject: "Pump 7: level high",
  text: "Level 94 % at pump 7, limit 90 %.\r\n",
});

export const BODY_BYTES = 10 * 1024;
export const ATTACHMENT_BYTES = 100 * 1024;

/** A report: 10 KiB of text and an attachment of 100 KiB, whose content differs with each number. */
export function report(number: number): Transaction {
  const content = awkwardBytes(ATTACHMENT_BYTES);
  content.writeUInt32BE(number, 0);
  return mail({
    subject: "Report of the week",
    text: "Level 94 % at pump 7, line of a report.\r\n".repeat(BODY_BYTES / 41 + 1).slice(0, BODY_BYTES),
    attachments: [attachment("report.bin", content)],
  });
}
