/** Requests to the endpoints of the editor that no dialog sends. Ten minutes of them: `npm run campaign -- --part fresh`. */
import fc from "fast-check";
import { adminProperty } from "../campaign/hostile/admin-property";
import { EndpointsAttack } from "../campaign/hostile/endpoints";
import { TIME } from "../support/property";

describe("An endpoint of the editor", function () {
  this.timeout(TIME);
  const attack = new EndpointsAttack();

  before(() => attack.begin());
  after(() => attack.end());

  it("answers in its own words, shows no secret and changes nothing that every object has, whatever is sent", async () => {
    await fc.assert(adminProperty(attack), { numRuns: 300, seed: 1 });
  });
});
