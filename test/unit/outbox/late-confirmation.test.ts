import assert from "node:assert/strict";
import { ModemError, type ErrorCode } from "../../../lib/errors";
import type { Fate } from "../../support/fake-mailer";
import { Bench, mail } from "./bench";

/** The server has taken the mail, and the module has not heard it. */
function unconfirmed(code: ErrorCode): Fate {
  return { kind: "failed", error: new ModemError(code, { stage: "send" }), delivered: true };
}

const CODES = [
  "SMTP_UNKNOWN",
  "SMTP_CLOSED_BY_SERVER",
  "SMTP_PDP_DEACTIVATED",
  "SMTP_TIMEOUT",
  "SMTP_SEND_FAILED",
] as const;

describe("A mail that the server took although the module says that it failed", () => {
  for (const code of CODES) {
    it(`says in its second copy that it may be a repeat (${code})`, async () => {
      const bench = await Bench.open();
      bench.mailer.fate = (_transaction, number) => (number === 1 ? unconfirmed(code) : { kind: "sent" });
      await bench.accept(mail("alarm"));
      const { result } = await bench.ends(1);
      assert.equal(result.status, "sent");
      assert.equal(result.possibleDuplicate, true);
      assert.deepEqual(
        bench.mailer.delivered.map(({ isMarked }) => isMarked),
        [false, true],
      );
    });
  }

  it("is tried again until it goes out, for most such mails have not arrived", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) =>
      number < 6
        ? { kind: "failed", error: new ModemError("SMTP_TIMEOUT", { stage: "send" }) }
        : { kind: "sent" };
    await bench.accept(mail("alarm"));
    assert.equal((await bench.ends(1)).result.status, "sent");
    assert.equal(bench.outbox.summary().hold, undefined);
  });

  it("comes once, and is told as unknown, where it must not come twice", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = () => unconfirmed("SMTP_TIMEOUT");
    await bench.accept(mail("alarm"), { delivery: "atMostOnce" });
    const { failure } = await bench.ends(1);
    assert.equal(failure?.code, "SMTP_TIMEOUT");
    assert.equal(failure?.outcome, "unknown");
    await bench.clock.advance(3600_000);
    assert.equal(bench.delivered.length, 1);
  });

  it("is not told as unsent when the server refuses it the second time", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) =>
      number === 1
        ? unconfirmed("SMTP_CLOSED_BY_SERVER")
        : { kind: "failed", error: new ModemError("SMTP_TRANSACTION_FAILED", { smtpCode: 554 }) };
    await bench.accept(mail("alarm"));
    assert.equal((await bench.ends(1)).failure?.outcome, "unknown");
  });

  it("says so after a restart of Node-RED too", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = () => unconfirmed("SMTP_TIMEOUT");
    await bench.accept(mail("alarm"));
    await bench.clock.run(() => bench.delivered.length === 1 && bench.mailer.running === 0);
    await bench.clock.advance(1000);
    const next = await bench.restart();
    bench.mailer.fate = () => ({ kind: "sent" });
    await next.ends(1);
    assert.deepEqual(
      bench.mailer.delivered.map(({ isMarked }) => isMarked),
      [false, true],
    );
  });

  it("is repeated unmarked by nothing but a refusal of the server", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) =>
      number === 1
        ? { kind: "failed", error: new ModemError("SMTP_LOCAL_ERROR", { stage: "send", smtpCode: 451 }) }
        : { kind: "sent" };
    await bench.accept(mail("alarm"));
    assert.equal((await bench.ends(1)).result.possibleDuplicate, undefined);
    assert.equal(bench.mailer.delivered[0]?.isMarked, false);
  });
});
