import assert from "node:assert/strict";
import { ModemError, SPECIAL_HINTS, type ErrorClass, type ErrorCode } from "../../../lib/errors";
import { oddPair } from "../../../lib/quectel/diagnosis/diagnosis-server";
import { mayHaveArrived, provesRefusal, putError, resultUnknown } from "../../../lib/mailer/qsmtp/result";

describe("the result line of a mail", () => {
  it("is success with 0 and no reply, or a reply of the two hundreds, and with nothing else", () => {
    for (const smtpCode of [0, 200, 250, 299]) assert.equal(putError({ error: 0, smtpCode }), undefined);
    for (const [error, smtpCode, said] of [
      [0, 199, /the module said 0,199/],
      [0, 300, /the module said 0,300/],
      [0, 550, /the module said 0,550/],
      [0, undefined, /the module said 0,and no more/],
      [1, 0, /the module said 1,0/],
      [650, 0, /the module said 650,0/],
    ] as const) {
      const failure = putError({ error, smtpCode });
      assert.equal(failure?.code, "MODEM_RESULT_UNKNOWN");
      assert.equal(failure?.class, "unknown");
      assert.equal(failure?.stage, "send");
      assert.match(failure?.message ?? "", said);
    }
  });

  const replies: readonly (readonly [number, number, ErrorCode, ErrorClass, string | undefined])[] = [
    [651, 0, "SMTP_UNKNOWN", "transient", undefined],
    [656, 0, "SMTP_CLOSED_BY_SERVER", "transient", undefined],
    [682, 0, "SMTP_TRANSACTION_FAILED", "transient", undefined],
    [682, 554, "SMTP_TRANSACTION_FAILED", "message", undefined],
    [682, 451, "SMTP_TRANSACTION_FAILED", "transient", undefined],
    [682, 523, "SMTP_ACCESS_DENIED", "setup", SPECIAL_HINTS.loginNeedsEncryption],
    [682, 524, "SMTP_ACCESS_DENIED", "setup", SPECIAL_HINTS.loginNeedsEncryption],
    [682, 525, "SMTP_AUTH_FAILED", "setup", SPECIAL_HINTS.accountDisabled],
    [676, 530, "SMTP_ACCESS_DENIED", "setup", undefined],
    [682, 534, "SMTP_AUTH_FAILED", "setup", SPECIAL_HINTS.appPassword],
    [677, 535, "SMTP_AUTH_FAILED", "setup", undefined],
    [682, 538, "SMTP_ACCESS_DENIED", "setup", SPECIAL_HINTS.loginNeedsEncryption],
  ];
  for (const [error, smtpCode, code, kind, hint] of replies) {
    it(`${error},${smtpCode} is ${code}, ${kind}`, () => {
      const failure = putError({ error, smtpCode });
      assert.ok(failure !== undefined);
      assert.equal(failure.code, code);
      assert.equal(failure.class, kind);
      assert.equal(failure.modemCode, error);
      assert.equal(failure.smtpCode, smtpCode === 0 ? undefined : smtpCode);
      assert.equal(failure.stage, "send");
      assert.equal(failure.hint, hint ?? new ModemError(code).hint);
    });
  }

  it("tells the server's reply where the text does not name it", () => {
    const text = (error: number, smtpCode: number): string => putError({ error, smtpCode })?.message ?? "";
    assert.match(text(682, 550), /: the server said 550$/);
    assert.match(text(682, 534), /: the server said 534$/);
    assert.match(text(699, 552), /: the server said 552$/);
    assert.doesNotMatch(text(682, 554), /the server said/);
    assert.doesNotMatch(text(682, 0), /the server said/);
  });

  /** The module's numbers, and for each step of the dialogue a reply with which it may have ended. */
  const numbers = Array.from({ length: 33 }, (_, index) => 650 + index);
  const before = [652, 653, 655, 659, 664];

  it("proves a refusal by a reply of the server, or by a number of before the mail, and by nothing else", () => {
    for (const error of numbers) {
      for (const smtpCode of [421, 450, 451, 452, 499, 500, 530, 535, 550, 554, 599]) {
        assert.equal(provesRefusal({ error, smtpCode }), error > 650, `${error},${smtpCode}`);
      }
      for (const smtpCode of [1, 199, 200, 220, 235, 250, 299, 334, 354, 399, 600, undefined]) {
        assert.equal(provesRefusal({ error, smtpCode }), false, `${error},${smtpCode}`);
      }
      assert.equal(provesRefusal({ error, smtpCode: 0 }), before.includes(error), `${error},0`);
    }
    for (const smtpCode of [0, 250, 550]) assert.equal(provesRefusal({ error: 0, smtpCode }), false);
  });

  it("never ends a mail that the server may have taken as one that was refused", () => {
    for (const error of numbers.slice(1)) {
      for (const smtpCode of [200, 250, 354]) {
        const failure = putError({ error, smtpCode });
        assert.equal(failure?.class, "transient", `${error},${smtpCode}`);
        assert.equal(failure?.smtpCode, undefined);
        assert.match(failure?.message ?? "", new RegExp(`the server said ${smtpCode}`));
      }
    }
  });

  it("of a failure may have come after the mail was taken, unless it proves a refusal", () => {
    for (const error of numbers.slice(1)) {
      for (const smtpCode of [0, 451, 550]) {
        const failure = putError({ error, smtpCode });
        assert.equal(mayHaveArrived(failure), !provesRefusal({ error, smtpCode }), `${error},${smtpCode}`);
      }
    }
    assert.equal(mayHaveArrived(new ModemError("SMTP_UNKNOWN", { stage: "body" })), false);
    assert.equal(mayHaveArrived(new ModemError("PORT_UNPLUGGED", { stage: "send" })), false);
    assert.equal(mayHaveArrived(new Error("no")), false);
    assert.equal(mayHaveArrived(undefined), false);
  });

  it("of an attachment that was not read says that an empty mail may have arrived, and proves nothing", () => {
    for (const smtpCode of [651, 661]) {
      const failure = putError({ error: 682, smtpCode });
      assert.equal(failure?.code, "SMTP_FILE_OPEN_FAILED");
      assert.deepEqual(
        [failure?.class, failure?.modemCode, failure?.smtpCode],
        ["transient", 682, undefined],
      );
      assert.match(failure?.message ?? "", /682,6[56]1; an empty mail may have arrived/);
      assert.equal(provesRefusal({ error: 682, smtpCode }), false);
      assert.equal(mayHaveArrived(failure), true);
    }
  });

  it("that can no longer come has its cause", () => {
    const cause = new Error("unplugged");
    const error = resultUnknown(cause, "the node was stopped meanwhile");
    assert.equal(error.cause, cause);
    assert.equal(error.stage, "send");
    assert.match(error.message, /the node was stopped meanwhile/);
  });
});

describe("a pair of port and security", () => {
  it("is told when it does not fit", () => {
    assert.equal(oddPair(465, "none"), "port 465 is not usually used without encryption");
    assert.equal(oddPair(25, "tls"), "port 25 is not usually used with SSL/TLS");
    assert.equal(oddPair(587, "tls"), "port 587 is not usually used with SSL/TLS");
    assert.equal(oddPair(2525, "tls"), "port 2525 is not usually used with SSL/TLS");
    assert.equal(oddPair(10_025, "tls"), undefined);
  });
});
