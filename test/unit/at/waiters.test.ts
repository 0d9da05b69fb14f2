import assert from "node:assert/strict";
import { openSyncedBench, withCode } from "../../support/at-bench";

describe("waiters for unsolicited lines", () => {
  it("get the first line that they match, and only that", async () => {
    const { channel, modem } = await openSyncedBench();
    const put = channel.expect((line) => line.startsWith("+QSMTPPUT:"));
    const ring = channel.expect((line) => line === "RING");
    modem.send("+QIND: x\r\nRING\r\n+QSMTPPUT: 0,0\r\n+QSMTPPUT: 651,0\r\n");
    assert.equal(await ring.promise, "RING");
    assert.equal(await put.promise, "+QSMTPPUT: 0,0");
  });

  it("may have their time started anew", async () => {
    const { channel, clock } = await openSyncedBench();
    const waiter = channel.expect(() => false);
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

  it("run no time once they are settled", async () => {
    const { channel, clock, modem } = await openSyncedBench();
    const waiter = channel.expect(() => true);
    modem.send("RING\r\n");
    waiter.start(1_000);
    assert.equal(clock.timers, 0);
    assert.equal(await waiter.promise, "RING");
  });

  it("keep their outcome, whatever comes later", async () => {
    const { channel, modem } = await openSyncedBench();
    const waiter = channel.expect(() => true);
    waiter.cancel();
    modem.send("RING\r\nRDY\r\n");
    await assert.rejects(waiter.promise, withCode("MODEM_ABORTED"));
  });

  it("fail all together when the module restarts, and leave no timer", async () => {
    const { channel, clock, modem } = await openSyncedBench();
    const all = [channel.expect(() => false), channel.expect(() => false)];
    for (const waiter of all) waiter.start(1_000);
    modem.send("RDY\r\n");
    for (const { promise } of all) await assert.rejects(promise, withCode("MODEM_RESET"));
    await clock.until(channel.sync());
    assert.equal(clock.timers, 0);
  });
});
