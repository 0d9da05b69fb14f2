import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Turnstile } from "../../../nodes/runtime/turnstile";

const BURST = 2_000;

describe("A burst of messages", () => {
  it("is taken in its order, a few at a time, and leaves the runtime a turn between them", async () => {
    const turnstile = new Turnstile();
    const taken: number[] = [];
    let inside = 0;
    let most = 0;
    const all = Array.from({ length: BURST }, (_none, number) =>
      turnstile.pass(async () => {
        taken.push(number);
        most = Math.max(most, ++inside);
        await nextTurn();
        inside--;
      }),
    );
    let longest = 0;
    for (let before = 0; taken.length < BURST; before = taken.length) {
      await nextTurn();
      longest = Math.max(longest, taken.length - before);
    }
    await Promise.all(all);
    assert.deepEqual(
      taken,
      Array.from({ length: BURST }, (_none, number) => number),
    );
    assert.ok(most <= 8, `${most} at once`);
    assert.ok(longest <= 16, `${longest} in one turn`);
  });

  it("goes on behind a message that is refused", async () => {
    const turnstile = new Turnstile();
    const refused = Array.from({ length: 20 }, () =>
      turnstile.pass(() => Promise.reject(new Error("refused"))),
    );
    const last = turnstile.pass(() => Promise.resolve("taken"));
    assert.ok((await Promise.allSettled(refused)).every(({ status }) => status === "rejected"));
    assert.equal(await last, "taken");
  });
});
