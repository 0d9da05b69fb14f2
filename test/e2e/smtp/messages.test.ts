/** What a reader gets of a mail over a socket: the message as a real server and an independent parser see it. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { simpleParser } from "mailparser";
import type { OutgoingAttachment, OutgoingMail } from "../../../lib/mailer/mailer";
import { MailServer, type ReceivedMail } from "../../support/mail-server";
import { attachment, transaction } from "../../support/memory-mailer";
import { ScriptedSmtp, wellBehavedBut } from "../../support/scripted-smtp";
import { socketHost, type SocketHost, type SocketMailer } from "../../support/socket-mailer";

describe("A message over a socket", function () {
  this.timeout(60_000);
  let host: SocketHost;
  let server: MailServer;
  let rig: SocketMailer;

  before(async () => {
    server = await MailServer.start({ reports: true });
    host = socketHost();
    await host.ready;
    rig = host.mailer({ smtp: { port: server.port, senderName: 'Püm "7"' } });
  });
  after(async () => {
    rig.mailer.close();
    await host.close();
    await server.stop();
  });

  async function received(parts: Partial<OutgoingMail>): Promise<ReceivedMail> {
    const { length } = server.received;
    const outcome = await rig.send(transaction(parts));
    assert.equal(outcome.recipients[0]?.state, "accepted", JSON.stringify(outcome));
    return server.waitForMail(length + 1);
  }
  const headers = ({ raw }: ReceivedMail): readonly string[] =>
    (raw.toString("latin1").split("\r\n\r\n", 1)[0] ?? "")
      .split("\r\n")
      .map((line) => line.replace(/:.*/, ""));

  it("has names and subjects of any script and length, the time when it was raised, and says that a machine sent it", async () => {
    const subject = `Füllstand 高 ${"sehr ".repeat(60)}hoch`;
    const raisedAt = Date.UTC(2026, 2, 1, 1, 2, 3);
    const { parsed, raw } = await received({
      subject,
      raisedAt,
      text: "Pegel: 中文, ä, €, 😀",
      replyTo: [{ name: "日本 Büro", address: "office@example.com" }],
      cc: ["boss@example.com"],
    });
    assert.equal(parsed.subject, subject);
    assert.equal(parsed.from?.value[0]?.name, 'Püm "7"');
    assert.equal(parsed.replyTo?.value[0]?.name, "日本 Büro");
    assert.equal(parsed.text?.trim(), "Pegel: 中文, ä, €, 😀");
    assert.equal(parsed.date?.getTime(), raisedAt);
    assert.equal(parsed.headers.get("auto-submitted"), "auto-generated");
    assert.equal([parsed.cc].flat()[0]?.text, "boss@example.com");
    for (const line of raw.toString("latin1").split("\r\n"))
      assert.ok(line.length <= 998 && !/[^\t\x20-\x7e]/.test(line));
    const kept = await received({});
    assert.deepEqual(headers(kept), [...new Set(headers(kept))]);
    assert.ok(!headers(kept).includes("X-Mailer"));
  });

  /** Its texts and files as the tree of MIME holds them. */
  const structure = ({ raw }: ReceivedMail): readonly string[] =>
    [...raw.toString("latin1").matchAll(/^Content-Type: ([a-z]+\/[a-z0-9.+-]+)/gim)].map(
      ([, type = ""]) => type,
    );
  const picture = {
    ...attachment("trend größe.png", Buffer.from("\x89PNG\r\n.\r\n")),
    place: { kind: "inline", cid: "trend.7@plant" },
  } as const;
  const html = (text: string, hasMark: boolean): OutgoingAttachment => ({
    ...attachment("message.html", Buffer.from(hasMark ? `\uFEFF${text}` : text), 700),
    place: { kind: "html", isSource: true },
  });

  it("of HTML shows it with its pictures, and has the text for who shows none", async () => {
    const page =
      '<!DOCTYPE html><html><body><p>Pegel <b>高</b></p>\r\n.\r\n<img src="cid:trend.7@plant"></body></html>';
    const log = attachment("log.csv", Buffer.from("1;2"));
    const one = await received({ text: "Pegel 高", attachments: [html(page, true), log, picture] });
    assert.deepEqual(structure(one), [
      "multipart/mixed",
      "multipart/alternative",
      "text/plain",
      "multipart/related",
      "text/html",
      "image/png",
      "text/csv",
    ]);
    const source = one.parsed.attachments.find(({ related }) => related);
    assert.deepEqual(
      [source?.cid, source?.contentDisposition, source?.filename, source?.content],
      ["trend.7@plant", "inline", "trend größe.png", Buffer.from("\x89PNG\r\n.\r\n")],
    );
    assert.equal(one.parsed.text?.trim(), "Pegel 高");
    // The parser puts the pictures into what it gives as HTML.
    const shown = (one.parsed.html || "").replace(/data:image\/png;base64,[^"]*/, "cid:trend.7@plant");
    assert.equal(shown.trim(), page.replaceAll("\r\n", "\n"));
    const alone = await received({ text: "", attachments: [html("<p>Level 94 %</p>", false)] });
    assert.deepEqual(structure(alone), ["text/html"]);
    const lone = await received({ attachments: [{ ...picture }] });
    assert.deepEqual(structure(lone), ["multipart/mixed", "text/plain", "image/png"]);
  });

  it("of HTML of any length arrives as it was, and the size told to the server is true", async () => {
    for (const line of ["<p>Level 94 % = high</p>\r\n", "<p>Füllstand 高 94 %</p>\r\n.\r\n"]) {
      const page = line.repeat(2_500).trim();
      const progress: number[] = [];
      const { length } = server.received;
      await rig.send(transaction({ attachments: [html(page, /[^\0-\x7f]/.test(line)), picture] }), {
        onProgress: ({ total }) => progress.push(total),
      });
      const { parsed, raw } = await server.waitForMail(length + 1);
      assert.equal((parsed.html || "").trim(), page.replaceAll("\r\n", "\n"));
      const total = Math.max(...progress);
      assert.ok(Math.abs(total - raw.length) < 20, `${total} of ${raw.length}`);
      // What is ASCII does not grow by a third.
      const most = /[^\0-\x7f]/.test(line) ? 1.4 : 1.2;
      const bytes = Buffer.byteLength(page);
      assert.ok(raw.length < bytes * most, `${raw.length} for ${bytes}`);
    }
  });

  it("of HTML says above it what its reader must know", async () => {
    const { length } = server.received;
    const lost = ['The attachment "größe <1>.csv" was lost on the disk of the gateway.'];
    for (const page of ["<html><body>Level</body></html>", `<p>${"Level ".repeat(4_000)}</p>`]) {
      await rig.send(transaction({ attachments: [html(page, false)], lost }), { possibleDuplicate: true });
    }
    for (const at of [1, 2]) {
      const { parsed } = await server.waitForMail(length + at);
      assert.match(
        parsed.html || "",
        /^<p>Possible duplicate, id mail-1\.<br>The attachment &#34;gr&#246;&#223;e &#60;1&#62;\.csv&#34; was lost on the disk of the gateway\.<\/p>\n</,
      );
      assert.match(
        parsed.text ?? "",
        /^Possible duplicate, id mail-1\.\nThe attachment "größe <1>\.csv" was lost/,
      );
    }
  });

  it("stands in its thread, has its own header fields, and asks for reports where the server sends them", async () => {
    const fields: OutgoingMail["fields"] = {
      inReplyTo: "<alarm@example.com>",
      headers: [{ name: "X-Plant", value: "Füllstand 高" }],
      dsn: { notify: ["failure", "delay"], isWhole: false },
    };
    const { parsed, reports } = await received({ fields, to: ["a@example.com", "b@example.com"] });
    assert.equal(parsed.inReplyTo, "<alarm@example.com>");
    assert.equal(parsed.references, "<alarm@example.com>");
    const { line = "" } = parsed.headerLines.find(({ key }) => key === "x-plant") ?? {};
    const plant = await simpleParser(`${line.replace("X-Plant", "Subject")}\r\n\r\n`);
    assert.equal(plant.subject, "Füllstand 高");
    assert.equal(parsed.headers.get("auto-submitted"), "auto-generated");
    assert.deepEqual(reports, { ret: "HDRS", envid: "mail-1", notify: ["FAILURE,DELAY", "FAILURE,DELAY"] });
    const never = await received({ fields: { dsn: { notify: [], isWhole: true } } });
    assert.deepEqual(never.reports, { ret: "FULL", envid: "mail-1", notify: ["NEVER"] });
    assert.deepEqual((await received({})).reports.notify, [""]);
    const without = await MailServer.start();
    const one = host.mailer({ smtp: { port: without.port } });
    const outcome = await one.send(transaction({ fields }));
    one.mailer.close();
    assert.deepEqual(outcome.warnings, [
      "The server sends no reports of the delivery (DSN); msg.dsn was not passed on.",
    ]);
    assert.equal(without.received.length, 1);
    await without.stop();
  });

  it("goes out without reports where the server offers them and then refuses to be asked", async () => {
    const fields: OutgoingMail["fields"] = { dsn: { notify: ["failure"], isWhole: true } };
    for (const [command, reply] of [
      ["MAIL", "555 5.5.4 unsupported option: RET"],
      ["MAIL", "501 5.5.4 syntax error in parameters"],
      ["RCPT", "504 5.5.4 NOTIFY is not implemented"],
    ] as const) {
      const usual = wellBehavedBut({ EHLO: "250-test\r\n250 DSN" });
      const strict = await ScriptedSmtp.start((line) =>
        line?.startsWith(command) === true && /RET=|NOTIFY=/.test(line) ? reply : usual(line),
      );
      const one = host.mailer({ smtp: { port: strict.port } });
      const outcome = await one.send(transaction({ fields }));
      one.mailer.close();
      await strict.stop();
      assert.equal(outcome.recipients[0]?.state, "accepted", JSON.stringify(outcome));
      assert.deepEqual(outcome.warnings, [
        "The server sends no reports of the delivery (DSN); msg.dsn was not passed on.",
      ]);
      assert.equal(strict.lines.filter((line) => line === ".").length, 1);
    }
  });

  it("says when it was raised where it is late", async () => {
    const late = host.mailer({ smtp: { port: server.port }, text: { lateNote: 10 } });
    const { length } = server.received;
    await late.send(transaction({ text: "Level." }), { ageMs: 3_600_000 });
    late.mailer.close();
    const { parsed } = await server.waitForMail(length + 1);
    assert.match(parsed.text ?? "", /^Created .*, sent 1 h 0 min later\.\n\nLevel\./);
  });

  it("carries texts and files byte for byte, whatever is in them", async () => {
    const ends = [".", "..", ".\r\n.", "\r\n.\r\n", "From x", "-- ", "a\tb ", "--boundary", ""];
    const line = fc.oneof(fc.constantFrom(...ends), fc.string({ unit: "grapheme", maxLength: 40 }));
    const text = fc.array(line, { maxLength: 20 }).map((lines) =>
      lines
        .join("\r\n")
        .replace(/[^\P{Cc}\t\r\n]/gu, "")
        .replace(/\r(?!\n)|(?<!\r)\n/g, ""),
    );
    const file = fc.record({
      name: fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }),
      content: fc.uint8Array({ maxLength: 3_000 }).map((bytes) => Buffer.from(bytes)),
      pieces: fc.integer({ min: 1, max: 500 }),
    });
    // A run that is cut short by its time must not end in the midst of the next test.
    let underWay: Promise<unknown> = Promise.resolve();
    await fc.assert(
      fc.asyncProperty(text, fc.array(file, { maxLength: 3 }), async (text, files) => {
        const attachments = files.map(({ name, content, pieces }) => attachment(name, content, pieces));
        const one = received({ text, attachments });
        underWay = one;
        const { parsed } = await one;
        const plain = (some: string): string => some.replaceAll("\r\n", "\n").trimEnd();
        assert.equal(plain(parsed.text ?? ""), plain(text));
        assert.deepEqual(
          parsed.attachments.map(({ content }) => content.toString("hex")),
          files.map(({ content }) => content.toString("hex")),
        );
      }),
      { numRuns: 8 },
    );
    await underWay;
  });

  it("streams a file of 120 kB and a text of 50 kB, and tells the server their size first", async () => {
    const content = Buffer.from(Array.from({ length: 120_000 }, (_, index) => (index * 7) % 256));
    const text = "Füllstand zu hoch, Pumpe 7 prüfen. ".repeat(1_500).trim();
    const progress: { stage: string; done: number; total: number }[] = [];
    const { length } = server.received;
    await rig.send(transaction({ text, attachments: [attachment("messwerte größe.bin", content, 4_096)] }), {
      onProgress: (one) => progress.push(one),
    });
    const { parsed, raw } = await server.waitForMail(length + 1);
    assert.deepEqual(parsed.attachments[0]?.content, content);
    assert.equal(parsed.attachments[0]?.filename, "messwerte größe.bin");
    assert.equal(parsed.text?.trim(), text);
    const stages = progress.map(({ stage }) => stage);
    assert.deepEqual([...new Set(stages)], ["connect", "envelope", "data", "commit"]);
    const body = progress.filter(({ stage }) => stage === "data");
    assert.ok(Math.abs((body[0]?.total ?? 0) - raw.length) < 20, `${body[0]?.total} of ${raw.length}`);
    assert.equal(body[0]?.done, 0);
    assert.ok(body.length > 10 && body.every(({ done }, index) => done >= (body[index - 1]?.done ?? 0)));
    // All but what is withheld, and what may be underway when the mark is made.
    const { done = 0 } = body.at(-1) ?? {};
    assert.ok(done >= raw.length - 1_024 - 8 * 1_024 && done <= raw.length, `${done} of ${raw.length}`);
  });

  it("that is larger than the server takes is refused before its first byte", async () => {
    const small = await MailServer.start({ size: 10_000 });
    const one = host.mailer({ smtp: { port: small.port } });
    const outcome = await one.send(transaction({ attachments: [attachment("a.bin", Buffer.alloc(20_000))] }));
    one.mailer.close();
    assert.ok(outcome.kind === "ended");
    assert.equal(outcome.error?.code, "SMTP_MAIL_TOO_LARGE");
    assert.equal(outcome.error?.class, "message");
    await small.stop();
  });

  it("opens no file and no address of the web, whatever names, subject and text say", async () => {
    const secret = join(tmpdir(), `secret-${process.pid}.txt`);
    writeFileSync(secret, "of the host");
    let visits = 0;
    const web = createServer((_request, response) => {
      visits++;
      response.end("of the web");
    });
    web.listen(0, "127.0.0.1");
    await once(web, "listening");
    const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/x`;
    for (const lure of [
      secret,
      url,
      `file://${secret}`,
      "data:text/plain,of%20the%20web",
      `{"path":"${secret}"}`,
    ]) {
      const { raw, parsed } = await received({
        subject: lure,
        text: lure,
        replyTo: [{ name: lure, address: "office@example.com" }],
        attachments: [attachment(lure, Buffer.alloc(0)), attachment(lure, Buffer.from("given"))],
      });
      assert.doesNotMatch(raw.toString("latin1"), /of the (?:host|web)\b/);
      assert.deepEqual(
        parsed.attachments.map(({ content }) => content.toString()),
        ["", "given"],
      );
      assert.doesNotMatch(parsed.attachments[1]?.filename ?? "", /[/\\]/);
    }
    assert.equal(visits, 0);
    web.close();
  });

  it("whose file cannot be read is not sent, and names the fault", async () => {
    const { length } = server.received;
    const gone: OutgoingAttachment = {
      filename: "gone.txt",
      size: 40_000,
      sha256: "",
      async *open() {
        yield Buffer.alloc(20_000);
        throw Object.assign(new Error("ENOENT: no such file"), { code: "ENOENT" });
      },
    };
    const outcome = await rig.send(transaction({ attachments: [gone] }));
    assert.ok(outcome.kind === "ended");
    assert.match(outcome.error?.message ?? "", /ENOENT/);
    assert.equal(server.received.length, length);
  });
});
