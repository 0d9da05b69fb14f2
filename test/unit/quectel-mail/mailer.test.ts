/** The mailer call by call: the order of a mail, what ends it, what is tried again, what is left behind. */
import assert from "node:assert/strict";
import type { MailerProgress } from "../../../lib/mailer/mailer";
import { failing } from "./called-modem";
import { attachment, mailerBench } from "./mailer-bench";

const UPLOADED = (size: number): string[] => [`+QFUPL: ${size},0`];

describe("a mail by the mailer", () => {
  it("is cleared, set, filled and sent in this order, and tells how far it is", async () => {
    const { modem, asked, mailer, send } = mailerBench();
    const progress: MailerProgress[] = [];
    const report = await send({}, { onProgress: (one) => progress.push(one) });
    assert.deepEqual([report.sendMs, report.bytes, report.warnings], [3_000, 4, []]);
    assert.deepEqual(report.recipients, [{ address: "duty@example.com", state: "accepted" }]);
    assert.deepEqual(
      modem.called.map((line) => line.replace(/[=?].*/, "")),
      [
        "AT+QSMTPCLR",
        ...Array<string>(5).fill("AT+QSMTPCFG"),
        "AT+QSMTPDST",
        "AT+QSMTPSUB",
        "AT+QSMTPBODY",
        "AT+QSMTPPUT",
      ],
    );
    assert.deepEqual(asked, ["ensure", "used"]);
    assert.deepEqual(
      progress.map(({ stage, done, total }) => [stage, done, total]),
      [
        ["connect", 0, 0],
        ["settings", 0, 0],
        ["sending", 0, 0],
      ],
    );
    assert.deepEqual(mailer.lastMail, { kind: "sent", at: 3_000 });
    assert.equal(modem.lock.held, false);
  });

  it("has its settings written once, and again after a restart of the module", async () => {
    const { modem, send, count } = mailerBench();
    await send();
    await send();
    assert.equal(count("AT+QSMTPCFG"), 5);
    modem.restarts();
    await send();
    assert.equal(count("AT+QSMTPCFG"), 10);
  });

  it("has the module's clock set right only where certificates are checked", async () => {
    for (const [settings, expected] of [
      [{ security: "none" }, false],
      [{ security: "tls", tls: { verify: false, root: { from: "auto" }, contextId: 1 } }, false],
      [{ security: "tls" }, true],
      [{ security: "starttls" }, true],
    ] as const) {
      const { asked, send } = mailerBench(settings);
      await send().catch(() => undefined);
      assert.equal(asked.includes("clock"), expected, JSON.stringify(settings));
    }
  });

  it("with attachments uploads each, tells the bytes, and attaches them in order", async () => {
    const { modem, send, mailer, count } = mailerBench();
    modem.when('AT+QFUPL="RAM:a.txt"', UPLOADED(3)).when('AT+QFUPL="RAM:b.txt"', UPLOADED(5));
    const progress: MailerProgress[] = [];
    const attachments = [attachment("a.txt", 3), attachment("b.txt", 5)];
    const report = await send({ attachments }, { onProgress: (one) => progress.push(one) });
    assert.equal(report.bytes, 12);
    assert.deepEqual(
      progress.filter(({ stage }) => stage === "upload").map(({ done, total }) => `${done}/${total}`),
      ["0/8", "3/8", "3/8", "8/8"],
    );
    assert.deepEqual(
      modem.called.filter((line) => line.startsWith("AT+QSMTPATT")),
      ['AT+QSMTPATT=1,1,"RAM:a.txt"', 'AT+QSMTPATT=1,2,"RAM:b.txt"'],
    );
    assert.equal(count("AT+QFDEL"), 0);
    await modem.clock.advance(5_000);
    assert.equal(count("AT+QFDEL"), 2, "what no mail needs any more goes five seconds later");
    assert.equal(modem.clock.timers, 0);
    mailer.close();
  });

  it("leaves its attachments to the next transaction of the same mail", async () => {
    const { modem, send, count } = mailerBench();
    modem.when("AT+QFUPL", UPLOADED(3));
    const attachments = [attachment("a.txt", 3)];
    await send({ attachments });
    await modem.clock.advance(4_000);
    await send({ attachments });
    await modem.clock.advance(4_900);
    assert.equal(count("AT+QFDEL"), 0);
    assert.equal(count("AT+QFUPL"), 1);
    await modem.clock.advance(200);
    assert.equal(count("AT+QFDEL"), 1);
  });

  it("leaves what it uploaded alone while the module is away, or somebody else works on it", async () => {
    for (const busy of ["away", "held"] as const) {
      const { modem, send, count } = mailerBench();
      modem.when("AT+QFUPL", UPLOADED(3));
      await send({ attachments: [attachment("a.txt", 3)] });
      if (busy === "away") modem.enter("registering");
      else await modem.lock.acquire();
      await modem.clock.advance(6_000);
      assert.equal(count("AT+QFDEL"), 0, busy);
    }
  });

  it("says in its log when its files will not go", async () => {
    const { modem, send } = mailerBench();
    modem.when("AT+QFUPL", UPLOADED(3)).when("AT+QFDEL", failing("MODEM_TIMEOUT"));
    await send({ attachments: [attachment("a.txt", 3)] });
    await modem.clock.advance(6_000);
    assert.match(modem.log.lines.join(), /debug files stay in the module for now/);
  });
});

describe("a mail that fails", () => {
  it("is the last mail, with its error and its time; one that was called off is not", async () => {
    const { modem, mailer, send } = mailerBench();
    modem.when("AT+QSMTPDST", failing("SMTP_PARAMETER", 664));
    await assert.rejects(send(), { code: "LIMIT_ADDRESS", stage: "recipients" });
    const { lastMail } = mailer;
    assert.equal(lastMail?.kind === "failed" && lastMail.error.code, "LIMIT_ADDRESS");
    assert.equal(lastMail?.at, 0);
    const abort = new AbortController();
    modem.when("AT+QSMTPCLR", () => {
      abort.abort();
      return failing("MODEM_ABORTED");
    });
    await assert.rejects(send({}, { signal: abort.signal }), { code: "MODEM_ABORTED" });
    assert.equal(mailer.lastMail, lastMail);
  });

  it("because the module is not ready says why, and no recipient is set", async () => {
    const { modem, asked, send, count } = mailerBench();
    modem.enter("registering");
    await assert.rejects(send(), { code: "MODEM_NOT_READY", stage: "network" });
    assert.equal(count("AT+QSMTPDST"), 0);
    assert.deepEqual(asked, []);
  });

  it("because the module restarted meanwhile is given no half mail", async () => {
    const { modem, send, count } = mailerBench();
    modem.when("AT+QSMTPDST", () => {
      modem.epoch++;
      return [];
    });
    await assert.rejects(send(), { code: "MODEM_RESET" });
    assert.equal(count("AT+QSMTPSUB"), 0);
    assert.equal(count("AT+QSMTPPUT"), 0);
  });

  it("waits up to 30 s for a line that is being synchronised", async () => {
    const { modem, send } = mailerBench();
    modem.enter("connecting");
    modem.clock.after(29_000, () => modem.enter("ready"));
    assert.equal((await send()).sendMs, 3_000);
    assert.equal(modem.clock.now(), 32_000);
    const late = mailerBench();
    late.modem.enter("connecting");
    await assert.rejects(late.send(), { code: "MODEM_NOT_READY" });
    assert.ok(late.modem.clock.now() >= 30_000 && late.modem.clock.now() <= 61_000);
  });

  it("does not wait for the line any longer when it is called off", async () => {
    const { modem, mailer, send } = mailerBench();
    modem.enter("connecting");
    const abort = new AbortController();
    modem.clock.after(1_000, () => abort.abort());
    await assert.rejects(send({}, { signal: abort.signal }), { code: "MODEM_ABORTED" });
    assert.equal(modem.clock.now(), 1_000);
    mailer.close();
    assert.equal(modem.clock.timers, 0);
  });

  it("because the server refused it tells what the server said", async () => {
    const { modem, asked, send, count } = mailerBench();
    modem.when("AT+QSMTPPUT", () => {
      modem.clock.after(3_000, () => modem.say("+QSMTPPUT: 662,550"));
      return [];
    });
    await assert.rejects(send(), { smtpCode: 550 });
    assert.equal(count("AT+QSMTPPUT"), 1);
    assert.ok(!asked.includes("used"));
  });
});

describe("a mailer that is closed", () => {
  it("ends the mail that runs as unknown, and listens no more", async () => {
    const { modem, mailer, send } = mailerBench();
    modem.when("AT+QSMTPPUT", []);
    modem.clock.after(1_000, () => mailer.close());
    await assert.rejects(send(), { code: "MODEM_RESULT_UNKNOWN" });
    assert.equal(modem.clock.now(), 1_000);
    assert.equal(modem.clock.timers, 0);
    assert.equal(modem.events.listenerCount("state"), 0);
    await assert.rejects(send(), { code: "MODEM_ABORTED" });
  });

  it("has no files deleted afterwards", async () => {
    const { modem, mailer, send, count } = mailerBench();
    modem.when("AT+QFUPL", UPLOADED(3));
    await send({ attachments: [attachment("a.txt", 3)] });
    mailer.close();
    assert.equal(modem.clock.timers, 0);
    assert.equal(count("AT+QFDEL"), 0);
  });
});

describe("what else a mailer is asked", () => {
  it("is available while the module is ready, and tells each change once", () => {
    const { modem, mailer } = mailerBench();
    const told: boolean[] = [];
    mailer.on("available", (available) => told.push(available));
    for (const state of ["ready", "connecting", "registering", "ready", "ready"] as const) modem.enter(state);
    assert.deepEqual(told, [false, true]);
    assert.equal(mailer.available, true);
  });

  it("finds a content uploaded in advance, and keeps it until its mail has used it", async () => {
    const { modem, mailer, send, count } = mailerBench();
    modem.when("AT+QFUPL", UPLOADED(3));
    const one = attachment("a.txt", 3);
    const stored = await modem.clock.until(mailer.preload({ ...one, name: "a.txt" }));
    assert.equal(stored.name, "RAM:a.txt");
    await send();
    await modem.clock.advance(6_000);
    assert.equal(count("AT+QFDEL"), 0);
    await send({ attachments: [one] });
    await modem.clock.advance(6_000);
    assert.equal(count("AT+QFUPL"), 1);
    assert.equal(count("AT+QFDEL"), 1);
    modem.enter("registering");
    await assert.rejects(modem.clock.until(mailer.preload({ ...one, name: "a.txt" })), {
      code: "MODEM_NOT_READY",
    });
  });

  it("works on one mail at a time", async () => {
    const { modem, begin, count } = mailerBench();
    const both = Promise.all([begin(), begin()]);
    await modem.clock.advance(1_000);
    assert.equal(count("AT+QSMTPCLR"), 1);
    await modem.clock.until(both);
    assert.equal(count("AT+QSMTPPUT"), 2);
  });
});
