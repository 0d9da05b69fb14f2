/** What the soak of the campaign counts on abort signals: a slope there is what no other figure shows early. */
import assert from "node:assert/strict";
import { slope } from "../../campaign/soak";
import { WatchedSignals } from "../../campaign/soak/signals";

describe("What hangs on abort signals, as the soak counts it", () => {
  let watched: WatchedSignals;
  beforeEach(() => (watched = new WatchedSignals()));
  afterEach(() => watched.end());

  it("is every listener, and every signal joined to another", () => {
    const long = new AbortController();
    assert.equal(watched.dependants(), 0);
    const listener = (): void => undefined;
    long.signal.addEventListener("abort", listener);
    assert.equal(watched.dependants(), 1);
    const joined = [1, 2, 3].map(() => AbortSignal.any([long.signal]));
    assert.equal(joined.length, 3);
    assert.equal(watched.dependants(), 4);
    long.signal.removeEventListener("abort", listener);
    assert.equal(watched.dependants(), 3);
  });
});

describe("A slope of the soak", () => {
  it("is met when no quarter is above the one before, and may fall", () => {
    assert.equal(slope("timers", [2, 2, 1, 2 - 1]).met, true);
    assert.equal(slope("timers", [2, 2, 2, 3]).met, false);
  });

  it("is met when each quarter leaves no more than its room, however much all of them do", () => {
    assert.equal(slope("heap", [30, 30.9, 31.8, 32.7], 1).met, true);
    assert.equal(slope("heap", [30, 30, 31.2, 31], 1).met, false);
  });
});
