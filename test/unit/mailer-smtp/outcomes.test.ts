/** From what the server said of each recipient and of the whole to the outcome of a mail over a socket. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ModemError } from "../../../lib/errors";
import type { Envelope } from "../../../lib/mailer/mailer";
import {
  acceptedOutcome,
  errorOf,
  failedOutcome,
  failureOf,
  resultUnknown,
  SessionFailure,
  settledBy,
  unknownOutcome,
  type Refusal,
} from "../../../lib/mailer/smtp/outcomes";

const ENVELOPE: Envelope = {
  to: ["to-1@example.com", "to-2@example.com"],
  cc: ["cc-1@example.com", "cc-2@example.com"],
  bcc: ["bcc-1@example.com", "bcc-2@example.com"],
};
const ALL = [...ENVELOPE.to, ...ENVELOPE.cc, ...ENVELOPE.bcc];
const PASSAGE = { via: "socket", response: "250 ok" } as const;
const COPY = { passage: PASSAGE, sendMs: 12, bytes: 34, warnings: ["a remark"] };
const BACK_OFF = { kind: "backOff", atLeastMs: 0 } as const;

const refusal = (address: string, text: string): Refusal => ({
  address,
  reply: { code: Number(text.slice(0, 3)), text },
});
const states = (recipients: readonly { address: string; state: string }[]) =>
  Object.fromEntries(recipients.map(({ address, state }) => [address.replace(/@.*/, ""), state]));

describe("The outcome of a mail that the server has taken", () => {
  it("has nothing but accepted recipients where it refused none", () => {
    assert.deepEqual(acceptedOutcome(ENVELOPE, [], COPY), {
      kind: "ended",
      recipients: ALL.map((address) => ({ address, state: "accepted" })),
      retry: BACK_OFF,
      open: false,
      ...COPY,
    });
  });

  it("tells of each recipient what the server said, and divides those who were too many", () => {
    const refusals = [
      refusal("to-2@example.com", "452 4.5.3 too many"),
      refusal("cc-1@example.com", "550 5.1.1 unknown"),
      refusal("bcc-2@example.com", "450 4.2.0 greylisted"),
    ];
    const outcome = acceptedOutcome(ENVELOPE, refusals, COPY);
    assert.deepEqual(states(outcome.recipients), {
      "to-1": "accepted",
      "to-2": "deferred",
      "cc-1": "refused",
      "cc-2": "accepted",
      "bcc-1": "accepted",
      "bcc-2": "deferred",
    });
    assert.deepEqual(outcome.recipients[2], {
      address: "cc-1@example.com",
      state: "refused",
      smtpCode: 550,
      response: "550 5.1.1 unknown",
    });
    assert.deepEqual(outcome.split, [{ to: ["to-2@example.com"], cc: [], bcc: ["bcc-2@example.com"] }]);
    assert.equal(outcome.error?.smtpCode, 452);
    const cc = acceptedOutcome(ENVELOPE, [refusal("cc-2@example.com", "452 4.5.3 too many")], COPY);
    assert.deepEqual(cc.split, [{ to: [], cc: ["cc-2@example.com"], bcc: [] }]);
  });

  it("divides none whom it only deferred", () => {
    for (const text of [
      "450 4.2.0 greylisted",
      "550 5.1.1 unknown",
      "421 4.7.0 bye",
      "530 5.7.0 login first",
    ]) {
      const outcome = acceptedOutcome(ENVELOPE, [refusal("to-1@example.com", text)], COPY);
      assert.equal("split" in outcome, false, text);
      assert.equal(outcome.recipients[0]?.state, text.startsWith("550") ? "refused" : "deferred");
    }
  });

  it("loses no recipient and accepts nobody whom the server refused, whomever it refuses", () => {
    const text = fc.constantFrom(
      "250 never",
      "421 bye",
      "450 a",
      "452 b",
      "530 c",
      "550 d",
      "553 e",
      "599 f",
    );
    const some = fc
      .uniqueArray(fc.tuple(fc.constantFrom(...ALL), text), { selector: ([address]) => address })
      .map((pairs) => pairs.filter(([, said]) => !said.startsWith("2")).map((pair) => refusal(...pair)));
    fc.assert(
      fc.property(some, (refusals) => {
        const refused = new Map(settledBy(refusals).map((one) => [one.address, one.state]));
        const accepted = acceptedOutcome(ENVELOPE, refusals, COPY);
        assert.deepEqual(
          accepted.recipients.map(({ address, state }) => [address, state]),
          ALL.map((address) => [address, refused.get(address) ?? "accepted"]),
        );
        const error = new ModemError("SMTP_CLOSED_BY_SERVER");
        const unknown = unknownOutcome(ENVELOPE, error, refusals, PASSAGE);
        for (const { address, state } of unknown.recipients)
          assert.equal(state, refused.get(address) === "refused" ? "refused" : "unknown");
        assert.equal(accepted.error === undefined, refusals.length === 0);
      }),
      { numRuns: 100 },
    );
  });
});

describe("Why not all recipients have a mail", () => {
  it("is what can still be cured, and otherwise what was said last", () => {
    const gone = refusal("a@example.com", "550 5.1.1 gone");
    const moved = refusal("b@example.com", "551 5.1.6 moved");
    const later = refusal("c@example.com", "450 4.2.0 later");
    const login = refusal("d@example.com", "530 5.7.0 login first");
    for (const [refusals, smtpCode] of [
      [[], undefined],
      [[gone], 550],
      [[gone, moved], 551],
      [[gone, later, moved], 450],
      [[login, later], 530],
    ] as const)
      assert.equal(errorOf(refusals)?.smtpCode, smtpCode);
  });
});

describe("The outcome of a mail that was certainly not sent", () => {
  const failed = (error: ModemError, refusals: readonly Refusal[] = []) =>
    failedOutcome(ENVELOPE, error, PASSAGE, refusals);

  it("ends it for all when the server has refused the mail for good, and for nobody otherwise", () => {
    const of = (smtpCode: number | undefined, kind: "message" | "setup" | "transient") =>
      new ModemError("SMTP_TRANSACTION_FAILED", {
        ...(smtpCode !== undefined && { smtpCode }),
        class: kind,
      });
    for (const [error, state] of [
      [of(554, "message"), "refused"],
      [of(500, "message"), "refused"],
      [of(499, "message"), "deferred"],
      [of(undefined, "message"), "deferred"],
      [of(554, "setup"), "deferred"],
      [of(554, "transient"), "deferred"],
    ] as const) {
      const { smtpCode } = error;
      assert.deepEqual(failed(error), {
        kind: "ended",
        recipients: ALL.map((address) => ({ address, state, ...(smtpCode !== undefined && { smtpCode }) })),
        error,
        retry: BACK_OFF,
        open: false,
        passage: PASSAGE,
        warnings: [],
      });
    }
  });

  it("keeps what was said of single recipients, and when the next try is due", () => {
    const error = new ModemError("SMTP_CLOSED_BY_SERVER");
    const refusals = [refusal("cc-1@example.com", "550 5.1.1 unknown")];
    const { recipients, retry } = failedOutcome(ENVELOPE, error, PASSAGE, refusals, { kind: "atOnce" });
    assert.equal(states(recipients)["cc-1"], "refused");
    assert.equal(recipients.filter(({ state }) => state === "deferred").length, 5);
    assert.deepEqual(retry, { kind: "atOnce" });
  });
});

describe("The outcome of a mail whose end was on its way", () => {
  it("is unknown for all but those whom the server had refused for good", () => {
    const error = resultUnknown(new Error("gone"));
    assert.deepEqual(
      [error.code, error.class, error.stage, error.cause],
      ["MODEM_RESULT_UNKNOWN", "unknown", "commit", new Error("gone")],
    );
    assert.match(error.message, /the connection was lost before the server's answer/);
    const refusals = [
      refusal("to-1@example.com", "550 5.1.1 unknown"),
      refusal("to-2@example.com", "450 4.2.0 later"),
    ];
    const { recipients, ...rest } = unknownOutcome(ENVELOPE, error, refusals, PASSAGE);
    assert.deepEqual(
      recipients.map(({ state }) => state),
      ["refused", "unknown", "unknown", "unknown", "unknown", "unknown"],
    );
    assert.deepEqual(rest, {
      kind: "unknown",
      error,
      open: true,
      recoverable: false,
      passage: PASSAGE,
      warnings: [],
    });
  });
});

describe("What is known of a failure", () => {
  it("is all that the session told, or only why it ended", () => {
    const error = new ModemError("SMTP_TIMEOUT");
    const refusals = [refusal("to-1@example.com", "550 5.1.1 unknown")];
    const failure = new SessionFailure(error, refusals, PASSAGE);
    assert.equal(failure.cause, error);
    assert.equal(failureOf(failure), failure);
    assert.deepEqual(failureOf(error), { error, refusals: [], passage: { via: "socket" } });
    assert.equal(failureOf(new Error("else")).error.code, "MODEM_ERROR");
  });
});
