/** The result of a mail among lines that are not its own: of other mails, and of texts that somebody outside sends. */
import assert from "node:assert/strict";
import { sendMail, type PutOutcome } from "../../../lib/mailer/qsmtp/put";
import { failing, never } from "./called-modem";
import { SENT, StatefulModem } from "./mailer-bench";

const BUSY = failing("SMTP_BUSY", 652);
const TEXT = '+CMT: "+4915550100",,"26/01/01,12:00:00+04"';
const ASK = "AT+QSMTPDST?";

/** Sends a mail of 60 s to a module that says these lines after so many milliseconds. */
function put(
  modem: StatefulModem,
  ...said: readonly (readonly [ms: number, line: string])[]
): Promise<PutOutcome> {
  for (const [ms, line] of said) modem.clock.after(ms, () => modem.say(line));
  return modem.clock.until(sendMail(modem, { seconds: 60, signal: never }));
}

const asked = (modem: StatefulModem): number => modem.called.filter((line) => line === ASK).length;

describe("the result of a mail on the air", () => {
  it("is not that of a mail given up before, which came before the OK", async () => {
    const modem = new StatefulModem().when(ASK, BUSY).when("AT+QSMTPPUT", () => {
      modem.say("+QSMTPPUT: 651,0");
      return [];
    });
    const outcome = await put(modem, [3_000, SENT]);
    assert.deepEqual(outcome, { result: { error: 0, smtpCode: 0 }, sendMs: 3_000, wasLost: false });
  });

  it("is the line that came before the OK where the module says afterwards that it is not busy", async () => {
    const modem = new StatefulModem().when("AT+QSMTPPUT", () => {
      modem.say("+QSMTPPUT: 651,0");
      return [];
    });
    const outcome = await put(modem);
    assert.deepEqual(outcome, { result: { error: 651, smtpCode: 0 }, sendMs: 0, wasLost: false });
    assert.equal(asked(modem), 1);
    assert.equal(modem.clock.timers, 0);
  });

  it("is no line that came before the command", async () => {
    const modem = new StatefulModem();
    modem.say("+QSMTPPUT: 651,0");
    assert.deepEqual((await put(modem, [3_000, SENT])).result, { error: 0, smtpCode: 0 });
    assert.equal(asked(modem), 0);
  });

  it("is no other line that comes meanwhile, and nothing is asked because of it", async () => {
    const modem = new StatefulModem();
    assert.equal((await put(modem, [1_000, "+QIND: x"], [7_000, SENT])).sendMs, 7_000);
    assert.equal(asked(modem), 0);
  });

  it("is not believed in the text of a short message; the module says whether it is still busy", async () => {
    const modem = new StatefulModem().when(ASK, BUSY);
    assert.equal((await put(modem, [1_000, TEXT], [1_000, SENT], [7_000, SENT])).sendMs, 7_000);
    assert.equal(asked(modem), 1);
    assert.equal(modem.clock.timers, 0);
  });

  it("is unknown when it may have come in such a text, the module is free, and no other comes for two seconds", async () => {
    const modem = new StatefulModem();
    await assert.rejects(put(modem, [1_000, TEXT], [1_000, SENT]), {
      code: "MODEM_RESULT_UNKNOWN",
      message: /came with a short message/,
    });
    assert.equal(modem.clock.now(), 3_500);
    assert.equal(modem.clock.timers, 0);
    const late = new StatefulModem();
    assert.equal((await put(late, [1_000, TEXT], [1_000, SENT], [3_000, SENT])).sendMs, 3_000);
  });

  it("is waited for behind a text in which nothing read like it", async () => {
    const modem = new StatefulModem();
    assert.equal((await put(modem, [1_000, TEXT], [1_000, "hello"], [7_000, SENT])).sendMs, 7_000);
    assert.equal(asked(modem), 1);
  });

  it("is not cleared up by an answer in which another text begins; it is asked again", async () => {
    const modem = new StatefulModem();
    let times = 0;
    modem.when(ASK, () => {
      if (++times === 1) modem.say(TEXT);
      return [];
    });
    assert.equal((await put(modem, [1_000, TEXT], [9_000, SENT])).sendMs, 9_000);
    assert.equal(asked(modem), 2);
  });

  it("is asked for every five seconds while the module does not answer", async () => {
    const modem = new StatefulModem().when(ASK, failing("MODEM_TIMEOUT"), failing("MODEM_TIMEOUT"), []);
    assert.equal((await put(modem, [1_000, TEXT], [15_000, SENT])).sendMs, 15_000);
    assert.equal(asked(modem), 3);
  });

  it("is looked for, not denied, when the command ends with ERROR among the lines of a text", async () => {
    const modem = new StatefulModem().when(ASK, BUSY).when("AT+QSMTPPUT", () => {
      modem.say(TEXT);
      return failing("MODEM_ERROR");
    });
    assert.deepEqual((await put(modem, [20_000, SENT])).result, { error: 0, smtpCode: 0 });
  });

  it("is looked for no longer than the mail may take, and half a minute", async () => {
    const modem = new StatefulModem().when(ASK, BUSY).when("AT+QSMTPPUT", failing("MODEM_TIMEOUT"));
    await assert.rejects(put(modem), { code: "MODEM_RESULT_UNKNOWN" });
    assert.equal(modem.clock.now(), 90_000);
  });
});
