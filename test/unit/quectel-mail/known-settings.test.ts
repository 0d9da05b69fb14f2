import assert from "node:assert/strict";
import { ModemError, SPECIAL_HINTS } from "../../../lib/errors";
import { mailSetting } from "../../../lib/quectel/commands/smtp";
import type { RootFiles } from "../../../lib/quectel/files/root-files";
import type { SmtpSettings } from "../../../lib/quectel/settings";
import { confirmed, KnownSettings, withStage } from "../../../lib/mailer/qsmtp/guarded-modem";
import { applySmtpSettings } from "../../../lib/mailer/qsmtp/smtp-settings";
import { TlsContext, type RootPem } from "../../../lib/mailer/qsmtp/tls";
import { CalledModem, failing, never } from "./called-modem";

const REFUSED = failing("MODEM_ERROR");
const WRONG = failing("SMTP_PARAMETER", 664);

const SETTINGS: SmtpSettings = {
  host: "smtp.example.com",
  port: 465,
  security: "tls",
  user: "me",
  password: "secret",
  senderName: "Gateway",
  senderAddress: "gateway@example.com",
  tls: { verify: true, root: { from: "auto" }, contextId: 1 },
  encoding: "auto",
  sendTimeout: 300,
};

describe("a setting of the module", () => {
  const tls = mailSetting({ key: "ssltype", security: "tls" });

  it("is sent once, and again when its value is another one", async () => {
    const modem = new CalledModem();
    const known = new KnownSettings(modem);
    for (const setting of [tls, tls, mailSetting({ key: "ssltype", security: "starttls" }), tls])
      await known.apply(setting, never);
    assert.equal(modem.called.length, 3);
    await known.apply(mailSetting({ key: "smtpserver", host: "smtp.example.com", port: 465 }), never);
    await known.apply(tls, never);
    assert.equal(modem.called.length, 4);
  });

  it("is sent again after a restart of the module", async () => {
    const modem = new CalledModem();
    const known = new KnownSettings(modem);
    await known.apply(tls, never);
    modem.epoch++;
    await known.apply(tls, never);
    assert.equal(modem.called.length, 2);
  });

  it("is not known when the module restarted while it took it", async () => {
    const modem = new CalledModem();
    modem.when("AT+QSMTPCFG", () => {
      modem.epoch++;
      return [];
    });
    const known = new KnownSettings(modem);
    await known.apply(tls, never);
    modem.outcomes.clear();
    await known.apply(tls, never);
    assert.equal(modem.called.length, 2);
  });

  it("is tried five times, three seconds apart, when the module refuses it after its start", async () => {
    const modem = new CalledModem().when("AT+QSMTPCFG", REFUSED);
    await assert.rejects(modem.clock.until(new KnownSettings(modem).apply(tls, never)), {
      code: "MODEM_ERROR",
    });
    assert.equal(modem.called.length, 5);
    assert.equal(modem.clock.now(), 12_000);
    const later = new CalledModem().when("AT+QSMTPCFG", REFUSED, REFUSED, []);
    await later.clock.until(new KnownSettings(later).apply(tls, never));
    assert.equal(later.clock.now(), 6_000);
  });

  it("that was refused makes all others unknown", async () => {
    const modem = new CalledModem().when('AT+QSMTPCFG="smtpserver"', REFUSED, []);
    const known = new KnownSettings(modem);
    await known.apply(tls, never);
    await modem.clock.until(
      known.apply(mailSetting({ key: "smtpserver", host: "smtp.example.com", port: 465 }), never),
    );
    await known.apply(tls, never);
    assert.equal(modem.called.filter((line) => line === tls.line).length, 2);
  });

  for (const error of [WRONG, failing("SMTP_BUSY", 652), failing("MODEM_TIMEOUT")]) {
    it(`is not tried again after ${error.code}`, async () => {
      const modem = new CalledModem().when("AT+QSMTPCFG", error);
      await assert.rejects(modem.clock.until(new KnownSettings(modem).apply(tls, never)), {
        code: error.code,
      });
      assert.equal(modem.called.length, 1);
    });
  }

  it("is not waited for by a caller who aborts", async () => {
    const modem = new CalledModem().when("AT+QSMTPCFG", REFUSED);
    const abort = new AbortController();
    modem.clock.after(1_000, () => abort.abort(new Error("closed")));
    await assert.rejects(modem.clock.until(new KnownSettings(modem).apply(tls, abort.signal)), /closed/);
    assert.equal(modem.called.length, 1);
  });
});

describe("a setting that older firmware does not know", () => {
  const original = mailSetting({ key: "bodyoriginal", original: true });

  it("is believed unknown after the second refusal, and not asked again before the next start", async () => {
    const modem = new CalledModem().when("AT+QSMTPCFG", REFUSED);
    const known = new KnownSettings(modem);
    assert.equal(await known.applyIfKnown(original, never), false);
    assert.equal(await known.applyIfKnown(original, never), false);
    assert.equal(modem.called.length, 2);
    modem.epoch++;
    modem.outcomes.clear();
    assert.equal(await known.applyIfKnown(original, never), true);
    assert.equal(await known.applyIfKnown(original, never), true);
    assert.equal(modem.called.length, 3);
  });

  it("is taken after one refusal, which the line may have caused", async () => {
    const modem = new CalledModem().when("AT+QSMTPCFG", REFUSED, []);
    assert.equal(await new KnownSettings(modem).applyIfKnown(original, never), true);
  });

  it("leaves the others known when it is refused", async () => {
    const modem = new CalledModem().when('AT+QSMTPCFG="bodyoriginal"', REFUSED);
    const known = new KnownSettings(modem);
    await known.apply(mailSetting({ key: "ssltype", security: "tls" }), never);
    await known.applyIfKnown(original, never);
    await known.apply(mailSetting({ key: "ssltype", security: "tls" }), never);
    assert.equal(modem.called.length, 3);
  });

  for (const error of [failing("SMTP_BUSY", 652), failing("MODEM_TIMEOUT")]) {
    it(`is in doubt after ${error.code}, with all others`, async () => {
      const modem = new CalledModem().when('AT+QSMTPCFG="bodyoriginal"', error);
      const known = new KnownSettings(modem);
      await known.apply(mailSetting({ key: "ssltype", security: "tls" }), never);
      await assert.rejects(known.applyIfKnown(original, never), { code: error.code });
      await known.apply(mailSetting({ key: "ssltype", security: "tls" }), never);
      assert.equal(modem.called.length, 3);
    });
  }
});

describe("the settings of a mail", () => {
  const sender = { senderName: "Gateway", senderAddress: "gateway@example.com" };
  const apply = (modem: CalledModem, settings: Partial<SmtpSettings> = {}, from = sender): Promise<unknown> =>
    modem.clock.until(
      applySmtpSettings(new KnownSettings(modem), 3, { ...SETTINGS, ...settings }, from, never),
    );

  it("are six with TLS and five without, each sent once", async () => {
    const modem = new CalledModem();
    await apply(modem);
    assert.deepEqual(modem.called, [
      'AT+QSMTPCFG="contextid",3',
      'AT+QSMTPCFG="ssltype",1',
      'AT+QSMTPCFG="sslctxid",1',
      'AT+QSMTPCFG="smtpserver","smtp.example.com",465',
      'AT+QSMTPCFG="account","me","secret"',
      'AT+QSMTPCFG="sender","Gateway","gateway@example.com"',
    ]);
    const plain = new CalledModem();
    await apply(plain, { security: "none" });
    assert.equal(plain.called.length, 5);
    assert.ok(plain.called.every((line) => !line.includes("sslctxid")));
  });

  it("before one that was refused first are sent again", async () => {
    const modem = new CalledModem().when('AT+QSMTPCFG="sender"', REFUSED, []);
    await apply(modem);
    assert.equal(modem.called.filter((line) => line.includes("contextid")).length, 2);
  });

  it("are not taken for known as a whole when the second pass met a refusal, too", async () => {
    const modem = new CalledModem()
      .when('AT+QSMTPCFG="sender"', REFUSED, [])
      .when('AT+QSMTPCFG="account"', [], REFUSED, []);
    const known = new KnownSettings(modem);
    const applyAgain = (): Promise<void> =>
      modem.clock.until(
        known.applyTogether("all", () => applySmtpSettings(known, 3, SETTINGS, sender, never)),
      );
    await applyAgain();
    modem.called.length = 0;
    await applyAgain();
    assert.deepEqual(modem.called, [
      'AT+QSMTPCFG="contextid",3',
      'AT+QSMTPCFG="ssltype",1',
      'AT+QSMTPCFG="sslctxid",1',
      'AT+QSMTPCFG="smtpserver","smtp.example.com",465',
    ]);
    await applyAgain();
    assert.equal(modem.called.length, 4);
  });

  for (const [key, code, detail] of [
    ["smtpserver", "LIMIT_SERVER", /16 bytes/],
    ["account", "LIMIT_CREDENTIALS", /2 and 6 bytes/],
    ["sender", "LIMIT_ADDRESS", /sender name of 7 bytes, address of 19 bytes/],
  ] as const) {
    it(`of which ${key} is refused twice for its value end as ${code}`, async () => {
      const modem = new CalledModem().when(`AT+QSMTPCFG="${key}"`, WRONG);
      await assert.rejects(apply(modem), { code, stage: "settings", class: "setup", message: detail });
      assert.equal(modem.called.filter((line) => line.includes(key)).length, 2);
    });
  }

  for (const from of [
    { ...sender, senderName: "Pump" },
    { ...sender, senderAddress: "pump@example.com" },
  ]) {
    it(`with a sender of the message's own, ${Object.values(from).join(" ")}, concern this mail only`, async () => {
      const modem = new CalledModem().when('AT+QSMTPCFG="sender"', WRONG);
      await assert.rejects(apply(modem, {}, from), { code: "LIMIT_ADDRESS", class: "message" });
    });
  }

  it("that are refused otherwise have their stage", async () => {
    const modem = new CalledModem().when('AT+QSMTPCFG="contextid"', WRONG);
    await assert.rejects(apply(modem), { code: "SMTP_PARAMETER", stage: "settings" });
  });
});

describe("the TLS context", () => {
  /** Names of certificates that are no longer in the module. */
  const lost = new Set<string>();
  const roots = (...names: string[]): RootPem[] => names.map((name) => ({ name, pem: name }));
  const context = (modem: CalledModem, candidates: readonly RootPem[]): TlsContext =>
    new TlsContext(
      new KnownSettings(modem),
      {
        place: (root: RootPem) => Promise.resolve(`${root.name}.pem`),
        isLost: ({ name }: RootPem) => Promise.resolve(lost.delete(name)),
        doubt: () => Promise.resolve(),
      } as unknown as RootFiles,
      () => Promise.resolve(candidates),
    );
  const unverified = { ...SETTINGS, tls: { ...SETTINGS.tls, verify: false } };

  it("has all versions and suites, the certificate, the check, the dates, the time and the name", async () => {
    const modem = new CalledModem();
    assert.deepEqual(await context(modem, roots("a")).configure(SETTINGS, never), []);
    assert.deepEqual(modem.called, [
      'AT+QSSLCFG="sslversion",1,4',
      'AT+QSSLCFG="ciphersuite",1,0xFFFF',
      'AT+QSSLCFG="cacert",1,"a.pem"',
      'AT+QSSLCFG="seclevel",1,1',
      'AT+QSSLCFG="ignorelocaltime",1,0',
      'AT+QSSLCFG="negotiatetime",1,300',
      'AT+QSSLCFG="sni",1,1',
    ]);
  });

  it("checks nothing, and needs no certificate, where a person switched the check off", async () => {
    const modem = new CalledModem();
    await context(modem, []).configure(unverified, never);
    assert.deepEqual(
      modem.called.filter((line) => /cacert|seclevel|ignorelocaltime/.test(line)),
      ['AT+QSSLCFG="seclevel",1,0', 'AT+QSSLCFG="ignorelocaltime",1,1'],
    );
  });

  it("gives the handshake the time of the settings within what the module takes", async () => {
    for (const [sendTimeout, seconds] of [
      [60, 60],
      [5, 10],
      [65_535, 300],
    ] as const) {
      const modem = new CalledModem();
      await context(modem, roots("a")).configure({ ...SETTINGS, sendTimeout }, never);
      assert.ok(modem.called.includes(`AT+QSSLCFG="negotiatetime",1,${seconds}`));
    }
  });

  it("says what is lost on firmware that does not know a setting", async () => {
    const modem = new CalledModem()
      .when('AT+QSSLCFG="ignorelocaltime"', REFUSED)
      .when('AT+QSSLCFG="negotiatetime"', REFUSED)
      .when('AT+QSSLCFG="sni"', REFUSED);
    assert.deepEqual(await context(modem, roots("a")).configure(SETTINGS, never), [
      "whether the module checks the dates of certificates is up to its firmware",
      "the module's own time limit of the TLS handshake holds",
      "the module does not name the server in the TLS handshake (SNI), which some servers need",
    ]);
  });

  it("never sends a mail unverified for want of a certificate, but says what to do", async () => {
    const modem = new CalledModem();
    await assert.rejects(context(modem, []).configure(SETTINGS, never), {
      code: "INVALID_CONFIG",
      stage: "tls",
      hint: SPECIAL_HINTS.noRootKnown,
      message: /no root certificate is known for smtp\.example\.com/,
    });
    assert.deepEqual(modem.called, []);
  });

  it("sends what came before a refused setting again", async () => {
    const modem = new CalledModem().when('AT+QSSLCFG="seclevel"', REFUSED, []);
    await modem.clock.until(context(modem, roots("a")).configure(SETTINGS, never));
    assert.equal(modem.called.filter((line) => line.includes("sslversion")).length, 2);
  });

  it("gives each certificate its turn, by server, and begins again after the last", async () => {
    const modem = new CalledModem();
    const tls = context(modem, roots("a", "b"));
    const other = { ...SETTINGS, port: 587 };
    const pem = { ...SETTINGS, tls: { ...SETTINGS.tls, root: { from: "name", name: "x" } as const } };
    const used = async (settings: SmtpSettings): Promise<string | undefined> => {
      await tls.configure(settings, never);
      return modem.called.findLast((line) => line.includes("cacert"));
    };
    assert.equal(await tls.nextRoot(SETTINGS, never), true);
    assert.match((await used(SETTINGS)) ?? "", /"b\.pem"/);
    assert.match((await used(other)) ?? "", /"a\.pem"/);
    assert.equal(await tls.nextRoot(SETTINGS, never), false);
    assert.equal(await tls.nextRoot(other, never), true);
    assert.equal(await tls.nextRoot(pem, never), true);
    assert.match((await used(other)) ?? "", /"b\.pem"/);
    assert.match((await used(SETTINGS)) ?? "", /"a\.pem"/);
  });

  it("has the same certificate tried once more whose file is gone", async () => {
    const tls = context(new CalledModem(), roots("a"));
    lost.add("a");
    assert.equal(await tls.nextRoot(SETTINGS, never), true);
    assert.equal(await tls.nextRoot(SETTINGS, never), false);
  });

  it("has no other certificate to try where nothing is checked", async () => {
    assert.equal(await context(new CalledModem(), roots("a", "b")).nextRoot(unverified, never), false);
  });
});

describe("an error with a stage", () => {
  it("keeps command, number, reply, cause, class, hint and detail", () => {
    const cause = new Error("below");
    const error = new ModemError("SMTP_NETWORK", {
      detail: "no route",
      cause,
      command: "AT+X",
      modemCode: 654,
      smtpCode: 421,
      class: "setup",
      hint: "Wait.",
    });
    const staged = withStage(error, "network");
    assert.ok(staged instanceof ModemError);
    for (const key of [
      "code",
      "message",
      "cause",
      "command",
      "modemCode",
      "smtpCode",
      "class",
      "hint",
    ] as const) {
      assert.equal(staged[key], error[key], key);
    }
    assert.equal(staged.stage, "network");
  });

  it("names the error itself for the cause where there is none, and has no detail of its own", () => {
    const error = new ModemError("MODEM_TIMEOUT");
    const staged = withStage(error, "body");
    assert.ok(staged instanceof ModemError);
    assert.equal(staged.cause, error);
    assert.equal(staged.message, error.message);
    assert.equal(staged.command, undefined);
    assert.equal(staged.smtpCode, undefined);
  });

  it("keeps what the module said when it means something else there", () => {
    const error = new ModemError("SMTP_PARAMETER", { command: "AT+X", modemCode: 664, detail: "no" });
    const meant = withStage(error, "recipients", {
      SMTP_PARAMETER: { code: "LIMIT_ADDRESS", detail: "60 bytes", class: "message" },
    });
    assert.ok(meant instanceof ModemError);
    const { code, command, modemCode, cause } = meant;
    assert.deepEqual(
      { code, command, modemCode },
      { code: "LIMIT_ADDRESS", command: "AT+X", modemCode: 664 },
    );
    assert.equal(cause, error);
    assert.equal(meant.class, "message");
  });
});

describe("a command whose value was refused", () => {
  it("is run once more, and no more", async () => {
    let runs = 0;
    const work = (): Promise<string> => (++runs === 1 ? Promise.reject(WRONG) : Promise.resolve("taken"));
    assert.equal(await confirmed(work), "taken");
    runs = 0;
    await assert.rejects(
      confirmed(() => {
        runs++;
        return Promise.reject(WRONG);
      }),
      { code: "SMTP_PARAMETER" },
    );
    assert.equal(runs, 2);
  });

  it("for another reason is not run again", async () => {
    let runs = 0;
    await assert.rejects(
      confirmed(() => {
        runs++;
        return Promise.reject(REFUSED);
      }),
      { code: "MODEM_ERROR" },
    );
    assert.equal(runs, 1);
  });
});
