/** A mail in the form of RFC 5322 and MIME, as an independent parser reads it. */
import assert from "node:assert/strict";
import { buffer } from "node:stream/consumers";
import { simpleParser } from "mailparser";
import type { OutgoingAttachment, OutgoingMail } from "../../../lib/mailer/mailer";
import { makeMessage, withoutReports, type MessageHistory } from "../../../lib/mailer/smtp/message";
import { attachment, transaction } from "../../support/memory-mailer";

describe("The message of a mail over a socket", () => {
  async function made(parts: Partial<OutgoingMail> = {}, history: Partial<MessageHistory> = {}) {
    const message = await makeMessage(
      transaction(parts),
      { senderName: "Pump 7", senderAddress: "pump7@example.com", lateNote: 0 },
      { ageMs: 0, possibleDuplicate: false, raisedAt: 0, ...history },
    );
    const raw = await buffer(message.open());
    const source = raw.toString("latin1");
    const parsed = await simpleParser(raw, { skipHtmlToText: true, skipTextToHtml: true });
    const head = (source.split("\r\n\r\n", 1)[0] ?? "").replaceAll(/\r\n[ \t]+/g, " ").split("\r\n");
    return { message, raw, source, parsed, head };
  }
  /** The forms in which its parts are encoded, in order; none of a part whose bytes stand as they are. */
  const encodings = (source: string): readonly string[] =>
    [...source.matchAll(/^Content-Transfer-Encoding: (.*?)\r$/gim)].map(([, name = ""]) => name);
  const types = (source: string): readonly string[] =>
    [...source.matchAll(/^Content-Type: ([^;\r]*)/gim)].map(([, name = ""]) => name);
  /** A text in HTML. @param chunks lengths of its first chunks, before the rest comes as one */
  const html = (page: string, chunks: readonly number[] = []) => {
    const bytes = Buffer.from(page);
    const given: number[] = [];
    const one: OutgoingAttachment = {
      ...attachment("message.html", bytes),
      place: { kind: "html", isSource: true },
      async *open() {
        let at = 0;
        for (const length of [...chunks, bytes.length]) {
          const chunk = bytes.subarray(at, at + length);
          given.push(chunk.length);
          yield chunk;
          at += length;
        }
      },
    };
    return { one, given };
  };
  const inline = (content: string): OutgoingAttachment => ({
    ...attachment("trend.png", Buffer.from(content)),
    place: { kind: "inline", cid: "trend@plant" },
  });

  it("has the header fields of its mail and no other, its lines ended by CR LF", async () => {
    const { head, raw, message } = await made({ cc: ["boss@example.com"], bcc: ["hidden@example.com"] });
    assert.deepEqual(head.map((line) => line.replace(/:.*/, "")).toSorted(), [
      "Auto-Submitted",
      "Cc",
      "Content-Transfer-Encoding",
      "Content-Type",
      "Date",
      "From",
      "MIME-Version",
      "Message-ID",
      "Subject",
      "To",
    ]);
    assert.doesNotMatch(raw.toString("latin1"), /hidden|(?<!\r)\n|\r(?!\n)/);
    assert.equal(message.messageId, "<0123456789abcdef0123456789abcdef@example.com>");
    assert.ok(head.includes(`Message-ID: ${message.messageId}`));
  });

  it("shows nobody where all are blind copies, and a Cc alone", async () => {
    const { head } = await made({ to: [], bcc: ["hidden@example.com"] });
    assert.ok(
      head.some((line) => /^To: "?undisclosed-recipients"?:;$/.test(line)),
      head.join("\n"),
    );
    const { parsed } = await made({ to: [], cc: ["boss@example.com"] });
    assert.equal([parsed.cc].flat()[0]?.text, "boss@example.com");
    assert.equal([parsed.to].flat()[0]?.text ?? "", "");
  });

  it("tells its size and its payload before it is read", async () => {
    const content = Buffer.alloc(10_001, 7);
    for (const attachments of [
      [],
      [attachment("a.bin", content)],
      [attachment("a.bin", content), attachment("b.bin", content), html("<p>Level</p>").one],
    ]) {
      const { message, raw } = await made({ text: "Füllstand", attachments });
      assert.ok(
        Math.abs(message.size - raw.length) <= 4 * attachments.length,
        `${message.size} of ${raw.length}`,
      );
      const files = attachments.reduce((sum, { size }) => sum + size, 0);
      assert.equal(message.payloadBytes, Buffer.byteLength("Füllstand") + files);
    }
  });

  it("has text and HTML of any length in a form that a person can read in its source where it is ASCII", async () => {
    const line = "Level 94 % = too high.\r\n";
    const long = line.repeat(1_000);
    const wide = `Füllstand ${long}`;
    for (const [text, encoding] of [
      [line, "7bit"],
      [long, "quoted-printable"],
      [wide, "base64"],
    ] as const) {
      const { source, parsed } = await made({ text });
      assert.deepEqual(encodings(source), [encoding]);
      assert.equal(parsed.text?.trim(), text.replaceAll("\r\n", "\n").trim());
      const page = encoding === "base64" ? `\uFEFF${text}` : text;
      const inHtml = await made({ text: "", attachments: [html(page).one] });
      assert.deepEqual(encodings(inHtml.source), [encoding]);
      assert.equal((inHtml.parsed.html || "").trim(), text.replaceAll("\r\n", "\n").trim());
    }
  });

  it("finds the byte order mark of an HTML text however its bytes come, and shows it to nobody", async () => {
    const page = `<p>Füllstand 高</p>${"<br>".repeat(4_200)}`;
    for (const text of [page, "<p>高</p>"]) {
      for (const chunks of [[], [1], [1, 1], [2, 2], [0, 3], [4]]) {
        const { parsed, source } = await made({ text: "", attachments: [html(`\uFEFF${text}`, chunks).one] });
        assert.equal((parsed.html || "").trim(), text, chunks.join());
        if (text === page) assert.deepEqual(encodings(source), ["base64"]);
      }
    }
    // The same first byte, and no mark.
    const other = `\uFF01${page}`;
    assert.equal(
      ((await made({ text: "", attachments: [html(other).one] })).parsed.html || "").trim(),
      other,
    );
  });

  it("looks at no more of an HTML text than its beginning before it is sent", async () => {
    const { one, given } = html("<br>".repeat(10_000), [100, 100]);
    await makeMessage(
      transaction({ attachments: [one] }),
      { senderName: "", senderAddress: "pump7@example.com", lateNote: 0 },
      { ageMs: 0, possibleDuplicate: false, raisedAt: 0 },
    );
    // Once for the mark, and once to measure it.
    assert.deepEqual(given.slice(0, 4), [100, 100, 100, 39_800]);
  });

  it("carries a mail as a file whose bytes no server may change", async () => {
    const content = Buffer.from("From: a@example.com\r\n\r\n.\r\nFrom here\r\n");
    for (const name of ["alarm.eml", "ALARM.EML", "x.mht"]) {
      const { parsed, source } = await made({ attachments: [attachment(name, content)] });
      const [file] = parsed.attachments;
      assert.deepEqual([file?.filename, file?.content], [name, content]);
      assert.deepEqual(types(source), ["multipart/mixed", "text/plain", "application/octet-stream"]);
    }
    const { source } = await made({
      attachments: [attachment("a.eml", content), attachment("b.csv", content)],
    });
    assert.deepEqual(types(source).slice(2), ["application/octet-stream", "text/csv"]);
    assert.deepEqual(encodings(source).slice(-2), ["base64", "base64"]);
  });

  it("gives a picture to HTML that shows it, and to nobody else", async () => {
    const shown = await made({ attachments: [html("<img src='cid:trend@plant'>").one, inline("x")] });
    assert.match(shown.source, /^Content-ID: <trend@plant>\r$/im);
    assert.doesNotMatch((await made({ attachments: [inline("x")] })).source, /Content-ID/i);
  });

  it("names files without folders, controls and turned letters", async () => {
    for (const [name, shown] of [
      ["/var/log/a.csv", "a.csv"],
      ["C:\\log\\a.csv", "a.csv"],
      ["a\\b/c.csv", "c.csv"],
      ["invoice\u202Efdp.exe", "invoicefdp.exe"],
      [" a\r\nb\t.csv ", "ab.csv"],
      ["größe 高.csv", "größe 高.csv"],
      ["..a", "..a"],
      ["", "attachment"],
      [".", "attachment"],
      ["../..", "attachment"],
      ["...", "attachment"],
      ["log/", "attachment"],
    ] as const) {
      const { parsed } = await made({ attachments: [attachment(name, Buffer.from("x"))] });
      assert.equal(parsed.attachments[0]?.filename, shown, JSON.stringify(name));
    }
  });

  it("stands in its thread once, and in none where the mail names none", async () => {
    const ids = async (fields: OutgoingMail["fields"]) => {
      const { parsed, source } = await made(fields === undefined ? {} : { fields });
      assert.doesNotMatch(source, /undefined/);
      return [parsed.inReplyTo, parsed.references];
    };
    assert.deepEqual(await ids(undefined), [undefined, undefined]);
    assert.deepEqual(await ids({ references: [] }), [undefined, undefined]);
    assert.deepEqual(await ids({ references: ["<a@b>", "<c@d>"] }), [undefined, ["<a@b>", "<c@d>"]]);
    assert.deepEqual(await ids({ inReplyTo: "<a@b>", references: ["<a@b>", "<c@d>"] }), [
      "<a@b>",
      ["<a@b>", "<c@d>"],
    ]);
    assert.deepEqual(await ids({ inReplyTo: "<e@f>", references: ["<a@b>"] }), ["<e@f>", ["<a@b>", "<e@f>"]]);
  });

  it("asks for reports in the words of the protocol, and without reports for all else", async () => {
    const fields = {
      inReplyTo: "<a@b>",
      headers: [{ name: "X-Plant", value: "7" }],
      dsn: { notify: ["failure", "delay"], isWhole: true },
    } as const;
    const { message } = await made({ fields });
    const { size } = message;
    const to = ["duty@example.com"];
    assert.deepEqual(message.envelopeTo(to), {
      from: "pump7@example.com",
      to,
      size,
      dsn: { ret: "FULL", envid: "mail-1", notify: ["FAILURE", "DELAY"] },
    });
    const { mail } = transaction({ fields });
    const plain = withoutReports(mail);
    assert.deepEqual(plain, { ...mail, fields: { inReplyTo: "<a@b>", headers: fields.headers } });
    const without = await made(plain);
    assert.equal("dsn" in without.message.envelopeTo(to), false);
    assert.equal(without.parsed.inReplyTo, "<a@b>");
    assert.deepEqual(withoutReports(transaction().mail).fields, {});
  });
});
