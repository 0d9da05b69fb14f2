/** The restart step of the recovery ladder with a simulated module. */
import assert from "node:assert/strict";
import { restartForMail } from "../../../lib/quectel/recovery/module-recovery";
import { simulatedRig } from "../../support/simulated-rig";

const uncounted = (): Promise<void> => Promise.resolve();

describe("restart for a mail that does not go out", () => {
  it("ends when the module is ready again, and counts", async () => {
    const rig = simulatedRig({ module: { timing: { bootMs: 8000 } } });
    await rig.ready();
    let counted = 0;
    await rig.clock.until(restartForMail(rig.modem, async () => void counted++));
    assert.equal(rig.modem.epoch, 2);
    assert.equal(rig.modem.state.name, "ready");
    assert.equal(counted, 1);
    await rig.modem.close();
    // What the module itself still does after its start, then nothing more.
    await rig.clock.advance(10_000);
    assert.equal(rig.clock.timers, 0);
  });

  it("gives up after three minutes when the module does not come back", async () => {
    const rig = simulatedRig({ module: { timing: { bootMs: 3600_000 } } });
    await rig.ready();
    const before = rig.clock.now();
    await assert.rejects(rig.clock.until(restartForMail(rig.modem, uncounted)), {
      code: "MODEM_NOT_READY",
    });
    assert.ok(rig.clock.now() - before <= 181_000);
    await rig.modem.close();
  });

  it("is not counted when the module could not even be told", async () => {
    const rig = simulatedRig();
    rig.module.unplug();
    rig.modem.acquire();
    let counted = 0;
    await assert.rejects(rig.clock.until(restartForMail(rig.modem, async () => void counted++)), {
      code: "MODEM_NOT_READY",
    });
    assert.equal(counted, 0);
    await rig.modem.close();
  });

  it("ends with the reason of its signal", async () => {
    const rig = simulatedRig({ module: { timing: { bootMs: 8000 } } });
    await rig.ready();
    const abort = new AbortController();
    const reason = new Error("closed");
    const running = restartForMail(rig.modem, uncounted, abort.signal);
    await rig.clock.advance(2_000);
    abort.abort(reason);
    await assert.rejects(rig.clock.until(running), reason);
    await rig.modem.close();
  });
});
