import assert from "node:assert/strict";
import fc from "fast-check";
import { addressOf, hostOf } from "../../../lib/facts/forms";
import { limitText, longestAccepted } from "../../../lib/facts/longest";

describe("The longest accepted length", () => {
  const range = { usual: 50, most: 300 };

  it("is found for every limit, in at most ten tries", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 400 }), async (limit) => {
        let tries = 0;
        const found = await longestAccepted(async (length) => {
          tries++;
          return length <= limit;
        }, range);
        assert.equal(found, Math.min(limit, range.most));
        assert.ok(tries <= 10, String(tries));
      }),
    );
  });

  it("takes two tries where it is the usual one", async () => {
    const tried: number[] = [];
    await longestAccepted(async (length) => {
      tried.push(length);
      return length <= 50;
    }, range);
    assert.deepEqual(tried, [50, 51]);
  });

  it("that was not reached is said so", () => {
    assert.equal(limitText(300, range), "300 or more");
    assert.equal(limitText(64, range), "64");
  });
});

describe("Invented addresses and hosts", () => {
  it("have every length asked for, and labels of a legal length", () => {
    for (let length = 1; length <= 300; length++) {
      assert.equal(addressOf(length).length, length);
      assert.equal(hostOf(length).length, length);
      assert.match(hostOf(length), /^[a-z]{1,10}(\.[a-z]{1,10})*$/);
    }
  });
});
