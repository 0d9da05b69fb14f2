/** What a module, a line or a person may do that must not end in a false result, a wrong recipient or a told secret. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { inspect } from "node:util";
import type { ModemError } from "../../../lib/errors";
import { memoryStore } from "../../../lib/quectel/key-value-store";
import type { SmtpSettings } from "../../../lib/quectel/settings";
import { cme, ERROR, OK, simulatorTransport, type SimulatedModem } from "../../../lib/simulator";
import { storageOf } from "../../../lib/simulator/module/file-store";
import { emptyContent, smtpClient } from "../../../lib/simulator/delivery/smtp-state";
import type { Transport } from "../../../lib/serial/transport";
import { certificate } from "../../support/certificates";
import {
  attachment,
  awkwardBytes,
  mail,
  mailRig,
  PLAIN,
  type MailRig,
  type MailRigOptions,
} from "./mail-rig";

async function failureOf(sending: Promise<unknown>): Promise<ModemError> {
  let error: unknown;
  await sending.catch((thrown: unknown) => (error = thrown));
  return error as ModemError;
}

/** The module takes each mail and says this of it. */
function resultLine(rig: MailRig, line: string): () => void {
  return rig.module.define((context, next) => {
    if (context.name !== "+QSMTPPUT" || context.form !== "write") return next();
    context.afterResult(() => rig.module.raiseUrc(line));
    return OK;
  });
}

describe("a result line", () => {
  let rig: MailRig;
  beforeEach(async () => {
    rig = await mailRig();
  });
  afterEach(() => rig.stop());

  for (const line of ["0,550", "0,421", "1,0", "8,0", "16,0", "10,0", "400,0", "60,0"]) {
    it(`of ${line} says neither sent nor failed, so the outcome is unknown`, async () => {
      resultLine(rig, `+QSMTPPUT: ${line}`);
      const error = await failureOf(rig.send(mail()));
      assert.equal(error.code, "MODEM_RESULT_UNKNOWN");
      assert.equal(error.class, "unknown");
      assert.equal(rig.lines().filter((sent) => sent.startsWith("AT+QSMTPPUT=")).length, 1);
    });
  }

  it("with the server's own word for success is a success", async () => {
    resultLine(rig, "+QSMTPPUT: 0,250");
    await rig.send(mail());
  });

  for (const line of ["+QSMTPPUT: 0,0x", "+QSMTPPUT: OK", "+QSMTPPUT:", "+QSMTPPUX: 0,0", "QSMTPPUT: 0,0"]) {
    it(`of ${line} is none, and the module is asked for the mail until nobody can know`, async () => {
      resultLine(rig, line);
      assert.equal((await failureOf(rig.send(mail()))).code, "MODEM_RESULT_UNKNOWN");
    });
  }

  it("that comes twice is used once: the second is not that of the next mail", async () => {
    const undo = rig.module.define((context, next) => {
      if (context.name === "+QSMTPPUT" && context.form === "write") {
        context.afterResult(() => rig.module.raiseUrc("+QSMTPPUT: 0,0"));
        context.afterResult(() => rig.module.raiseUrc("+QSMTPPUT: 0,0"));
        return OK;
      }
      return next();
    });
    await rig.send(mail());
    undo();
    rig.server.refuse = { data: 554 };
    assert.equal((await failureOf(rig.send(mail()))).smtpCode, 554);
  });

  for (const [reply, code, hint] of [
    [523, "SMTP_ACCESS_DENIED", /TLS/],
    [524, "SMTP_ACCESS_DENIED", /TLS/],
    [525, "SMTP_AUTH_FAILED", /disabled/],
    [530, "SMTP_ACCESS_DENIED", /Username and Password/],
    [534, "SMTP_AUTH_FAILED", /app password/],
    [535, "SMTP_AUTH_FAILED", /app password/],
    [538, "SMTP_ACCESS_DENIED", /STARTTLS/],
  ] as const) {
    it(`of 682,${reply} is a refused login, with what to do`, async () => {
      resultLine(rig, `+QSMTPPUT: 682,${reply}`);
      const error = await failureOf(rig.send(mail()));
      assert.equal(error.code, code);
      assert.equal(error.class, "setup");
      assert.match(error.hint, hint);
      assert.deepEqual([error.modemCode, error.smtpCode], [682, reply]);
    });
  }
});

describe("a module that has lost its settings without a sign", () => {
  it("and goes away while they are sent again costs no mail: it is tried again later", async () => {
    for (const number of [664, 659]) {
      const rig = await mailRig();
      await rig.send(mail());
      resultLine(rig, `+QSMTPPUT: ${number},0`);
      let clears = 0;
      rig.module.define((context, next) => {
        if (context.name === "+QSMTPCLR" && ++clears === 2) rig.module.unplug();
        return next();
      });
      const error = await failureOf(rig.send(mail()));
      // Not `unknown`: the module has said that it was not sent.
      assert.equal(error.class, "transient", String(number));
      await rig.stop();
    }
  });

  it("between two recipients leaves nobody out", async () => {
    const rig = await mailRig({ module: { variants: { "smtp-after-restart": "kept" } } });
    let recipients = 0;
    rig.module.define((context, next) => {
      if (context.name === "+QSMTPDST" && context.form === "write" && ++recipients === 2) {
        smtpClient(rig.module).content = emptyContent();
      }
      return next();
    });
    const to = ["duty@example.com", "night@example.com", "third@example.com"];
    await rig.send(mail({ to }));
    assert.deepEqual((await rig.server.waitForMail()).to, to);
    await rig.stop();
  });
});

describe("a recipient", () => {
  const BARE_UART: MailRigOptions = {
    module: { timing: { line: 115_200 } },
    transport: (module: SimulatedModem) => () =>
      Object.defineProperty<Transport>(simulatorTransport(module)(), "flowControlled", { value: false }),
  };
  /** The module hears another address than was said, so often. */
  const mishear = (rig: MailRig, times: number): void => {
    let left = times;
    rig.module.define((context, next) => {
      if (context.name !== "+QSMTPDST" || context.form !== "write" || left-- <= 0) return next();
      const heard = { kind: "string", text: "dut@example.com", raw: '"dut@example.com"' } as const;
      return next({ ...context, parameters: context.parameters.with(2, heard) });
    });
  };

  it("whose address was damaged on the line gets the mail, and nobody else does", async () => {
    const rig = await mailRig(BARE_UART);
    mishear(rig, 1);
    await rig.send(mail());
    assert.deepEqual((await rig.server.waitForMail()).to, ["duty@example.com"]);
    await rig.stop();
  });

  it("whose address noise has changed on a line with flow control gets the mail, and nobody else does", async () => {
    const rig = await mailRig({ module: { timing: { line: 115_200 } } });
    mishear(rig, 1);
    await rig.send(mail());
    assert.deepEqual((await rig.server.waitForMail()).to, ["duty@example.com"]);
    await rig.stop();
  });

  it("whose address is damaged again and again gets none now, and nobody else does either", async () => {
    const rig = await mailRig(BARE_UART);
    mishear(rig, 1000);
    const error = await failureOf(rig.send(mail()));
    assert.equal(error.class, "transient");
    assert.equal(error.stage, "recipients");
    assert.match(error.hint, /RTS\/CTS/);
    assert.equal(rig.server.received.length, 0);
    await rig.stop();
  });

  it("is not read back where the module cannot list them", async () => {
    const rig = await mailRig();
    rig.module.define((context, next) =>
      context.name === "+QSMTPDST" && context.form === "read" ? ERROR : next(),
    );
    await rig.send(mail({ to: ["duty@example.com", "night@example.com"] }));
    assert.equal((await rig.server.waitForMail()).to.length, 2);
    await rig.stop();
  });

  it("of a mail that failed gets nothing of the next one", async () => {
    const rig = await mailRig();
    for (const command of ["+QSMTPSUB", "+QSMTPBODY", "+QSMTPATT", "+QSMTPPUT"]) {
      const undo = rig.module.define((context, next) => (context.name === command ? cme(651) : next()));
      const secret = mail({
        to: ["first@example.com"],
        bcc: ["hidden@example.com"],
        attachments: [attachment("first.csv", awkwardBytes(100))],
      });
      await failureOf(rig.send(secret));
      undo();
      await rig.clock.run(() => rig.mailer.available);
      await rig.send(mail({ to: ["second@example.com"] }));
      const received = rig.server.received.at(-1);
      assert.deepEqual(received?.to, ["second@example.com"], command);
      assert.equal(received?.parsed.attachments.length, 0);
      assert.doesNotMatch(received?.raw.toString("latin1") ?? "", /first|hidden/);
    }
    await rig.stop();
  });
});

describe("a root certificate", () => {
  const CA = { name: "Test CA", pem: certificate("ca").cert };
  const secure: Pick<MailRigOptions, "server" | "smtp" | "roots"> = {
    server: { tls: "implicit", auth: { user: PLAIN.user, password: PLAIN.password } },
    smtp: { security: "tls" },
    roots: () => Promise.resolve([CA]),
  };

  it("that arrived damaged twice is not believed by the next mail, although it has its size", async () => {
    const rig = await mailRig(secure);
    let damaged = 2;
    rig.module.define((context, next) =>
      context.name === "+QFUPL" && damaged-- > 0
        ? next({ ...context, info: () => context.info(`+QFUPL: ${CA.pem.length},dead`) })
        : next(),
    );
    const error = await failureOf(rig.send(mail()));
    assert.deepEqual([error.code, error.class, error.stage], ["FILE_WRITE_FAILED", "transient", "tls"]);
    await rig.send(mail());
    assert.equal(rig.server.received.length, 1);
    await rig.stop();
  });

  it("is uploaded again when the host went away before it had arrived whole", async () => {
    const store = memoryStore();
    const name = `ca-${createHash("sha256").update(CA.pem).digest("hex").slice(0, 16)}.pem`;
    await store.write("roots", JSON.stringify([name]));
    const rig = await mailRig({ ...secure, store });
    storageOf(rig.module, "UFS").create(name, 0).content = Buffer.alloc(CA.pem.length, "x");
    await rig.send(mail());
    assert.equal(rig.server.received.length, 1);
    await rig.stop();
  });
});

describe("a secret", () => {
  const PASSWORD = "s3cret-word";
  const USER = "pump7@mail.example.com";
  /** All that an error holds, its causes too. */
  const everything = (error: unknown): string =>
    inspect(error, { depth: 20, showHidden: true, getters: true, maxStringLength: null });

  async function failing(
    smtp: Partial<SmtpSettings>,
    meddle: (rig: MailRig) => void = () => undefined,
  ): Promise<string> {
    const rig = await mailRig({
      smtp: { password: PASSWORD, user: USER, ...smtp },
      settings: { apn: "internet", apnAuth: "pap", apnUser: "apn-user", apnPassword: "apn-s3cret" },
    });
    meddle(rig);
    const error = await failureOf(rig.send(mail()));
    const log = [...rig.states].map((state) => everything(state)).join();
    await rig.stop();
    assert.ok(error instanceof Error);
    return everything(error) + log;
  }

  for (const name of [
    "+QSMTPCFG",
    "+QSMTPCLR",
    "+QSMTPDST",
    "+QSMTPSUB",
    "+QSMTPBODY",
    "+QSMTPPUT",
    "+QICSGP",
    "+QIACT",
  ]) {
    for (const [what, answer] of [
      ["refused", ERROR],
      ["refused with 664", cme(664)],
      ["refused with 652", cme(652)],
    ] as const) {
      it(`stands in no error when ${name} is ${what}`, async () => {
        const text = await failing({}, (rig) =>
          rig.module.define((context, next) =>
            context.name === name && context.form === "write" ? answer : next(),
          ),
        );
        assert.doesNotMatch(text, /s3cret/);
      });
    }
  }

  it("with a double quote is refused before the wire, and not named", async () => {
    const text = await failing({ password: `${PASSWORD}"` });
    assert.match(text, /double quote/);
    assert.doesNotMatch(text, /s3cret/);
  });

  it("with letters beyond ASCII goes to the server in UTF-8, and is not named when that refuses it", async () => {
    const text = await failing({ password: `${PASSWORD}水` });
    assert.match(text, /535/);
    assert.doesNotMatch(text, /s3cret/);
  });

  it("that the server refuses stands in no error", async () => {
    assert.doesNotMatch(await failing({ password: `${PASSWORD}-wrong` }), /s3cret/);
  });
});
