/** Figures of the campaign over what was reached, and the positions that its slices take. */
import assert from "node:assert/strict";
import { allCells, NOT_REQUIRED } from "../../campaign/fault/reached";
import { againstKnownWork, covered, joined, positionsOf } from "../../campaign/part";

const WHOLE = { index: 0, of: 1 };

describe("What a campaign has reached", () => {
  it("meets its goal only when the slices together have reached every required cell", () => {
    const all = ["a", "b", "c"];
    const of = (required: readonly string[], ...slices: readonly string[][]) =>
      joined(slices.map((reached) => [covered("cells", { reached, all, required })]))[0];
    assert.equal(of(["a", "b"], ["a"], ["b"])?.met, true);
    assert.equal(of(["a", "b"], ["a"], ["c"])?.met, false);
    assert.equal(of(["a", "b"], ["a"], ["c"])?.value, "2 of 3, of those required 1 of 2");
    assert.equal(of([], ["a"], [])?.met, true);
  });

  it("has to have each kind of event and mishap, or a reason why not", () => {
    const { events, mishaps } = allCells(["a flood"]);
    for (const { all, required } of [events, mishaps])
      for (const cell of required) assert(all.includes(cell), cell);
    for (const cell of events.all) {
      const event = cell.slice(cell.indexOf(": ") + 2);
      assert(events.required.includes(cell) || Object.hasOwn(NOT_REQUIRED, event), cell);
    }
    assert.deepEqual(mishaps.required, ["a flood: a mail under way"]);
  });
});

describe("A time against that of known work", () => {
  const of = (ms: number, known: number) =>
    againstKnownWork("held up", ms, { known, times: 3, goal: "50 ms on an idle machine" });

  it("meets its goal on a machine that is slow or busy, where both take longer", () => {
    assert.equal(of(8, 10).met, true);
    assert.equal(of(80, 100).met, true);
    assert.equal(of(80, 100).value, "80.0 ms, 0.80 x known work");
  });

  it("misses it once it takes several times as long as it did, on any machine", () => {
    assert.equal(of(30, 10).met, false);
    assert.equal(of(15, 5).met, false);
    assert.equal(of(300, 100).met, false);
    assert.equal(of(30, 10).goal, "below 3 x (50 ms on an idle machine)");
  });
});

describe("Positions of a part", () => {
  it("are those of its slice below its size, or the one that is repeated", () => {
    const plan = { only: undefined, minutes: undefined };
    assert.deepEqual([...positionsOf(5, { ...plan, slice: { index: 1, of: 2 } })], [1, 3]);
    assert.deepEqual([...positionsOf(5, { ...plan, only: 31, slice: WHOLE })], [31]);
  });

  it("go on until the time is over when minutes are given, however small the size", () => {
    let now = 0;
    const taken: number[] = [];
    for (const position of positionsOf(
      1,
      { only: undefined, minutes: 10, slice: { index: 1, of: 2 } },
      () => now,
    )) {
      taken.push(position);
      now += 200_000;
    }
    assert.deepEqual(taken, [1, 3, 5]);
  });
});
