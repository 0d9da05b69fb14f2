import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { backOff, Deferred, joinSignals, Semaphore, within, type BackOffOptions } from "../../lib/async";
import { VirtualClock } from "../support/virtual-clock";

const BURST = 2_000;

describe("A back-off", () => {
  const plain: BackOffOptions = { firstMs: 1000, capMs: 5000, chance: [0.8, 1.2] };

  it("doubles up to its cap", () => {
    assert.deepEqual(
      [1, 2, 3, 4, 5].map((failures) => backOff(failures, plain, 0.5)),
      [1000, 2000, 4000, 5000, 5000],
    );
  });

  it("varies by chance, so that gateways do not call in step", () => {
    assert.deepEqual([backOff(1, plain, 0), backOff(1, plain, 0.999_999)], [800, 1200]);
    assert.deepEqual(
      [0, 0.999_999].map((random) => backOff(2, { ...plain, chance: [1, 0.5] }, random)),
      [2000, 1000],
    );
  });

  it("never overflows, whatever it is told", () => {
    for (const failures of [-1, 0, 1, 31, 2000, Infinity]) {
      const ms = backOff(failures, plain, 0.5);
      assert.ok(ms >= 1000 && ms <= 5000, `${ms} ms`);
    }
  });
});

describe("A semaphore", () => {
  it("lets in as many as it has places, in the order of asking", async () => {
    const semaphore = new Semaphore(2);
    const order: number[] = [];
    const ends = [1, 2, 3, 4].map(() => new Deferred<void>());
    const all = ends.map(({ promise }, at) =>
      semaphore.run(async () => {
        order.push(at + 1);
        await promise;
      }),
    );
    await nextTurn();
    assert.deepEqual([order, semaphore.full], [[1, 2], true]);
    ends[1]?.resolve();
    await nextTurn();
    assert.deepEqual(order, [1, 2, 3]);
    for (const { resolve } of ends) resolve();
    await Promise.all(all);
    assert.deepEqual([order, semaphore.full], [[1, 2, 3, 4], false]);
  });

  it("goes on behind work that fails", async () => {
    const semaphore = new Semaphore();
    const failed = semaphore.run(() => Promise.reject(new Error("refused")));
    const next = semaphore.run(() => Promise.resolve("done"));
    await assert.rejects(failed, /refused/);
    assert.equal(await next, "done");
  });

  it("lets who gives up leave the queue, and hands his place to nobody else", async () => {
    const semaphore = new Semaphore();
    const leave = await semaphore.acquire();
    const giveUp = new AbortController();
    const gone = semaphore.acquire(giveUp.signal);
    const next = semaphore.acquire();
    giveUp.abort(new Error("enough"));
    await assert.rejects(gone, /enough/);
    await assert.rejects(semaphore.acquire(giveUp.signal), /enough/);
    leave();
    leave();
    const leaveNext = await next;
    assert.ok(semaphore.full, "a place is given back once");
    leaveNext();
    assert.ok(!semaphore.full);
  });

  it("lets in no caller that gives up while the place is on its way", async () => {
    let letIn: (() => void) | undefined;
    const semaphore = new Semaphore(1, (enter) => (letIn = enter));
    const leave = await semaphore.acquire();
    const giveUp = new AbortController();
    let begun = false;
    const gone = semaphore.run(() => Promise.resolve((begun = true)), giveUp.signal);
    const next = semaphore.acquire();
    leave();
    giveUp.abort(new Error("enough"));
    letIn?.();
    await assert.rejects(gone, /enough/);
    assert.equal(begun, false);
    letIn?.();
    (await next)();
    assert.ok(!semaphore.full);
  });

  it("takes a burst in its order, a few at a time, and leaves the runtime a turn between them", async () => {
    const semaphore = new Semaphore(8, setImmediate);
    const taken: number[] = [];
    let inside = 0;
    let most = 0;
    const all = Array.from({ length: BURST }, (_none, number) =>
      semaphore.run(async () => {
        taken.push(number);
        most = Math.max(most, ++inside);
        await nextTurn();
        inside--;
      }),
    );
    let longest = 0;
    for (let before = 0; taken.length < BURST; before = taken.length) {
      await nextTurn();
      longest = Math.max(longest, taken.length - before);
    }
    await Promise.all(all);
    assert.deepEqual(
      taken,
      Array.from({ length: BURST }, (_none, number) => number),
    );
    assert.ok(most <= 8, `${most} at once`);
    assert.ok(longest <= 16, `${longest} in one turn`);
  });
});

describe("A time limit", () => {
  it("gives what the work gives, and leaves no timer behind", async () => {
    const clock = new VirtualClock();
    assert.equal(await within(clock, 1000, Promise.resolve("done"), () => "late"), "done");
    await assert.rejects(
      within(clock, 1000, Promise.reject(new Error("failed")), () => "late"),
      /failed/,
    );
    await nextTurn();
    assert.equal(clock.timers, 0);
  });

  it("gives what it is told when the time is over, and the end of the work then concerns nobody", async () => {
    const clock = new VirtualClock();
    const work = new Deferred<string>();
    assert.equal(await clock.until(within(clock, 1000, work.promise, () => "late")), "late");
    assert.equal(clock.now(), 1000);
    const fail = (): never => {
      throw new Error("too late");
    };
    await assert.rejects(clock.until(within(clock, 1000, work.promise, fail)), /too late/);
    work.reject(new Error("nobody hears"));
    await nextTurn();
  });
});

describe("Joined signals", () => {
  it("end with the first of them, for its reason", () => {
    for (const first of [0, 1]) {
      const ends = [new AbortController(), new AbortController()];
      const { signal } = joinSignals(undefined, ...ends.map((end) => end.signal));
      assert.equal(signal.aborted, false);
      ends[first]?.abort("first");
      ends[1 - first]?.abort("second");
      assert.equal(signal.reason, "first");
    }
    assert.equal(joinSignals(AbortSignal.abort("before")).signal.reason, "before");
  });

  it("leave nothing in a signal that lives longer, and are not ended by it any more", () => {
    const end = new AbortController();
    const { signal, release } = joinSignals(end.signal);
    release();
    assert.deepEqual(getEventListeners(end.signal, "abort"), []);
    end.abort();
    assert.equal(signal.aborted, false);
  });
});
