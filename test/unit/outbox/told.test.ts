/** What the sender of a mail is told beyond sent or failed: causes, numbers, and nothing that nobody has seen. */
import assert from "node:assert/strict";
import { isModemError, ModemError } from "../../../lib/errors";
import { Bench, failure, mail } from "./bench";

describe("The end of a mail that could not be sent in its time", () => {
  it("carries numbers, hint and cause of its last failure, after a restart too", async () => {
    const first = await Bench.open();
    const last = new ModemError("SMTP_SERVICE_UNAVAILABLE", { smtpCode: 421, stage: "send" });
    let tries = 0;
    first.mailer.fate = () => (++tries === 1 ? failure("SMTP_NETWORK") : { kind: "failed", error: last });
    await first.accept(mail("alarm"), { maxAge: 3 });
    await first.clock.run(() => tries === 2);
    const bench = await first.restart({ available: false });
    const { failure: told, error, result } = await bench.ends(1);
    assert.equal(told?.code, "OUTBOX_EXPIRED");
    assert.equal(told.class, new ModemError("OUTBOX_EXPIRED").class);
    assert.deepEqual(
      [told.modemCode, told.smtpCode, told.hint, told.stage],
      [last.modemCode, 421, last.hint, "send"],
    );
    assert.equal(told.cause?.code, "SMTP_SERVICE_UNAVAILABLE");
    assert.ok(isModemError(error?.cause, "SMTP_SERVICE_UNAVAILABLE"));
    assert.equal(error.cause.smtpCode, 421);
    assert.deepEqual([result.modemCode, result.smtpCode], [last.modemCode, 421]);
  });

  it("names a modem that was never ready", async () => {
    const bench = await Bench.open({ available: false });
    await bench.accept(mail("alarm"), { maxAge: 3 });
    const { failure: told } = await bench.ends(1);
    assert.equal(told?.cause?.code, "MODEM_NOT_READY");
    assert.equal(told.modemCode, undefined);
    assert.equal(told.hint, new ModemError("MODEM_NOT_READY").hint);
  });
});

describe("The result of a mail that the module told only after a restart", () => {
  it("says nothing of time and bytes, which nobody has seen", async () => {
    const first = await Bench.open();
    first.mailer.fate = () => ({ kind: "hangs", delivered: true });
    await first.accept(mail("alarm"));
    await first.clock.run(() => first.delivered.length === 1);
    const bench = await first.killed("all", { available: false });
    bench.mailer.setAnswer({ kind: "sent" });
    bench.mailer.setAvailable(true);
    const { result } = await bench.ends(1);
    assert.deepEqual([result.status, result.recovered], ["sent", true]);
    assert.equal("sendMs" in result, false);
    assert.equal("bytes" in result, false);
  });

  it("says both where they are known", async () => {
    const bench = await Bench.open();
    await bench.accept(mail("alarm"));
    const { result } = await bench.ends(1);
    assert.deepEqual([result.sendMs, result.bytes], [1200, "alarm at pump 7".length]);
  });
});
