/** Hostile messages that meet faults. Ten minutes of them: `npm run campaign -- --part fresh`. */
import fc from "fast-check";
import { joinedProperty } from "../../campaign/hostile/joined-property";
import { TIME } from "../../support/property";

describe("A message of a flow, whatever it holds", function () {
  this.timeout(TIME);

  it("is followed to its told end, true to the server, over outages, restarts and kills, once it was accepted", async () => {
    await fc.assert(joinedProperty(), { numRuns: 50, seed: 1 });
  });
});
