/** Variants under which a mail cannot go out as it is, and what is right then. */
import assert from "node:assert/strict";
import { simpleParser } from "mailparser";
import type { Mail } from "../../../lib/mail/mail";
import { repeatNote } from "../../../lib/mailer/outgoing";
import { cme, OK, type VariantChoice } from "../../../lib/simulator";
import { quotedText } from "../../../lib/simulator/device/parameters";
import { memoryOutbox, outboxMail, type OutboxRig } from "../../support/memory-outbox";
import type { MemoryRigOptions } from "../../support/memory-rig";

const AIR = { timing: { airMs: 2_000 } } as const;

async function opened(
  variants: VariantChoice,
  options: Omit<MemoryRigOptions, "module"> = {},
): Promise<OutboxRig> {
  const rig = memoryOutbox({ ...options, module: { ...AIR, variants } });
  await rig.open();
  return rig;
}

const text = (filename: string): Mail["attachments"][number] => ({
  filename,
  content: { kind: "bytes", bytes: Buffer.from(filename) },
});

const people = (count: number): readonly string[] =>
  Array.from({ length: count }, (_none, at) => `duty${at}@example.com`);

describe("a module that takes one attachment only", () => {
  const sent = async (mail: Partial<Mail>) => {
    const rig = await opened({ "attachment-limit": "1" });
    const { result } = await rig.deliver(outboxMail(mail));
    assert.equal(result.status, "sent");
    const [received, ...more] = rig.server.received;
    assert.equal(more.length, 0);
    await rig.stop();
    const parsed = await simpleParser(Buffer.from(received?.text ?? "", "latin1"));
    const files = parsed.attachments.map(({ filename, content }) => ({ filename, text: content.toString() }));
    return { text: parsed.text ?? "", files, warnings: result.warnings };
  };

  it("gets the alarm with the first of three, and reader and flow are told which were left out", async () => {
    const {
      text: body,
      files,
      warnings,
    } = await sent({
      text: "Level high",
      attachments: [text("a.txt"), text("b.txt"), text("c.txt")],
    });
    assert.match(body, /^Left out because the module takes no more: "b\.txt", "c\.txt"\s+Level high/);
    assert.deepEqual(files, [{ filename: "a.txt", text: "a.txt" }]);
    for (const name of ["b.txt", "c.txt"])
      assert.ok(warnings.some((warning) => warning.includes(`"${name}" was left out`)));
  });

  it("gets a text that is too long for a body before the file beside it", async () => {
    const long = "Level high\r\n".repeat(1000);
    const { text: body, files, warnings } = await sent({ text: long, attachments: [text("a.txt")] });
    assert.match(body, /^Left out because the module takes no more: "a\.txt"\s+Level high/);
    assert.deepEqual(
      files.map(({ filename }) => filename),
      ["message.txt"],
    );
    assert.ok(files[0]?.text.endsWith(long));
    assert.ok(warnings.some((warning) => warning.includes('"a.txt" was left out')));
  });
});

describe("a module that takes fewer recipients than the mail has", () => {
  for (const [limit, count] of [
    ["10", 11],
    ["20", 21],
    ["100", 21],
  ] as const) {
    it(`of ${limit}: a mail to ${count} reaches all of them once`, async () => {
      const rig = await opened({ "recipient-limit": limit });
      const { result } = await rig.deliver(outboxMail({ to: people(count) }));
      assert.equal(result.status, "sent");
      const served = rig.server.received.flatMap(({ recipients }) => recipients);
      assert.deepEqual([...served].sort(), [...people(count)].sort());
      await rig.stop();
    });
  }
});

describe("a mail with a longer subject than modules take for certain", () => {
  const subject = `Pump 7 ${"x".repeat(140)} end`;

  it("has a cut one; the whole stands in the text", async () => {
    const rig = await opened({ "subject-limit": "100" });
    const { result } = await rig.deliver(outboxMail({ subject }));
    assert.equal(result.status, "sent");
    const [mail] = rig.server.received;
    const parsed = await simpleParser(Buffer.from(mail?.text ?? "", "latin1"));
    assert.equal(parsed.subject, subject.slice(0, 99));
    assert.ok(parsed.text?.includes(`Subject: ${subject}`));
    assert.ok(result.warnings.some((warning) => warning.includes("it was truncated")));
    await rig.stop();
  });

  it("has more of one in hex digits where the module takes it, and less where it counts digits", async () => {
    const german = "Füllstand ".repeat(9).trim();
    const rig = await opened({});
    assert.equal((await rig.deliver(outboxMail({ subject: german }))).result.status, "sent");
    rig.module.define((context, next) => {
      const isLong = context.name === "+QSMTPSUB" && (quotedText(context.parameters[1])?.length ?? 0) > 102;
      return isLong ? cme(664) : next();
    });
    assert.equal((await rig.deliver(outboxMail({ subject: german }))).result.status, "sent");
    const [whole, cut] = await Promise.all(
      rig.server.received.map(({ text }) => simpleParser(Buffer.from(text, "latin1"))),
    );
    assert.equal(whole?.subject, german);
    assert.ok(cut?.subject !== undefined && german.startsWith(cut.subject) && cut.subject.length >= 44);
    assert.ok(cut.text?.includes(`Subject: ${german}`));
    await rig.stop();
  });
});

describe("a module that takes shorter user names than the account has", () => {
  const user = `${"u".repeat(40)}@mail.example.com`;

  it("holds the outbox for a setup error, and loses no mail", async () => {
    const rig = await opened({ "smtp-string-limit": "50" }, { smtp: { user } });
    await rig.accept(outboxMail());
    await rig.clock.run(() => rig.outbox.summary().hold !== undefined);
    const { hold, depth } = rig.outbox.summary();
    assert.equal(hold?.kind === "setup" && hold.code, "LIMIT_CREDENTIALS");
    assert.equal(depth, 1);
    assert.equal(rig.ended.length, 0);
    await rig.stop();
  });

  it("sends when it takes 64 bytes", async () => {
    const rig = await opened({ "smtp-string-limit": "64" }, { smtp: { user } });
    assert.equal((await rig.deliver(outboxMail())).result.status, "sent");
    assert.equal(rig.server.received[0]?.user, user);
    await rig.stop();
  });
});

describe("a module whose result line goes to another port", () => {
  /** The host is on the modem port; the module's unsolicited lines go to the AT port. */
  const elsewhere = (urc: "urcport" | "issuing", modem: MemoryRigOptions["modem"] = {}): Promise<OutboxRig> =>
    opened({ "put-urc-port": urc }, { port: "usbmodem", modem });

  it("never leads to a false result: sent once more, marked, then held with MODEM_RESULT_MISSING", async () => {
    const rig = await elsewhere("urcport");
    const id = await rig.accept(outboxMail());
    await rig.clock.run(() => rig.outbox.summary().hold !== undefined);
    const { hold } = rig.outbox.summary();
    assert.equal(hold?.kind === "setup" && hold.code, "MODEM_RESULT_MISSING");
    assert.equal(rig.ended.filter(({ result }) => result.status === "sent").length, 0);
    const texts = rig.server.received.map((mail) =>
      Buffer.from(mail.text.split("\r\n\r\n")[2] ?? "", "base64"),
    );
    assert.deepEqual(
      texts.map((body) => body.toString().includes(repeatNote(id))),
      [false, true],
    );
    await rig.stop();
  });

  it("is told our port where that is known, and the mail is sent", async () => {
    const rig = await elsewhere("urcport", { urcPort: () => Promise.resolve("usbmodem") });
    assert.equal((await rig.deliver(outboxMail())).result.status, "sent");
    await rig.stop();
  });

  it("does no harm where the line comes back to the port of the command", async () => {
    const rig = await elsewhere("issuing");
    assert.equal((await rig.deliver(outboxMail())).result.status, "sent");
    assert.equal(rig.server.received.length, 1);
    await rig.stop();
  });
});
describe("a module that says OK of a mail only with its result", () => {
  const slow = (airMs: number) =>
    memoryOutbox({ module: { timing: { airMs }, variants: { "put-result": "before-ok" } } });

  for (const airMs of [5_000, 20_000, 60_000]) {
    it(`sends a mail of ${airMs / 1000} s once, and the next one without a new connection`, async () => {
      const rig = slow(airMs);
      await rig.open();
      const first = await rig.deliver(outboxMail());
      assert.deepEqual([first.result.status, first.result.possibleDuplicate], ["sent", undefined]);
      const { epoch } = rig.modem;
      const second = await rig.deliver(outboxMail());
      assert.deepEqual([second.result.status, second.result.possibleDuplicate], ["sent", undefined]);
      assert.equal(rig.modem.epoch, epoch);
      assert.equal(rig.server.received.length, 2);
      await rig.stop();
    });
  }

  it("may repeat the first mail of more than a minute, marked, and no further one", async () => {
    const rig = slow(200_000);
    await rig.open();
    const { result } = await rig.deliver(outboxMail());
    assert.equal(result.status, "sent");
    const copies = rig.server.received.length;
    assert.ok(copies <= 2, `${copies} copies`);
    assert.equal(result.possibleDuplicate, copies === 2 ? true : undefined);
    const next = await rig.deliver(outboxMail());
    assert.deepEqual([next.result.status, next.result.possibleDuplicate], ["sent", undefined]);
    assert.equal(rig.server.received.length, copies + 1);
    await rig.stop();
  });
});

describe("a module that reports every refusal of the server as a network error", () => {
  it("repeats a refused mail each half hour at most from the third round on, and sends it once it is taken", async () => {
    const rig = await opened({ "refusal-numbers": "654" });
    rig.server.refuse = { "duty@example.com": 550 };
    const times: number[] = [];
    rig.module.define((context, next) => {
      if (context.name === "+QSMTPPUT" && context.form === "write") times.push(rig.clock.now());
      if (context.name !== "+QIDNSGIP" || context.form !== "write") return next();
      // The data connection works.
      context.afterResult(() => {
        rig.module.raiseUrc('+QIURC: "dnsgip",0,1,600');
        rig.module.raiseUrc('+QIURC: "dnsgip","192.0.2.7"');
      });
      return OK;
    });
    const id = await rig.accept(outboxMail());
    await rig.clock.advance(2 * 3600_000);
    const halfHours = times.slice(1).map((time, at) => (time - (times[at] ?? 0)) / 1_800_000);
    // What follows a remedy comes at once; what is left are the waits between rounds.
    const waits = halfHours.filter((wait) => wait > 0.01);
    assert.ok(waits.length >= 4, halfHours.join());
    assert.ok(
      waits.slice(0, 2).every((wait) => wait < 0.1) && waits.slice(2).every((wait) => wait >= 1),
      waits.join(),
    );
    rig.server.refuse = {};
    assert.equal((await rig.endOf(id)).result.status, "sent");
    await rig.stop();
  });

  it("names the login, the sender and the recipients in the error of a mail that expired", async () => {
    const rig = memoryOutbox({
      module: { ...AIR, variants: { "refusal-numbers": "654" } },
      outbox: { maxAge: 120 },
    });
    await rig.open();
    rig.server.refuse = { "duty@example.com": 550 };
    const { result, error, failure } = await rig.deliver(outboxMail());
    assert.equal(result.status, "failed");
    assert.match(
      `${String(error)} ${JSON.stringify(failure)}`,
      /may have rejected the login, the sender or a recipient/,
    );
    await rig.stop();
  });
});
