import assert from "node:assert/strict";
import { ERROR_TABLE, ModemError } from "../../../lib/errors";
import { cme, ERROR, OK, type FinalResult } from "../../../lib/simulator";
import type { OutgoingMail, Transaction } from "../../../lib/mailer/mailer";
import { memoryStore } from "../../../lib/quectel/key-value-store";
import { attachment, awkwardBytes, mail, mailRig, type MailRig } from "./mail-rig";

/** Reply codes of the server that have a number of their own. */
const REPLIES: Readonly<Record<number, number>> = {
  666: 421,
  667: 450,
  668: 451,
  669: 452,
  670: 500,
  671: 501,
  672: 502,
  673: 503,
  674: 504,
  675: 521,
  676: 530,
  677: 535,
  678: 550,
  679: 551,
  680: 552,
  681: 553,
  682: 554,
};

describe("a mail that fails", () => {
  let rig: MailRig;

  beforeEach(async () => {
    rig = await mailRig();
  });

  afterEach(() => rig.stop());

  it("names the upload where the disk does not say which files of ours lie in the module", async () => {
    await rig.stop();
    const store = memoryStore();
    const read = store.read.bind(store);
    store.read = (key) => (key === "files" ? Promise.reject(new ModemError("OUTBOX_DISK")) : read(key));
    rig = await mailRig({ store });
    const { code, stage } = await failure();
    assert.deepEqual([code, stage], ["OUTBOX_DISK", "upload"]);
  });

  /** The module takes each mail and gives this result. */
  const resultLine = (line: string) =>
    rig.module.define((context, next) => {
      if (context.name !== "+QSMTPPUT" || context.form !== "write") return next();
      context.afterResult(() => rig.module.raiseUrc(line));
      return OK;
    });

  /** The module answers a command so, from the `nth` on. */
  const refuse = (begin: string, result: FinalResult, nth = 1) => {
    let seen = 0;
    return rig.module.define((context, next) => {
      const isMeant = `${context.name}=${context.argumentText}`.startsWith(begin) && ++seen >= nth;
      return isMeant ? result : next();
    });
  };

  const failure = async (transaction: Transaction = mail()): Promise<ModemError> => {
    let error: unknown;
    await rig.send(transaction).catch((thrown: unknown) => (error = thrown));
    return error as ModemError;
  };

  const count = (begin: string) => rig.lines().filter((line) => line.startsWith(begin)).length;

  it("is of unknown outcome, not sent, when noise has eaten the first number of a failure", async () => {
    resultLine("+QSMTPPUT: 0");
    await assert.rejects(rig.send(mail()), { code: "MODEM_RESULT_UNKNOWN" });
  });

  it("says to its reader that it may be a repeat where its first try may have arrived", async () => {
    let puts = 0;
    rig.module.define((context, next) => {
      if (context.name !== "+QSMTPPUT" || context.form !== "write" || ++puts > 1) return next();
      context.afterResult(() => rig.module.raiseUrc("+QSMTPPUT: 656,0"));
      return OK;
    });
    await rig.send(mail());
    assert.match((await rig.server.waitForMail()).parsed.text ?? "", /^Possible duplicate/);
  });

  for (let number = 651; number <= 682; number++) {
    const reply = REPLIES[number] ?? 0;
    it(`ends with the error of number ${number} when the module says ${number},${reply}`, async () => {
      resultLine(`+QSMTPPUT: ${number},${reply}`);
      const error = await failure();
      const row = ERROR_TABLE[error.code];
      assert.equal(row.number, number);
      assert.equal(error.modemCode, number);
      assert.equal(error.smtpCode, reply === 0 ? undefined : reply);
      assert.equal(error.stage, "send");
      assert.equal(error.class, reply >= 400 && reply < 500 ? "transient" : row.class);
      assert.equal(rig.modem.lock.held, false);
    });
  }

  it("goes by the SMTP code where 682 stands for any reply", async () => {
    for (const [reply, expected] of [
      [454, "transient"],
      [534, "setup"],
      [555, "message"],
    ] as const) {
      const undo = resultLine(`+QSMTPPUT: 682,${reply}`);
      const error = await failure();
      undo();
      assert.equal(error.class, expected, String(reply));
      assert.equal(error.smtpCode, reply);
    }
  });

  it("is repeated once, over a renewed context, and after a restart, when sending failed", async () => {
    await rig.send(mail());
    resultLine("+QSMTPPUT: 660,0");
    const before = rig.lines().length;
    assert.equal((await failure()).code, "SMTP_SEND_FAILED");
    assert.deepEqual(
      rig
        .lines()
        .slice(before)
        .filter((line) => /QSMTPPUT=|QI(DE)?ACT=|CFUN/.test(line))
        .map((line) => line.replace(/=.*/, "")),
      [
        "AT+QSMTPPUT",
        "AT+QSMTPPUT",
        "AT+QIDEACT",
        "AT+QIACT",
        "AT+QSMTPPUT",
        "AT+CFUN",
        "AT+QIACT",
        "AT+QSMTPPUT",
      ],
    );
  });

  it("keeps what the module said of it when a further attempt does not get so far", async () => {
    resultLine("+QSMTPPUT: 654,0");
    let clears = 0;
    rig.module.define((context, next) => {
      if (context.name === "+QSMTPCLR" && ++clears === 2) rig.module.restart("restart");
      return next();
    });
    const error = await failure();
    assert.equal(error.code, "SMTP_NETWORK");
    assert.equal(count("AT+QSMTPPUT"), 1);
  });

  it("does not make the module restart again within ten minutes", async () => {
    resultLine("+QSMTPPUT: 660,0");
    await failure();
    await failure();
    assert.equal(count("AT+CFUN=1,1"), 1);
    await rig.clock.advance(600_000);
    await failure();
    assert.equal(count("AT+CFUN=1,1"), 2);
  });

  it("is not repeated when the server refused it", async () => {
    rig.server.refuse = { rcpt: 550 };
    const error = await failure();
    assert.equal(error.code, "SMTP_MAILBOX_UNAVAILABLE");
    assert.equal(error.smtpCode, 550);
    assert.equal(count("AT+QSMTPPUT"), 1);
  });

  it("names the login when the server refuses the password", async () => {
    rig.server.refuse = { auth: 535 };
    const error = await failure();
    assert.equal(error.class, "setup");
    assert.equal(error.smtpCode, 535);
    assert.ok(!JSON.stringify(error).includes("s3cret-word"));
  });

  it("starts over when the module has lost its settings without a sign of a restart", async () => {
    await rig.send(mail());
    let lost = true;
    rig.module.define((context, next) => {
      if (context.name !== "+QSMTPPUT" || !lost) return next();
      lost = false;
      context.afterResult(() => rig.module.raiseUrc("+QSMTPPUT: 664,0"));
      return OK;
    });
    const before = rig.lines().length;
    await rig.send(mail());
    assert.equal(
      rig
        .lines()
        .slice(before)
        .filter((line) => line.includes('"smtpserver"')).length,
      1,
    );
    assert.equal(rig.server.received.length, 2);
  });

  it("uploads again when the module misses the attachment", async () => {
    let missed = false;
    rig.module.define((context, next) => {
      if (context.name !== "+QSMTPATT" || missed) return next();
      missed = true;
      return cme(661);
    });
    await rig.send(mail({ attachments: [attachment("log.csv", awkwardBytes(10))] }));
    assert.equal(count("AT+QFUPL"), 2);
    assert.equal((await rig.server.waitForMail()).parsed.attachments[0]?.filename, "log.csv");
  });

  const LIMITS: readonly {
    readonly part: string;
    readonly parts: Partial<OutgoingMail>;
    readonly code: string;
    readonly stage: string;
  }[] = [
    {
      part: "a recipient's address",
      parts: { to: [`${"a".repeat(40)}@example.com`] },
      code: "LIMIT_ADDRESS",
      stage: "recipients",
    },
    {
      part: "the 21st recipient",
      parts: { to: Array.from({ length: 21 }, (_, at) => `r${at}@example.com`) },
      code: "LIMIT_RECIPIENTS",
      stage: "recipients",
    },
    {
      part: "the sender of a message",
      parts: { from: { name: "", address: `${"s".repeat(40)}@example.com` } },
      code: "LIMIT_ADDRESS",
      stage: "settings",
    },
  ];
  for (const { part, parts, code, stage } of LIMITS) {
    it(`says ${code} when the module does not take ${part}`, async () => {
      const error = await failure(mail(parts));
      assert.equal(error.code, code);
      assert.equal(error.stage, stage);
      assert.equal(error.class, "message");
      assert.equal(count("AT+QSMTPPUT"), 0);
    });
  }

  it("goes out with the ten attachments that the module takes of eleven", async () => {
    const attachments = Array.from({ length: 11 }, (_, at) => attachment(`f${at}.txt`, Buffer.from([at])));
    const { recipients, warnings } = await rig.send(mail({ attachments }));
    assert.equal(recipients[0]?.state, "accepted");
    assert.match(warnings.join(), /"f10\.txt" was left out/);
    assert.equal((await rig.server.waitForMail()).parsed.attachments.length, 10);
  });

  it("tells refused settings apart: server, login, usual sender", async () => {
    for (const [key, code] of [
      ["smtpserver", "LIMIT_SERVER"],
      ["account", "LIMIT_CREDENTIALS"],
      ["sender", "LIMIT_ADDRESS"],
    ] as const) {
      const undo = refuse(`+QSMTPCFG="${key}"`, cme(664));
      const error = await failure();
      undo();
      assert.equal(error.code, code);
      assert.equal(error.class, "setup");
      assert.equal(error.stage, "settings");
      assert.ok(!`${error.message} ${error.command}`.includes("s3cret-word"));
    }
  });

  it("believes a refused value only when it is refused twice, because the line may have damaged it", async () => {
    for (const begin of ["+QSMTPCFG=", "+QSMTPDST=", "+QSMTPSUB=", "+QSMTPBODY=", "+QSMTPATT="]) {
      let refusals = 1;
      const undo = rig.module.define((context, next) =>
        `${context.name}=`.startsWith(begin) && context.form === "write" && refusals-- > 0
          ? cme(664)
          : next(),
      );
      await rig.send(mail({ attachments: [attachment("log.csv", awkwardBytes(10))] }));
      undo();
    }
    assert.equal(rig.server.received.length, 5);
  });

  it("carries a double quote by hex digits, which alone can", async () => {
    await rig.send(mail({ subject: 'the "red" pump' }));
    assert.equal((await rig.server.waitForMail()).parsed.subject, 'the "red" pump');
  });

  it("sends a body again that did not arrive whole", async () => {
    let short = true;
    rig.module.define(async (context, next) => {
      if (context.name !== "+QSMTPBODY" || !short) return next();
      short = false;
      return next({ ...context, info: () => context.info("+QSMTPBODY: 16") });
    });
    await rig.send(mail());
    assert.equal(count("AT+QSMTPBODY"), 2);
    assert.equal(rig.server.received.length, 1);
  });

  it("uploads a file again whose checksum differs, and gives up when it differs twice", async () => {
    let wrong = 1;
    rig.module.define((context, next) => {
      if (context.name !== "+QFUPL" || wrong-- <= 0) return next();
      return next({ ...context, info: () => context.info("+QFUPL: 10,dead") });
    });
    const transaction = mail({ attachments: [attachment("log.csv", awkwardBytes(10))] });
    await rig.send(transaction);
    assert.equal(count("AT+QFDEL"), 1);
    await rig.clock.advance(10_000);
    wrong = 2;
    const error = await failure(transaction);
    assert.equal(error.code, "FILE_WRITE_FAILED");
    assert.equal(error.stage, "upload");
    assert.equal(error.class, "transient");
  });

  it("replaces a file of its own that is still there (407)", async () => {
    let taken = true;
    rig.module.define((context, next) => {
      if (context.name !== "+QFUPL" || !taken) return next();
      taken = false;
      return cme(407);
    });
    await rig.send(mail({ attachments: [attachment("log.csv", awkwardBytes(10))] }));
    assert.deepEqual(
      rig.lines().filter((line) => line.startsWith("AT+QFDEL") || line.startsWith("AT+QFUPL")),
      ['AT+QFUPL="RAM:log.csv",10,31', 'AT+QFDEL="RAM:log.csv"', 'AT+QFUPL="RAM:log.csv",10,31'],
    );
  });

  it("keeps a mail from failing for a file that cannot be deleted", async () => {
    refuse("+QFDEL", cme(426));
    const transaction = mail({ attachments: [attachment("log.csv", awkwardBytes(10))] });
    await rig.send(transaction);
    await rig.clock.advance(10_000);
    await rig.send(mail());
    assert.equal(rig.server.received.length, 2);
  });

  it("tries a setting again that a busy start of the module refused", async () => {
    let refusals = 3;
    rig.module.define((context, next) =>
      context.name === "+QSMTPCFG" && context.argumentText.startsWith('"contextid"') && refusals-- > 0
        ? ERROR
        : next(),
    );
    await rig.send(mail());
    assert.equal(count('AT+QSMTPCFG="contextid"'), 4);
  });

  it("forgets all settings after one was refused, because nobody knows what the module holds", async () => {
    await rig.send(mail());
    const undo = refuse('+QSMTPCFG="sender"', cme(664));
    await failure(mail({ from: { name: "Pump 9", address: "pump7@example.com" } }));
    undo();
    const before = rig.lines().length;
    await rig.send(mail());
    assert.equal(
      rig
        .lines()
        .slice(before)
        .filter((line) => line.startsWith("AT+QSMTPCFG=")).length,
      5,
    );
  });
});
