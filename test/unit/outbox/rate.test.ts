/** The limit of mails an hour, held against the moments at which mails went out. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { FaultyFiles } from "../../support/faulty-files";
import { Bench, DIRECTORY, mail } from "./bench";

const MINUTE = 60_000;
const STATE = `${DIRECTORY}/state.json`;

interface Kept {
  readonly sent: readonly (readonly [minute: number, count: number])[];
}

function kept(files: FaultyFiles): Kept["sent"] {
  return (JSON.parse(files.text(STATE)) as Kept).sent;
}

/** An outbox whose last run has counted these mails; its time goes on from where it was. */
async function after(sent: Kept["sent"], minutes: number, ratePerHour: number): Promise<Bench> {
  const files = new FaultyFiles();
  const first = await Bench.open({ files, settings: { ratePerHour } });
  await first.clock.advance(minutes * MINUTE);
  await first.clock.until(first.outbox.close());
  files.put(STATE, JSON.stringify({ ...(JSON.parse(files.text(STATE)) as object), sent }));
  return first.restart();
}

/** Minutes until the next mail goes out. */
async function wait(bench: Bench): Promise<number> {
  const before = bench.clock.now();
  await bench.accept(mail("alarm"));
  const announced = bench.outbox.summary().nextTryInMs;
  await bench.ends(1);
  if (announced !== undefined) assert.ok(Math.abs(bench.clock.now() - before - announced) < 1000);
  return Math.round((bench.clock.now() - before) / MINUTE);
}

describe("The limit of mails an hour", () => {
  it("lets no more than so many out in any hour, and each a minute after the hour at the latest", async () => {
    const rests = fc.array(fc.integer({ min: 0, max: 40 * MINUTE }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), rests, async (ratePerHour, gaps) => {
        const bench = await Bench.open({ settings: { ratePerHour } });
        const raised: number[] = [];
        const sent: number[] = [];
        bench.mailer.fate = () => {
          sent.push(bench.clock.now());
          return { kind: "sent" };
        };
        for (const gap of gaps) {
          await bench.clock.advance(gap);
          raised.push(bench.clock.now());
          await bench.accept(mail("alarm"));
        }
        await bench.ends(gaps.length);
        for (const [index, at] of sent.entries()) {
          const former = sent[index - ratePerHour] ?? -Infinity;
          assert.ok(at - former >= 60 * MINUTE, `${at} and ${former}`);
          const latest = Math.max(raised[index] ?? 0, former + 61 * MINUTE);
          assert.ok(at <= latest + 100, `${at} and ${latest}`);
        }
      }),
      { numRuns: 20 },
    );
  });

  it("waits behind a burst only as long as the excess asks for", async () => {
    // Five were sent: four of them have to be older than an hour.
    const burst = [
      [0, 1],
      [10, 3],
      [20, 1],
    ] as const;
    assert.equal(await wait(await after(burst, 30, 2)), 10 + 61 - 30);
    const single = [0, 10, 20].map((minute) => [minute, 1] as const);
    assert.equal(await wait(await after(single, 30, 2)), 10 + 61 - 30);
  });

  it("counts no minute that lies ahead, as of a clock that was lost, and none that has left the hour", async () => {
    assert.equal(await wait(await after([[500, 9]], 10, 1)), 0);
    assert.equal(await wait(await after([[10, 1]], 10, 1)), 61);
    assert.equal(await wait(await after([[0, 1]], 61, 1)), 0);
  });

  it("keeps one count a minute, and none that has left the hour", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files, settings: { ratePerHour: 100 } });
    const ends = async (count: number): Promise<void> => {
      const before = bench.ended.length;
      for (let number = 0; number < count; number++) await bench.accept(mail("alarm"));
      await bench.ends(before + count);
    };
    await ends(2);
    await bench.clock.advance(MINUTE);
    await ends(1);
    assert.deepEqual(kept(files), [
      [0, 2],
      [1, 1],
    ]);
    await bench.clock.advance(60 * MINUTE);
    await ends(1);
    assert.deepEqual(kept(files), [
      [1, 1],
      [61, 1],
    ]);
  });

  it("counts nothing where it is 0", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    await bench.accept(mail("alarm"));
    await bench.ends(1);
    assert.deepEqual(kept(files), []);
  });
});
