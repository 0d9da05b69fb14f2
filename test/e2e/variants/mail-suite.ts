/**
 * A compact suite of mails through outbox, mailer and module: what has to work whatever firmware the module has.
 *
 * What the server got is compared with what was accepted, so a mail that lost a letter on the way fails the suite.
 */
import assert from "node:assert/strict";
import { simpleParser } from "mailparser";
import type { Mail } from "../../../lib/mail/mail";
import type { MailEnded } from "../../../lib/outbox/outbox-types";
import type { VariantChoice } from "../../../lib/simulator";
import { storageOf } from "../../../lib/simulator/module/file-store";
import { memoryOutbox, outboxMail, type OutboxRig } from "../../support/memory-outbox";
import { awkwardBytes } from "../transaction/mail-rig";

const TIMING = { bootMs: 3_000, networkMs: 500, airMs: 2_000, thinkingMs: 2 } as const;
/** After this the contents of a mail have been deleted from the module. */
const TIDY = 10_000;

/** Number of mails in the suite. */
export const SUITE_SIZE = 9;

/** Runs the whole suite on one module. @throws AssertionError where a mail does not end or arrive as it should. */
export async function passSuite(variants: VariantChoice): Promise<void> {
  const rig = memoryOutbox({ module: { timing: TIMING, variants } });
  await rig.open();
  await arrives(rig, outboxMail({ subject: "1 plain" }));
  await arrives(rig, outboxMail({ subject: "2 Füllstand 水位 🚨", text: "Füllstand 3,2 m\n水位过高 🚨\n" }));
  await arrives(
    rig,
    outboxMail({
      subject: "3 everybody",
      cc: ["boss@example.com"],
      bcc: ["archive@example.com"],
      attachments: [file("log.csv", awkwardBytes(2_500))],
    }),
  );
  await arrivesMended(rig);
  await withFullMemory(rig, () =>
    arrives(
      rig,
      outboxMail({ subject: "5 no room in RAM", attachments: [file("a.bin", awkwardBytes(1_500))] }),
    ),
  );
  if (variants["refusal-numbers"] === "654") await isRetried(rig);
  else await isPartial(rig);
  rig.module.emit("contextLost", undefined);
  await arrives(rig, outboxMail({ subject: "7 after a lost context" }));
  rig.module.restart("restart");
  await arrives(rig, outboxMail({ subject: "8 after a restart" }));
  await rig.clock.advance(TIDY);
  assert.deepEqual(rig.filesInModule(), []);
  await survivesHost(rig, variants);
}

/** Accepts a mail, waits for its end, and compares what came with it. */
async function arrives(rig: OutboxRig, mail: Mail): Promise<void> {
  const before = rig.server.received.length;
  await checkArrived(rig, mail, await rig.deliver(mail), before);
}

async function checkArrived(
  { server, mailer, clock }: OutboxRig,
  mail: Mail,
  { result, error }: MailEnded,
  before: number,
): Promise<void> {
  assert.equal(result.status, "sent", `${mail.subject}: ${result.status}, ${String(error)}`);
  assert.equal(result.possibleDuplicate, undefined, mail.subject);
  const copies = server.received.slice(before);
  const [open] = copies;
  assert.ok(open, mail.subject);
  // Who is in Bcc gets a mail of his own.
  assert.deepEqual(
    copies.map(({ recipients }) => recipients),
    [[...mail.to, ...mail.cc], ...mail.bcc.map((address) => [address])],
  );
  const parsed = await simpleParser(Buffer.from(open.text, "latin1"));
  assert.equal(parsed.subject, mail.subject);
  const support = await clock.until(mailer.knownTextSupport());
  // Where nothing is known of bodies, the text in the body may or may not be readable.
  const isFolded = support?.body === "unknown" && /[^\n -~]/.test(mail.text);
  const whole = isFolded ? parsed.attachments[0]?.content.toString("utf8") : parsed.text;
  assert.equal(plain(whole), plain(mail.text), mail.subject);
  assert.deepEqual(
    parsed.attachments.slice(isFolded ? 1 : 0).map(({ filename, content }) => ({ filename, content })),
    mail.attachments.map(({ filename, content }) => ({
      filename,
      content: content.kind === "bytes" ? content.bytes : undefined,
    })),
  );
}

/** What Quectel's client was seen to spoil: a full subject, a long text, an empty file. All of it reaches the reader. */
async function arrivesMended(rig: OutboxRig): Promise<void> {
  const subject = `4 ${"full ".repeat(20)}`.slice(0, 100);
  const text = `Level too high.\n${"0123456789abcde\n".repeat(400)}`;
  const before = rig.server.received.length;
  const attachments = [file("none.txt", Buffer.alloc(0))];
  const { result } = await rig.deliver(outboxMail({ subject, text, attachments }));
  assert.equal(result.status, "sent");
  assert.equal(result.warnings?.length, 3, result.warnings?.join());
  assert.equal(rig.server.received.length, before + 1);
  const parsed = await simpleParser(Buffer.from(rig.server.received[before]?.text ?? "", "latin1"));
  assert.equal(parsed.subject, subject.slice(0, 99).trim());
  assert.match(parsed.text ?? "", /^Subject: 4 full [^]*Level too high/);
  assert.deepEqual(
    parsed.attachments.map(({ filename, content }) => [filename, plain(content.toString())]),
    [["message.txt", plain(`Subject: ${subject}\n\n${text}\n\nLeft out because empty: "none.txt"`)]],
  );
}

/** One recipient of two is refused: the other one gets the mail, and the result names both. */
async function isPartial(rig: OutboxRig): Promise<void> {
  rig.server.refuse = { "gone@example.com": 550 };
  const before = rig.server.received.length;
  const subject = "6 one refused";
  const { result } = await rig.deliver(outboxMail({ subject, to: ["duty@example.com", "gone@example.com"] }));
  rig.server.refuse = {};
  assert.equal(result.status, "partial");
  assert.deepEqual(result.accepted, ["duty@example.com"]);
  assert.deepEqual(result.rejected, [{ address: "gone@example.com", modemCode: 678, smtpCode: 550 }]);
  assert.deepEqual(
    rig.server.received.slice(before).map(({ recipients }) => recipients),
    [["duty@example.com"]],
  );
}

/** A refusal that the module tells as a fault of the network: never a success, and sent once the server takes it. */
async function isRetried(rig: OutboxRig): Promise<void> {
  rig.server.refuse = { "gone@example.com": 550 };
  const mail = outboxMail({ subject: "6 refused for a while", to: ["duty@example.com", "gone@example.com"] });
  const id = await rig.accept(mail);
  await rig.clock.run(() => rig.written().includes("QSMTPPUT="));
  await rig.clock.run(() => rig.module.log.bytes("sent", "usbat").includes("+QSMTPPUT: 654,0"));
  rig.server.refuse = {};
  const { result } = await rig.endOf(id);
  assert.equal(result.status, "sent");
  assert.deepEqual(result.accepted, mail.to);
}

/**
 * The host goes away while a mail is in flight; the next one learns that it was sent, and sends it no second time. Of a
 * module that says it is free although it sends, or answers nothing until it has sent, nobody can learn that: one more
 * copy, marked.
 */
async function survivesHost(rig: OutboxRig, variants: VariantChoice): Promise<void> {
  const before = rig.server.received.length;
  const mail = outboxMail({ subject: "9 while the host restarts" });
  const id = await rig.accept(mail);
  await rig.clock.run(() => /QSMTPPUT=\d+\r$/.test(rig.written()));
  await rig.clock.advance(TIMING.airMs / 2);
  await rig.stop(0);
  const next = memoryOutbox({}, rig);
  await next.open();
  const end = await next.endOf(id);
  assert.equal(end.recovered, true);
  if (variants["busy-commands"] === "put" || variants["put-result"] === "before-ok") {
    const copies = next.server.received.slice(before);
    assert.equal(end.result.status, "sent");
    assert.equal(end.result.possibleDuplicate, true);
    assert.equal(copies.length, 2);
    const second = await simpleParser(Buffer.from(copies[1]?.text ?? "", "latin1"));
    assert.match(second.text ?? "", /^Possible duplicate/);
  } else {
    await checkArrived(next, mail, end, before);
    assert.equal(next.server.received.length, before + 1);
  }
  await next.stop();
}

async function withFullMemory(rig: OutboxRig, work: () => Promise<void>): Promise<void> {
  const memory = storageOf(rig.module, "RAM");
  memory.create("others.bin", memory.free - 1_000);
  await work();
  memory.delete("others.bin");
}

function file(filename: string, bytes: Buffer): Mail["attachments"][number] {
  return { filename, content: { kind: "bytes", bytes } };
}

function plain(text: string | undefined): string | undefined {
  return text?.replaceAll("\r\n", "\n").trim();
}
