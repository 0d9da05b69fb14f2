/** A mail sent at once, without an outbox: which tries it gets, with which words in them, and which error it ends with. */
import assert from "node:assert/strict";
import { failing } from "./called-modem";
import { mail, mailerBench, SENT, type MailerBench } from "./mailer-bench";

/** 651 without a reply of the server: the mail may have arrived. */
const OPEN = "+QSMTPPUT: 651,0";
/** The server could not be connected to: it has not arrived. */
const NOT_ARRIVED = "+QSMTPPUT: 653,0";

/** The results of QSMTPPUT in turn, each three seconds after its command; the last one stays. */
function results({ modem }: MailerBench, ...lines: string[]): void {
  modem.when("AT+QSMTPPUT", () => {
    const line = lines.length > 1 ? lines.shift() : lines[0];
    modem.clock.after(3_000, () => modem.say(line ?? ""));
    return [];
  });
}

/** Lengths of the texts, in turn. */
const bodies = ({ modem }: MailerBench): string[] =>
  modem.called.filter((line) => line.startsWith("AT+QSMTPBODY")).map((line) => line.split(",")[1] ?? "");

/** The module takes a text of any length. */
function takesAnyText({ modem }: MailerBench): void {
  modem.when("AT+QSMTPBODY", () => [`+QSMTPBODY: ${modem.called.at(-1)?.split(",")[1]}`]);
}

describe("A mail sent at once", () => {
  it("says to its reader that it may be a repeat when it may have arrived before", async () => {
    const bench = mailerBench();
    takesAnyText(bench);
    results(bench, OPEN, SENT);
    await bench.send({ id: "k3m8q2xa" });
    const note = "Possible duplicate, id k3m8q2xa.\r\n\r\n";
    assert.deepEqual(bodies(bench), ["4", String(4 + note.length)]);
    assert.deepEqual(bench.mailer.lastMail, { kind: "sent", at: 6_000 });
  });

  it("goes as it is when it cannot have arrived before", async () => {
    const bench = mailerBench();
    results(bench, NOT_ARRIVED, SENT);
    await bench.send();
    assert.deepEqual(bodies(bench), ["4", "4"]);
    assert.equal(bench.count("AT+QSMTPPUT"), 2);
  });

  it("keeps the module's word when the next try does not get so far", async () => {
    for (const code of ["MODEM_TIMEOUT", "SMTP_UNKNOWN"] as const) {
      const bench = mailerBench();
      results(bench, OPEN);
      bench.modem.when("AT+QSMTPCLR", [], failing(code));
      await assert.rejects(bench.send(), { code: "SMTP_UNKNOWN", stage: "send", modemCode: 651 });
      assert.equal(bench.count("AT+QSMTPPUT"), 1);
    }
  });

  it("keeps it as well when what is to be done before the next try fails", async () => {
    const bench = mailerBench();
    takesAnyText(bench);
    results(bench, OPEN);
    bench.pdp.renew = () => Promise.reject(failing("PDP_ACTIVATION_FAILED"));
    await assert.rejects(bench.send(), { code: "SMTP_UNKNOWN", modemCode: 651 });
    assert.equal(bench.count("AT+QSMTPPUT"), 2);
  });

  it("names what a further try failed of, where the one before cannot have arrived", async () => {
    const bench = mailerBench();
    results(bench, "+QSMTPPUT: 659,0");
    bench.modem.when("AT+QSMTPDST", [], failing("SMTP_PARAMETER", 664));
    await assert.rejects(bench.send(), { code: "LIMIT_ADDRESS" });
  });

  it("gets its data connection renewed between the second and the third try, then ends", async () => {
    const bench = mailerBench();
    takesAnyText(bench);
    results(bench, OPEN);
    await assert.rejects(bench.send(), { code: "SMTP_UNKNOWN" });
    assert.deepEqual(bench.asked, ["ensure", "ensure", "renew", "ensure"]);
    assert.equal(bench.count("AT+QSMTPPUT"), 3);
  });

  it("is of unknown outcome when it is called off in flight, and nothing is tried again", async () => {
    const bench = mailerBench();
    bench.modem.when("AT+QSMTPPUT", []);
    const stop = new AbortController();
    bench.modem.clock.after(1_000, () => stop.abort());
    await assert.rejects(bench.send({}, { signal: stop.signal }), { code: "MODEM_RESULT_UNKNOWN" });
    assert.equal(bench.count("AT+QSMTPPUT"), 1);
  });

  it("waits for nothing that would take a back-off", async () => {
    const bench = mailerBench();
    results(bench, "+QSMTPPUT: 666,421");
    await assert.rejects(bench.send(), { smtpCode: 421 });
    assert.equal(bench.modem.clock.now(), 3_000);
  });
});

describe("A mail that is not ASCII", () => {
  const subjects = ({ modem }: MailerBench): string[] =>
    modem.called.filter((line) => line.startsWith("AT+QSMTPSUB"));

  it("is coded as the module takes it, which is asked once", async () => {
    const bench = mailerBench({ encoding: "hex" });
    const { modem, mailer } = bench;
    await bench.send({ subject: "ä" });
    assert.deepEqual(subjects(bench).slice(-1), ['AT+QSMTPSUB=1,"C3A4"']);
    const before = modem.called.length;
    const support = { subject: "hex", body: "hex" };
    assert.deepEqual(await modem.clock.until(mailer.knownTextSupport()), support);
    await bench.send({ subject: "ä" });
    assert.ok(
      modem.called.slice(before).every((line) => !line.includes("?")),
      "it is not asked again",
    );
  });

  it("has the setting for its body made only where the body needs it", async () => {
    const bench = mailerBench({ encoding: "raw" });
    const { modem } = bench;
    modem.when("AT+QSMTPBODY", ["+QSMTPBODY: 2"]);
    await bench.send({ text: "ä" });
    assert.ok(modem.called.includes("AT+QSMTPBODY=1,2,31"));
    assert.ok(bench.count('AT+QSMTPCFG="bodyoriginal"') > 0);
  });

  it("tells its form for who reads it, without a question to the module", async () => {
    const form = async (encoding: "raw" | "hex", subject: string, text: string) => {
      const bench = mailerBench({ encoding });
      bench.modem.when("AT+QSMTPBODY", ["+QSMTPBODY: 2"]);
      const parts = { subject, text };
      await bench.send(parts);
      const before = bench.modem.called.length;
      const told = await bench.mailer.formOf(mail(parts).mail);
      assert.equal(bench.modem.called.length, before);
      return told;
    };
    assert.deepEqual(await form("raw", "a", "ä"), { charset: "utf-8", coding: "raw" });
    assert.deepEqual(await form("raw", "ä", "ab"), { charset: "utf-8", coding: "raw" });
    const { mailer } = mailerBench();
    const unasked = await mailer.formOf(mail({ text: "ä" }).mail);
    assert.deepEqual(unasked, { charset: "ascii", coding: "unknown" });
  });
});
