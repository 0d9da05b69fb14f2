import assert from "node:assert/strict";
import { concerns, recordOf } from "../../../lib/quectel/registration/pin-memory";

describe("the note about a SIM PIN", () => {
  it("holds no PIN to read, and knows it all the same", () => {
    const record = recordOf("73916482", "refused", 2);
    assert.doesNotMatch(JSON.stringify(record), /73916482/);
    assert.deepEqual([record.outcome, record.triesLeft], ["refused", 2]);
    assert.equal(concerns(record, "73916482"), true);
    assert.equal(concerns(record, "73916483"), false);
  });

  it("never looks the same twice, so that two gateways with one PIN do not show it", () => {
    const [one, other] = [recordOf("7391", "sent", undefined), recordOf("7391", "sent", undefined)];
    assert.notEqual(one.hash, other.hash);
    assert.equal("triesLeft" in one, false);
  });

  it("is about no PIN when its hash was cut", () => {
    const record = recordOf("7391", "refused", undefined);
    assert.equal(concerns({ ...record, hash: record.hash.slice(0, 10) }, "7391"), false);
  });
});
