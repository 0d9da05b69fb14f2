/** Limits that only some modules have: the module decides, and the sender is told. */
import assert from "node:assert/strict";
import type { MailTransaction } from "../../../lib/mailer/qsmtp/carrier";
import type { CodedMail } from "../../../lib/mailer/qsmtp/fill";
import { limitWarnings } from "../../../lib/mailer/qsmtp/limit-warnings";

const ascii = (text: string): MailTransaction["subject"] => ({
  charset: "ascii",
  bytes: Buffer.from(text),
});

function warnings(parts: Partial<MailTransaction>, onTheLine?: string): readonly string[] {
  const mail: MailTransaction = {
    senderName: "Pump 7",
    senderAddress: "pump7@example.com",
    to: ["duty@example.com"],
    cc: [],
    bcc: [],
    subject: ascii("Level"),
    body: ascii("High"),
    attachments: [],
    ...parts,
  };
  const { to, cc, bcc, subject, body } = mail;
  const coded: CodedMail = {
    to,
    cc,
    bcc,
    subject: { charset: subject.charset, text: onTheLine ?? subject.bytes.toString("latin1") },
    body: { charset: "ascii", bytes: Buffer.from(body.bytes) },
  };
  return limitWarnings(mail, coded);
}

const addresses = (count: number): string[] => Array.from({ length: count }, (_, at) => `r${at}@example.com`);
const ofLength = (length: number): string => `${"a".repeat(length - "@example.com".length)}@example.com`;

describe("warnings of a sent mail about uncertain limits", () => {
  it("are none up to the limits", () => {
    const to = [ofLength(50), ...addresses(10)];
    const subject = ascii("s".repeat(100));
    assert.deepEqual(warnings({ to, cc: addresses(9), senderAddress: ofLength(50), subject }), []);
  });

  it("count recipients over all three lists", () => {
    const lists = { to: addresses(10), cc: addresses(10), bcc: addresses(1) };
    assert.deepEqual(warnings(lists), ["more than the 20 recipients that are certain"]);
  });

  it("name each address that is longer, the sender's too", () => {
    const found = warnings({ senderAddress: ofLength(52), to: [ofLength(51)], bcc: [ofLength(53)] });
    assert.deepEqual(
      found,
      [52, 51, 53].map((length) => `${ofLength(length)} is longer than the 50 bytes that are certain`),
    );
  });

  it("measure a subject as it stands on the line: 100 bytes, or 200 hex digits", () => {
    const told = ["the subject is longer than the 100 bytes that are certain"];
    assert.deepEqual(warnings({ subject: ascii("s".repeat(101)) }), told);
    const hex = (bytes: number) => warnings({ subject: ascii("s".repeat(bytes)) }, "73".repeat(bytes));
    assert.deepEqual([hex(100), hex(101)], [[], told]);
  });
});
