import assert from "node:assert/strict";
import { Waiters } from "../../../lib/at/channel";
import { ModemError } from "../../../lib/errors";
import { withCode } from "../../support/at-bench";
import { VirtualClock } from "../../support/virtual-clock";

describe("waiters for unsolicited lines", () => {
  it("get the first line that they match, and only that", async () => {
    const waiters = new Waiters(new VirtualClock());
    const put = waiters.expect((line) => line.startsWith("+QSMTPPUT:"));
    const ring = waiters.expect((line) => line === "RING");
    waiters.offer("+QIND: x");
    waiters.offer("RING");
    waiters.offer("+QSMTPPUT: 0,0");
    waiters.offer("+QSMTPPUT: 651,0");
    assert.equal(await ring.promise, "RING");
    assert.equal(await put.promise, "+QSMTPPUT: 0,0");
  });

  it("may have their time started anew", async () => {
    const clock = new VirtualClock();
    const waiter = new Waiters(clock).expect(() => false);
    waiter.start(1_000);
    await clock.advance(900);
    waiter.start(1_000);
    assert.equal(clock.timers, 1);
    await clock.advance(900);
    const start = clock.now();
    await assert.rejects(clock.until(waiter.promise), {
      code: "MODEM_TIMEOUT",
      message: /no result line/,
    });
    assert.equal(clock.now() - start, 100);
  });

  it("run no time once they are settled", () => {
    const clock = new VirtualClock();
    const waiters = new Waiters(clock);
    const waiter = waiters.expect(() => true);
    waiters.offer("RING");
    waiter.start(1_000);
    assert.equal(clock.timers, 0);
  });

  it("keep their outcome, whatever comes later", async () => {
    const waiters = new Waiters(new VirtualClock());
    const waiter = waiters.expect(() => true);
    waiter.cancel();
    waiters.offer("RING");
    waiters.failAll(new ModemError("MODEM_RESET"));
    await assert.rejects(waiter.promise, withCode("MODEM_ABORTED"));
  });

  it("fail all together when the module restarts, and leave no timer", async () => {
    const clock = new VirtualClock();
    const waiters = new Waiters(clock);
    const all = [waiters.expect(() => false), waiters.expect(() => false)];
    for (const waiter of all) waiter.start(1_000);
    waiters.failAll(new ModemError("MODEM_RESET"));
    for (const { promise } of all) await assert.rejects(promise, withCode("MODEM_RESET"));
    assert.equal(clock.timers, 0);
  });
});
