import assert from "node:assert/strict";
import fc from "fast-check";
import { simpleParser } from "mailparser";
import {
  mailDate,
  mimeMessage,
  shownName,
  usualForm,
  type MimeMail,
} from "../../../lib/simulator/delivery/mime";

import { readMessage } from "../../../lib/simulator/delivery/read-message";

const BOUNDARY = "----=_Quectel_Mail_Boundary_7E1D_0001";

const plain: MimeMail = {
  senderName: "Pump 7",
  senderAddress: "pump7@example.com",
  to: ["duty@example.com", "second@example.com"],
  cc: ["boss@example.com"],
  bcc: ["archive@example.com"],
  subject: { charset: 0, bytes: Buffer.from("Pump 7 alarm") },
  body: { charset: 0, bytes: Buffer.from("Level too high.") },
  attachments: [],
};

const text = (mail: MimeMail, form = usualForm): string =>
  Buffer.concat([...mimeMessage(mail, form)]).toString("latin1");

describe("the mail form of the simulated module", () => {
  it("writes headers, body and attachment byte by byte as the fact base describes", () => {
    const mail: MimeMail = {
      ...plain,
      attachments: [{ fileName: "RAM:log.csv", read: () => Buffer.from("1234567890") }],
    };
    assert.equal(
      text(mail),
      [
        'From: "Pump 7" <pump7@example.com>',
        "To: <duty@example.com>, <second@example.com>",
        "Cc: <boss@example.com>",
        "Bcc: <archive@example.com>",
        "MIME-Version: 1.0",
        "Subject: =?us-ascii?B?UHVtcCA3IGFsYXJt?=",
        "Content-Type: multipart/mixed;",
        `\tboundary="${BOUNDARY}"`,
        "",
        `--${BOUNDARY}`,
        "Content-Type: text/plain; charset=us-ascii",
        "Content-Transfer-Encoding: base64",
        "",
        "TGV2ZWwgdG9vIGhpZ2gu",
        "",
        `--${BOUNDARY}`,
        'Content-Type: application/octet-stream; name="log.csv"',
        "Content-Transfer-Encoding: base64",
        'Content-Disposition: attachment; file_name="log.csv"',
        "",
        "MTIzNDU2Nzg5MA==",
        "",
        `--${BOUNDARY}--`,
        "",
      ].join("\r\n"),
    );
  });

  it("leaves Cc and Bcc out when there are none, and an empty subject empty", () => {
    const lines = text({ ...plain, cc: [], bcc: [], subject: { charset: 1, bytes: Buffer.alloc(0) } });
    assert.doesNotMatch(lines, /^(Cc|Bcc|Date|Message-ID):/im);
    assert.match(lines, /^Subject: \r$/m);
  });

  it("has a To header that names nobody, or none", () => {
    const hidden = { ...plain, to: [] };
    assert.doesNotMatch(text(hidden), /^To:/m);
    assert.match(text(hidden, { ...usualForm, emptyToHeader: true }), /^To: \r$/m);
  });

  it("is set with long lines, folded quoted parameters and a preamble where firmware does so, and reads the same", async () => {
    const content = Buffer.alloc(5000, "0123456789");
    const long = { ...plain, attachments: [{ fileName: "RAM:log.bin", read: () => content }] };
    const other = text(long, { ...usualForm, lines: 96 });
    assert.match(other, /^Content-Type: text\/plain;\r\n\tcharset="us-ascii"\r$/m);
    const lengths = new Set(
      other
        .split("\r\n")
        .filter((line) => /^[A-Za-z0-9+/]{90,}$/.test(line))
        .map((line) => line.length),
    );
    assert.deepEqual([...lengths], [96, 120]);
    assert.doesNotMatch(other, /\r\n\r\n--/);
    const parsed = await simpleParser(other);
    const usual = await simpleParser(text(long));
    assert.equal(parsed.text?.trim(), usual.text?.trim());
    assert.deepEqual(parsed.attachments[0]?.content, content);
    assert.equal(parsed.attachments[0]?.filename, "log.bin");
    assert.deepEqual(
      readMessage(Buffer.from(other, "latin1")),
      readMessage(Buffer.from(text(long), "latin1")),
    );
  });

  it("follows the switches for separator, Bcc, Date and a plain subject", () => {
    const lines = text(plain, {
      ...usualForm,
      separator: "; ",
      bccHeader: false,
      plainSubject: true,
      date: mailDate(Date.UTC(2026, 2, 4, 5, 6, 7)),
    });
    assert.match(lines, /^To: <duty@example.com>; <second@example.com>\r$/m);
    assert.match(lines, /^Date: Wed, 04 Mar 2026 05:06:07 \+0000\r$/m);
    assert.match(lines, /^Subject: Pump 7 alarm\r$/m);
    assert.doesNotMatch(lines, /^Bcc:/m);
  });

  it("encodes a subject in another character set even when ASCII ones stay plain", () => {
    const utf8 = { ...plain, subject: { charset: 1, bytes: Buffer.from("Füllstand") } } as const;
    assert.match(
      text(utf8, { ...usualForm, plainSubject: true }),
      /^Subject: =\?utf-8\?B\?RsO8bGxzdGFuZA==\?=\r$/m,
    );
  });

  it("shows a file by what follows the last colon or slash", () => {
    assert.equal(shownName("UFS:reports/day.txt"), "day.txt");
    assert.equal(shownName("RAM:log.csv"), "log.csv");
    assert.equal(shownName("plain.bin"), "plain.bin");
  });

  it("calls a .txt file text and everything else octets", () => {
    const of = (fileName: string): string =>
      text({ ...plain, attachments: [{ fileName, read: () => Buffer.from("x") }] });
    assert.match(of("UFS:a.txt"), /Content-Type: text\/plain; name="a.txt"/);
    assert.match(of("UFS:A.TXT"), /Content-Type: text\/plain; name="A.TXT"/);
    assert.match(of("UFS:a.Txt"), /Content-Type: application\/octet-stream; name="a.Txt"/);
  });

  for (const [charset, name, bytes, expected] of [
    [1, "utf-8", Buffer.from("Störung: Pegel > 3 m ✓"), "Störung: Pegel > 3 m ✓"],
    [2, "gb2312", Buffer.from([0xb1, 0xa8, 0xbe, 0xaf]), "报警"],
    [3, "big5", Buffer.from([0xc4, 0xb5, 0xb3, 0xf8]), "警報"],
  ] as const) {
    it(`is read as ${name} by a mail program`, async () => {
      const mail = await simpleParser(
        text({ ...plain, subject: { charset, bytes }, body: { charset, bytes } }),
      );
      assert.equal(mail.subject, expected);
      assert.equal(mail.text?.trimEnd(), expected);
    });
  }

  it("gives any content back through a mail program", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 100_000 }),
        fc.string({ minLength: 1, maxLength: 500, unit: "grapheme" }),
        async (content, body) => {
          const mail = await simpleParser(
            Buffer.concat([
              ...mimeMessage({
                ...plain,
                body: { charset: 1, bytes: Buffer.from(body) },
                attachments: [{ fileName: "RAM:any.bin", read: () => Buffer.from(content) }],
              }),
            ]),
          );
          assert.deepEqual(mail.attachments[0]?.content, Buffer.from(content));
          assert.equal(mail.attachments[0]?.filename, "any.bin");
          assert.equal(mail.text?.trim(), Buffer.from(body).toString().trim());
        },
      ),
      { numRuns: 30 },
    );
  });

  it("keeps every line at 76 characters of base64 or fewer, whatever the size", () => {
    const content = Buffer.alloc(57 * 512 * 2 + 1, 0xa5);
    const chunks = [
      ...mimeMessage({ ...plain, attachments: [{ fileName: "RAM:a.bin", read: () => content }] }),
    ];
    const lines = Buffer.concat(chunks).toString("latin1").split("\r\n");
    assert.ok(lines.every((line) => line.length <= 76));
    assert.ok(chunks.every((chunk) => chunk.length <= 78 * 512));
  });
});
