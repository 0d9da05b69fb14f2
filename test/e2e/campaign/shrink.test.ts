/**
 * What the campaign does with an episode that fails, or whose two runs differ: it is made smaller, and written as a test that
 * fails as well.
 */
import assert from "node:assert/strict";
import { compileFunction } from "node:vm";
import { transformSync } from "esbuild";
import { Dice } from "../../campaign/fault/dice";
import { differenceOf } from "../../campaign/fault/difference";
import { campaign, replayed, replayedTwice, type ReplayPlan } from "../../campaign/fault/replayed";
import { reproduction, reproductionOfDifference } from "../../campaign/fault/reproduction";
import { ALL } from "../../campaign/fault/schedule";
import { fewest } from "../../campaign/fault/shrink";
import type { Mailer } from "../../../lib/mailer/mailer";

/** By the module's own client, with modules that get stuck and processes that die after a mail; no messages through nodes. */
const EPISODE = { seed: 1, number: 22 };
const TWO = { ...ALL, mails: [0, 1] };
/** Mishaps of it after which a mail may be there twice. */
const LEAVES_DOUBT = /after a mail$|is busy for ever$/;
/** However slow the machine is. */
const EFFORT = { patienceMs: Infinity };

/** A mailer that never says of a mail that it may be there twice. */
function forgetful(mailer: Mailer): Mailer {
  return preparing(mailer, (transaction, options) =>
    mailer.prepare(transaction, { ...options, possibleDuplicate: false }),
  );
}

/** A mailer that writes into a mail that may be there twice something that comes from no seed. */
function unseeded(mailer: Mailer): Mailer {
  return preparing(mailer, (transaction, options) => {
    const { mail } = transaction;
    const subject = options.possibleDuplicate ? String(process.hrtime.bigint()) : mail.subject;
    return mailer.prepare({ ...transaction, mail: { ...mail, subject } }, options);
  });
}

function preparing(mailer: Mailer, prepare: Mailer["prepare"]): Mailer {
  return new Proxy(mailer, {
    get(target, name) {
      if (name === "prepare") return prepare;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

describe("A list that is made smaller", () => {
  it("keeps what it takes to fail, whatever stands between", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const dice = new Dice(seed);
      const all = Array.from({ length: dice.between(1, 30) }, (_none, position) => position);
      const needed = all.filter(() => dice.hit(0.1));
      let runs = 0;
      const left = await fewest(all, async (some) => ++runs > 0 && needed.every((one) => some.includes(one)));
      assert.deepEqual(left, needed, `seed ${seed}`);
      assert(runs <= 2 * all.length * (needed.length + 1), `seed ${seed}: ${runs} runs`);
    }
  });
});

describe("An episode of the campaign", function () {
  this.timeout(120_000);

  it("is the same each time that it is played", async () => {
    const first = await campaign().play({ ...EPISODE, chosen: TWO });
    const second = await campaign().play({ ...EPISODE, chosen: TWO });
    assert.deepEqual(first.problems, []);
    assert.equal(first.hash, second.hash);
  });

  it("that fails is made smaller, and written as a test that fails for the same reason", async () => {
    const episode = { ...EPISODE, spoil: forgetful };
    const whole = await campaign().play({ ...episode, chosen: TWO });
    assert.match(whole.problems.join(), /unmarkedRepeats/);
    assert(whole.kinds.length > 5);
    const chosen = await campaign().smallest(episode, whole, EFFORT);
    const small = await campaign().play({ ...episode, chosen });
    assert.deepEqual([chosen.mails.length, small.kinds.length], [1, 1]);
    assert.match(small.kinds.join(), LEAVES_DOUBT);
    const test = mochaTestOf(reproduction({ ...EPISODE, chosen, ...small }));
    await test({});
    await assert.rejects(test({ spoil: forgetful }), /unmarkedRepeats: [1-9]/);
  });

  it("whose two runs differ is made smaller, and written as a test that finds the same difference", async () => {
    const episode = { ...EPISODE, spoil: unseeded };
    const { had } = await campaign().play({ ...episode, chosen: TWO });
    assert(had.mishaps.length > 5);
    const chosen = await campaign().smallestThatDiffers(episode, { had }, EFFORT);
    const { kinds } = await campaign().play({ ...episode, chosen });
    assert.deepEqual([chosen.mails.length, kinds.length], [1, 1]);
    assert.match(kinds.join(), LEAVES_DOUBT);
    const difference = await campaign().differenceBetweenRuns({ ...episode, chosen });
    assert(difference);
    for (const line of [difference.first, difference.second]) assert.match(String(line), /AT\+QSMTPSUB=/);
    const code = reproductionOfDifference({ ...EPISODE, chosen, kinds, difference });
    assert(code.includes(JSON.stringify(difference.first)), code);
    const test = mochaTestOf(code);
    await test({});
    await assert.rejects(test({ spoil: unseeded }), /AT\+QSMTPSUB=/);
  });

  it("differs where only one of its two runs comes to an end", async () => {
    let mailers = 0;
    const spoil = (mailer: Mailer): Mailer => {
      if (++mailers === 2) throw new Error("no mailer");
      return mailer;
    };
    const chosen = { mails: [0], mishaps: [] };
    const difference = await campaign().differenceBetweenRuns({ ...EPISODE, spoil, chosen });
    assert.equal(difference?.second, "no end: Error: no mailer");
  });
});

describe("Two stories of an episode", () => {
  it("part at the first line that is not the same, or that only one of them has", () => {
    assert.equal(differenceOf(["a", "b"], ["a", "b"]), undefined);
    assert.deepEqual(differenceOf(["a", "b", "c"], ["a", "x", "c"]), { line: 2, first: "b", second: "x" });
    assert.deepEqual(differenceOf(["a"], ["a", "b"]), { line: 2, first: undefined, second: "b" });
  });

  it("are the same where only stack traces differ, which name the files of one run", () => {
    assert.equal(differenceOf(["Error\n    at one.ts:1\nb"], ["Error\n    at two.js:2\nb"]), undefined);
  });
});

/** The only test of a file; `more` is added to what it plays. */
function mochaTestOf(code: string): (more: Pick<ReplayPlan, "spoil">) => Promise<void> {
  const { code: script } = transformSync(code, { loader: "ts", format: "cjs" });
  return async (more) => {
    const modules: Record<string, unknown> = {
      "node:assert/strict": assert,
      "../../campaign/fault/replayed": {
        replayed: (plan: ReplayPlan) => replayed({ ...plan, ...more }),
        replayedTwice: (plan: ReplayPlan) => replayedTwice({ ...plan, ...more }),
      },
    };
    const tests: (() => Promise<void>)[] = [];
    const it = (_title: string, test: () => Promise<void>): { timeout: () => void } => {
      tests.push(test);
      return { timeout: () => undefined };
    };
    const describe = (_title: string, body: () => void): void => body();
    const exported = { exports: {} };
    const run = compileFunction(script, ["require", "module", "describe", "it"]) as (
      ...globals: readonly unknown[]
    ) => void;
    run((name: string) => modules[name], exported, describe, it);
    assert.equal(tests.length, 1);
    await tests[0]?.();
  };
}
