/** The next mail after a single fault, at a few moments; the campaign's part of that name tries hundreds. */
import assert from "node:assert/strict";
import { Dice, mixed } from "../../campaign/fault/dice";
import { nextMailAfter, SINGLE_FAULTS } from "../../campaign/fault/next-mail";

describe("Mails that wait while one single thing goes wrong", () => {
  for (const fault of SINGLE_FAULTS) {
    it(`go out within 5 s of the module being ready again after ${fault}`, async () => {
      for (const seed of [1, 2, 3]) {
        const ms = await nextMailAfter(fault, new Dice(seed));
        assert.ok(ms > 0 && ms < 5_000, `seed ${seed}: ${ms} ms`);
      }
    });
  }

  it("go out as soon when the module began to speak in the last second of an attempt to reach it", async () => {
    const ms = await nextMailAfter("the module has no power", new Dice(mixed(1, 881)));
    assert.ok(ms > 0 && ms < 5_000, `${ms} ms`);
  });
});
