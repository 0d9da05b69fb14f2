/** What a reader gets of a mail over a socket: the message as a real server and an independent parser see it. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { OutgoingAttachment, OutgoingMail } from "../../../lib/mailer/mailer";
import { MailServer, type ReceivedMail } from "../../support/mail-server";
import { attachment, transaction } from "../../support/memory-mailer";
import { socketHost, type SocketHost, type SocketMailer } from "../../support/socket-mailer";

describe("A message over a socket", function () {
  this.timeout(60_000);
  let host: SocketHost;
  let server: MailServer;
  let rig: SocketMailer;

  before(async () => {
    server = await MailServer.start();
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

  it("says when it was raised where it is late", async () => {
    const late = host.mailer({ smtp: { port: server.port }, text: { lateNote: 10 } });
    const { length } = server.received;
    await late.send(transaction({ text: "Level." }), { ageMs: 3_600_000 });
    late.mailer.close();
    const { parsed } = await server.waitForMail(length + 1);
    assert.match(parsed.text ?? "", /^Raised .*, sent 1 h 0 min later\.\n\nLevel\./);
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
    const body = progress.filter(({ stage }) => stage === "body");
    assert.ok(Math.abs((body[0]?.total ?? 0) - raw.length) < 20, `${body[0]?.total} of ${raw.length}`);
    assert.ok(body.length > 10 && body.every(({ done }, index) => done >= (body[index - 1]?.done ?? 0)));
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
