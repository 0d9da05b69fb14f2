import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { between, PAGE } from "../../bench/documentation";
import type { Figure } from "../../bench/figure";
import { goalsTable, sharesTable } from "../../bench/table";

const ROOT = join(__dirname, "../../..");

const lines = (value: number): Figure => ({
  what: "command lines",
  unit: "",
  samples: [value],
  goal: { kind: "exactly", value: 5 },
});

describe("the tables of the benchmark", () => {
  it("have their places in the documentation", () => {
    const text = readFileSync(join(ROOT, PAGE), "utf8");
    for (const name of ["figures", "runs", "rows", "mail-time"]) {
      assert.ok(between(text, name, "new").includes(`-->\nnew\n<!-- /${name} -->`));
    }
  });

  it("are not written into a page that has no place for them", () => {
    assert.throws(() => between("text", "runs", "new"), /performance\.md has no place for the table "runs"/);
  });

  it("show each goal in all runs, and where it was missed", () => {
    assert.equal(
      goalsTable([[lines(5)], [lines(6)]]),
      "| what | goal | run 1 | run 2 |\n| --- | --- | --- | --- |\n| command lines | 5 | 5 | 6 **missed** |",
    );
  });

  it("leave out a figure without a goal, and want each goal in each run", () => {
    const { goal: _, ...shown } = lines(7);
    assert.equal(goalsTable([[shown]]).split("\n").length, 2);
    assert.throws(() => goalsTable([[lines(5)], []]), /no figure for command lines/);
  });

  it("show shares as a row for each whole and a column for each part", () => {
    const share = (whole: string, part: string, percent: number): Figure => ({
      what: part,
      unit: "%",
      samples: [percent],
      share: { whole, part },
    });
    assert.equal(
      sharesTable([share("an alert", "line", 1.04), share("an alert", "module", 98.96)]),
      "|  | line | module |\n| --- | --- | --- |\n| an alert | 1.0 % | 99.0 % |",
    );
  });
});
