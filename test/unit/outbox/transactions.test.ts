/** What an outcome makes of the transactions of a mail, record by record. */
import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import {
  afterOutcome,
  givenUp,
  isInDoubt,
  newTransaction,
  nextDue,
  nextTransaction,
  revived,
  withOpenTry,
  type Outcome,
} from "../../../lib/outbox/transactions";
import type { SpoolRecord, StoredTransaction } from "../../../lib/mail/spool/record";
import { storeError } from "../../../lib/mail/spool/stored-error";
import { record } from "./spool-bench";

const MINUTE = 60_000;
const NOW = 1000;

function to(...addresses: string[]): StoredTransaction["envelope"] {
  return { to: addresses, cc: [], bcc: [] };
}

/** A transaction to one recipient that waits. */
function waiting(address: string, more: Partial<StoredTransaction> = {}): StoredTransaction {
  return { ...newTransaction(to(address), 0), ...more };
}

function sent(address: string, more: Partial<StoredTransaction> = {}): StoredTransaction {
  return waiting(address, { state: { kind: "sent", at: "2026-01-01T00:00:00.000Z" }, ...more });
}

function refused(address: string, more: Partial<StoredTransaction> = {}): StoredTransaction {
  return waiting(address, {
    state: { kind: "refused", error: storeError(new ModemError("OUTBOX_EXPIRED")) },
    ...more,
  });
}

function mail(transactions: readonly StoredTransaction[], more: Partial<SpoolRecord> = {}): SpoolRecord {
  return record({ transactions, ...more });
}

function failed(error: ModemError, more: { away?: boolean; isRepeat?: boolean } = {}): Outcome {
  return { kind: "failed", error, away: false, isRepeat: false, ...more };
}

const success: Outcome = {
  kind: "sent",
  at: "2026-01-02T00:00:00.000Z",
  warnings: [],
  isRepeat: false,
};
const lost: Outcome = { kind: "unknown", error: new ModemError("MODEM_RESULT_UNKNOWN") };

/** The transactions of a mail after the outcome of its first. */
function after(transaction: StoredTransaction, outcome: Outcome, more: Partial<SpoolRecord> = {}) {
  return afterOutcome(mail([transaction], more), 0, outcome, NOW, 0).transactions;
}

describe("A new transaction", () => {
  it("waits, has never been tried, and carries no mark of any kind", () => {
    assert.deepEqual(newTransaction(to("a@example.com"), 5), {
      envelope: to("a@example.com"),
      state: { kind: "waiting" },
      tries: 0,
      attempts: 0,
      due: 5,
      unknown: 0,
      shortSubject: false,
    });
    assert.equal(isInDoubt(newTransaction(to("a@example.com"), 5)), false);
  });
});

describe("The next transaction of a mail", () => {
  it("is the one that is due first, and of several the first in the mail", () => {
    const next = (...dues: number[]): number =>
      nextTransaction(mail(dues.map((due, at) => waiting(`${at}@example.com`, { due }))));
    assert.equal(next(5, 9), 0);
    assert.equal(next(9, 5), 1);
    assert.equal(next(7, 7, 3, 3), 2);
  });

  it("is none that has ended, however early it was due", () => {
    const record = mail([
      sent("a@example.com"),
      refused("b@example.com"),
      waiting("c@example.com", { due: 9 }),
    ]);
    assert.equal(nextTransaction(record), 2);
    assert.equal(nextDue(record), 9);
    const complete = mail([sent("a@example.com"), refused("b@example.com")]);
    assert.equal(nextTransaction(complete), -1);
    assert.equal(nextDue(complete), Infinity);
  });
});

describe("A success", () => {
  it("is kept with its time, and with figures where the module gave some", () => {
    const { at } = success;
    assert.deepEqual(after(waiting("a@example.com"), success)[0]?.state, { kind: "sent", at });
    assert.deepEqual(after(waiting("a@example.com"), { ...success, sendMs: 1200, bytes: 300 })[0]?.state, {
      kind: "sent",
      at,
      sendMs: 1200,
      bytes: 300,
    });
  });

  it("is marked as a possible repeat only when it was one, or an earlier try was left open", () => {
    const doubt = (transaction: StoredTransaction, isRepeat: boolean): boolean[] =>
      after(transaction, { ...success, isRepeat }).map(isInDoubt);
    assert.deepEqual(doubt(waiting("a@example.com"), false), [false]);
    assert.deepEqual(doubt(waiting("a@example.com"), true), [true]);
    assert.deepEqual(doubt(waiting("a@example.com", { open: true }), false), [true]);
    assert.deepEqual(doubt(waiting("a@example.com", { unknown: 1 }), false), [true]);
    assert.equal("open" in (after(waiting("a@example.com"), success)[0] ?? {}), false);
  });

  it("adds its remarks to those of the mail, each once", () => {
    const before = mail([waiting("a@example.com"), waiting("b@example.com")], { warnings: ["cut", "ascii"] });
    const next = afterOutcome(before, 0, { ...success, warnings: ["ascii", "late"] }, NOW, 0);
    assert.deepEqual(next.warnings, ["cut", "ascii", "late"]);
    assert.deepEqual(afterOutcome(before, 0, lost, NOW, 0).warnings, ["cut", "ascii"]);
  });

  it("concerns its own transaction alone", () => {
    const before = mail([waiting("a@example.com"), waiting("b@example.com")]);
    const { transactions } = afterOutcome(before, 1, success, NOW, 0);
    assert.deepEqual(transactions[0], before.transactions[0]);
    assert.equal(transactions[1]?.state.kind, "sent");
  });

  it("changes nothing in a mail of which no transaction waits", () => {
    const complete = mail([refused("a@example.com")]);
    assert.equal(afterOutcome(complete, nextTransaction(complete), success, NOW, 0), complete);
  });
});

describe("The count of attempts", () => {
  it("is that of the recipient who was tried most often, and goes on with the mail's in older records", () => {
    const before = mail(
      [waiting("a@example.com", { attempts: 1 }), waiting("b@example.com", { attempts: 4 })],
      {
        attempts: 4,
      },
    );
    const once = afterOutcome(before, 0, success, NOW, 0);
    assert.deepEqual([once.transactions[0]?.attempts, once.attempts], [2, 4]);
    assert.equal(afterOutcome(before, 1, lost, NOW, 0).attempts, 5);
    const { attempts: _none, ...old } = waiting("a@example.com");
    assert.equal(afterOutcome(mail([old], { attempts: 3 }), 0, success, NOW, 0).attempts, 4);
  });

  it("grows by no failure for which the modem's leaving is to blame", () => {
    const silent = new ModemError("MODEM_SILENT");
    assert.equal(after(waiting("a@example.com"), failed(silent, { away: true }))[0]?.attempts, 0);
    assert.equal(after(waiting("a@example.com"), failed(silent))[0]?.attempts, 1);
  });
});

describe("An outcome that nobody knows", () => {
  it("is tried once more after a while, marked, and after the second is not sent again", () => {
    const [first] = after(waiting("a@example.com"), lost);
    assert.deepEqual(first?.state, { kind: "waiting" });
    assert.deepEqual(
      [first?.unknown, first?.due, first?.lastError?.code],
      [1, NOW + MINUTE, "MODEM_RESULT_UNKNOWN"],
    );
    const [second] = after(waiting("a@example.com", { unknown: 1 }), lost);
    assert.equal(second?.unknown, 2);
    assert.deepEqual(second?.state, { kind: "unknown", error: storeError(lost.error) });
  });

  it("ends the transaction at once where it must not come twice", () => {
    const [only] = after(waiting("a@example.com"), lost, { delivery: "atMostOnce" });
    assert.equal(only?.state.kind, "unknown");
  });
});

describe("A failure", () => {
  const team = newTransaction({ to: ["a@example.com"], cc: ["b@example.com"], bcc: ["c@example.com"] }, 0);
  const parted = (error: ModemError): boolean => {
    const parts = after(team, failed(error));
    if (parts.length === 1) return false;
    assert.deepEqual(
      parts.map(({ envelope, due, state }) => [envelope, due, state.kind]),
      ["a@example.com", "b@example.com", "c@example.com"].map((one) => [to(one), NOW, "waiting"]),
    );
    return true;
  };

  it("parts the recipients when it may concern a single one of them", () => {
    for (const smtpCode of [450, 501, 550, 551, 552, 553, 554]) {
      assert.ok(parted(new ModemError("SMTP_MAILBOX_UNAVAILABLE", { smtpCode })), `${smtpCode}`);
    }
    for (const modemCode of [667, 669, 671, 678, 679, 680, 681, 682]) {
      assert.ok(parted(new ModemError("SMTP_TRANSACTION_FAILED", { modemCode })), `${modemCode}`);
    }
    for (const code of ["INVALID_RECIPIENT", "LIMIT_ADDRESS"] as const) {
      assert.ok(parted(new ModemError(code)), code);
    }
  });

  it("halves the recipients when they are too many at a time", () => {
    for (const error of [
      new ModemError("LIMIT_RECIPIENTS"),
      new ModemError("SMTP_MAILBOX_UNAVAILABLE", { smtpCode: 452 }),
    ]) {
      const three = newTransaction(to("a@example.com", "b@example.com", "c@example.com"), 0);
      const parts = after(three, failed(error));
      assert.deepEqual(
        parts.map(({ envelope, due }) => [envelope, due]),
        [
          [to("a@example.com", "b@example.com"), NOW],
          [to("c@example.com"), NOW],
        ],
      );
    }
  });

  it("parts nobody when it concerns all, whatever number the module gives it", () => {
    assert.ok(!parted(new ModemError("SMTP_TRANSACTION_FAILED", { smtpCode: 421, modemCode: 682 })));
    assert.ok(!parted(new ModemError("SMTP_NETWORK")));
    assert.ok(!parted(new ModemError("LIMIT_SUBJECT")));
    assert.ok(!parted(new ModemError("SMTP_AUTH_FAILED", { modemCode: 674, smtpCode: 535 })));
  });

  it("parts them by a parameter that the module refuses only while it takes the recipients", () => {
    assert.ok(parted(new ModemError("SMTP_PARAMETER", { stage: "recipients" })));
    for (const stage of ["settings", "subject", "send"]) {
      assert.ok(!parted(new ModemError("SMTP_PARAMETER", { stage })), stage);
    }
    assert.ok(!parted(new ModemError("SMTP_PARAMETER")));
  });

  it("refuses a single recipient for good by the same error that parts several", () => {
    const error = new ModemError("SMTP_MAILBOX_UNAVAILABLE", { smtpCode: 550 });
    assert.deepEqual(
      after(waiting("a@example.com"), failed(error)).map(({ state }) => state),
      [{ kind: "refused", error: storeError(error) }],
    );
  });

  it("of the settings lets the mail wait for the end of the hold alone", () => {
    const [next] = after(waiting("a@example.com", { tries: 3 }), failed(new ModemError("SMTP_AUTH_FAILED")));
    assert.deepEqual([next?.state.kind, next?.due, next?.tries], ["waiting", NOW, 3]);
  });

  it("that may pass is tried again, later each time", () => {
    const network = failed(new ModemError("SMTP_NETWORK"));
    const due = (tries: number): number =>
      (after(waiting("a@example.com", { tries }), network)[0]?.due ?? 0) - NOW;
    assert.deepEqual([0, 1, 2, 9].map(due), [MINUTE, 2 * MINUTE, 4 * MINUTE, 30 * MINUTE]);
    const away = failed(new ModemError("SMTP_NETWORK"), { away: true });
    const [next] = after(waiting("a@example.com"), away);
    assert.deepEqual([next?.tries, next?.due], [0, NOW + MINUTE]);
  });

  it("of a too long subject is tried once with a short one", () => {
    const long = failed(new ModemError("LIMIT_SUBJECT"));
    const [next] = after(waiting("a@example.com"), long);
    assert.deepEqual([next?.state.kind, next?.shortSubject, next?.due], ["waiting", true, NOW]);
    assert.equal(after(waiting("a@example.com", { shortSubject: true }), long)[0]?.state.kind, "refused");
  });

  it("ends unknown, not refused, where it must not come twice and an earlier try may have arrived", () => {
    const error = new ModemError("SMTP_MAILBOX_UNAVAILABLE", { smtpCode: 550 });
    const end = (outcome: Outcome): string | undefined =>
      after(waiting("a@example.com"), outcome, { delivery: "atMostOnce" })[0]?.state.kind;
    assert.equal(end(failed(error)), "refused");
    assert.equal(end(failed(error, { isRepeat: true })), "unknown");
    assert.equal(after(waiting("a@example.com"), failed(error, { isRepeat: true }))[0]?.open, true);
  });
});

describe("A try that is left open", () => {
  it("is noted with its own transaction alone", () => {
    const { transactions } = withOpenTry(mail([waiting("a@example.com"), waiting("b@example.com")]), 1);
    assert.deepEqual(transactions.map(isInDoubt), [false, true]);
  });
});

describe("Giving a mail up", () => {
  it("ends what waits with the reason, and leaves what has an end", () => {
    const before = mail([sent("a@example.com"), waiting("b@example.com"), refused("c@example.com")]);
    const error = new ModemError("OUTBOX_DISCARDED");
    const { transactions } = givenUp(before, error);
    assert.deepEqual([transactions[0], transactions[2]], [before.transactions[0], before.transactions[2]]);
    assert.deepEqual(transactions[1]?.state, { kind: "refused", error: storeError(error) });
  });
});

describe("A failed mail that is put back", () => {
  it("waits anew for those who have nothing, and for nobody else", () => {
    const before = mail([sent("a@example.com"), refused("b@example.com", { tries: 5, shortSubject: true })], {
      end: { time: 3 },
    });
    const next = revived(before, NOW);
    assert.equal("end" in next, false);
    assert.deepEqual(next.transactions[0], before.transactions[0]);
    assert.deepEqual(
      next.transactions[1],
      waiting("b@example.com", { due: NOW, shortSubject: true }),
      "tries and errors are forgotten",
    );
  });

  it("goes on counting attempts, those of the mail in older records", () => {
    const { attempts: _none, ...old } = refused("a@example.com");
    const { transactions } = revived(
      mail([refused("b@example.com", { attempts: 2 }), old], { attempts: 6 }),
      NOW,
    );
    assert.deepEqual(
      transactions.map(({ attempts }) => attempts),
      [2, 6],
    );
  });

  it("stays marked as one that may have arrived, and may get lost once more", () => {
    const doubtful = [{ unknown: 0 }, { unknown: 1 }, { unknown: 2 }, { open: true }] as const;
    const { transactions } = revived(
      mail(doubtful.map((more, at) => refused(`${at}@example.com`, more))),
      NOW,
    );
    assert.deepEqual(
      transactions.map(({ unknown }) => unknown),
      [0, 1, 1, 0],
    );
    assert.deepEqual(transactions.map(isInDoubt), [false, true, true, true]);
    assert.equal("open" in (transactions[0] ?? {}), false);
  });
});
