/** The recovery ladder in time: how long is waited for what, and how often a module is restarted for mails. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ModemError } from "../../../lib/errors";
import { OK } from "../../../lib/simulator";
import { memoryOutbox, outboxMail } from "../../support/memory-outbox";
import { memoryRig, type MemoryRig } from "../../support/memory-rig";
import { mail } from "./mail-rig";

const MINUTE = 60_000;
const BOOT = { bootMs: 3_000 } as const;

async function ready(): Promise<MemoryRig> {
  const rig = memoryRig({ module: { timing: BOOT } });
  rig.modem.acquire();
  await rig.clock.run(() => rig.mailer.available);
  return rig;
}

/** Each mail that the module takes ends with the next of these numbers, the last one for ever. */
function results({ module }: Pick<MemoryRig, "module">, numbers: readonly number[]): void {
  let at = 0;
  module.define((context, next) => {
    if (context.name !== "+QSMTPPUT" || context.form !== "write") return next();
    const number = numbers[Math.min(at++, numbers.length - 1)] ?? 0;
    context.afterResult(() => module.raiseUrc(`+QSMTPPUT: ${number},0`));
    return OK;
  });
}

/** Times at which the module was told to restart, ms. */
const restartTimes = ({ module }: Pick<MemoryRig, "module">): readonly number[] =>
  module.log.entries.flatMap((entry) =>
    entry.kind === "line" && entry.text === "AT+CFUN=1,1" ? [entry.at] : [],
  );

describe("one mail", () => {
  it("restarts the module once at most and ends, whatever fails in whatever order", async () => {
    const numbers = fc.array(
      fc.constantFrom(651, 652, 653, 654, 656, 657, 658, 659, 660, 661, 663, 664, 665),
      {
        minLength: 1,
        maxLength: 12,
      },
    );
    await fc.assert(
      fc.asyncProperty(numbers, async (list) => {
        const rig = await ready();
        results(rig, list);
        await assert.rejects(rig.clock.until(rig.begin(mail()), 3600_000), ModemError);
        assert.ok(restartTimes(rig).length <= 1);
        assert.equal(rig.modem.lock.held, false);
        await rig.close();
      }),
      { numRuns: 25 },
    );
  });
});

describe("mails that never go out", () => {
  it("restart the module at once, then after 10, 30, 60 and 60 minutes at the earliest", async () => {
    const rig = memoryOutbox({ module: { timing: BOOT } });
    await rig.open();
    results(rig, [660]);
    await rig.accept(outboxMail());
    // Tried every five minutes, so that the waiting is that between restarts, not that of the mail.
    for (let minutes = 0; minutes < 240; minutes += 5) {
      await rig.clock.advance(5 * MINUTE);
      await rig.clock.until(rig.outbox.flush());
    }
    const times = restartTimes(rig);
    const gaps = times.slice(1).map((time, at) => (time - (times[at] ?? 0)) / MINUTE);
    assert.ok((times[0] ?? Infinity) < MINUTE);
    assert.ok(gaps.length >= 4, gaps.join());
    for (const [at, least] of [10, 30, 60, 60].entries()) {
      const gap = gaps[at] ?? 0;
      assert.ok(gap >= least && gap < least + 15, gaps.join());
    }
    await rig.stop();
  });

  it("restart nothing where that is not allowed, or the host uses the data connection", async () => {
    for (const network of [{ allowReset: false }, { shared: true }]) {
      const rig = memoryOutbox({ module: { timing: BOOT }, network });
      await rig.open();
      results(rig, [654]);
      await rig.accept(outboxMail());
      await rig.clock.advance(180 * MINUTE);
      assert.deepEqual(restartTimes(rig), []);
      const written = rig.module.log.lines();
      if ("shared" in network) assert.ok(!written.some((line) => /QIDEACT|QICSGP=\d+,/.test(line)));
      await rig.stop();
    }
  });
});

describe("a module that does not answer", () => {
  /** Never answers this command, once. */
  const deaf = (rig: MemoryRig, command: string): (() => number) => {
    let asked = 0;
    const undo = rig.module.define((context, next) => {
      if (context.name !== command || context.form !== "write") return next();
      undo();
      asked = rig.clock.now();
      return new Promise(() => undefined);
    });
    return () => asked;
  };
  /** Seconds from the command to the first sign of a restart. */
  const waited = async (rig: MemoryRig, asked: () => number): Promise<number> => {
    await rig.clock.run(() => rig.written().includes("AT+CFUN=1,1"), 10 * MINUTE);
    return (rig.clock.now() - asked()) / 1000;
  };

  for (const [command, seconds, prepare] of [
    ["+QIACT", 150, async () => undefined],
    [
      "+QIDEACT",
      40,
      async (rig: MemoryRig) => {
        await rig.clock.until(rig.begin(mail()));
        results(rig, [657, 0]);
      },
    ],
    ["+QSMTPDST", 60, async () => undefined],
  ] as const) {
    it(`to ${command} is restarted after ${seconds} s, not before`, async () => {
      const rig = await ready();
      await prepare(rig);
      const asked = deaf(rig, command);
      const sending = rig.begin(mail());
      sending.catch(() => undefined);
      const time = await waited(rig, asked);
      assert.ok(time >= seconds, `${time} s`);
      // A line out of step is tried for some time, that of a multiplexer included, and a module that says nothing at all
      // is given 60 s more.
      assert.ok(time <= seconds + 105, `${time} s`);
      await rig.close();
    });
  }
});
