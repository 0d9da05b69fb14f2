/** When one call of the carrier puts a mail on the air twice, with which words in it, and which error it ends with. */
import assert from "node:assert/strict";
import { failing } from "./called-modem";
import { ascii, carrierBench, mail, SENT, type CarrierBench } from "./carrier-bench";

/** 651 without a reply of the server: the mail may have arrived. */
const OPEN = "+QSMTPPUT: 651,0";
/** The server could not be connected to: it has not arrived. */
const NOT_ARRIVED = "+QSMTPPUT: 653,0";

/** The results of QSMTPPUT in turn, each three seconds after its command; the last one stays. */
function results({ modem }: CarrierBench, ...lines: string[]): void {
  modem.when("AT+QSMTPPUT", () => {
    const line = lines.length > 1 ? lines.shift() : lines[0];
    modem.clock.after(3_000, () => modem.say(line ?? ""));
    return [];
  });
}

const subjects = ({ modem }: CarrierBench): string[] =>
  modem.called.filter((line) => line.startsWith("AT+QSMTPSUB"));

describe("a mail put on the air again by the same call", () => {
  it("says so to its reader when it may have arrived before", async () => {
    const bench = carrierBench();
    results(bench, OPEN, SENT);
    let asked = 0;
    const beforeRepeat = async () => {
      asked++;
      return mail({ subject: ascii("again") });
    };
    await bench.send({}, { beforeRepeat });
    assert.equal(asked, 1);
    assert.deepEqual(subjects(bench), ['AT+QSMTPSUB=0,"alarm"', 'AT+QSMTPSUB=0,"again"']);
    assert.deepEqual(bench.carrier.lastMail, { kind: "sent", at: 6_000 });
  });

  it("goes as it is when it cannot have arrived, or its caller wants nothing said", async () => {
    const bench = carrierBench();
    results(bench, NOT_ARRIVED, SENT);
    const beforeRepeat = () => Promise.reject(new Error("must not be asked"));
    await bench.send({}, { beforeRepeat });
    const open = carrierBench();
    results(open, OPEN, SENT);
    await open.send();
    for (const one of [bench, open]) {
      assert.deepEqual(subjects(one), ['AT+QSMTPSUB=0,"alarm"', 'AT+QSMTPSUB=0,"alarm"']);
      assert.equal(one.count("AT+QSMTPPUT"), 2);
    }
  });

  it("is not, where its caller does not allow a mail that may arrive twice", async () => {
    const bench = carrierBench();
    results(bench, OPEN);
    await assert.rejects(bench.send({}, { beforeRepeat: () => Promise.reject(new Error("once only")) }), {
      code: "SMTP_UNKNOWN",
    });
    assert.equal(bench.count("AT+QSMTPPUT"), 1);
  });

  it("is asked for anew whether its caller has made it durable", async () => {
    const bench = carrierBench();
    results(bench, OPEN, SENT);
    let marks = 0;
    await bench.send({}, { beforePut: async () => void marks++ });
    assert.equal(marks, 2);
  });

  it("keeps the module's word when the next try does not get so far", async () => {
    for (const code of ["MODEM_TIMEOUT", "SMTP_UNKNOWN"] as const) {
      const bench = carrierBench();
      results(bench, OPEN);
      const { modem } = bench;
      modem.when("AT+QSMTPCLR", [], failing(code));
      await assert.rejects(bench.send(), { code: "SMTP_UNKNOWN", stage: "send", modemCode: 651 });
      assert.equal(bench.count("AT+QSMTPPUT"), 1);
    }
  });

  it("keeps it as well when what is to be done before the next try fails", async () => {
    const bench = carrierBench();
    results(bench, OPEN);
    bench.pdp.renew = () => Promise.reject(failing("PDP_ACTIVATION_FAILED"));
    await assert.rejects(bench.send(), { code: "SMTP_UNKNOWN", modemCode: 651 });
    assert.equal(bench.count("AT+QSMTPPUT"), 2);
  });

  it("says for certain that nothing is on the air after a refusal in doubt, whatever ends the next try", async () => {
    const bench = carrierBench();
    results(bench, "+QSMTPPUT: 659,0");
    bench.modem.when("AT+QSMTPCLR", [], failing("MODEM_TIMEOUT"));
    // Not MODEM_TIMEOUT, which would read as if the result of a mail on the air were lost.
    await assert.rejects(bench.send(), { code: "MODEM_NOT_READY", class: "transient" });
  });

  it("names what a further try failed of, where that is no end of the dialogue", async () => {
    const bench = carrierBench();
    results(bench, "+QSMTPPUT: 659,0");
    bench.modem.when("AT+QSMTPSUB", [], failing("SMTP_PARAMETER", 664));
    await assert.rejects(bench.send(), { code: "LIMIT_SUBJECT" });
  });

  it("is told what was refused before it was put on the air", async () => {
    const bench = carrierBench();
    bench.modem.when("AT+QSMTPSUB", failing("SMTP_PARAMETER", 664));
    await assert.rejects(bench.send(), { code: "LIMIT_SUBJECT" });
    assert.equal(bench.count("AT+QSMTPPUT"), 0);
  });

  it("gets its data connection renewed between the second and the third try, then is given back", async () => {
    const bench = carrierBench();
    results(bench, OPEN);
    await assert.rejects(bench.send(), { code: "SMTP_UNKNOWN" });
    assert.deepEqual(bench.asked, ["ensure", "ensure", "renew", "ensure"]);
    assert.equal(bench.count("AT+QSMTPPUT"), 3);
  });
});

describe("a mail that is not ASCII", () => {
  const utf8 = (text: string) => ({ charset: "utf-8", bytes: Buffer.from(text) }) as const;

  it("is coded as the module takes it, which is asked once", async () => {
    const bench = carrierBench({ encoding: "hex" });
    const { modem, carrier } = bench;
    modem.when("AT+QSMTPBODY", ["+QSMTPBODY: 4"]);
    await bench.send({ subject: utf8("ä") });
    assert.deepEqual(subjects(bench).slice(-1), ['AT+QSMTPSUB=1,"C3A4"']);
    const support = { subject: "hex", body: "hex" };
    const before = modem.called.length;
    assert.deepEqual(await modem.clock.until(carrier.textSupport()), support);
    assert.deepEqual(modem.called.slice(before), [], "a module that has been asked is not asked again");
    assert.deepEqual(await modem.clock.until(carrier.knownTextSupport()), support);
  });

  it("has the setting for its body made only where the body needs it", async () => {
    const bench = carrierBench({ encoding: "raw" });
    const { modem } = bench;
    modem.when("AT+QSMTPBODY", ["+QSMTPBODY: 2"]);
    await bench.send({ body: utf8("ä") });
    assert.ok(modem.called.includes("AT+QSMTPBODY=1,2,31"));
    assert.ok(bench.count('AT+QSMTPCFG="bodyoriginal"') > 0);
  });

  it("finds out for others what the module takes, when it is ready", async () => {
    const { modem, carrier } = carrierBench();
    assert.equal(await modem.clock.until(carrier.knownTextSupport()), undefined);
    modem.enter("registering");
    await assert.rejects(modem.clock.until(carrier.textSupport()), { code: "MODEM_NOT_READY" });
    modem.enter("ready");
    const { subject } = await modem.clock.until(carrier.textSupport());
    assert.equal(typeof subject, "string");
    assert.equal(modem.lock.held, false);
  });
});
