import assert from "node:assert/strict";
import type { Figure } from "../../bench/figure";
import { exitCode, type RowReport } from "../../bench/report";

const figure = (value: number, goal?: Figure["goal"]): Figure => ({
  what: "command lines",
  unit: "",
  samples: [value, value, value, value, value],
  ...(goal === undefined ? {} : { goal }),
});
const FIVE = { kind: "exactly", value: 5 } as const;
const row = (...figures: readonly Figure[]): RowReport => ({ kind: "figures", figures });

describe("a run of the benchmark", () => {
  it("ends with 0 when every goal is met, also beside figures without a goal", () => {
    assert.equal(exitCode([row(figure(5, FIVE)), row(figure(7))]), 0);
  });

  it("ends with 1 when one goal is missed", () => {
    assert.equal(exitCode([row(figure(5, FIVE), figure(6, FIVE)), row(figure(7))]), 1);
  });

  it("ends with 1 when a row could not be measured, although all others met their goals", () => {
    assert.equal(exitCode([row(figure(5, FIVE)), { kind: "failed", reason: "no such file" }]), 1);
  });

  it("ends with 1 when a row has measured nothing", () => {
    assert.equal(exitCode([row(figure(5, FIVE)), row()]), 1);
  });

  it("takes a figure without a number for a missed goal", () => {
    assert.equal(exitCode([row(figure(Number.NaN, { kind: "atMost", limit: 4 }))]), 1);
  });

  it("judges a goal against a peer round by round", () => {
    const against = (peer: readonly number[]): RowReport =>
      row({
        what: "round trip",
        unit: "ms",
        samples: [1.2, 2.4, 12],
        goal: { kind: "timesPeer", factor: 1.3 },
        peer: { name: "bare port", samples: peer },
      });
    assert.equal(exitCode([against([1, 2, 10])]), 0);
    assert.equal(exitCode([against([1, 1.2, 6])]), 1);
  });
});
