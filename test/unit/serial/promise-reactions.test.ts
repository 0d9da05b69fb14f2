/** The remedy for native callbacks without promise reactions; on a real port it is measured in `test/system/serial`. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { runPromiseReactions } from "../../../lib/serial/promise-reactions";
import { VirtualClock } from "../../support/virtual-clock";

describe("promise reactions of a serial port's binding", () => {
  it("run at each event of the poller, without any timer, until the end", () => {
    const poller = new EventEmitter();
    const clock = new VirtualClock();
    const running = runPromiseReactions({ poller }, clock);
    assert.deepEqual(poller.eventNames(), ["readable", "writable"]);
    poller.emit("readable", null);
    poller.emit("writable", new Error("Canceled"));
    assert.equal(clock.timers, 0);
    running.clear();
    assert.deepEqual(poller.eventNames(), []);
  });

  it("run every 10 ms where there is no poller, as on Windows, until the end", async () => {
    const clock = new VirtualClock();
    let ticks = 0;
    const running = runPromiseReactions(
      {},
      {
        now: () => clock.now(),
        wall: () => clock.wall(),
        after: (ms, fire) =>
          clock.after(ms, () => {
            ticks++;
            fire();
          }),
      },
    );
    await clock.advance(1_005);
    assert.equal(ticks, 100);
    assert.equal(clock.timers, 1);
    running.clear();
    assert.equal(clock.timers, 0);
  });
});
