/** Mails whose result was lost: when the module is asked, what its answer is taken for, and when it is left alone. */
import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import { SHORTEST_WAIT } from "../../../lib/outbox/schedule";
import { isInDoubt } from "../../../lib/outbox/transactions";
import type { Entry } from "../../../lib/outbox/waiting-mails";
import type { StoredTransaction } from "../../../lib/mail/spool/record";
import type { RecoveredResult } from "../../../lib/mailer/qsmtp/carrier";
import { DIRECTORY } from "./bench";
import { nextStart, parts, transaction, type Parts } from "./parts-bench";

const EXPIRED = new ModemError("OUTBOX_EXPIRED");
const SENT: RecoveredResult = { kind: "sent" };
const UNKNOWN: RecoveredResult = { kind: "unknown" };
const BUSY: RecoveredResult = {
  kind: "refused",
  error: new ModemError("SMTP_LOCAL_ERROR", { smtpCode: 451 }),
};

/** A mail that stood at QSMTPPUT when its result was lost. */
async function lost(
  bench: Parts,
  id = "a",
  transactions: StoredTransaction[] = [transaction("a@example.com")],
  index = 0,
): Promise<Entry> {
  const entry = await bench.insert(id, { transactions });
  await bench.store.putOnAir(entry, index);
  bench.lost.add(entry);
  return entry;
}

describe("The question for a lost result", () => {
  it("is due at once for a mail whose result was lost, and never for none", async () => {
    const bench = await parts();
    assert.equal(bench.lost.askIn(), Infinity);
    await bench.clock.advance(5000);
    const entry = await lost(bench);
    assert.deepEqual([bench.lost.askIn(), entry.stage, bench.lost.list()], [0, "asking", [entry]]);
  });

  it("is asked again after a while when it fails, and at once for one more mail", async () => {
    const bench = await parts();
    bench.carrier.setAnswer("fails");
    const entry = await lost(bench);
    await bench.lost.ask();
    assert.deepEqual(
      [bench.lost.askIn(), bench.lost.list(), entry.stage],
      [SHORTEST_WAIT, [entry], "asking"],
    );
    await bench.clock.advance(20_000);
    assert.equal(bench.lost.askIn(), SHORTEST_WAIT - 20_000);
    await lost(bench, "b");
    assert.equal(bench.lost.askIn(), 0);
  });

  it("is given up after the third that fails, and counted anew for the next mail", async () => {
    const bench = await parts();
    bench.carrier.setAnswer("fails");
    for (const id of ["a", "b"]) {
      const entry = await lost(bench, id);
      for (const stage of ["asking", "asking", "waiting"] as const) {
        await bench.lost.ask();
        assert.equal(entry.stage, stage, id);
      }
      assert.deepEqual((await bench.store.load(entry)).transactions.map(isInDoubt), [true]);
    }
  });
});

describe("The module's answer", () => {
  it("that the server took it is the end of the mail, unmarked", async () => {
    const bench = await parts();
    await lost(bench);
    bench.carrier.setAnswer(SENT);
    await bench.lost.ask();
    await bench.ending.settled();
    const { status, acceptedAt, warnings, possibleDuplicate } = bench.ended[0]?.result ?? {};
    assert.deepEqual(
      [status, acceptedAt, warnings, possibleDuplicate],
      ["sent", new Date(bench.clock.wall()).toISOString(), [], undefined],
    );
    assert.deepEqual([bench.mails(), bench.lost.list(), bench.lost.askIn()], [[], [], Infinity]);
  });

  it("that the server refused it counts as a try of the mail, which leaves no doubt", async () => {
    const bench = await parts();
    const entry = await lost(bench);
    bench.carrier.setAnswer(BUSY);
    await bench.lost.ask();
    const { transactions, attempts } = await bench.store.load(entry);
    assert.deepEqual(
      [attempts, transactions[0]?.tries, transactions.map(isInDoubt), entry.stage],
      [1, 1, [false], "waiting"],
    );
    assert.deepEqual(bench.mails(), ["queue/a.json"]);
  });

  it("is about the transaction that was on the air, not the one that would be next", async () => {
    const bench = await parts();
    const two = [transaction("a@example.com"), transaction("b@example.com")];
    const entry = await lost(bench, "a", two, 1);
    bench.carrier.setAnswer(SENT);
    await bench.lost.ask();
    assert.deepEqual(
      (await bench.store.load(entry)).transactions.map(({ state }) => state.kind),
      ["waiting", "sent"],
    );
  });

  it("is taken for nobody's when several mails wait for it", async () => {
    const bench = await parts();
    const both = [await lost(bench, "a"), await lost(bench, "b")];
    bench.carrier.setAnswer(SENT);
    await bench.lost.ask();
    for (const entry of both) {
      assert.deepEqual((await bench.store.load(entry)).transactions.map(isInDoubt), [true], entry.id);
    }
    assert.equal(bench.ended.length, 0);
  });

  it("is not needed for a mail that was given up while it was asked for", async () => {
    const bench = await parts();
    const entry = await lost(bench);
    bench.carrier.recover = async () => {
      await bench.lost.giveUp(entry, EXPIRED);
      return SENT;
    };
    await bench.lost.ask();
    await bench.lost.giveUp(entry, EXPIRED);
    await bench.ending.settled();
    assert.deepEqual(
      bench.ended.map(({ failure }) => [failure?.code, failure?.outcome]),
      [["OUTBOX_EXPIRED", "unknown"]],
    );
  });

  it("ends a mail whose record cannot be read as one that may have gone out", async () => {
    const bench = await parts();
    await lost(bench);
    bench.files.put(`${DIRECTORY}/sending/a.0.json`, "{");
    bench.carrier.setAnswer(UNKNOWN);
    await bench.lost.ask();
    const [told] = bench.ended;
    assert.deepEqual([told?.failure?.code, told?.failure?.outcome], ["OUTBOX_DAMAGED", "unknown"]);
  });
});

describe("A question that is interrupted", () => {
  /** Asks; the module answers after `interrupt`, whose signal it does not heed. */
  async function asked(answer: RecoveredResult, interrupt: (bench: Parts) => void): Promise<Parts> {
    const bench = await parts();
    await lost(bench);
    let isHeard = false;
    bench.carrier.recover = async (signal) => {
      interrupt(bench);
      isHeard = signal?.aborted === true;
      return answer;
    };
    await bench.lost.ask();
    await bench.ending.settled();
    assert.ok(isHeard);
    return bench;
  }

  it("by the close keeps what the module told at the last moment, for it will not tell it again", async () => {
    const bench = await asked(SENT, (one) => one.lost.stop());
    assert.deepEqual([bench.ended[0]?.result.status, bench.mails()], ["sent", []]);
    const busy = await asked(BUSY, (one) => one.lost.stop());
    assert.deepEqual(busy.mails(), ["queue/a.json"]);
  });

  it("by the close leaves a doubt to the next start, which asks again", async () => {
    const bench = await asked(UNKNOWN, (one) => one.lost.stop());
    assert.deepEqual([bench.mails(), bench.lost.list().length], [["sending/a.0.json"], 1]);
    const { store } = await nextStart(bench, "nothing");
    assert.equal(store.waiting.get("a")?.stage, "asking");
  });

  it("because the folder is given back leaves any answer to the next start, whatever is stopped after that", async () => {
    for (const interrupt of [
      (one: Parts) => one.lost.abandon(),
      (one: Parts) => {
        one.lost.abandon();
        one.lost.stop();
      },
      (one: Parts) => {
        one.lost.stop();
        one.lost.abandon();
      },
    ]) {
      const bench = await asked(SENT, interrupt);
      assert.deepEqual([bench.ended, bench.mails()], [[], ["sending/a.0.json"]]);
    }
  });
});

describe("A mail that cannot be asked for in its time", () => {
  it("ends as one that may have gone out, kept for a retry, which is marked", async () => {
    const bench = await parts();
    await bench.lost.giveUp(await lost(bench), EXPIRED);
    await bench.ending.settled();
    assert.deepEqual(
      [bench.ended[0]?.failure?.code, bench.ended[0]?.failure?.outcome, bench.carrier.recoveries],
      ["OUTBOX_EXPIRED", "unknown", 0],
    );
    assert.equal(bench.ledger.holds.any, false);
  });
});
