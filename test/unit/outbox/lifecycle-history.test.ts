/** The lifecycle gives what the code before it gave, over any history of outcomes; what it mends is named here. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ModemError } from "../../../lib/errors";
import { splitEnvelope } from "../../../lib/mailer/qsmtp/compose/envelopes";
import { mayHaveArrived } from "../../../lib/mailer/qsmtp/put-result";
import { isComplete } from "../../../lib/outbox/mail-result";
import {
  afterOutcome,
  givenUp,
  newTransaction as oldTransaction,
  nextTransaction as oldNext,
  revived,
  type Outcome as OldOutcome,
} from "../../../lib/outbox/transactions";
import type { SpoolRecord, StoredTransaction } from "../../../lib/mail/spool/record";
import type { Ended, Outcome } from "../../../lib/mailer/mailer";
import type { MailLife, TransactionLife } from "../../../lib/outbox/life";
import { newTransaction, next, stateOf } from "../../../lib/outbox/lifecycle";
import { RUNS } from "../../support/property";
import { MARK } from "./lifecycle-cases";
import { record } from "./spool-bench";

const AT = "2026-01-02T03:04:05.000Z";

type Case =
  | { readonly do: "sent"; readonly repeat: boolean }
  | { readonly do: "failed"; readonly error: ModemError; readonly away: boolean; readonly repeat: boolean }
  | { readonly do: "unknown" }
  | { readonly do: "discard" }
  | { readonly do: "discardWhile"; readonly error: ModemError }
  | { readonly do: "retry" };

const error = fc.constantFrom(
  new ModemError("SMTP_NETWORK", { stage: "send" }),
  new ModemError("SMTP_MAILBOX_UNAVAILABLE", { smtpCode: 550, stage: "send" }),
  new ModemError("SMTP_MAILBOX_BUSY", { smtpCode: 450, stage: "send" }),
  new ModemError("SMTP_AUTH_FAILED", { smtpCode: 535, stage: "send" }),
  new ModemError("SMTP_TRANSACTION_FAILED", { smtpCode: 554, stage: "send" }),
  new ModemError("LIMIT_BODY", { stage: "body" }),
  new ModemError("SMTP_TLS_FAILED", { stage: "tls" }),
  new ModemError("MODEM_RESET"),
);

const one: fc.Arbitrary<Case> = fc.oneof(
  fc.record({ do: fc.constant("sent" as const), repeat: fc.boolean() }),
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("failed" as const),
      error,
      away: fc.boolean(),
      repeat: fc.boolean(),
    }),
  },
  fc.record({ do: fc.constant("unknown" as const) }),
  fc.record({ do: fc.constant("discard" as const) }),
  fc.record({ do: fc.constant("discardWhile" as const), error }),
  fc.record({ do: fc.constant("retry" as const) }),
);

/** What was then the outbox's business and is the mailer's now: whether one refusal concerns one recipient. */
function isOfOneRecipient({ smtpCode }: ModemError): boolean {
  return smtpCode !== undefined && [450, 550, 554].includes(smtpCode);
}

function outcomeOf(one: Extract<Case, { do: "sent" | "failed" | "unknown" }>, mail: MailLife): Outcome {
  const state = stateOf(mail);
  const { envelope } = ("index" in state ? mail.transactions[state.index] : undefined) ?? {
    envelope: undefined,
  };
  if (envelope === undefined) throw new Error("nothing is under way");
  const addresses = [...envelope.to, ...envelope.cc, ...envelope.bcc];
  const all = (kind: Ended["recipients"][number]["state"]): Ended["recipients"] =>
    addresses.map((address) => ({ address, state: kind }));
  const usual = { retry: { kind: "backOff", atLeastMs: 0 }, open: false, warnings: [] } as const;
  switch (one.do) {
    case "sent":
      return { ...usual, kind: "ended", recipients: all("accepted"), open: one.repeat };
    case "unknown":
      return {
        kind: "unknown",
        recipients: all("unknown"),
        error: new ModemError("MODEM_RESULT_UNKNOWN"),
        open: true,
        recoverable: false,
        warnings: [],
      };
    case "failed":
      return {
        ...usual,
        kind: "ended",
        recipients: all("deferred"),
        error: one.error,
        open: one.repeat || mayHaveArrived(one.error),
        ...(one.away && { retry: { kind: "whenAvailable" } }),
        ...(addresses.length > 1 && isOfOneRecipient(one.error) && { split: splitEnvelope(envelope) }),
      };
  }
}

function oldOutcome(one: Extract<Case, { do: "sent" | "failed" | "unknown" }>): OldOutcome {
  switch (one.do) {
    case "sent":
      return { kind: "sent", at: AT, warnings: [], isRepeat: one.repeat };
    case "unknown":
      return { kind: "unknown", error: new ModemError("MODEM_RESULT_UNKNOWN") };
    case "failed":
      return { kind: "failed", error: one.error, away: one.away, isRepeat: one.repeat };
  }
}

/** Both in one form. When a mail is due after an interruption or a lost result is mended, so it is left out. */
function formOf(one: StoredTransaction | TransactionLife) {
  const { envelope, state, tries, unknown, attempts, open, lastError } = one;
  return {
    envelope,
    state:
      state.kind === "waiting"
        ? "queued"
        : state.kind === "sent"
          ? "done"
          : "error" in state
            ? "failed"
            : state.kind,
    error: "error" in state ? state.error.code : undefined,
    tries,
    unknown,
    attempts,
    open,
    lastError: "error" in state ? undefined : lastError?.code,
  };
}

describe("The lifecycle beside the code before it", () => {
  it("makes the same of every history", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("atLeastOnce" as const, "atMostOnce" as const),
        fc.array(one, { minLength: 1, maxLength: 20 }),
        (delivery, history) => {
          const envelope = { to: ["a@example.com", "b@example.com"], cc: ["c@example.com"], bcc: [] };
          const hidden = { to: ["d@example.com"], cc: [], bcc: [] };
          let old: SpoolRecord = record({
            delivery,
            transactions: [oldTransaction(envelope, 0), oldTransaction(hidden, 0)],
          });
          let mail: MailLife = {
            delivery,
            attempts: 0,
            warnings: [],
            transactions: [newTransaction(envelope, 0), newTransaction(hidden, 0)],
          };
          let now = 0;
          for (const step of history) {
            now += 60 * 60_000;
            const isEnded = stateOf(mail).kind === "ended";
            assert.equal(isComplete(old), isEnded);
            if (step.do === "retry") {
              if (!isEnded || old.transactions.every(({ state }) => state.kind === "sent")) continue;
              old = revived(old, now);
              mail = next(mail, { kind: "retry" }, now, 0).mail;
            } else if (isEnded) {
              continue;
            } else if (step.do === "discard") {
              const discarded = new ModemError("OUTBOX_DISCARDED");
              old = givenUp(old, discarded);
              mail = next(mail, { kind: "end", error: discarded, keep: false }, now, 0).mail;
            } else {
              const index = oldNext(old);
              mail = next(mail, { kind: "start" }, now, 0).mail;
              const state = stateOf(mail);
              // Which of several comes next may differ where a due time was mended.
              const at = "index" in state ? state.index : -1;
              assert.notEqual(index, -1);
              mail = next(mail, { kind: "marked", mark: MARK }, now, 0).mail;
              const outcome =
                step.do === "discardWhile"
                  ? ({ do: "failed", error: step.error, away: false, repeat: false } as const)
                  : step;
              old = afterOutcome(old, at, oldOutcome(outcome), now, 0);
              if (step.do === "discardWhile") {
                const discarded = new ModemError("OUTBOX_DISCARDED");
                old = givenUp(old, discarded);
                mail = next(mail, { kind: "end", error: discarded, keep: false }, now, 0).mail;
              }
              mail = next(mail, { kind: "outcome", outcome: outcomeOf(outcome, mail), at: AT }, now, 0).mail;
            }
            assert.deepEqual(mail.transactions.map(formOf), old.transactions.map(formOf));
            assert.equal(mail.attempts, old.attempts);
          }
        },
      ),
      { numRuns: RUNS },
    );
  });
});
