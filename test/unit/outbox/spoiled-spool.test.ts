/** What stands in the files of a spool when an outbox starts: anything. Ten minutes of it: `npm run campaign -- --part fresh`. */
import fc from "fast-check";
import { spoolProperty, spoolToSpoil } from "../../campaign/hostile/spool-property";
import { TIME } from "../../support/property";

describe("A spool with spoiled and foreign files", function () {
  this.timeout(TIME);

  it("loses no other mail, sends nothing twice and tells each end once, whatever they hold", async () => {
    await fc.assert(spoolProperty(await spoolToSpoil()), { numRuns: 100, seed: 1 });
  });
});
