/** Short messages of somebody outside that come on the port of the mail, as with `AT+CNMI=2,2` of another program. */
import assert from "node:assert/strict";
import type { ModemError } from "../../../lib/errors";
import { mail, mailRig, type MailRig } from "./mail-rig";

/** On the air the mail takes so long, in ms. */
const AIR = 20_000;
const HEADER = '+CMT: "+4915550100",,"26/01/01,12:00:00+04"';

describe("a short message while a mail is on the air", () => {
  let rig: MailRig;

  const start = async (busy: "all" | "put" = "all"): Promise<void> => {
    rig = await mailRig({ module: { timing: { airMs: AIR }, variants: { "busy-commands": busy } } });
  };

  afterEach(() => rig.stop());

  /** A message with these lines comes so many ms after QSMTPPUT was taken. */
  const message = (ms: number, ...text: readonly string[]) => {
    const undo = rig.module.define((context, next) => {
      if (context.name === "+QSMTPPUT" && context.form === "write") {
        undo();
        rig.clock.after(ms, () => rig.module.raiseUrc([HEADER, ...text].join("\r\n")));
      }
      return next();
    });
  };

  /** A message right before or right after the line with the true result. */
  const messageAtResult = (where: "before" | "after", ...text: readonly string[]) => {
    const raise = rig.module.raiseUrc.bind(rig.module);
    rig.module.raiseUrc = (line, ...port) => {
      if (!line.startsWith("+QSMTPPUT:")) return raise(line, ...port);
      const lines = [HEADER, ...text].join("\r\n");
      for (const one of where === "before" ? [lines, line] : [line, lines]) raise(one, ...port);
    };
  };

  const failure = async (): Promise<ModemError> => {
    let error: unknown;
    await rig.send(mail()).catch((thrown: unknown) => (error = thrown));
    return error as ModemError;
  };

  const questions = () => rig.lines().filter((line) => line === "AT+QSMTPDST?").length;

  for (const text of [
    ["+QSMTPPUT: 0,0"],
    ["Good evening", "+QSMTPPUT: 0,0"],
    ["OK", "+QSMTPPUT: 0,0", "OK", "OK"],
  ]) {
    const said = text.join(", ");
    it(`that reads "${said}" does not make a refused mail a sent one`, async () => {
      await start();
      rig.server.refuse = { data: 550 };
      message(5_000, ...text);
      const before = rig.clock.now();
      assert.equal((await failure()).code, "SMTP_MAILBOX_UNAVAILABLE");
      assert.ok(rig.clock.now() - before >= AIR);
    });

    it(`that reads "${said}" right before the end leaves a refused mail unknown at best`, async () => {
      await start();
      rig.server.refuse = { data: 550 };
      messageAtResult("before", ...text);
      assert.equal((await failure()).code, "MODEM_RESULT_UNKNOWN");
    });
  }

  it("that reads like a failure does not make a sent mail a failed one", async () => {
    await start();
    message(5_000, "+QSMTPPUT: 677,535");
    await rig.send(mail());
    assert.equal(rig.server.received.length, 1);
  });

  it("that comes after the result changes nothing, whatever it reads", async () => {
    await start();
    rig.server.refuse = { data: 550 };
    messageAtResult("after", "+QSMTPPUT: 0,0");
    assert.equal((await failure()).code, "SMTP_MAILBOX_UNAVAILABLE");
    assert.equal(questions(), 0);
  });

  it("that reads like a result leaves a mail unknown where the true one comes with it", async () => {
    await start();
    messageAtResult("before", "+QSMTPPUT: 677,535");
    const error = await failure();
    assert.equal(error.code, "MODEM_RESULT_UNKNOWN");
    assert.match(error.message, /no longer busy.*short message/);
    assert.equal(rig.modem.lock.held, false);
  });

  it("that reads like a result does not keep the true one from being heard a moment later", async () => {
    await start();
    message(AIR - 900, "+QSMTPPUT: 677,535");
    await rig.send(mail());
    assert.equal(rig.server.received.length, 1);
  });

  it("costs one question to the module, and the mail is sent", async () => {
    await start();
    message(5_000, "The gate is open");
    await rig.send(mail());
    assert.equal(questions(), 1);
    assert.equal(rig.server.received.length, 1);
  });

  it("is waited through too where the module does not say that it is busy", async () => {
    await start("put");
    message(5_000, "The gate is open");
    await rig.send(mail());
    assert.equal(rig.server.received.length, 1);
  });

  it("never makes a mail sent where the module does not say that it is busy", async () => {
    await start("put");
    rig.server.refuse = { data: 550 };
    message(5_000, "+QSMTPPUT: 0,0");
    const { code } = await failure();
    assert.ok(["MODEM_RESULT_UNKNOWN", "SMTP_MAILBOX_UNAVAILABLE"].includes(code), code);
  });

  it("that comes after the host was away does not make a refused mail a sent one", async () => {
    await start();
    const stop = new AbortController();
    rig.module.define((context, next) => {
      if (context.name === "+QSMTPPUT") rig.clock.after(2_000, () => stop.abort(new Error("stopped")));
      return next();
    });
    const one = mail();
    await assert.rejects(rig.send(one, { signal: stop.signal }), { code: "MODEM_RESULT_UNKNOWN" });
    await rig.clock.until(rig.modem.close());
    rig.modem.acquire();
    await rig.clock.run(() => rig.mailer.available);
    rig.server.refuse = { data: 452 };
    rig.module.raiseUrc(`${HEADER}\r\n+QSMTPPUT: 0,0`);
    const outcome = await rig.ask(one);
    assert.ok(outcome.kind === "ended");
    assert.equal(outcome.error?.smtpCode, 452);
  });
});
