import assert from "node:assert/strict";
import { halveEnvelope, planEnvelopes, splitEnvelope } from "../../../lib/mailer/qsmtp/compose/envelopes";
import { recipientsOf } from "../../../lib/mailer/outgoing";

const all = { to: ["a@example.com"], cc: ["b@example.com"], bcc: ["c@example.com", "d@example.com"] };

describe("the transactions of a mail", () => {
  it("serve every private Bcc recipient alone, after the others, and as the only one in To", () => {
    assert.deepEqual(planEnvelopes(all, "private"), [
      { to: ["a@example.com"], cc: ["b@example.com"], bcc: [] },
      { to: ["c@example.com"], cc: [], bcc: [] },
      { to: ["d@example.com"], cc: [], bcc: [] },
    ]);
  });

  it("are none but the private ones when there is only Bcc", () => {
    assert.deepEqual(planEnvelopes({ ...all, to: [], cc: [] }, "private"), [
      { to: ["c@example.com"], cc: [], bcc: [] },
      { to: ["d@example.com"], cc: [], bcc: [] },
    ]);
  });

  it("are a single one when the module writes Bcc", () => {
    assert.deepEqual(planEnvelopes(all, "module"), [all]);
  });

  it("hold nothing but recipients, whatever else the mail has", () => {
    assert.deepEqual(planEnvelopes({ ...all, bcc: [], subject: "s" } as typeof all, "module"), [
      { ...all, bcc: [] },
    ]);
  });

  const many = (count: number, prefix = "a"): string[] =>
    Array.from({ length: count }, (_, index) => `${prefix}${index}@example.com`);

  for (const [count, transactions] of [
    [20, 1],
    [21, 2],
    [25, 2],
    [40, 2],
    [41, 3],
    [100, 5],
  ] as const) {
    it(`are ${transactions} for ${count} recipients: as few as the module's lists allow`, () => {
      const to = many(count);
      const planned = planEnvelopes({ to, cc: [], bcc: [] }, "private");
      assert.equal(planned.length, transactions);
      assert.deepEqual(planned.flatMap(recipientsOf), to);
    });
  }

  it("keep everybody in the list where he was, and private Bcc alone, when there are many", () => {
    const planned = planEnvelopes({ to: many(15, "t"), cc: many(10, "c"), bcc: many(2, "b") }, "private");
    assert.deepEqual(
      planned.map(({ to, cc, bcc }) => [to.length, cc.length, bcc.length]),
      [
        [15, 5, 0],
        [0, 5, 0],
        [1, 0, 0],
        [1, 0, 0],
      ],
    );
  });

  it("are two when there are more recipients than the module turns out to take", () => {
    const envelope = { to: many(3), cc: many(2, "c"), bcc: [] };
    assert.deepEqual(
      halveEnvelope(envelope).map((one) => recipientsOf(one).length),
      [3, 2],
    );
    assert.deepEqual(halveEnvelope(envelope).flatMap(recipientsOf), recipientsOf(envelope));
  });

  it("are one per recipient after a split, and nobody is lost", () => {
    const split = splitEnvelope(all);
    assert.deepEqual(
      split.map(({ to, cc, bcc }) => [to.length, cc, bcc]),
      Array.from({ length: 4 }, () => [1, [], []]),
    );
    assert.deepEqual(split.flatMap(recipientsOf), recipientsOf(all));
  });
});
