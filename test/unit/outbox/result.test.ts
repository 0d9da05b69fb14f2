/** What a flow is told about the end of a mail: each field of the result and of the failure, by the record of the mail. */
import assert from "node:assert/strict";
import { ModemError, type ErrorCode, type ModemErrorOptions } from "../../../lib/errors";
import { newTransaction } from "../../../lib/outbox/lifecycle";
import type { MailEnded } from "../../../lib/outbox/outbox-types";
import type { SpoolRecord, StoredTransaction } from "../../../lib/outbox/spool/record";
import { storeError } from "../../../lib/stored-error";
import { FaultyFiles } from "../../support/faulty-files";
import { Bench, DIRECTORY } from "./bench";
import { ID, record } from "./spool-bench";

/** What a start tells of a mail that the last run had ended. */
async function told(mail: SpoolRecord, simulated = false): Promise<MailEnded> {
  const files = new FaultyFiles();
  files.put(`${DIRECTORY}/queue/${ID}.json`, JSON.stringify({ ...mail, end: { time: 1, keep: true } }));
  const bench = await Bench.open({ files, available: false, settings: { simulated } });
  return bench.ends(1);
}

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
  it("that all have says when the last server took it, how long that took, and what it cost", async () => {
    const all = mail(
      one("a@example.com", sent(FIRST, { sendMs: 1000.4, bytes: 300 })),
      one("b@example.com", sent(SECOND, { sendMs: 500.3, bytes: 200 })),
    );
    const { result, failure } = await told(all);
    assert.deepEqual(result, {
      status: "sent",
      id: ID,
      accepted: ["a@example.com", "b@example.com"],
      rejected: [],
      attempts: 2,
      acceptedAt: SECOND,
      queuedMs: 0,
      sendMs: 1501,
      bytes: 500,
      warnings: ["cut"],
      recovered: true,
    });
    assert.equal(failure, undefined);
  });

  it("says how the last copy went, with the server's words, whatever became of others", async () => {
    const passage = {
      via: "socket",
      messageId: "<1@example.com>",
      response: "250 2.0.0 queued",
      tls: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" },
    } as const;
    const { result } = await told(
      mail(
        one("a@example.com", sent(FIRST), { passage: { via: "module" } }),
        one("b@example.com", sent(SECOND), { passage }),
        one("c@example.com", failed("OUTBOX_EXPIRED"), { passage: { via: "module" } }),
      ),
    );
    const { via, messageId, response, tls } = result;
    assert.deepEqual({ via, messageId, response, tls }, passage);
    const none = await told(
      mail(
        one("a@example.com", failed("OUTBOX_EXPIRED"), { passage: { via: "module" } }),
        one("b@example.com", failed("OUTBOX_EXPIRED")),
      ),
    );
    assert.equal(none.result.via, "module");
    assert.equal("messageId" in none.result || "response" in none.result || "tls" in none.result, false);
  });

  it("is partial when an entry of the lists was no address, and names it first", async () => {
    const unreadable = [{ address: "night shift", code: "INVALID_RECIPIENT" }] as const;
    const served = { ...mail(one("a@example.com", sent(FIRST))), unreadable };
    const { result, failure } = await told(served);
    const { status, accepted, rejected } = result;
    assert.deepEqual([status, accepted, rejected], ["partial", ["a@example.com"], unreadable]);
    assert.deepEqual([failure?.code, failure?.outcome], ["INVALID_RECIPIENT", "partial"]);
    assert.match(failure?.message ?? "", /"night shift"/);
    const refused = await told({ ...mail(one("a@example.com", failed("OUTBOX_EXPIRED"))), unreadable });
    assert.deepEqual([refused.result.status, refused.failure?.code], ["failed", "OUTBOX_EXPIRED"]);
  });

  it("names all entries of the lists that were no address", async () => {
    const unreadable = [
      { address: "night shift", code: "INVALID_RECIPIENT" },
      { address: 'the "boss"', code: "INVALID_RECIPIENT" },
    ] as const;
    const { failure } = await told({ ...mail(one("a@example.com", sent(FIRST))), unreadable });
    const detail = '"night shift", "the \\"boss\\""';
    assert.equal(failure?.message, new ModemError("INVALID_RECIPIENT", { detail }).message);
  });

  it("says nothing of time and bytes when the module gave no figures for one of its successes", async () => {
    const { result } = await told(
      mail(
        one("a@example.com", sent(FIRST)),
        one("b@example.com", { kind: "done", at: FIRST, sendMs: 5, bytes: 10 }),
      ),
    );
    assert.equal("sendMs" in result || "bytes" in result, false);
  });

  it("that nobody has names no acceptance, and both numbers of the refusal", async () => {
    const none = mail(
      one("a@example.com", failed("SMTP_MAILBOX_UNAVAILABLE", { modemCode: 678, smtpCode: 550 })),
    );
    const { result, failure, error } = await told(none);
    assert.deepEqual(result, {
      status: "failed",
      id: ID,
      accepted: [],
      rejected: [{ address: "a@example.com", modemCode: 678, smtpCode: 550 }],
      attempts: 2,
      queuedMs: 0,
      bytes: 0,
      warnings: ["cut"],
      recovered: true,
      modemCode: 678,
      smtpCode: 550,
    });
    assert.deepEqual(failure, {
      ...storeError(error ?? new ModemError("MODEM_ERROR")),
      outcome: "notSent",
      attempts: 2,
    });
    assert.equal(error?.code, "SMTP_MAILBOX_UNAVAILABLE");
  });

  it("names the code of a recipient whom no server has refused, and no number", async () => {
    const { result } = await told(mail(one("a@example.com", failed("OUTBOX_EXPIRED"))));
    assert.equal("modemCode" in result || "smtpCode" in result, false);
    assert.deepEqual(result.rejected, [{ address: "a@example.com", code: "OUTBOX_EXPIRED" }]);
  });

  it("is marked as a possible repeat when one of those who have it may have it twice", async () => {
    const doubtful = { open: true } as const;
    const repeated = async (...transactions: StoredTransaction[]): Promise<unknown> =>
      (await told(mail(...transactions))).result.possibleDuplicate;
    assert.equal(
      await repeated(one("a@example.com", sent(FIRST)), one("b@example.com", sent(FIRST))),
      undefined,
    );
    assert.equal(
      await repeated(one("a@example.com", sent(FIRST), doubtful), one("b@example.com", sent(FIRST))),
      true,
    );
    assert.equal(await repeated(one("a@example.com", sent(FIRST), { unknown: 1 })), true);
    assert.equal(
      await repeated(
        one("a@example.com", sent(FIRST)),
        one("b@example.com", failed("OUTBOX_EXPIRED"), doubtful),
      ),
      undefined,
      "the doubtful one does not count as having it",
    );
  });

  it("says that it comes from a simulated module only when it does", async () => {
    const some = mail(one("a@example.com", sent(FIRST)));
    assert.equal((await told(some, true)).result.simulated, true);
    assert.equal((await told(some)).result.simulated, undefined);
  });
});

describe("The failure of a mail", () => {
  const refusal = failed("SMTP_MAILBOX_UNAVAILABLE", { smtpCode: 550 });
  const doubt = failed("MODEM_RESULT_UNKNOWN");

  it("is of some when others have it, whatever became of the rest", async () => {
    for (const rest of [refusal, doubt]) {
      const some = mail(one("a@example.com", sent(FIRST)), one("b@example.com", rest));
      const { result, failure } = await told(some);
      assert.deepEqual([result.status, failure?.outcome], ["partial", "partial"]);
      assert.deepEqual(result.accepted, ["a@example.com"]);
    }
  });

  it("is unknown when a single recipient may have it, and not sent when none can", async () => {
    const outcome = async (...transactions: StoredTransaction[]): Promise<unknown> =>
      (await told(mail(...transactions))).failure?.outcome;
    assert.equal(await outcome(one("a@example.com", refusal), one("b@example.com", refusal)), "notSent");
    assert.equal(
      await outcome(one("a@example.com", refusal), one("b@example.com", refusal, { open: true })),
      "unknown",
    );
    assert.equal(
      await outcome(one("a@example.com", doubt, { unknown: 1 }), one("b@example.com", refusal)),
      "unknown",
    );
  });

  it("names the lost result before any refusal, and of several refusals the last", async () => {
    const code = async (...states: State[]): Promise<unknown> =>
      (await told(mail(...states.map((state, at) => one(`${at}@example.com`, state))))).error?.code;
    const expired = failed("OUTBOX_EXPIRED");
    assert.equal(await code(refusal, expired), "OUTBOX_EXPIRED");
    assert.equal(await code(expired, refusal), "SMTP_MAILBOX_UNAVAILABLE");
    assert.equal(await code(doubt, refusal), "MODEM_RESULT_UNKNOWN");
    assert.equal(await code(refusal, doubt, expired), "MODEM_RESULT_UNKNOWN");
  });
});
