import assert from "node:assert/strict";
import { FaultyFiles } from "../../support/faulty-files";
import { TIME } from "../../support/property";
import { attachment, Bench, DIRECTORY, failure, mail } from "./bench";

const REFUSED = failure("SMTP_TRANSACTION_FAILED", { smtpCode: 554 });
const MINUTE = 60_000;
/** More turns of the inner queue of the event loop than any of the operations below takes. */
const TURNS = 40;

async function pass(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
}

/** A bench with a mail that has failed, whose server is well again. */
async function withFailed(): Promise<{ bench: Bench; id: string; files: FaultyFiles }> {
  const files = new FaultyFiles();
  const bench = await Bench.open({ files });
  bench.mailer.fate = () => REFUSED;
  const id = await bench.accept(mail("report", { attachments: [attachment("a.txt", "kept")] }));
  await bench.ends(1);
  await bench.clock.advance(1000);
  bench.mailer.fate = () => ({ kind: "sent" });
  return { bench, id, files };
}

describe("What is asked of the outbox at the same moment", function () {
  this.timeout(TIME);

  it("sends a failed mail once though retry is asked for several times, all or by its id", async () => {
    for (let turns = 0; turns < TURNS; turns++) {
      const { bench, id } = await withFailed();
      const asked = [bench.outbox.retry()];
      await pass(turns);
      asked.push(bench.outbox.retry(id), bench.outbox.retry());
      await bench.clock.until(Promise.allSettled(asked));
      await bench.ends(2);
      await bench.clock.advance(MINUTE);
      assert.deepEqual(bench.delivered, ["report"], `after ${turns} turns`);
      const { depth, failed } = bench.outbox.summary();
      assert.deepEqual([depth, failed], [0, 0], `after ${turns} turns`);
    }
  });

  for (const [first, second] of [
    ["retry", "discard"],
    ["discard", "retry"],
  ] as const) {
    it(`lets a failed mail go one way when ${first} comes just before ${second}`, async () => {
      for (let turns = 0; turns < TURNS; turns++) {
        const { bench, id, files } = await withFailed();
        const asked = [bench.outbox[first](id)];
        await pass(turns);
        asked.push(bench.outbox[second](id));
        await bench.clock.until(Promise.allSettled(asked));
        await bench.clock.run(() => bench.outbox.summary().depth === 0);
        await bench.clock.advance(MINUTE);
        for (const { attachments } of bench.mailer.delivered) {
          assert.equal(attachments[0]?.content.toString(), "kept", `after ${turns} turns`);
        }
        assert.notEqual(bench.ended[1]?.failure?.code, "OUTBOX_DAMAGED", `after ${turns} turns`);
        await bench.clock.until(bench.outbox.close());
        assert.deepEqual(await files.list(`${DIRECTORY}/contents`), [], `after ${turns} turns`);
      }
    });
  }

  it("tells each end once when mails are discarded while others expire", async () => {
    const bench = await Bench.open({ settings: { maxAge: 5 } });
    bench.mailer.available = false;
    for (const subject of ["1", "2", "3", "4"]) await bench.accept(mail(subject));
    let discarded: Promise<unknown> | undefined;
    bench.outbox.on("ended", () => void (discarded ??= bench.outbox.discard()));
    await bench.ends(4);
    await bench.clock.advance(MINUTE);
    await discarded;
    assert.deepEqual(
      bench.ended.map(({ id }) => id).sort(),
      [...new Set(bench.ended.map(({ id }) => id))].sort(),
    );
    assert.deepEqual(bench.troubles, []);
  });

  it("does not send a probe mail that is discarded while the time of the probe is noted", async () => {
    for (let turns = 0; turns < 12; turns++) {
      const files = new FaultyFiles();
      const bench = await Bench.open({ files });
      bench.mailer.fate = (_transaction, number) =>
        number === 1 ? failure("SMTP_TLS_FAILED") : { kind: "sent" };
      await bench.accept(mail("alarm"));
      await bench.clock.run(() => bench.holds.length === 1);
      let discarded: Promise<unknown> | undefined;
      let left = -1;
      files.fault = ({ path }) => {
        if (left < 0 && bench.clock.now() >= 30 * MINUTE && path.includes("tmp")) left = turns;
        if (left >= 0 && discarded === undefined && left-- === 0) discarded = bench.outbox.discard();
        return undefined;
      };
      await bench.ends(1);
      await bench.clock.advance(MINUTE);
      await discarded;
      assert.equal(bench.ended.length, 1, `after ${turns} turns`);
      const [ended] = bench.ended;
      assert.equal(bench.delivered.length, ended?.result.status === "sent" ? 1 : 0, `after ${turns} turns`);
      assert.equal(bench.outbox.summary().depth, 0);
    }
  });

  it("takes a new mail although the failed one that was to make room is just being retried or removed", async () => {
    for (let turns = 0; turns < TURNS; turns++) {
      const files = new FaultyFiles();
      const bench = await Bench.open({ files, settings: { maxSpoolMB: 0.04 } });
      bench.mailer.fate = () => REFUSED;
      const big = [attachment("a.bin", "x".repeat(12_000))];
      await bench.accept(mail("old", { attachments: big }));
      await bench.ends(1);
      await bench.clock.advance(1000);
      await bench.accept(mail("older", { attachments: big }));
      await bench.ends(2);
      bench.mailer.available = false;
      const accepting = [bench.accept(mail("1", { attachments: big }))];
      await pass(turns);
      accepting.push(bench.accept(mail("2", { attachments: big })));
      const outcomes = await bench.clock.until(Promise.allSettled(accepting));
      for (const outcome of outcomes) {
        assert.equal(outcome.status === "rejected" ? String(outcome.reason) : "", "", `after ${turns} turns`);
      }
    }
  });
});
