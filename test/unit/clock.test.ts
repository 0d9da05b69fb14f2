import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { delay } from "../../lib/clock";
import { VirtualClock } from "../support/virtual-clock";

describe("delay", () => {
  it("ends after its time and leaves no listener and no timer behind", async () => {
    const clock = new VirtualClock();
    const signals = [new AbortController().signal, new AbortController().signal];
    await clock.until(delay(clock, 1000, ...signals));
    assert.equal(clock.now(), 1000);
    assert.deepEqual(
      signals.map((signal) => getEventListeners(signal, "abort").length),
      [0, 0],
    );
  });

  it("ends with the reason of whichever signal is aborted first", async () => {
    const clock = new VirtualClock();
    for (const place of [0, 1]) {
      const controllers = [new AbortController(), new AbortController()];
      const waiting = delay(clock, 1000, undefined, ...controllers.map(({ signal }) => signal));
      const reason = new Error("enough");
      controllers[place]?.abort(reason);
      await assert.rejects(waiting, reason);
      assert.equal(clock.timers, 0);
      for (const { signal } of controllers) assert.equal(getEventListeners(signal, "abort").length, 0);
    }
  });

  it("does not begin when a signal has been aborted before", async () => {
    const clock = new VirtualClock();
    const reason = new Error("enough");
    await assert.rejects(delay(clock, 1000, AbortSignal.abort(reason)), reason);
    assert.equal(clock.timers, 0);
  });
});
