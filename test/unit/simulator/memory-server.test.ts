/** A mail server without a socket takes nothing of a mail that the module has given up. */
import assert from "node:assert/strict";
import { mail } from "../../e2e/transaction/mail-rig";
import { memoryRig } from "../../support/memory-rig";
import { delivered } from "../../../lib/simulator/delivery/smtp-codes";
import { internet } from "../../../lib/simulator";

const HOUR = 3600_000;

describe("A mail server in memory that is slow", () => {
  it("does not take what the module has given up beside the repeat of it", async () => {
    const rig = memoryRig();
    const { clock, module, modem } = rig;
    let arrived = 0;
    module.state(internet).mailServer = async (delivery) => {
      await delivery.before("mail");
      arrived++;
      return delivered;
    };
    module.faults.set([{ at: { smtp: "mail" }, fault: { kind: "delay", ms: HOUR } }]);
    modem.acquire();
    await clock.until(modem.whenReady());
    // The second try goes through.
    await rig.sendNow(mail({ subject: "alarm" }), {}, HOUR / 2);
    await clock.advance(2 * HOUR);
    assert.equal(arrived, 1);
    await rig.close();
  });
});
