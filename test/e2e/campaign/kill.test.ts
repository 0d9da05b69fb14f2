/** The kill campaign with few kills; `npm run campaign:kill` runs it in full. */
import assert from "node:assert/strict";
import { isSound, runKillCampaign } from "../../campaign/kill/campaign";

describe("A gateway that is killed again and again, with a module and a mail server that live on", function () {
  this.timeout(180_000);
  for (const [form, way, kills, what] of [
    ["kill", "mixed", 4, "its process ends at random moments"],
    ["cut", "module", 2, "a power cut takes what was not flushed"],
  ] as const) {
    it(`loses no accepted mail, repeats none unmarked and tells the end of each when ${what}`, async () => {
      const result = await runKillCampaign({ form, way, kills, seed: 20260101 });
      assert.ok(isSound(result), JSON.stringify(result));
      assert.ok(result.delivered > 0);
    });
  }
});
