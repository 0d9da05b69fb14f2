/** When a modem of the flows gives its port away for a test mail, whose result must not pass for another one's. */
import assert from "node:assert/strict";
import { leasePort, type PortLease } from "../../../nodes/runtime/modem/port-lease";
import { memoryOutbox, outboxMail, type OutboxRig } from "../../support/memory-outbox";
import { KeptLog } from "../../support/module-replies";

const MINUTE = 60_000;

/** The port, as for a test mail or something else. */
function lease(rig: OutboxRig, isForMail: boolean): Promise<PortLease> {
  return leasePort(rig, {
    isForMail,
    recall: () => undefined,
    signal: new AbortController().signal,
    isInUse: () => true,
    log: new KeptLog(),
    onLease: () => undefined,
  });
}

/** A host that starts again while a mail is in flight, and has not opened its port yet. */
async function inDoubt(): Promise<OutboxRig> {
  const rig = memoryOutbox({ module: { timing: { bootMs: 3_000, airMs: 40_000 } } });
  await rig.open();
  await rig.accept(outboxMail());
  await rig.clock.run(() => /QSMTPPUT=\d+\r$/.test(rig.written()), 10 * MINUTE);
  await rig.clock.advance(1_000);
  await rig.stop(0);
  const next = memoryOutbox({}, rig);
  await next.clock.until(next.outbox.open());
  assert.equal(next.outbox.inDoubt, 1);
  return next;
}

describe("The port of a modem of which a result is not known yet", () => {
  it("is not given away for a test mail, which says so after a minute", async () => {
    const rig = await inDoubt();
    const began = rig.clock.now();
    await assert.rejects(rig.clock.until(lease(rig, true)), { code: "OUTBOX_IN_DOUBT" });
    assert.equal(rig.clock.now() - began, MINUTE);
    assert.equal(rig.modem.lock.held, false);
    assert.equal(rig.outbox.listenerCount("changed"), 0);
    await rig.stop();
  });

  it("is given away for a test mail as soon as it is known", async () => {
    const rig = await inDoubt();
    rig.clock.after(1_000, () => rig.modem.acquire());
    const portLease = await rig.clock.until(lease(rig, true));
    await rig.clock.run(() => rig.ended.length === 1, MINUTE);
    assert.equal(rig.ended[0]?.result.status, "sent");
    assert.equal(rig.outbox.inDoubt, 0);
    await rig.clock.until(portLease.giveBack());
    await rig.stop();
  });

  it("is given away at once for what sends no mail", async () => {
    const rig = await inDoubt();
    const began = rig.clock.now();
    const portLease = await rig.clock.until(lease(rig, false));
    assert.equal(rig.clock.now() - began, 0);
    await rig.clock.until(portLease.giveBack());
    await rig.stop();
  });

  it("is left alone when the test is called off meanwhile", async () => {
    const rig = await inDoubt();
    const stop = new AbortController();
    rig.clock.after(1_000, () => stop.abort(new Error("cancelled")));
    const lending = leasePort(rig, {
      isForMail: true,
      recall: () => undefined,
      signal: stop.signal,
      isInUse: () => true,
      log: new KeptLog(),
      onLease: () => undefined,
    });
    await assert.rejects(rig.clock.until(lending), /cancelled/);
    assert.equal(rig.modem.lock.held, false);
    await rig.stop();
  });
});
