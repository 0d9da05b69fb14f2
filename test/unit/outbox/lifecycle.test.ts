/** The whole drawing: every state by every event, and what holds over any history of events. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ModemError } from "../../../lib/errors";
import type { Passage } from "../../../lib/mail/mail";
import type { RecipientOutcome } from "../../../lib/mailer/mailer";
import { storeError } from "../../../lib/stored-error";
import type { MailLife, TransactionLife } from "../../../lib/outbox/lifecycle";
import { adopted, newTransaction, next, stateOf } from "../../../lib/outbox/lifecycle";
import { isInDoubt, LONGEST_WAIT_MS, lost } from "../../../lib/outbox/outcome";
import { RUNS } from "../../support/property";
import {
  AT,
  ended,
  EVENTS,
  failed,
  life,
  MARK,
  NOW,
  shown,
  shownEffect,
  STATES,
  transaction,
  unknown,
} from "./lifecycle-cases";

/** State and event, what becomes of the mail, and what is to be done. What is not listed changes nothing. */
const TABLE: Readonly<Record<keyof typeof STATES, Partial<Record<keyof typeof EVENTS, string>>>> = {
  queued: {
    start: "preparing | prepare",
    end: "failed OUTBOX_EXPIRED | save content, tell",
    supersede: "failed OUTBOX_SUPERSEDED | save content, tell",
    evict: "failed OUTBOX_FULL | save content, tell",
  },
  preparing: {
    prepared: "preparing | mark",
    marked: "sending | commit",
    unmarked: "preparing | abandon",
    abandoned: "queued due | save place",
    accepted: "done | save content, tell, passed",
    "transient failure": "queued later | save timing, failed",
    "open failure": "queued later marked | save content, failed",
    interruption: "queued due | save timing",
    "message refused": "failed SMTP_TRANSACTION_FAILED | save content, tell, passed",
    "login refused": "queued due | save timing, hold",
    "result lost": "queued later marked | save content, lost",
    "result unknown": "queued later marked | save content, lost",
    end: "preparing to end | abandon",
    supersede: "preparing to end | abandon",
    stop: "preparing | abandon",
  },
  "preparing, stopped": {
    prepared: "preparing | abandon",
    marked: "preparing | abandon",
    unmarked: "preparing | abandon",
    abandoned: "queued due | save place",
    accepted: "done | save content, tell, passed",
    "transient failure": "queued due | save place",
    "open failure": "queued due | save place",
    interruption: "queued due | save place",
    "message refused": "queued due | save place",
    "login refused": "queued due | save place",
    "result lost": "queued due | save place",
    "result unknown": "queued due | save place",
    end: "preparing to end | abandon",
    supersede: "preparing to end | abandon",
    stop: "preparing | abandon",
  },
  "preparing, to end": {
    prepared: "preparing to end | abandon",
    marked: "preparing to end | abandon",
    unmarked: "preparing to end | abandon",
    abandoned: "failed OUTBOX_DISCARDED | save content, tell",
    accepted: "done | save content, tell, passed",
    "transient failure": "failed OUTBOX_DISCARDED | save content, tell",
    "open failure": "failed OUTBOX_DISCARDED | save content, tell",
    interruption: "failed OUTBOX_DISCARDED | save content, tell",
    "message refused": "failed OUTBOX_DISCARDED | save content, tell",
    "login refused": "failed OUTBOX_DISCARDED | save content, tell",
    "result lost": "failed OUTBOX_DISCARDED | save content, tell",
    "result unknown": "failed OUTBOX_DISCARDED | save content, tell",
    end: "preparing to end | abandon",
    supersede: "preparing to end | abandon",
    stop: "preparing to end | abandon",
  },
  sending: {
    accepted: "done | save content, tell, known, passed",
    "transient failure": "queued later | save timing, known, failed",
    "open failure": "queued later marked | save content, known, failed",
    interruption: "queued due | save timing, known",
    "message refused": "failed SMTP_TRANSACTION_FAILED | save content, tell, known, passed",
    "login refused": "queued due | save timing, known, hold",
    "result lost": "inDoubt | recover",
    "result unknown": "queued later marked | save content, lost",
    end: "sending to end | ",
    supersede: "sending to end | ",
  },
  "sending, to end": {
    accepted: "done | save content, tell, known, passed",
    "transient failure": "failed OUTBOX_DISCARDED | save content, tell, known, failed",
    "open failure": "failed OUTBOX_DISCARDED marked | save content, tell, known, failed",
    interruption: "failed OUTBOX_DISCARDED | save content, tell, known",
    "message refused": "failed SMTP_TRANSACTION_FAILED | save content, tell, known, passed",
    "login refused": "failed OUTBOX_DISCARDED | save content, tell, known, hold",
    "result lost": "failed OUTBOX_DISCARDED marked | save content, tell",
    "result unknown": "failed OUTBOX_DISCARDED marked | save content, tell",
    end: "sending to end | ",
    supersede: "sending to end | ",
  },
  inDoubt: {
    start: "inDoubt | recover",
    accepted: "done | save content, tell, known, passed",
    "transient failure": "queued later | save timing, known, failed",
    "open failure": "queued later marked | save content, known, failed",
    interruption: "queued due | save timing, known",
    "message refused": "failed SMTP_TRANSACTION_FAILED | save content, tell, known, passed",
    "login refused": "queued due | save timing, known, hold",
    "result lost": "queued later marked | save content, lost",
    "result unknown": "queued later marked | save content, lost",
    end: "failed OUTBOX_EXPIRED marked | save content, tell",
    supersede: "inDoubt to end | ",
  },
  "inDoubt, to end": {
    start: "inDoubt to end | recover",
    accepted: "done | save content, tell, known, passed",
    "transient failure": "failed OUTBOX_DISCARDED | save content, tell, known, failed",
    "open failure": "failed OUTBOX_DISCARDED marked | save content, tell, known, failed",
    interruption: "failed OUTBOX_DISCARDED | save content, tell, known",
    "message refused": "failed SMTP_TRANSACTION_FAILED | save content, tell, known, passed",
    "login refused": "failed OUTBOX_DISCARDED | save content, tell, known, hold",
    "result lost": "failed OUTBOX_DISCARDED marked | save content, tell",
    "result unknown": "failed OUTBOX_DISCARDED marked | save content, tell",
    end: "failed OUTBOX_DISCARDED marked | save content, tell",
    supersede: "inDoubt to end | ",
  },
  done: {
    told: "done | remove",
  },
  failed: {
    told: "failed OUTBOX_DISCARDED | keep",
    retry: "queued due | save content",
  },
};

describe("The life of a mail", () => {
  for (const [stateName, mail] of Object.entries(STATES)) {
    for (const [eventName, event] of Object.entries(EVENTS)) {
      const expected = TABLE[stateName as keyof typeof STATES][eventName as keyof typeof EVENTS];
      const what = expected ?? "changes nothing";
      it(`${stateName}, ${eventName}: ${what}`, () => {
        const step = next<MailLife>(mail, event, NOW, 0);
        if (expected === undefined) {
          assert.equal(step.mail, mail);
          assert.deepEqual(step.effects, []);
        } else {
          assert.equal(`${shown(step.mail)} | ${step.effects.map(shownEffect).join(", ")}`, expected);
        }
      });
    }
  }
});

function after(
  mail: MailLife,
  outcome: Parameters<typeof outcomeEvent>[0],
  random = 0,
): readonly TransactionLife[] {
  return next(mail, outcomeEvent(outcome), NOW, random).mail.transactions;
}

function outcomeEvent(outcome: ReturnType<typeof ended> | ReturnType<typeof unknown>) {
  return { kind: "outcome", outcome, at: AT } as const;
}

function sending(more: Partial<TransactionLife> = {}, mail: Partial<MailLife> = {}): MailLife {
  return life({ transactions: [transaction({ state: { kind: "sending", mark: MARK }, ...more })], ...mail });
}

const THREE = { to: ["a@example.com"], cc: ["b@example.com"], bcc: ["c@example.com"] };

describe("A transaction that ends", () => {
  it("is kept with its time, and with figures where there are some", () => {
    assert.deepEqual(after(sending(), ended("accepted"))[0]?.state, { kind: "done", at: AT });
    assert.deepEqual(after(sending(), ended("accepted", { sendMs: 1200, bytes: 300 }))[0]?.state, {
      kind: "done",
      at: AT,
      sendMs: 1200,
      bytes: 300,
    });
  });

  it("serves each recipient once, whatever becomes of the others", () => {
    const outcome = ended("accepted", {
      recipients: [
        { address: "a@example.com", state: "accepted" },
        { address: "b@example.com", state: "refused", smtpCode: 550 },
        { address: "c@example.com", state: "deferred", smtpCode: 450 },
      ],
      error: new ModemError("SMTP_MAILBOX_BUSY", { smtpCode: 450 }),
    });
    const parts = after(sending({ envelope: THREE }), outcome);
    assert.deepEqual(
      parts.map(({ envelope, state }) => [envelope.to, envelope.cc, envelope.bcc, state.kind]),
      [
        [["a@example.com"], [], [], "done"],
        [[], ["b@example.com"], [], "failed"],
        [[], [], ["c@example.com"], "queued"],
      ],
    );
    const [, refused] = parts;
    assert.equal(refused?.state.kind === "failed" && refused.state.error.smtpCode, 550);
  });

  it("is followed by the transactions that the mailer asks for, due at once", () => {
    const split = ["a@example.com", "b@example.com"].map((address) => ({ to: [address], cc: [], bcc: [] }));
    const outcome = ended(
      "deferred",
      { error: new ModemError("SMTP_MAILBOX_UNAVAILABLE", { smtpCode: 550 }), split },
      ["a@example.com", "b@example.com"],
    );
    const envelope = { to: ["a@example.com"], cc: ["b@example.com"], bcc: [] };
    const parts = after(sending({ envelope, attempts: 2, tries: 1 }), outcome);
    assert.deepEqual(
      parts.map((one) => one.envelope),
      split,
    );
    assert.ok(parts.every(({ state }) => state.kind === "queued" && state.due === NOW));
    assert.ok(parts.every(({ attempts, tries }) => attempts === 3 && tries === 1));
  });

  it("is marked as a possible repeat only when an earlier copy may have arrived", () => {
    const doubts = (more: Partial<TransactionLife>, open: boolean): boolean[] =>
      after(sending(more), ended("accepted", { open })).map(isInDoubt);
    assert.deepEqual(doubts({}, false), [false]);
    assert.deepEqual(doubts({}, true), [true]);
    assert.deepEqual(doubts({ open: true }, false), [true]);
    assert.deepEqual(doubts({ unknown: 1 }, false), [true]);
  });

  it("adds its warnings to those of the mail, each once, and counts for the mail", () => {
    const mail = sending({ attempts: 4 }, { warnings: ["cut"], attempts: 1 });
    const step = next(mail, outcomeEvent(ended("accepted", { warnings: ["cut", "late"] })), NOW, 0);
    assert.deepEqual(step.mail.warnings, ["cut", "late"]);
    assert.equal(step.mail.attempts, 5);
  });

  it("concerns its own transaction alone", () => {
    const other = transaction({ envelope: { to: ["x@example.com"], cc: [], bcc: [] } });
    const { mail, effects } = next(
      life({ transactions: [other, transaction({ state: { kind: "sending", mark: MARK } })] }),
      outcomeEvent(ended("accepted")),
      NOW,
      0,
    );
    assert.equal(mail.transactions[0], other);
    assert.equal(mail.end, undefined);
    assert.equal(
      effects.some(({ kind }) => kind === "tell"),
      false,
    );
  });
});

describe("A transaction that fails", () => {
  const due = (parts: readonly TransactionLife[]): number => {
    const state = parts[0]?.state;
    return state?.kind === "queued" ? state.due - NOW : Number.NaN;
  };

  it("is retried after 1, 2, 4 … 30 minutes, less up to half by chance, and no sooner than the mailer says", () => {
    const minutes = [0, 1, 2, 5, 60].map(
      (tries) => due(after(sending({ tries }), failed("SMTP_NETWORK"))) / 60_000,
    );
    assert.deepEqual(minutes, [1, 2, 4, 30, 30]);
    assert.equal(due(after(sending(), failed("SMTP_NETWORK"), 1)), 30_000);
    const retry = { kind: "backOff", atLeastMs: 45 * 60_000 } as const;
    assert.equal(due(after(sending(), failed("SMTP_UNKNOWN", {}, { retry }))), 45 * 60_000);
    for (const tries of [100, 5000]) {
      assert.equal(due(after(sending({ tries }), failed("SMTP_NETWORK"))), LONGEST_WAIT_MS);
      assert.equal(due(after(sending({ tries }), failed("SMTP_NETWORK"), 1)), LONGEST_WAIT_MS / 2);
    }
  });

  it("is due as soon as the way out is back, the first time; later ones let other mails pass", () => {
    const interruption = failed("MODEM_RESET", {}, { retry: { kind: "whenAvailable" } });
    const first = after(sending({ tries: 3 }), interruption);
    assert.equal(due(first), 0);
    assert.equal(first[0]?.attempts, 0, "and counts as no try");
    assert.equal(first[0]?.tries, 3);
    const second = after(sending({ interruptions: 1 }), interruption);
    assert.equal(due(second), 60_000);
    const between = after(sending({ interruptions: 1 }), failed("SMTP_NETWORK"));
    assert.equal(between[0]?.interruptions, undefined);
  });

  it("waits for the hold and not for a back-off where every mail would meet the same", () => {
    const step = next(sending(), outcomeEvent(failed("SMTP_AUTH_FAILED", { smtpCode: 535 })), NOW, 0);
    assert.equal(due(step.mail.transactions), 0);
  });

  it("never ends for a setting that cannot be carried", () => {
    for (const stage of ["settings", "tls", "network"]) {
      const { mail, effects } = next(sending(), outcomeEvent(failed("INVALID_ARGUMENT", { stage })), NOW, 0);
      assert.equal(stateOf(mail).kind, "queued");
      assert.ok(effects.some((one) => one.kind === "learn" && one.lesson.kind === "hold"));
    }
    const { mail } = next(
      sending(),
      outcomeEvent(failed("INVALID_ARGUMENT", { stage: "recipients" })),
      NOW,
      0,
    );
    assert.equal(stateOf(mail).kind, "ended");
  });

  it("is not repeated under atMostOnce once no refusal is proven, and then keeps its error", () => {
    const open = failed("SMTP_UNKNOWN", {}, { open: true });
    const [one] = after(sending({}, { delivery: "atMostOnce" }), open);
    assert.equal(one?.state.kind === "failed" && one.state.error.code, "SMTP_UNKNOWN");
    const [proven] = after(sending({}, { delivery: "atMostOnce" }), failed("SMTP_NETWORK"));
    assert.equal(proven?.state.kind, "queued");
  });
});

describe("A transaction whose result is unknown", () => {
  it("goes out once more, marked and within seconds, and never a third time", () => {
    const [once] = after(sending(), unknown(false));
    assert.deepEqual(once?.state, { kind: "queued", due: NOW + 3_000 });
    assert.equal(isInDoubt(once ?? transaction()), true);
    const [twice] = after(sending({ unknown: 1 }), unknown(false));
    assert.equal(twice?.state.kind, "failed");
  });

  it("ends at once under atMostOnce", () => {
    assert.equal(after(sending({}, { delivery: "atMostOnce" }), unknown(false))[0]?.state.kind, "failed");
  });

  it("is found again by a start where its mark stands, and nowhere else", () => {
    const mail = life({
      transactions: [
        transaction({ state: { kind: "preparing", due: 5 } }),
        transaction(),
        transaction({ state: { kind: "done", at: AT } }),
      ],
    });
    assert.deepEqual(
      adopted(mail, { folder: "sending", transaction: 1 }).transactions.map(({ state }) => state.kind),
      ["queued", "inDoubt", "done"],
    );
    assert.deepEqual(
      adopted(mail, { folder: "queue" }).transactions.map(({ state }) => state.kind),
      ["queued", "queued", "done"],
    );
    assert.deepEqual(adopted(sending(), { folder: "sending", transaction: 0 }).transactions[0]?.state, {
      kind: "inDoubt",
      mark: MARK,
    });
  });
});

describe("The next transaction of a mail", () => {
  it("is the one that is due first, and of several the first in the mail", () => {
    const started = (...dues: number[]): unknown => {
      const transactions = dues.map((due) => transaction({ state: { kind: "queued", due } }));
      const { mail, effects } = next(life({ transactions }), { kind: "start" }, NOW, 0);
      assert.deepEqual(stateOf(life({ transactions })), { kind: "queued", due: Math.min(...dues) });
      return [stateOf(mail), effects];
    };
    const only = (index: number): unknown => [
      { kind: "preparing", index, isStopped: false },
      [{ kind: "prepare", index }],
    ];
    assert.deepEqual(started(5, 9), only(0));
    assert.deepEqual(started(9, 5), only(1));
    assert.deepEqual(started(7, 7, 3, 3), only(2));
  });

  it("is none of a mail without any, which no event disturbs", () => {
    const empty = life({ transactions: [] });
    assert.equal(next(empty, { kind: "start" }, NOW, 0).mail, empty);
  });
});

describe("A mail that failed", () => {
  it("is retried with a fresh age for those who do not have it, and remembers who may", () => {
    const doneOne = transaction({ state: { kind: "done", at: AT } });
    const lost = transaction({
      envelope: { to: ["x@example.com"], cc: [], bcc: [] },
      state: { kind: "failed", error: storeError(new ModemError("OUTBOX_EXPIRED")) },
      tries: 7,
      attempts: 9,
      unknown: 2,
      open: true,
    });
    const { mail } = next(
      life({ transactions: [doneOne, lost], end: { time: 1, keep: true } }),
      { kind: "retry" },
      NOW,
      0,
    );
    assert.equal(mail.transactions[0], doneOne);
    assert.deepEqual(mail.transactions[1], {
      ...newTransaction(lost.envelope, NOW),
      attempts: 9,
      unknown: 1,
      open: true,
    });
    assert.equal(mail.end, undefined);
  });
});

describe("What an outcome makes of a mail, to the letter", () => {
  const at = (...to: string[]): TransactionLife["envelope"] => ({ to, cc: [], bcc: [] });
  const TWO = at("a@example.com", "b@example.com");
  const DONE = { kind: "done", at: AT } as const;
  const passage: Passage = { via: "socket", response: "550 no such user" };
  const inTwo = (
    a: RecipientOutcome["state"],
    b: RecipientOutcome["state"],
    more: Parameters<typeof ended>[1] = {},
  ) =>
    ended("accepted", {
      recipients: [
        { address: "a@example.com", state: a },
        { address: "b@example.com", state: b },
      ],
      ...more,
    });

  it("is no interruption where the server took it, though the way out went away", () => {
    const [one] = after(
      sending({ interruptions: 2 }),
      ended("accepted", { retry: { kind: "whenAvailable" } }),
    );
    assert.deepEqual(one, transaction({ state: DONE, attempts: 1, interruptions: undefined }));
  });

  it("keeps how far the path of each part has come, of those refused only its way", () => {
    const more = { error: new ModemError("INVALID_RECIPIENT"), passage };
    const parts = after(sending({ envelope: TWO }), inTwo("accepted", "refused", more));
    assert.deepEqual(
      parts.map((one) => one.passage),
      [passage, { via: "socket" }],
    );
    const later = after(sending({ passage }), failed("SMTP_NETWORK"));
    assert.deepEqual(later[0]?.passage, passage, "what was known stays");
    const [plain, refused] = after(sending({ envelope: TWO }), inTwo("accepted", "refused"));
    assert.equal(Object.hasOwn(plain ?? {}, "passage"), false);
    assert.equal(Object.hasOwn(refused ?? {}, "passage"), false);
  });

  it("leaves nothing behind those that were all refused, by INVALID_RECIPIENT where no other error is named", () => {
    const all = inTwo("refused", "refused");
    const error = storeError(new ModemError("INVALID_RECIPIENT"));
    const { mail, effects } = next(sending({ envelope: TWO }), outcomeEvent(all), NOW, 0);
    assert.deepEqual(
      mail.transactions,
      TWO.to.map((address) =>
        transaction({
          envelope: at(address),
          state: { kind: "failed", error },
          attempts: 1,
          interruptions: undefined,
        }),
      ),
    );
    assert.deepEqual(effects.map(shownEffect), ["save content", "tell", "known", "passed"]);
  });

  it("forgets nobody's result: who is not named in an outcome without an error needs nothing more", () => {
    const outcome = ended("accepted", {}, ["a@example.com"]);
    const parts = after(sending({ envelope: TWO }), outcome);
    assert.deepEqual(
      parts.map(({ envelope, state }) => [envelope, state]),
      [[at("a@example.com"), DONE]],
    );
  });

  it("sends a copy to those alone whose result is unknown, and doubts nobody who has it", () => {
    const outcome = {
      ...unknown(false),
      recipients: [
        { address: "a@example.com", state: "accepted" },
        { address: "b@example.com", state: "unknown" },
      ],
    } as const;
    const parts = after(sending({ envelope: TWO }), outcome);
    assert.deepEqual(
      parts.map((one) => [one.envelope, one.state.kind, isInDoubt(one)]),
      [
        [at("a@example.com"), "done", false],
        [at("b@example.com"), "queued", true],
      ],
    );
    const nobody = { ...outcome, recipients: [{ address: "ops@example.com", state: "accepted" }] } as const;
    assert.deepEqual(
      after(sending(), nobody).map(({ state }) => state),
      [DONE],
    );
  });

  it("divides a mail that was not tried without a trace", () => {
    const split = TWO.to.map((address) => at(address));
    const more = { split, retry: { kind: "whenAvailable" }, open: true } as const;
    const before = { envelope: TWO, attempts: 2, tries: 1, interruptions: 1 };
    const divided = after(sending(before), failed("LIMIT_RECIPIENTS", {}, more));
    const state = { kind: "queued", due: NOW } as const;
    assert.deepEqual(
      divided,
      split.map((envelope) => transaction({ ...before, envelope, state })),
    );
    const tried = after(
      sending(before),
      failed("SMTP_NETWORK", {}, { split, retry: { kind: "backOff", atLeastMs: 0 } }),
    );
    const lastError = storeError(new ModemError("SMTP_NETWORK"));
    assert.deepEqual(
      tried,
      split.map((envelope) =>
        transaction({ ...before, envelope, state, attempts: 3, interruptions: undefined, lastError }),
      ),
    );
  });

  it("teaches that the outbox is let in, held or failing only where the outcome shows that", () => {
    const lessons = (outcome: Parameters<typeof outcomeEvent>[0]): string[] =>
      next(sending({ envelope: TWO }), outcomeEvent(outcome), NOW, 0)
        .effects.map(shownEffect)
        .filter((one) => !/save|tell/.test(one));
    const busy = new ModemError("SMTP_MAILBOX_BUSY", { smtpCode: 450 });
    const login = new ModemError("SMTP_AUTH_FAILED");
    assert.deepEqual(lessons(inTwo("accepted", "accepted")), ["known", "passed"]);
    assert.deepEqual(lessons(inTwo("accepted", "deferred", { error: busy })), ["known", "passed"]);
    assert.deepEqual(lessons(inTwo("accepted", "deferred", { error: login })), ["known", "passed"]);
    assert.deepEqual(lessons(inTwo("deferred", "deferred", { error: busy })), ["known", "failed"]);
    assert.deepEqual(lessons(inTwo("deferred", "deferred", { error: login })), ["known", "hold"]);
    const unsuitable = new ModemError("INVALID_RECIPIENT");
    assert.deepEqual(lessons(inTwo("deferred", "deferred", { error: unsuitable })), ["known"]);
    const network = new ModemError("SMTP_NETWORK", { stage: "network" });
    assert.deepEqual(lessons(inTwo("deferred", "deferred", { error: network })), ["known", "failed"]);
  });

  it("counts the try whose answer is no longer waited for, and concerns no other part", () => {
    const other = transaction({ envelope: at("x@example.com"), state: DONE, attempts: 1 });
    const doubtful = transaction({ state: { kind: "inDoubt", mark: MARK }, attempts: 3 });
    const { mail, effects } = next(
      life({ transactions: [other, doubtful], attempts: 3 }),
      EVENTS.end,
      NOW,
      0,
    );
    const error = storeError(new ModemError("OUTBOX_EXPIRED"));
    assert.deepEqual(mail, {
      ...life({ attempts: 4 }),
      transactions: [
        other,
        {
          ...doubtful,
          attempts: 4,
          unknown: 1,
          lastError: storeError(new ModemError("MODEM_RESULT_UNKNOWN")),
          state: { kind: "failed", error },
        },
      ],
      ending: undefined,
      end: { time: NOW, keep: true },
    });
    assert.deepEqual(effects, [{ kind: "save", change: "content" }, { kind: "tell" }]);
  });

  it("asks nothing of anybody where a mail that is out is to end", () => {
    for (const event of [EVENTS.end, EVENTS.supersede])
      assert.deepEqual(next(sending(), event, NOW, 0).effects, []);
  });

  it("stands where a mark was left behind by a part that has ended, and nothing else is in doubt", () => {
    const error = storeError(new ModemError("SMTP_NETWORK"));
    const transactions = [
      transaction({ state: DONE }),
      transaction({ state: { kind: "failed", error } }),
      transaction({ state: { kind: "inDoubt", mark: MARK } }),
      transaction(),
    ];
    const queued = { kind: "queued", due: 0 } as const;
    for (const marked of [0, 1]) {
      const found = adopted(life({ transactions }), { folder: "sending", transaction: marked });
      assert.deepEqual(
        found.transactions.map(({ state }) => state),
        [DONE, { kind: "failed", error }, queued, { kind: "queued", due: 5 }],
      );
    }
  });

  it("is asked for no more once it can no longer be found out", () => {
    assert.deepEqual(lost(TWO), {
      kind: "unknown",
      recipients: TWO.to.map((address) => ({ address, state: "unknown" })),
      error: new ModemError("MODEM_RESULT_UNKNOWN"),
      open: true,
      recoverable: false,
      warnings: [],
    });
  });
});

describe("Over any history", () => {
  const events = fc.array(fc.constantFrom(...Object.values(EVENTS)), { maxLength: 25 });
  const start = fc.record({
    delivery: fc.constantFrom("atLeastOnce" as const, "atMostOnce" as const),
    recipients: fc.integer({ min: 1, max: 3 }),
  });

  it("at most one transaction is under way, a done one stays done, and an ended mail stays ended until retry", () => {
    fc.assert(
      fc.property(
        start,
        events,
        fc.double({ min: 0, max: 1, noNaN: true }),
        ({ delivery, recipients }, history, random) => {
          let mail: MailLife = life({
            delivery,
            transactions: Array.from({ length: recipients }, () => transaction()),
          });
          let now = NOW;
          for (const event of history) {
            const step = next(mail, event, (now += 60_000), random);
            const underWay = step.mail.transactions.filter(({ state }) =>
              ["preparing", "sending", "inDoubt"].includes(state.kind),
            );
            assert.ok(underWay.length <= 1);
            const done = (one: MailLife): number =>
              one.transactions.filter(({ state }) => state.kind === "done").length;
            assert.ok(done(step.mail) >= done(mail));
            if (mail.end !== undefined && event.kind !== "retry") assert.equal(step.mail, mail);
            if (step.mail.end !== undefined) {
              assert.ok(
                step.mail.transactions.every(({ state }) => state.kind === "done" || state.kind === "failed"),
              );
            }
            const told = step.effects.findIndex(({ kind }) => kind === "tell");
            if (told >= 0) assert.deepEqual(step.effects[told - 1], { kind: "save", change: "content" });
            assert.equal(told >= 0, mail.end === undefined && step.mail.end !== undefined);
            // Nothing is committed but what was marked, and nothing under atMostOnce that may be out already.
            if (step.effects.some(({ kind }) => kind === "commit")) assert.equal(event.kind, "marked");
            if (delivery === "atMostOnce" && event.kind === "start" && step.effects[0]?.kind === "prepare") {
              assert.ok(
                !isInDoubt(step.mail.transactions[step.effects[0].index] ?? transaction()) ||
                  history.includes(EVENTS.retry),
              );
            }
            mail = step.mail;
          }
        },
      ),
      { numRuns: RUNS },
    );
  });
});
