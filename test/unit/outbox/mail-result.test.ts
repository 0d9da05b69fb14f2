/** What a flow is told about the end of a mail: each field of the result and of the failure. */
import assert from "node:assert/strict";
import { ModemError, type ErrorCode, type ModemErrorOptions } from "../../../lib/errors";
import { failureOf, isAllSent, isComplete, resultOf, statusOf } from "../../../lib/outbox/mail-result";
import { newTransaction } from "../../../lib/outbox/lifecycle";
import type { SpoolRecord, StoredTransaction } from "../../../lib/outbox/spool/record";
import { storeError } from "../../../lib/outbox/spool/stored-error";
import { ID, record } from "./spool-bench";

const FLAGS = { queuedMs: 5000, recovered: false, simulated: false };

type State = StoredTransaction["state"];

function one(address: string, state: State, more: Partial<StoredTransaction> = {}): StoredTransaction {
  return { ...newTransaction({ to: [address], cc: [], bcc: [] }, 0), state, ...more };
}

function sent(at: string, figures: { sendMs?: number; bytes?: number } = {}): State {
  return { kind: "done", at, ...figures };
}

function failed(code: ErrorCode, options: ModemErrorOptions = {}): State {
  return { kind: "failed", error: storeError(new ModemError(code, options)) };
}

function mail(...transactions: StoredTransaction[]): SpoolRecord {
  return record({ transactions, attempts: 2, warnings: ["cut"] });
}

const FIRST = "2026-01-01T00:00:00.000Z";
const SECOND = "2026-01-02T00:00:00.000Z";

describe("The result of a mail", () => {
  it("that all have says when the last server took it, how long that took, and what it cost", () => {
    const all = mail(
      one("a@example.com", sent(FIRST, { sendMs: 1000.4, bytes: 300 })),
      one("b@example.com", sent(SECOND, { sendMs: 500.3, bytes: 200 })),
    );
    assert.deepEqual(resultOf(all, FLAGS), {
      status: "sent",
      id: ID,
      accepted: ["a@example.com", "b@example.com"],
      rejected: [],
      attempts: 2,
      acceptedAt: SECOND,
      queuedMs: 5000,
      sendMs: 1501,
      bytes: 500,
      warnings: ["cut"],
    });
    assert.equal(failureOf(all), undefined);
  });

  it("is partial when an entry of the lists was no address, and names it first", () => {
    const unreadable = [{ address: "night shift", code: "INVALID_RECIPIENT" }] as const;
    const served = { ...mail(one("a@example.com", sent(FIRST))), unreadable };
    const { status, accepted, rejected } = resultOf(served, FLAGS);
    assert.deepEqual([status, accepted, rejected], ["partial", ["a@example.com"], unreadable]);
    assert.deepEqual(
      [failureOf(served)?.failure.code, failureOf(served)?.failure.outcome],
      ["INVALID_RECIPIENT", "partial"],
    );
    assert.match(failureOf(served)?.failure.message ?? "", /"night shift"/);
    assert.ok(isAllSent(served), "there is nobody whom a retry would serve");
    const refused = { ...mail(one("a@example.com", failed("OUTBOX_EXPIRED"))), unreadable };
    assert.equal(statusOf(refused), "failed");
    assert.equal(failureOf(refused)?.failure.code, "OUTBOX_EXPIRED");
    assert.equal(isAllSent(refused), false);
  });

  it("says nothing of time and bytes when the module gave no figures for one of its successes", () => {
    const result = resultOf(
      mail(
        one("a@example.com", sent(FIRST)),
        one("b@example.com", { kind: "done", at: FIRST, sendMs: 5, bytes: 10 }),
      ),
      FLAGS,
    );
    assert.equal("sendMs" in result || "bytes" in result, false);
  });

  it("that nobody has names no acceptance, and both numbers of the refusal", () => {
    const none = mail(
      one("a@example.com", failed("SMTP_MAILBOX_UNAVAILABLE", { modemCode: 678, smtpCode: 550 })),
    );
    assert.deepEqual(resultOf(none, { ...FLAGS, queuedMs: -0.6 }), {
      status: "failed",
      id: ID,
      accepted: [],
      rejected: [{ address: "a@example.com", modemCode: 678, smtpCode: 550 }],
      attempts: 2,
      queuedMs: 0,
      bytes: 0,
      warnings: ["cut"],
      modemCode: 678,
      smtpCode: 550,
    });
    const told = failureOf(none);
    assert.deepEqual(told?.failure, {
      ...storeError(told?.error ?? new ModemError("MODEM_ERROR")),
      outcome: "notSent",
      attempts: 2,
    });
    assert.equal(told?.error.code, "SMTP_MAILBOX_UNAVAILABLE");
  });

  it("names no number where the error has none", () => {
    const result = resultOf(mail(one("a@example.com", failed("OUTBOX_EXPIRED"))), FLAGS);
    assert.equal("modemCode" in result || "smtpCode" in result, false);
    assert.deepEqual(result.rejected, [{ address: "a@example.com" }]);
  });

  it("is marked as a possible repeat when one of those who have it may have it twice", () => {
    const doubtful = { open: true } as const;
    const repeated = (...transactions: StoredTransaction[]): unknown =>
      resultOf(mail(...transactions), FLAGS).possibleDuplicate;
    assert.equal(repeated(one("a@example.com", sent(FIRST)), one("b@example.com", sent(FIRST))), undefined);
    assert.equal(
      repeated(one("a@example.com", sent(FIRST), doubtful), one("b@example.com", sent(FIRST))),
      true,
    );
    assert.equal(repeated(one("a@example.com", sent(FIRST), { unknown: 1 })), true);
    assert.equal(
      repeated(one("a@example.com", sent(FIRST)), one("b@example.com", failed("OUTBOX_EXPIRED"), doubtful)),
      undefined,
      "the doubtful one does not count as having it",
    );
  });

  it("says that it comes from an earlier run or from a simulated module only when it does", () => {
    const some = mail(one("a@example.com", sent(FIRST)));
    assert.equal(resultOf(some, { ...FLAGS, recovered: true }).recovered, true);
    assert.equal(resultOf(some, { ...FLAGS, simulated: true }).simulated, true);
  });
});

describe("The failure of a mail", () => {
  const refusal = failed("SMTP_MAILBOX_UNAVAILABLE", { smtpCode: 550 });
  const doubt = failed("MODEM_RESULT_UNKNOWN");

  it("is of some when others have it, whatever became of the rest", () => {
    for (const rest of [refusal, doubt]) {
      const some = mail(one("a@example.com", sent(FIRST)), one("b@example.com", rest));
      assert.equal(statusOf(some), "partial");
      assert.equal(failureOf(some)?.failure.outcome, "partial");
      assert.deepEqual(resultOf(some, FLAGS).accepted, ["a@example.com"]);
    }
  });

  it("is unknown when a single recipient may have it, and not sent when none can", () => {
    const outcome = (...transactions: StoredTransaction[]): unknown =>
      failureOf(mail(...transactions))?.failure.outcome;
    assert.equal(outcome(one("a@example.com", refusal), one("b@example.com", refusal)), "notSent");
    assert.equal(
      outcome(one("a@example.com", refusal), one("b@example.com", refusal, { open: true })),
      "unknown",
    );
    assert.equal(
      outcome(one("a@example.com", doubt, { unknown: 1 }), one("b@example.com", refusal)),
      "unknown",
    );
  });

  it("names the lost result before any refusal, and of several refusals the last", () => {
    const code = (...states: State[]): unknown =>
      failureOf(mail(...states.map((state, at) => one(`${at}@example.com`, state))))?.error.code;
    const expired = failed("OUTBOX_EXPIRED");
    assert.equal(code(refusal, expired), "OUTBOX_EXPIRED");
    assert.equal(code(expired, refusal), "SMTP_MAILBOX_UNAVAILABLE");
    assert.equal(code(doubt, refusal), "MODEM_RESULT_UNKNOWN");
    assert.equal(code(refusal, doubt, expired), "MODEM_RESULT_UNKNOWN");
  });
});

describe("A mail of which something waits", () => {
  it("is not complete, is sent to those who have it, and counts nobody as refused who may still get it", () => {
    const [has, waits] = [
      one("a@example.com", sent(FIRST)),
      one("b@example.com", { kind: "queued", due: 0 }),
    ];
    assert.equal(isComplete(mail(has)), true);
    assert.equal(isComplete(mail(has, waits)), false);
    assert.deepEqual(resultOf(mail(has, waits), FLAGS).rejected, []);
  });
});
