import assert from "node:assert/strict";
import {
  mailState,
  ResultListener,
  runningMailResult,
  sendMail,
  type PutModem,
  type PutOutcome,
} from "../../../lib/mailer/qsmtp/put";
import { CalledModem, failing, HeardModem, never } from "./called-modem";

const BUSY = failing("SMTP_BUSY", 652);

describe("the state of a module's mail", () => {
  for (const [what, outcome, state] of [
    ["an answer", [], "free"],
    ["652", BUSY, "sending"],
    ["another number", failing("SMTP_UNKNOWN", 651), "free"],
    ["a plain ERROR", failing("MODEM_ERROR"), "absent"],
    ["silence", failing("MODEM_TIMEOUT"), "absent"],
  ] as const) {
    it(`is ${state} after ${what}`, async () => {
      const modem = new CalledModem().when("AT+QSMTPDST?", outcome);
      assert.equal(await mailState(modem, never), state);
      assert.deepEqual(modem.called, ["AT+QSMTPDST?"]);
    });
  }

  it("is of no interest to a caller who has aborted", async () => {
    const modem = new CalledModem().when("AT+QSMTPDST?", BUSY);
    await assert.rejects(mailState(modem, AbortSignal.abort(new Error("closed"))), /closed/);
  });
});

describe("the result of a mail that is running", () => {
  function watch(modem: CalledModem, limit = 600_000): Promise<{ result: unknown; at: number }> {
    const listener = new ResultListener(modem);
    return modem.clock
      .until(runningMailResult(modem, listener, limit, never))
      .then((result) => ({ result, at: modem.clock.now() }))
      .finally(() => listener.close());
  }

  it("is asked for every five seconds while the module is busy, and taken when it comes", async () => {
    const modem = new CalledModem().when("AT+QSMTPDST?", BUSY);
    modem.clock.after(12_000, () => modem.say("+QSMTPPUT: 0,250"));
    assert.deepEqual(await watch(modem), { result: { error: 0, smtpCode: 250 }, at: 12_000 });
    assert.equal(modem.called.length, 3);
    assert.equal(modem.clock.timers, 0);
  });

  it("is waited for two seconds more when the module has become free", async () => {
    const modem = new CalledModem().when("AT+QSMTPDST?", BUSY, []);
    modem.clock.after(6_900, () => modem.say("+QSMTPPUT: 653,0"));
    assert.deepEqual(await watch(modem), { result: { error: 653, smtpCode: 0 }, at: 6_900 });
    const late = new CalledModem().when("AT+QSMTPDST?", BUSY, []);
    assert.deepEqual(await watch(late), { result: undefined, at: 7_000 });
  });

  it("is waited for no longer where the module never said that it was busy", async () => {
    const modem = new CalledModem();
    modem.clock.after(1_900, () => modem.say("+QSMTPPUT: 0,0"));
    assert.deepEqual(await watch(modem), { result: { error: 0, smtpCode: 0 }, at: 1_900 });
    assert.deepEqual(await watch(new CalledModem()), { result: undefined, at: 2_000 });
  });

  it("is given up after the limit when the module stays busy or away", async () => {
    for (const outcome of [BUSY, failing("MODEM_NOT_READY")]) {
      const modem = new CalledModem().when("AT+QSMTPDST?", outcome);
      assert.deepEqual(await watch(modem, 12_000), { result: undefined, at: 15_000 });
    }
  });

  it("is no other line", async () => {
    const modem = new CalledModem().when("AT+QSMTPDST?", BUSY, []);
    modem.clock.after(1_000, () => modem.say("+QIND: x"));
    assert.deepEqual(await watch(modem), { result: undefined, at: 7_000 });
  });

  it("that was heard before is taken at once, unless it was forgotten", async () => {
    const modem = new CalledModem();
    const listener = new ResultListener(modem);
    modem.say("+QSMTPPUT: 0,0");
    assert.deepEqual(await runningMailResult(modem, listener, 1_000, never), { error: 0, smtpCode: 0 });
    assert.deepEqual(modem.called, []);
    listener.forget();
    assert.equal(listener.result, undefined);
    listener.close();
    modem.say("+QSMTPPUT: 0,0");
    assert.equal(listener.result, undefined);
    assert.equal(modem.events.listenerCount("unsolicited"), 0);
  });

  it("is not waited for any longer by a caller who aborts", async () => {
    const modem = new CalledModem().when("AT+QSMTPDST?", BUSY);
    const abort = new AbortController();
    modem.clock.after(1_000, () => abort.abort(new Error("closed")));
    const listener = new ResultListener(modem);
    await assert.rejects(
      modem.clock.until(runningMailResult(modem, listener, 60_000, abort.signal)),
      /closed/,
    );
    assert.equal(modem.clock.now(), 1_000);
    assert.equal(modem.clock.timers, 0);
  });
});

class PuttingModem extends HeardModem implements PutModem {
  /** Sends a mail of 60 s; the outcome, when it came, or the error. */
  put(signal = never): Promise<PutOutcome> {
    return this.clock.until(sendMail(this, { seconds: 60, signal }));
  }
}

describe("sending a filled mail", () => {
  it("ends with the result line, and tells how long it took", async () => {
    const modem = new PuttingModem();
    modem.clock.after(7_000, () => modem.say("+QSMTPPUT: 0,0"));
    assert.deepEqual(await modem.put(), {
      result: { error: 0, smtpCode: 0 },
      sendMs: 7_000,
      wasLost: false,
    });
    assert.deepEqual(modem.called, ["AT+QSMTPPUT=60"]);
    assert.equal(modem.clock.timers, 0);
    assert.equal(modem.events.listenerCount("unsolicited"), 1);
  });

  it("takes a result in the same read as its OK, but none of another mail that came before the OK", async () => {
    const modem = new PuttingModem();
    modem.when("AT+QSMTPDST?", BUSY);
    modem.when("AT+QSMTPPUT", () => {
      modem.say("+QSMTPPUT: 651,0");
      queueMicrotask(() => modem.say("+QSMTPPUT: 0,0"));
      return [];
    });
    assert.deepEqual((await modem.put()).result, { error: 0, smtpCode: 0 });
  });

  it("that the module refuses is not sent, and nothing is looked for", async () => {
    for (const error of [
      failing("SMTP_NO_RECIPIENT", 659),
      failing("MODEM_ERROR"),
      failing("MODEM_NOT_READY"),
    ]) {
      const modem = new PuttingModem();
      modem.when("AT+QSMTPPUT", error);
      await assert.rejects(modem.put(), { code: error.code, stage: "send" });
      assert.deepEqual(modem.called, ["AT+QSMTPPUT=60"]);
      assert.equal(modem.clock.timers, 0);
    }
  });

  it("is not begun when the caller has aborted", async () => {
    const modem = new PuttingModem();
    await assert.rejects(modem.put(AbortSignal.abort(new Error("closed"))), /closed/);
    assert.deepEqual(modem.called, []);
  });

  it("whose OK was lost is looked for while the module is busy with it", async () => {
    const modem = new PuttingModem();
    modem.when("AT+QSMTPPUT", failing("MODEM_TIMEOUT")).when("AT+QSMTPDST?", BUSY);
    modem.clock.after(20_000, () => modem.say("+QSMTPPUT: 0,250"));
    assert.deepEqual(await modem.put(), {
      result: { error: 0, smtpCode: 250 },
      sendMs: 20_000,
      wasLost: true,
    });
    assert.match(modem.log.lines.join(), /warn looking for the result of a mail: .*in time/);
  });

  it("whose result does not come 30 s after the module's own time is looked for, then unknown", async () => {
    const modem = new PuttingModem();
    modem.when("AT+QSMTPDST?", []);
    await assert.rejects(modem.put(), {
      code: "MODEM_RESULT_UNKNOWN",
      message: /the module is no longer busy and said nothing/,
    });
    assert.equal(modem.clock.now(), 90_000 + 2_000);
  });

  it("was not sent when the module restarts before QSMTPPUT has its turn on the line", async () => {
    const modem = new PuttingModem();
    modem.isQueueing = true;
    await assert.rejects(modem.put(), {
      code: "MODEM_NOT_READY",
      stage: "send",
      message: /before the mail was sent/,
    });
    assert.deepEqual(modem.called, []);
    assert.equal(modem.clock.timers, 0);
  });

  it("through a restart of the module is unknown at once", async () => {
    const modem = new PuttingModem();
    modem.clock.after(1_000, () => modem.restarts());
    await assert.rejects(modem.put(), {
      code: "MODEM_RESULT_UNKNOWN",
      message: /the module has restarted meanwhile/,
    });
    assert.equal(modem.clock.now(), 1_000);
    assert.deepEqual(modem.called, ["AT+QSMTPPUT=60"]);
  });

  for (const [what, busy] of [
    ["on the air", false],
    ["looked for", true],
  ] as const) {
    it(`${what} is unknown when the caller aborts`, async () => {
      const modem = new PuttingModem();
      if (busy) modem.when("AT+QSMTPPUT", failing("MODEM_TIMEOUT")).when("AT+QSMTPDST?", BUSY);
      const abort = new AbortController();
      modem.clock.after(1_000, () => abort.abort(new Error("closed")));
      await assert.rejects(modem.put(abort.signal), {
        code: "MODEM_RESULT_UNKNOWN",
        message: /the node was stopped meanwhile/,
      });
      assert.equal(modem.clock.now(), 1_000);
      assert.equal(modem.clock.timers, 0);
    });
  }
});
