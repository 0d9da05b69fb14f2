import assert from "node:assert/strict";
import type { ModemError } from "../../../lib/errors";
import { OK } from "../../../lib/simulator";
import { attachment, awkwardBytes, mail, mailRig, type MailRig } from "./mail-rig";

/** A mail takes 20 s on the air. */
const LONG_ON_AIR = { module: { timing: { airMs: 20_000 } } } as const;

describe("a mail that is interrupted", () => {
  let rig: MailRig;

  beforeEach(async () => {
    rig = await mailRig(LONG_ON_AIR);
  });

  afterEach(() => rig.stop());

  /** Does something when the module gets such a command, before it answers. */
  const at = (name: string, action: () => void) => {
    const undo = rig.module.define((context, next) => {
      if (context.name === name && context.form !== "test") {
        undo();
        action();
      }
      return next();
    });
  };

  /** Does something 5 s after the module has taken the mail. */
  const onAir = (action: () => void) => at("+QSMTPPUT", () => rig.clock.after(5_000, action));

  const failure = async (how?: Parameters<MailRig["send"]>[1]): Promise<ModemError> => {
    let error: unknown;
    await rig.send(mail(), how).catch((thrown: unknown) => (error = thrown));
    return error as ModemError;
  };

  const availableAgain = () => rig.clock.run(() => rig.mailer.available);

  for (const [what, interrupt, code] of [
    ["a restart of the module", () => rig.module.restart("restart"), "MODEM_RESET"],
    ["the loss of its power", () => rig.module.restart("powerLoss"), "MODEM_RESET"],
  ] as const) {
    for (const command of ["+QSMTPCLR", "+QSMTPCFG", "+QSMTPDST", "+QSMTPSUB", "+QSMTPBODY"]) {
      it(`by ${what} at ${command} was not sent, and the next one is`, async () => {
        at(command, interrupt);
        const error = await failure();
        assert.ok([code, "MODEM_NOT_READY"].includes(error.code), error.code);
        assert.equal(error.class, "transient");
        assert.equal(rig.server.received.length, 0);
        await availableAgain();
        await rig.send(mail());
        assert.equal(rig.server.received.length, 1);
      });
    }

    it(`by ${what} after QSMTPPUT has an unknown outcome`, async () => {
      onAir(interrupt);
      const error = await failure();
      assert.equal(error.code, "MODEM_RESULT_UNKNOWN");
      assert.equal(error.class, "unknown");
      assert.equal(error.stage, "send");
      assert.match(error.message, /restarted/);
      assert.equal(rig.modem.lock.held, false);
    });
  }

  it("by an unplugged modem before QSMTPPUT was not sent", async () => {
    at("+QSMTPSUB", () => rig.module.unplug());
    const error = await failure();
    assert.equal(error.code, "PORT_UNPLUGGED");
    assert.equal(error.class, "transient");
    rig.module.plug();
    await availableAgain();
    await rig.send(mail());
  });

  it("by an unplugged modem after QSMTPPUT has an unknown outcome", async () => {
    onAir(() => {
      rig.module.unplug();
      rig.clock.after(60_000, () => rig.module.plug());
    });
    const error = await failure();
    assert.equal(error.code, "MODEM_RESULT_UNKNOWN");
    await availableAgain();
    assert.equal((await rig.ask()).kind, "unknown");
  });

  it("by a restart while the caller notes that it goes out was not sent", async () => {
    const { signal } = new AbortController();
    const options = { signal, ageMs: 0, possibleDuplicate: false };
    const prepared = await rig.clock.until(rig.mailer.prepare(mail(), options));
    assert.ok(prepared.kind === "prepared");
    rig.module.restart("restart");
    await rig.clock.run(() => rig.modem.epoch === 2);
    const outcome = await rig.clock.until(prepared.commit(signal));
    assert.equal(outcome.kind, "ended");
    assert.equal(outcome.error?.code, "MODEM_NOT_READY");
    assert.equal(outcome.open, false);
    assert.ok(!rig.lines().some((line) => line.startsWith("AT+QSMTPPUT")));
  });

  it("by its caller before QSMTPPUT was not sent, and the lock is free", async () => {
    const stop = new AbortController();
    at("+QSMTPSUB", () => stop.abort(new Error("deploy")));
    const error = await failure({ signal: stop.signal });
    assert.equal(error.code, "MODEM_ABORTED");
    assert.equal(rig.modem.lock.held, false);
    await rig.send(mail());
    assert.equal(rig.server.received.length, 1);
  });

  it("by its caller while it is on the air has an unknown outcome", async () => {
    const stop = new AbortController();
    onAir(() => stop.abort(new Error("deploy")));
    const error = await failure({ signal: stop.signal });
    assert.equal(error.code, "MODEM_RESULT_UNKNOWN");
    assert.equal(rig.modem.lock.held, false);
  });

  it("waits in vain for a lock that its caller gives up", async () => {
    const lease = await rig.modem.lock.acquire();
    const stop = new AbortController();
    const sending = rig.begin(mail(), { signal: stop.signal });
    stop.abort(new Error("deploy"));
    await assert.rejects(sending, { code: "MODEM_ABORTED" });
    lease.release();
    await rig.send(mail());
  });

  it("is given up when no result comes and the module is free again", async () => {
    rig.module.define((context, next) =>
      context.name === "+QSMTPPUT" && context.form === "write" ? OK : next(),
    );
    const before = rig.clock.now();
    const error = await failure();
    assert.equal(error.code, "MODEM_RESULT_UNKNOWN");
    assert.ok(rig.clock.now() - before >= 330_000, "timeout and 30 s");
    assert.ok(rig.clock.now() - before < 375_000);
  });

  it("has its result although the OK of QSMTPPUT was lost", async () => {
    const okLost = [{ at: { direction: "modem", byte: 1 }, fault: { kind: "drop", count: 6 } }] as const;
    at("+QSMTPPUT", () => rig.module.faults.set(okLost));
    await rig.send(mail());
    assert.equal(rig.server.received.length, 1);
  });

  it("waits for another mail that the module is still sending (652)", async () => {
    const stop = new AbortController();
    onAir(() => stop.abort(new Error("deploy")));
    assert.equal((await failure({ signal: stop.signal })).code, "MODEM_RESULT_UNKNOWN");
    const before = rig.lines().length;
    await rig.send(mail());
    assert.equal(rig.server.received.length, 2);
    const lines = rig.lines().slice(before);
    assert.ok(lines.indexOf("AT+QSMTPDST?") > 0, "asks whether it is over");
    assert.ok(lines.indexOf("AT+QSMTPDST?") < lines.findIndex((line) => line.startsWith("AT+QSMTPDST=")));
  });

  it("lets the state of the modem be asked while it is on the air, but no data be transferred", async () => {
    let uploaded = false;
    onAir(() => {
      void rig.mailer.preload(attachment("a.bin", awkwardBytes(10))).then(() => (uploaded = true));
      void rig.pdp.query();
    });
    await rig.send(mail());
    await rig.clock.run(() => uploaded);
    const happened = rig.module.log.entries.flatMap((entry) =>
      entry.kind === "line" || entry.kind === "urc" ? [entry.text] : [],
    );
    const position = (begin: string) => happened.findIndex((text) => text.startsWith(begin));
    assert.ok(position("AT+QSMTPPUT") < happened.lastIndexOf("AT+QIACT?"));
    assert.ok(happened.lastIndexOf("AT+QIACT?") < position("+QSMTPPUT:"));
    assert.ok(position("+QSMTPPUT:") < position("AT+QFUPL"));
  });
});

describe("a result line of another mail", () => {
  it("is not taken for the own one when it comes before the OK of QSMTPPUT", async () => {
    const rig = await mailRig();
    rig.module.define((context, next) => {
      if (context.name === "+QSMTPPUT") rig.module.raiseUrc("+QSMTPPUT: 0,0");
      return next();
    });
    rig.server.refuse = { data: 550 };
    await assert.rejects(rig.send(mail()), { code: "SMTP_MAILBOX_UNAVAILABLE" });
    await rig.stop();
  });
});

describe("a module of which not every command says that it is busy", () => {
  it("is not restarted under another mail, but waited for", async () => {
    const rig = await mailRig({
      module: { variants: { "busy-commands": "put" }, timing: { airMs: 60_000 } },
    });
    const stop = new AbortController();
    const undo = rig.module.define((context, next) => {
      if (context.name === "+QSMTPPUT") rig.clock.after(5_000, () => stop.abort(new Error("deploy")));
      return next();
    });
    await assert.rejects(rig.send(mail(), { signal: stop.signal }), { code: "MODEM_RESULT_UNKNOWN" });
    undo();
    await rig.send(mail());
    assert.equal(rig.server.received.length, 2);
    assert.ok(!rig.lines().includes("AT+CFUN=1,1"));
    await rig.stop();
  });
});

describe("a module that is busy for ever", () => {
  const busy = (rig: MailRig) =>
    rig.module.define((context, next) =>
      context.name.startsWith("+QSMTP") && context.form !== "test" ? { kind: "cme", code: 652 } : next(),
    );

  it("makes a mail end after the send timeout where it may not be restarted", async () => {
    const rig = await mailRig({ settings: { allowReset: false } });
    busy(rig);
    const before = rig.clock.now();
    await assert.rejects(rig.send(mail()), { code: "MODEM_STUCK", class: "transient" });
    const waited = rig.clock.now() - before;
    assert.ok(waited >= 300_000 && waited < 310_000, String(waited));
    assert.equal(rig.modem.lock.held, false);
    await rig.stop();
  });

  it("is restarted where that is allowed, and sends then", async () => {
    const rig = await mailRig();
    const undo = busy(rig);
    rig.module.once("started", undo);
    await rig.send(mail());
    assert.ok(rig.lines().includes("AT+CFUN=1,1"));
    assert.equal(rig.server.received.length, 1);
    await rig.stop();
  });
});

describe("a mail whose host went away", () => {
  /** A mail on the air for 20 s, its caller and connection gone after 5 s, a new connection made. */
  async function afterHostRestart(parts: Parameters<typeof mail>[0] = {}): Promise<MailRig> {
    const rig = await mailRig(LONG_ON_AIR);
    const stop = new AbortController();
    rig.module.define((context, next) => {
      if (context.name === "+QSMTPPUT") rig.clock.after(5_000, () => stop.abort(new Error("stopped")));
      return next();
    });
    await assert.rejects(rig.send(mail(parts), { signal: stop.signal }), { code: "MODEM_RESULT_UNKNOWN" });
    await rig.clock.until(rig.modem.close());
    rig.modem.acquire();
    await rig.clock.run(() => rig.mailer.available);
    return rig;
  }

  const knownSent = async (rig: MailRig): Promise<void> => {
    const outcome = await rig.ask();
    assert.equal(outcome.kind, "ended");
    assert.equal(outcome.error, undefined);
  };

  it("is known to be sent when its result comes after the reconnect", async () => {
    const rig = await afterHostRestart();
    await knownSent(rig);
    assert.equal(rig.server.received.length, 1);
    await rig.stop();
  });

  it("leaves no attachment in the module when its result has come", async () => {
    const rig = await afterHostRestart({ attachments: [attachment("log.csv", awkwardBytes(10))] });
    await knownSent(rig);
    assert.deepEqual(rig.files(), ["RAM:log.csv"]);
    await rig.clock.run(() => rig.files().length === 0, 10_000);
    await rig.stop();
  });

  it("is known to be refused when its result says so", async () => {
    const rig = await afterHostRestart();
    rig.server.refuse = { data: 452 };
    const outcome = await rig.ask();
    assert.equal(outcome.kind, "ended");
    assert.equal(outcome.error?.code, "SMTP_SERVER_STORAGE");
    await rig.stop();
  });

  it("is of unknown outcome when its result came before anybody asked: it could be that of another mail", async () => {
    const rig = await afterHostRestart();
    await rig.clock.advance(60_000);
    assert.equal((await rig.ask()).kind, "unknown");
    await rig.stop();
  });

  it("is of unknown outcome when the module knows nothing of it", async () => {
    const rig = await mailRig();
    assert.equal((await rig.ask()).kind, "unknown");
    await rig.stop();
  });
});
