/** What follows from one outcome for its mail, for the outbox as a whole, and for a disk that is full. */
import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import type { Conclusive } from "../../../lib/outbox/conclusion";
import { isInDoubt, type Outcome } from "../../../lib/outbox/transactions";
import type { Entry } from "../../../lib/outbox/waiting-mails";
import type { StoredTransaction } from "../../../lib/mail/spool/record";
import { parts, transaction, type Parts } from "./parts-bench";

const SENT: Outcome = { kind: "sent", at: "2026-01-01T00:00:00.000Z", warnings: [], isRepeat: false };
const LOST: Outcome = { kind: "unknown", error: new ModemError("MODEM_RESULT_UNKNOWN") };
const DISCARDED = new ModemError("OUTBOX_DISCARDED");
const LOGIN = new ModemError("SMTP_ACCESS_DENIED");

function failed(error: ModemError, isRepeat = false): Outcome {
  return { kind: "failed", error, away: false, isRepeat };
}
const NETWORK = failed(new ModemError("SMTP_NETWORK"));
const REFUSED = failed(new ModemError("SMTP_MAILBOX_UNAVAILABLE", { smtpCode: 550 }));

async function onAir(bench: Parts, id: string, transactions: StoredTransaction[], index = 0): Promise<Entry> {
  const entry = await bench.insert(id, { transactions });
  await bench.store.putOnAir(entry, index);
  entry.stage = "running";
  return entry;
}

async function draw(
  bench: Parts,
  entry: Entry,
  outcome: Outcome,
  more: Partial<Conclusive> = {},
): Promise<void> {
  const record = await bench.store.load(entry);
  const index = entry.place.folder === "sending" ? entry.place.transaction : 0;
  await bench.conclusion.draw(entry, record, { index, outcome, wasPut: true, discard: undefined, ...more });
  await bench.ending.settled();
}

describe("The outcome of a transaction", () => {
  it("ends its mail when nothing of it waits any more", async () => {
    const bench = await parts();
    await draw(bench, await onAir(bench, "a", [transaction("a@example.com")]), SENT);
    await draw(bench, await onAir(bench, "b", [transaction("b@example.com")]), REFUSED);
    assert.deepEqual(
      bench.ended.map(({ id, result }) => [id, result.status]),
      [
        ["a", "sent"],
        ["b", "failed"],
      ],
    );
    assert.deepEqual([bench.store.failed.ids(), bench.mails().length], [["b"], 1]);
  });

  it("puts a mail of which something waits back into the queue, due when that is", async () => {
    const bench = await parts();
    const two = [transaction("a@example.com"), transaction("b@example.com", { due: 7 })];
    const entry = await onAir(bench, "a", two);
    await draw(bench, entry, SENT);
    assert.deepEqual([entry.stage, entry.due, bench.mails()], ["waiting", 7, ["queue/a.json"]]);
    assert.deepEqual(
      bench.written("queue/a.json").transactions.map(({ state }) => state.kind),
      ["sent", "waiting"],
    );
    assert.equal(bench.ended.length, 0);
  });

  it("is the end of a mail that a person discards, who wants nothing of it kept", async () => {
    const bench = await parts();
    await draw(bench, await onAir(bench, "a", [transaction("a@example.com")]), NETWORK, {
      discard: DISCARDED,
    });
    assert.deepEqual([bench.ended[0]?.failure?.code, bench.mails()], ["OUTBOX_DISCARDED", []]);
    const two = [transaction("a@example.com"), transaction("b@example.com")];
    await draw(bench, await onAir(bench, "b", two), SENT, { discard: DISCARDED });
    assert.deepEqual(bench.ended[1]?.result.accepted, ["a@example.com"]);
    assert.deepEqual([bench.ended[1]?.failure?.outcome, bench.mails()], ["partial", []]);
  });
});

describe("What an outcome says about all mails", () => {
  const one = [transaction("a@example.com")];

  /** The reason of the hold after an outcome under a hold for a refused login. */
  async function held(outcome: Outcome, more: Partial<Conclusive> = {}): Promise<string | undefined> {
    const bench = await parts();
    await bench.ledger.meet(LOGIN);
    await draw(bench, await onAir(bench, "a", one), outcome, more);
    return bench.ledger.holds.setup?.error.code;
  }

  it("ends a hold when the server took a mail or judged it, and by no other failure", async () => {
    assert.equal(await held(SENT), undefined);
    assert.equal(await held(REFUSED), undefined);
    assert.equal(await held(NETWORK), "SMTP_ACCESS_DENIED");
    assert.equal(await held(failed(new ModemError("LIMIT_SUBJECT"))), "SMTP_ACCESS_DENIED", "never asked");
    const later = failed(new ModemError("SMTP_MAILBOX_UNAVAILABLE", { smtpCode: 450 }));
    assert.equal(await held(later), "SMTP_ACCESS_DENIED", "a server may say so before the login");
    assert.equal(await held(failed(new ModemError("SMTP_AUTH_FAILED"))), "SMTP_AUTH_FAILED");
  });

  it("holds the outbox for a setup error", async () => {
    const bench = await parts();
    await draw(bench, await onAir(bench, "a", one), failed(LOGIN));
    assert.equal(bench.ledger.holds.setup?.error.code, "SMTP_ACCESS_DENIED");
    assert.equal(bench.ended.length, 0, "the mail waits");
  });

  /** Whether a second lost result holds the outbox after this outcome. */
  async function holdsAfter(outcome: Outcome, more: Partial<Conclusive> = {}): Promise<boolean> {
    const bench = await parts();
    await bench.ledger.unknown(LOST.kind === "unknown" ? LOST.error : LOGIN);
    await draw(bench, await onAir(bench, "a", one), outcome, more);
    if (outcome.kind !== "unknown") await draw(bench, await onAir(bench, "b", one), LOST);
    return bench.ledger.holds.any;
  }

  it("counts lost results in a row, between which only the module's word counts as a known one", async () => {
    assert.equal(await holdsAfter(LOST), true);
    assert.equal(await holdsAfter(SENT), false);
    assert.equal(await holdsAfter(NETWORK), false);
    assert.equal(await holdsAfter(NETWORK, { wasPut: false }), true, "nothing was asked of the module");
  });

  it("learns from a discarded mail what the module said, and nothing where it was not asked", async () => {
    assert.equal(await holdsAfter(LOST, { discard: DISCARDED }), false);
    assert.equal(await holdsAfter(SENT, { discard: DISCARDED }), false);
  });
});

describe("An outcome on a full disk", () => {
  /** Whether the state that stood on the disk before may come back: the new one is given up then, not held. */
  async function forgets(outcome: Outcome, transactions: StoredTransaction[], index = 0): Promise<boolean> {
    const bench = await parts();
    const entry = await onAir(bench, "a", transactions, index);
    bench.files.fault = ({ name }) => (name === "create" ? "ENOSPC" : undefined);
    await draw(bench, entry, outcome);
    assert.equal(entry.stage, "waiting");
    assert.equal(bench.mails()[0]?.startsWith("queue/"), entry.unsaved === undefined);
    return entry.unsaved === undefined;
  }

  const two = [transaction("a@example.com"), transaction("b@example.com")];

  it("may be forgotten when it says only when to try again", async () => {
    assert.equal(await forgets(NETWORK, [transaction("a@example.com")]), true);
    assert.equal(await forgets(NETWORK, two, 1), true);
    const open = transaction("a@example.com", { open: true });
    assert.equal(await forgets(failed(new ModemError("SMTP_NETWORK"), true), [open]), true, "known before");
  });

  it("is not forgotten when anybody was served or refused by it", async () => {
    assert.equal(await forgets(SENT, two), false);
    assert.equal(await forgets(REFUSED, two, 1), false);
  });

  it("is not forgotten when the mail may have arrived", async () => {
    assert.equal(await forgets(LOST, [transaction("a@example.com")]), false);
    assert.equal(await forgets(failed(new ModemError("SMTP_NETWORK"), true), two), false);
  });

  it("is not forgotten when it parted the recipients", async () => {
    const both = transaction("a@example.com", {
      envelope: { to: ["a@example.com", "b@example.com"], cc: [], bcc: [] },
    });
    assert.equal(await forgets(REFUSED, [both]), false);
  });

  it("marks the next try as a repeat although it is only in memory", async () => {
    const bench = await parts();
    const entry = await onAir(bench, "a", [transaction("a@example.com")]);
    bench.files.fault = ({ name }) => (name === "create" ? "ENOSPC" : undefined);
    await draw(bench, entry, LOST);
    assert.deepEqual((await bench.store.load(entry)).transactions.map(isInDoubt), [true]);
  });
});
