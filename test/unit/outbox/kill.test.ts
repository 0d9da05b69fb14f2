import assert from "node:assert/strict";
import { runKillCampaign } from "../../campaign/kill/campaign";

describe("Killing the outbox's process", () => {
  it("loses no accepted mail and repeats none unmarked over some kills at random moments", async function () {
    this.timeout(120_000);
    const totals = await runKillCampaign({ kills: 5, seed: 20260101 });
    assert.ok(totals.accepted > 0);
    assert.deepEqual(
      { ...totals, delivered: 0, duplicatesMarked: 0 },
      {
        accepted: totals.accepted,
        reported: totals.accepted,
        delivered: 0,
        duplicatesMarked: 0,
        duplicatesUnmarked: 0,
        lost: 0,
        falselySent: 0,
      },
    );
  });
});
