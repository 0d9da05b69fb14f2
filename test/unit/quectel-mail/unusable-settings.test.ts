/** Settings that no AT string can carry are named at deploy, and never end a mail. */
import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import { unusableSetting } from "../../../lib/mailer/qsmtp/smtp-settings";
import { mailerBench } from "./mailer-bench";

const USABLE = {
  host: "mail.example.com",
  user: "pump7@example.com",
  password: "s3cret-word",
  senderAddress: "pump7@example.com",
};

describe("A setting for the module's client", () => {
  it("is usable with all that a string may hold, letters beyond ASCII in the login included", () => {
    assert.equal(unusableSetting(USABLE), undefined);
    assert.equal(unusableSetting({ ...USABLE, user: "", password: "" }), undefined);
    for (const password of ["Schlüssel€", "a'b,c;d\\e", "パスワード", "\u00a0", "密码", "~!@#$%^&*()"])
      assert.equal(unusableSetting({ ...USABLE, password }), undefined, password);
  });

  for (const [setting, change] of [
    ["smtpPassword", { password: 's3"cret' }],
    ["smtpPassword", { password: "s3cret\n" }],
    ["smtpUser", { user: "pump7\0" }],
    ["smtpHost", { host: "mail.example.com\r\nAT+QPOWD" }],
    ["smtpHost", { host: "mäil.example.com\u20ac" }],
    ["senderAddress", { senderAddress: '"pump 7"@example.com' }],
  ] as const) {
    it(`is named when it is unusable: ${setting} ${JSON.stringify(Object.values(change)[0])}`, async () => {
      const settings = { ...USABLE, ...change };
      const fault = unusableSetting(settings);
      assert.equal(fault?.setting, setting);
      const { send, modem } = mailerBench(settings);
      await assert.rejects(send(), (error: unknown) => {
        assert.ok(error instanceof ModemError);
        assert.equal(error.code, "INVALID_CONFIG");
        assert.equal(error.class, "setup");
        assert.ok(error.message.includes(setting));
        assert.ok(!error.message.includes(Object.values(change).join()));
        return true;
      });
      assert.ok(!modem.called.some((line) => line.startsWith("AT+QSMTPPUT")));
    });
  }

  it("of the login goes to the module in UTF-8", async () => {
    const { send, modem } = mailerBench({ password: "Schlüssel€" });
    await send();
    const account = modem.called.find((line) => line.startsWith('AT+QSMTPCFG="account"')) ?? "";
    assert.ok(Buffer.from(account, "latin1").toString("utf8").includes('"Schlüssel€"'));
  });
});
