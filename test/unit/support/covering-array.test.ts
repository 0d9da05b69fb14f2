import assert from "node:assert/strict";
import fc from "fast-check";
import { coveringArray, pairsOf } from "../../support/covering-array";

const values = fc.uniqueArray(fc.constantFrom<string>("a", "b", "c", "d"), { minLength: 1, maxLength: 4 });
const switches = fc
  .array(values, { minLength: 2, maxLength: 8 })
  .map((lists) => lists.map((list, at) => ({ name: `switch ${at}`, values: list })));

describe("A covering array", () => {
  it("holds every pair of values of every two switches, and a value for each switch in every row", () => {
    fc.assert(
      fc.property(switches, (all) => {
        const rows = coveringArray(all);
        for (const row of rows) {
          for (const { name, values } of all)
            assert.ok(values.includes(row[name] ?? ""), `${name} has no value`);
        }
        for (const [at, one] of all.entries()) {
          for (const other of all.slice(at + 1)) {
            for (const first of one.values) {
              for (const second of other.values) {
                const isThere = rows.some((row) => row[one.name] === first && row[other.name] === second);
                assert.ok(isThere, `${one.name} ${first} with ${other.name} ${second}`);
              }
            }
          }
        }
      }),
    );
  });

  it("is far smaller than all combinations", () => {
    const many = Array.from({ length: 40 }, (_none, at) => ({ name: `switch ${at}`, values: ["on", "off"] }));
    assert.ok(coveringArray(many).length <= 16);
  });

  it("is the same for the same seed", () => {
    const many = Array.from({ length: 10 }, (_none, at) => ({
      name: `switch ${at}`,
      values: ["a", "b", "c"],
    }));
    assert.deepEqual(coveringArray(many, 7), coveringArray(many, 7));
    assert.notDeepEqual(coveringArray(many, 7), coveringArray(many, 8));
  });

  it("counts each pair of a row once", () => {
    assert.equal(new Set(pairsOf(["a", "a", "b"])).size, 3);
    assert.deepEqual(pairsOf(["a"]), []);
  });
});
