import assert from "node:assert/strict";
import type { Fact, FactsReport } from "../../../lib/facts";
import { factText, reportText } from "../../../lib/facts/report-text";

const fact = (parts: Partial<Fact>): Fact => ({
  id: "recipient-limit",
  asks: "How many recipients may a mail have?",
  expected: { answer: "20", mark: "B" },
  needs: "nothing",
  answer: { kind: "known", value: "20" },
  evidence: ['AT+QSMTPDST=1,1,"r21@example.com" -> +CME ERROR: 662'],
  ...parts,
});

const report = (parts: Partial<FactsReport>): FactsReport => ({
  model: "EC25",
  firmware: "EC25EFAR06A06M4G_20.200.20.200",
  at: 0,
  facts: [fact({})],
  notices: [],
  notRestored: [],
  end: { kind: "complete" },
  transcript: undefined,
  ...parts,
});

describe("The report of facts", () => {
  it("shows question, answer, expectation with its mark, and evidence", () => {
    assert.deepEqual(factText(fact({})).split("\n"), [
      "= recipient-limit          20                     expected 20 (B)",
      "    How many recipients may a mail have?",
      '    AT+QSMTPDST=1,1,"r21@example.com" -> +CME ERROR: 662',
    ]);
  });

  it("marks what differs, what is unclear, and what was not asked", () => {
    const signs = [
      fact({ answer: { kind: "known", value: "10" } }),
      fact({ answer: { kind: "unclear", why: "no sense" } }),
      fact({ answer: { kind: "notAsked", why: "no mail may be sent" } }),
      fact({ answer: { kind: "known", value: "any" }, expected: { answer: undefined, mark: "A" } }),
    ].map((one) => factText(one).charAt(0));
    assert.deepEqual(signs, ["!", "?", "-", "="]);
  });

  it("says what could not be put back, and how the run ended", () => {
    const text = reportText(report({ notRestored: ["subject"], end: { kind: "lost", why: "unplugged" } }));
    assert.match(text, /NOT PUT BACK: subject\n$/);
    assert.match(text, /The module was lost: unplugged\. 1 answered, 0 not as expected, 0 not asked\./);
    assert.match(reportText(report({ end: { kind: "stopped" } })), /Stopped\. 1 answered/);
  });
});
