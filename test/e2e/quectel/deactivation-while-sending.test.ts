/** A flow deactivates the PDP context while a mail is on the air. */
import assert from "node:assert/strict";
import { activeContext } from "../../../lib/simulator/module/pdp-contexts";
import { mail, mailRig } from "../transaction/mail-rig";

describe("deactivating the PDP context while a mail is on the air", () => {
  it("by force ends the mail, and the mail does not activate the context again", async () => {
    const rig = await mailRig({ module: { timing: { airMs: 20_000 } } });
    const sending = rig.begin(mail());
    sending.catch(() => undefined);
    await rig.clock.run(() => rig.lines().some((line) => line.startsWith("AT+QSMTPPUT")));
    await rig.clock.advance(5_000);
    await rig.clock.until(rig.pdp.deactivate({ force: true }));
    await assert.rejects(rig.clock.until(sending), { class: "transient" });
    await rig.clock.advance(60_000);
    assert.equal(activeContext(rig.module, 1), undefined);
    assert.equal(rig.server.received.length, 0);

    await rig.clock.until(rig.pdp.activate());
    await rig.send(mail());
    assert.equal(rig.server.received.length, 1);
    await rig.stop();
  });

  it("waits for its result where it is not forced", async () => {
    const rig = await mailRig({ module: { timing: { airMs: 20_000 } } });
    const sending = rig.begin(mail());
    await rig.clock.run(() => rig.lines().some((line) => line.startsWith("AT+QSMTPPUT")));
    const status = await rig.clock.until(rig.pdp.deactivate());
    await rig.clock.until(sending);
    assert.equal(status.active, false);
    assert.equal(rig.server.received.length, 1);
    await rig.stop();
  });
});
