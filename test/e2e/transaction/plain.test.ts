import assert from "node:assert/strict";
import { memoryStore } from "../../../lib/quectel/key-value-store";
import { putSeconds } from "../../../lib/mailer/qsmtp/put";
import { mail, mailRig, type MailRig } from "./mail-rig";

describe("a mail through the module", () => {
  let rig: MailRig;

  beforeEach(async () => {
    rig = await mailRig();
  });

  afterEach(() => rig.stop());

  it("arrives with sender, recipients, subject and body", async () => {
    const report = await rig.send(mail());
    const received = await rig.server.waitForMail();
    assert.equal(received.from, "pump7@example.com");
    assert.deepEqual(received.to, ["duty@example.com"]);
    assert.equal(received.parsed.from?.text, '"Pump 7" <pump7@example.com>');
    assert.equal(received.parsed.subject, "Pump 7 alarm");
    assert.equal(received.parsed.text, "Level too high.\n");
    assert.equal(received.user, "pump7@example.com");
    assert.equal(report.bytes, 17);
    assert.deepEqual(report.warnings, []);
  });

  it("takes five command lines for a second mail with unchanged settings", async () => {
    await rig.send(mail());
    const before = rig.lines().length;
    await rig.send(mail({ subject: "again" }));
    assert.deepEqual(rig.lines(before), [
      "AT+QSMTPCLR",
      'AT+QSMTPDST=1,1,"duty@example.com"',
      'AT+QSMTPSUB=0,"again"',
      "AT+QSMTPBODY=0,17,31",
      `AT+QSMTPPUT=${putSeconds(300, 17)}`,
    ]);
  });

  it("asks for the PDP context once more when its last proof is older than 60 s", async () => {
    await rig.send(mail());
    await rig.clock.advance(61_000);
    const before = rig.lines().length;
    await rig.send(mail());
    const lines = rig.lines(before);
    assert.equal(lines.length, 6, lines.join("\n"));
    assert.equal(lines[1], "AT+QIACT?");
  });

  it("sends no setting twice, and only the one that differs", async () => {
    await rig.send(mail());
    const before = rig.lines().length;
    await rig.send(mail({ from: { name: "Pump 8", address: "pump7@example.com" } }));
    assert.deepEqual(
      rig.lines(before).filter((line) => line.includes("CFG")),
      ['AT+QSMTPCFG="sender","Pump 8","pump7@example.com"'],
    );
  });

  it("configures the module anew after its restart", async () => {
    await rig.send(mail());
    const before = rig.lines().length;
    rig.module.restart("restart");
    await rig.clock.run(() => rig.modem.epoch === 2 && rig.mailer.available);
    await rig.send(mail());
    assert.equal(rig.server.received.length, 2);
    assert.deepEqual(
      rig.lines(before).filter((line) => line.startsWith('AT+QSMTPCFG="')),
      [
        'AT+QSMTPCFG="contextid",1',
        'AT+QSMTPCFG="ssltype",0',
        `AT+QSMTPCFG="smtpserver","mail.example.com",${rig.server.port}`,
        'AT+QSMTPCFG="account","pump7@example.com","s3cret-word"',
        'AT+QSMTPCFG="sender","Pump 7","pump7@example.com"',
      ],
    );
  });

  it("goes to To, Cc and Bcc recipients", async () => {
    await rig.send(
      mail({
        to: ["duty@example.com", "night@example.com"],
        cc: ["boss@example.com"],
        bcc: ["archive@example.com"],
      }),
    );
    const { to, parsed } = await rig.server.waitForMail();
    assert.deepEqual(to, [
      "duty@example.com",
      "night@example.com",
      "boss@example.com",
      "archive@example.com",
    ]);
    const cc = parsed.cc;
    assert.equal(Array.isArray(cc) ? undefined : cc?.text, "boss@example.com");
  });

  it("may have a subject only", async () => {
    await rig.send(mail({ text: "" }));
    const { parsed } = await rig.server.waitForMail();
    assert.equal(parsed.subject, "Pump 7 alarm");
    assert.equal((parsed.text ?? "").trim(), "");
    assert.ok(!rig.lines().some((line) => line.startsWith("AT+QSMTPBODY")));
  });

  it("carries Chinese, German and emoji in subject and body", async () => {
    const subject = "Füllstand 水位 🚨";
    const body = "Füllstand zu hoch: 3,2 m\r\n水位过高\r\n🚨\r\n";
    await rig.send(mail({ subject, text: body }));
    const { parsed } = await rig.server.waitForMail();
    assert.equal(parsed.subject, subject);
    assert.equal(parsed.text?.replaceAll("\r\n", "\n"), body.replaceAll("\r\n", "\n"));
  });

  it("asks the module about its text once, not for ASCII and not again after a restart", async () => {
    const probes = () => rig.lines().filter((line) => line === 'AT+QSMTPSUB=1,"c3a4"').length;
    await rig.send(mail());
    assert.equal(probes(), 0);
    await rig.send(mail({ subject: "ä" }));
    assert.deepEqual(await rig.clock.until(rig.mailer.knownTextSupport()), { subject: "hex", body: "raw" });
    rig.module.restart("restart");
    await rig.clock.run(() => rig.modem.epoch === 2 && rig.mailer.available);
    await rig.send(mail({ text: "ä" }));
    assert.equal(probes(), 1);
    assert.equal((await rig.server.waitForMail(3)).parsed.text?.trim(), "ä");
  });

  it("asks about its text again after the module has got another firmware", async () => {
    const store = memoryStore();
    const probes = async (firmware: "30.203" | "01.003"): Promise<number> => {
      const other = await mailRig({ store, module: { variants: { firmware } } });
      await other.send(mail({ subject: "ä" }));
      await other.stop();
      return other.lines().filter((line) => line === 'AT+QSMTPSUB=1,"c3a4"').length;
    };
    assert.deepEqual([await probes("30.203"), await probes("30.203"), await probes("01.003")], [1, 0, 1]);
  });

  it("reports how far it is", async () => {
    const stages: string[] = [];
    await rig.send(mail(), {
      onProgress: ({ stage, done, total }) => stages.push(`${stage} ${done}/${total}`),
    });
    assert.deepEqual(
      stages.filter((stage, at) => stage !== stages[at - 1]),
      ["connect 0/0", "settings 0/0", "body 17/17", "sending 0/0"],
    );
  });
});
