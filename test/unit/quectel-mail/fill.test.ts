import assert from "node:assert/strict";
import { SPECIAL_HINTS } from "../../../lib/errors";
import { memoryStore, type KeyValueStore } from "../../../lib/quectel/key-value-store";
import type { SmtpSettings } from "../../../lib/quectel/settings";
import { attach, clear, fillBody, fillHeader, type CodedMail } from "../../../lib/mailer/qsmtp/transaction";
import { KnownSettings } from "../../../lib/mailer/qsmtp/guarded-modem";
import { codedBody, TextCoding } from "../../../lib/mailer/qsmtp/text-coding";
import { CalledModem, failing, never } from "./called-modem";

const WRONG = failing("SMTP_PARAMETER", 664);
const REFUSED = failing("MODEM_ERROR");
const BUSY = failing("SMTP_BUSY", 652);

const mail = (change: Partial<CodedMail> = {}): CodedMail => ({
  to: ["a@example.com"],
  cc: [],
  bcc: [],
  subject: { charset: "utf-8", text: "C3A4" },
  body: { charset: "ascii", bytes: Buffer.from("dry") },
  plainBody: undefined,
  ...change,
});

const held = (...addresses: string[]): string[] => addresses.map((address) => `+QSMTPDST: 1,"${address}"`);

describe("the header of a mail", () => {
  it("is recipients by kind, then the subject; one on a sure line is not read back", async () => {
    const modem = new CalledModem();
    await fillHeader(modem, modem.line, mail(), never);
    assert.deepEqual(modem.called, ['AT+QSMTPDST=1,1,"a@example.com"', 'AT+QSMTPSUB=1,"C3A4"']);
  });

  it("has several recipients read back, in whatever order and case", async () => {
    const modem = new CalledModem().when(
      "AT+QSMTPDST?",
      held("C@example.com", "a@example.com", "b@example.com"),
    );
    await fillHeader(modem, modem.line, mail({ cc: ["b@example.com"], bcc: ["c@example.com"] }), never);
    assert.deepEqual(modem.called, [
      'AT+QSMTPDST=1,1,"a@example.com"',
      'AT+QSMTPDST=1,2,"b@example.com"',
      'AT+QSMTPDST=1,3,"c@example.com"',
      "AT+QSMTPDST?",
      'AT+QSMTPSUB=1,"C3A4"',
    ]);
  });

  it("has a single recipient read back where the line may lose a letter", async () => {
    const modem = new CalledModem().when("AT+QSMTPDST?", held("a@example.com"));
    modem.line = { bitRate: 115_200, flowControlled: false };
    await fillHeader(modem, modem.line, mail(), never);
    assert.equal(modem.called[1], "AT+QSMTPDST?");
  });

  it("is cleared and filled once more when the module holds others, then given up", async () => {
    const two = mail({ cc: ["b@example.com"] });
    const modem = new CalledModem().when(
      "AT+QSMTPDST?",
      held("b@example.com"),
      held("a@example.com", "b@example.com"),
    );
    await fillHeader(modem, modem.line, two, never);
    assert.equal(modem.called.filter((line) => line === "AT+QSMTPCLR").length, 1);
    const never2 = new CalledModem().when("AT+QSMTPDST?", held("b@example.com"));
    await assert.rejects(fillHeader(never2, never2.line, two, never), {
      code: "MODEM_OUT_OF_SYNC",
      stage: "recipients",
      hint: SPECIAL_HINTS.lostBytes,
      message: /its recipients differ from those that were set/,
    });
    assert.equal(never2.called.filter((line) => line === "AT+QSMTPDST?").length, 2);
    assert.equal(never2.called.filter((line) => line.startsWith("AT+QSMTPSUB")).length, 0);
  });

  it("is believed where the module cannot be asked for its recipients", async () => {
    const modem = new CalledModem().when("AT+QSMTPDST?", REFUSED);
    await fillHeader(modem, modem.line, mail({ cc: ["b@example.com"] }), never);
    assert.equal(modem.called.length, 4);
  });

  it("is believed where the module lists nothing that could be read as an address, twice", async () => {
    for (const answer of [[], ["+QSMTPDST: 1,2"]]) {
      const modem = new CalledModem().when("AT+QSMTPDST?", answer);
      await fillHeader(modem, modem.line, mail({ cc: ["b@example.com"] }), never);
      assert.deepEqual(modem.called.slice(2, 4), ["AT+QSMTPDST?", "AT+QSMTPCLR"]);
      assert.deepEqual(modem.called.slice(-2), ["AT+QSMTPDST?", 'AT+QSMTPSUB=1,"C3A4"']);
    }
  });

  it("says which address, how many, or how long a subject the module refused", async () => {
    for (const [line, error, expected] of [
      ["AT+QSMTPDST=", WRONG, { code: "LIMIT_ADDRESS", message: /a@example\.com, 13 bytes/ }],
      ["AT+QSMTPDST=", failing("SMTP_NO_MEMORY", 662), { code: "LIMIT_RECIPIENTS", stage: "recipients" }],
      ["AT+QSMTPSUB", WRONG, { code: "LIMIT_SUBJECT", stage: "subject", message: /4 bytes on the line/ }],
      ["AT+QSMTPSUB", REFUSED, { code: "MODEM_ERROR", stage: "subject" }],
    ] as const) {
      const modem = new CalledModem().when(line, error);
      await assert.rejects(fillHeader(modem, modem.line, mail(), never), expected);
    }
  });

  it("takes a recipient and a subject that are refused once only", async () => {
    const modem = new CalledModem().when("AT+QSMTPDST=", WRONG, []).when("AT+QSMTPSUB", WRONG, []);
    await fillHeader(modem, modem.line, mail(), never);
    assert.equal(modem.called.length, 4);
  });

  it("is not begun while the module is busy", async () => {
    const modem = new CalledModem().when("AT+QSMTPCLR", BUSY);
    await assert.rejects(clear(modem, never), { code: "SMTP_BUSY", stage: "clear" });
  });
});

describe("the body of a mail", () => {
  const fill = (modem: CalledModem, text = "dry", plain?: string): Promise<boolean> =>
    fillBody(
      modem,
      modem.line,
      {
        body: { charset: "utf-8", bytes: Buffer.from(text) },
        plainBody: plain === undefined ? undefined : { charset: "ascii", bytes: Buffer.from(plain) },
      },
      never,
      () => undefined,
    );

  it("is sent with its charset, its length and the time that it may take", async () => {
    const modem = new CalledModem().when("AT+QSMTPBODY", ["+QSMTPBODY: 3"]);
    await fill(modem);
    assert.deepEqual(modem.called, ["AT+QSMTPBODY=1,3,31"]);
  });

  it("without a text is not sent", async () => {
    const modem = new CalledModem();
    await fill(modem, "");
    assert.deepEqual(modem.called, []);
  });

  it("is the plain one where the module refuses the coding of the first, twice", async () => {
    const refusing = (): CalledModem =>
      new CalledModem().when("AT+QSMTPBODY=1", WRONG).when("AT+QSMTPBODY=0", ["+QSMTPBODY: 5"]);
    const modem = refusing();
    assert.equal(await fill(modem, "dry", "plain"), false);
    assert.deepEqual(modem.called, ["AT+QSMTPBODY=1,3,31", "AT+QSMTPBODY=1,3,31", "AT+QSMTPBODY=0,5,31"]);
    await assert.rejects(fill(refusing()), { code: "SMTP_PARAMETER", stage: "body" });
  });

  it("that did not arrive whole is sent once more, then given up with what to do", async () => {
    const modem = new CalledModem().when("AT+QSMTPBODY", ["+QSMTPBODY: 2"], ["+QSMTPBODY: 3"]);
    await fill(modem);
    assert.equal(modem.called.length, 2);
    const lossy = new CalledModem().when("AT+QSMTPBODY", ["+QSMTPBODY: 2"]);
    await assert.rejects(fill(lossy), {
      code: "MODEM_TIMEOUT",
      stage: "body",
      hint: SPECIAL_HINTS.lostBytes,
      message: /2 of 3 bytes arrived/,
    });
    assert.equal(lossy.called.length, 2);
  });
});

describe("the attachments of a mail", () => {
  it("are attached by number, from 1", async () => {
    const modem = new CalledModem();
    await attach(modem, 1, "RAM:a.txt", never);
    await attach(modem, 2, "RAM:b.txt", never);
    assert.deepEqual(modem.called, ['AT+QSMTPATT=1,1,"RAM:a.txt"', 'AT+QSMTPATT=1,2,"RAM:b.txt"']);
  });

  it("that are refused are a matter of the name for the first, of their number for others", async () => {
    const first = new CalledModem().when("AT+QSMTPATT=1,1", WRONG);
    await assert.rejects(attach(first, 1, "RAM:a.txt", never), {
      code: "LIMIT_FILE_NAME",
      stage: "attachments",
      message: /RAM:a\.txt/,
    });
    const second = new CalledModem().when("AT+QSMTPATT=1,2", WRONG);
    await assert.rejects(attach(second, 2, "RAM:b.txt", never), {
      code: "LIMIT_ATTACHMENTS",
      message: /the module refused number 2/,
    });
  });
});

describe("how a module takes text", () => {
  const RAW = ['+QSMTPSUB: 1,"c3a4"'];
  const HEX = ['+QSMTPSUB: 1,"C3A4"'];
  const OTHER = ['+QSMTPSUB: 1,"?"'];

  function coding(
    modem: CalledModem,
    encoding: SmtpSettings["encoding"] = "auto",
    store: KeyValueStore = memoryStore(),
  ): TextCoding {
    return new TextCoding(modem, modem, new KnownSettings(modem), store, encoding);
  }

  it("is asked by a subject that reads as both, between two clearings, once", async () => {
    const modem = new CalledModem().when("AT+QSMTPSUB?", HEX);
    const text = coding(modem);
    assert.equal(await text.remembered(), undefined);
    assert.deepEqual(await text.find(never), { subject: "hex", body: "raw" });
    assert.deepEqual(await text.find(never), { subject: "hex", body: "raw" });
    assert.deepEqual(await text.remembered(), { subject: "hex", body: "raw" });
    assert.deepEqual(modem.called, [
      "AT+QSMTPCLR",
      'AT+QSMTPSUB=1,"c3a4"',
      "AT+QSMTPSUB?",
      'AT+QSMTPCFG="bodyoriginal",1',
      "AT+QSMTPCLR",
    ]);
  });

  it("is unknown for the body where its setting does not exist", async () => {
    const modem = new CalledModem().when("AT+QSMTPSUB?", RAW).when('AT+QSMTPCFG="bodyoriginal"', REFUSED);
    assert.deepEqual(await coding(modem).find(never), { subject: "raw", body: "unknown" });
  });

  it("is what a person has set, whatever the module says", async () => {
    for (const encoding of ["raw", "hex"] as const) {
      const modem = new CalledModem().when("AT+QSMTPSUB?", OTHER);
      const text = coding(modem, encoding);
      assert.deepEqual(await text.find(never), { subject: encoding, body: encoding });
      assert.ok(modem.called.includes(`AT+QSMTPCFG="bodyoriginal",${encoding === "raw" ? 1 : 0}`));
    }
  });

  it("is kept over restarts of host and module, for the same model and firmware", async () => {
    const store = memoryStore();
    await coding(new CalledModem().when("AT+QSMTPSUB?", RAW), "auto", store).find(never);
    const modem = new CalledModem();
    const later = coding(modem, "auto", store);
    assert.deepEqual(await later.remembered(), { subject: "raw", body: "raw" });
    modem.identity = { manufacturer: "Quectel", model: "EC25", firmware: "A07" };
    assert.equal(await later.remembered(), undefined);
    modem.identity = { manufacturer: "Quectel", model: "EC21", firmware: "A06" };
    assert.equal(await later.remembered(), undefined);
    modem.identity = undefined;
    assert.equal(await later.remembered(), undefined);
  });

  it("is not believed from a damaged page", async () => {
    const good = { model: "EC25", firmware: "A06", subject: "raw", original: true };
    const asked = async (page: unknown): Promise<boolean> => {
      const store = memoryStore();
      await store.write("text-coding", JSON.stringify(page));
      return (await coding(new CalledModem(), "auto", store).remembered()) === undefined;
    };
    assert.equal(await asked(good), false);
    assert.equal(await asked({ ...good, subject: "hex" }), false);
    assert.equal(await asked({ ...good, subject: "unknown" }), false);
    for (const change of [{ model: 1 }, { firmware: 1 }, { subject: "utf" }, { original: 1 }]) {
      assert.equal(await asked({ ...good, ...change }), true, JSON.stringify(change));
    }
    for (const page of [null, 7, "text", []]) assert.equal(await asked(page), true);
  });

  it("is asked again after the next start when the answer was neither, and not kept", async () => {
    const store = memoryStore();
    const modem = new CalledModem().when("AT+QSMTPSUB?", OTHER, RAW);
    const text = coding(modem, "auto", store);
    assert.deepEqual(await text.find(never), { subject: "unknown", body: "raw" });
    assert.deepEqual(await text.find(never), { subject: "unknown", body: "raw" });
    assert.equal(await store.read("text-coding"), undefined);
    modem.epoch++;
    assert.deepEqual(await text.find(never), { subject: "raw", body: "raw" });
  });

  it("is known all the same where the module refuses the question once, as right after its start", async () => {
    for (const line of ["AT+QSMTPSUB=", "AT+QSMTPSUB?"]) {
      const modem = new CalledModem().when("AT+QSMTPSUB?", ...(line.endsWith("?") ? [REFUSED, RAW] : [RAW]));
      if (!line.endsWith("?")) modem.when("AT+QSMTPSUB=", REFUSED, []);
      assert.equal((await coding(modem).find(never)).subject, "raw", line);
    }
  });

  it("is unknown where the module refuses the question, but not where it is busy or silent", async () => {
    const refusing = new CalledModem().when("AT+QSMTPSUB=", REFUSED);
    assert.equal((await coding(refusing).find(never)).subject, "unknown");
    for (const error of [BUSY, failing("MODEM_TIMEOUT")]) {
      const modem = new CalledModem().when("AT+QSMTPSUB=", error);
      await assert.rejects(coding(modem).find(never), { code: error.code });
    }
  });

  it("is asked again after the next start when a setting was refused that the module lists, and not kept", async () => {
    const store = memoryStore();
    const modem = new CalledModem()
      .when("AT+QSMTPSUB?", RAW)
      .when('AT+QSMTPCFG="bodyoriginal"', REFUSED, REFUSED, [])
      .when("AT+QSMTPCFG=?", ['+QSMTPCFG: "ssltype",(0-2)', '+QSMTPCFG: "bodyoriginal",(0,1)']);
    const text = coding(modem, "auto", store);
    assert.deepEqual(await text.find(never), { subject: "raw", body: "unknown" });
    assert.equal(await store.read("text-coding"), undefined);
    modem.epoch++;
    assert.deepEqual(await text.find(never), { subject: "raw", body: "raw" });
  });

  it("is found out anew when the module refuses for a body what it took before, and no body goes out wrong", async () => {
    const store = memoryStore();
    await coding(new CalledModem().when("AT+QSMTPSUB?", RAW), "auto", store).find(never);
    const modem = new CalledModem().when('AT+QSMTPCFG="bodyoriginal"', WRONG);
    const text = coding(modem, "auto", store);
    assert.deepEqual(await text.find(never), { subject: "raw", body: "raw" });
    await assert.rejects(text.prepareBody(never), { code: "MODEM_NOT_READY" });
    assert.equal(await text.remembered(), undefined);
    modem.when("AT+QSMTPSUB?", RAW);
    assert.deepEqual(await text.find(never), { subject: "raw", body: "unknown" });
  });

  it("is made so for a body, where the setting exists", async () => {
    for (const [encoding, original, lines] of [
      ["auto", true, ['AT+QSMTPCFG="bodyoriginal",1']],
      ["hex", true, ['AT+QSMTPCFG="bodyoriginal",0']],
      ["auto", false, []],
    ] as const) {
      const store = memoryStore();
      const page = { model: "EC25", firmware: "A06", subject: "raw", original };
      await store.write("text-coding", JSON.stringify(page));
      const modem = new CalledModem();
      await coding(modem, encoding, store).prepareBody(never);
      assert.deepEqual(modem.called, lines);
    }
  });

  it("says which charset is not certain, and how long a coded body would be", () => {
    const text = { charset: "gb2312", bytes: Buffer.alloc(5_121) } as const;
    assert.throws(() => codedBody(text, { subject: "unknown", body: "unknown" }), {
      message: /this module is not known to support gb2312 text/,
    });
    for (const body of ["hex", "unknown"] as const)
      assert.throws(() => codedBody(text, { subject: "hex", body }), { message: /10242 bytes/ });
  });
});
