/** What the campaign does with an episode that fails: it is made smaller, and written as a test that fails as well. */
import assert from "node:assert/strict";
import { compileFunction } from "node:vm";
import { transformSync } from "esbuild";
import { Dice } from "../../campaign/fault/dice";
import { campaign, replayed, type ReplayPlan } from "../../campaign/fault/replayed";
import { reproduction } from "../../campaign/fault/reproduction";
import { ALL } from "../../campaign/fault/schedule";
import { fewest } from "../../campaign/fault/shrink";
import type { Mailer } from "../../../lib/mailer/mailer";

/** With a server and a mailer in memory, and servers that crash after a mail. */
const EPISODE = { seed: 1, number: 221 };
const SIX = { ...ALL, mails: [0, 1, 2, 3, 4, 5] };

/** A mailer that never says of a mail that it may be there twice. */
function forgetful(mailer: Mailer): Mailer {
  const prepare: Mailer["prepare"] = (transaction, options) =>
    mailer.prepare(transaction, { ...options, possibleDuplicate: false });
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
    const first = await campaign().play({ ...EPISODE, chosen: SIX });
    const second = await campaign().play({ ...EPISODE, chosen: SIX });
    assert.deepEqual(first.problems, []);
    assert.equal(first.hash, second.hash);
  });

  it("that fails is made smaller, and written as a test that fails for the same reason", async () => {
    const episode = { ...EPISODE, spoil: forgetful };
    const whole = await campaign().play({ ...episode, chosen: SIX });
    assert.match(whole.problems.join(), /unmarkedRepeats/);
    assert(whole.kinds.length > 5);
    const chosen = await campaign().smallest(episode, whole);
    const small = await campaign().play({ ...episode, chosen });
    assert.deepEqual([chosen.mails.length, small.kinds.length], [1, 1]);
    assert.match(small.kinds.join(), /after a mail$/);
    const test = mochaTestOf(reproduction({ ...EPISODE, chosen, ...small }));
    await test(replayed);
    await assert.rejects(
      test((plan) => replayed({ ...plan, spoil: forgetful })),
      /unmarkedRepeats: 1/,
    );
  });
});

/** The only test of a file. */
function mochaTestOf(code: string): (play: typeof replayed) => Promise<void> {
  const { code: script } = transformSync(code, { loader: "ts", format: "cjs" });
  return async (play) => {
    const modules: Record<string, unknown> = {
      "node:assert/strict": assert,
      "../../campaign/fault/replayed": { replayed: (plan: ReplayPlan) => play(plan) },
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
