import assert from "node:assert/strict";
import { planEnvelopes, splitEnvelope } from "../../../lib/mailer/qsmtp/compose/envelopes";
import { recipientsOf } from "../../../lib/mailer/envelope";

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

  it("are one per recipient after a split, and nobody is lost", () => {
    const split = splitEnvelope(all);
    assert.deepEqual(
      split.map(({ to, cc, bcc }) => [to.length, cc, bcc]),
      Array.from({ length: 4 }, () => [1, [], []]),
    );
    assert.deepEqual(split.flatMap(recipientsOf), recipientsOf(all));
  });
});
