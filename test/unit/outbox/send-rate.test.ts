/** The limit of mails an hour, held against a plain list of the moments at which mails were sent. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { SendRate } from "../../../lib/outbox/send-rate";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe("The limit of mails an hour", () => {
  it("lets no more than so many through in any hour, and each within an hour and a minute", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 0, max: 40 * MINUTE }), { minLength: 1, maxLength: 40 }),
        (limit, rests) => {
          const rate = new SendRate(limit, []);
          const sent: number[] = [];
          let time = 0;
          for (const rest of rests) {
            time += rest;
            const wait = rate.wait(time);
            const recent = sent.filter((at) => time - at < HOUR).length;
            if (wait === 0) assert(recent < limit);
            assert(wait <= HOUR + MINUTE);
            time += wait;
            assert.equal(rate.wait(time), 0);
            rate.count(time);
            sent.push(time);
          }
        },
      ),
    );
  });

  it("lets the next one go a minute after the hour of the oldest at the latest, and not before", () => {
    const rate = new SendRate(2, []);
    rate.count(0);
    rate.count(30 * MINUTE);
    assert.equal(rate.wait(40 * MINUTE), 21 * MINUTE);
    assert.equal(rate.wait(61 * MINUTE - 1), 1);
    assert.equal(rate.wait(61 * MINUTE), 0);
    rate.count(61 * MINUTE);
    assert.equal(rate.wait(61 * MINUTE), 30 * MINUTE);
  });

  it("waits behind a burst only as long as the excess asks for", () => {
    const rate = new SendRate(2, [
      [0, 1],
      [10, 3],
      [20, 1],
    ]);
    // Five were sent: four of them have to be older than an hour.
    assert.equal(rate.wait(30 * MINUTE), (10 + 61 - 30) * MINUTE);
    const single = [0, 10, 20].map((minute) => [minute, 1] as const);
    assert.equal(new SendRate(2, single).wait(30 * MINUTE), (10 + 61 - 30) * MINUTE);
  });

  it("keeps one count a minute, and none that has left the hour", () => {
    const rate = new SendRate(3, []);
    for (const minute of [0, 0, 1, 60, 61, 62]) rate.count(minute * MINUTE);
    assert.deepEqual(rate.store(), [
      [60, 1],
      [61, 1],
      [62, 1],
    ]);
    rate.count(62 * MINUTE + 59_999);
    assert.deepEqual(rate.store().at(-1), [62, 2]);
    assert.equal(new SendRate(4, rate.store()).wait(62 * MINUTE), 59 * MINUTE);
  });

  it("counts no minute that lies ahead, as of a clock that was lost", () => {
    assert.equal(new SendRate(1, [[500, 9]]).wait(10 * MINUTE), 0);
    assert.equal(new SendRate(1, [[10, 1]]).wait(10 * MINUTE), 61 * MINUTE);
  });

  it("counts no minute that has left the hour since it was kept", () => {
    for (const minutes of [61, 61.5, 100]) assert.equal(new SendRate(1, [[0, 1]]).wait(minutes * MINUTE), 0);
  });

  it("is no limit where it is 0", () => {
    const rate = new SendRate(0, [[1, 100]]);
    assert.equal(rate.limited, false);
    assert.equal(rate.wait(MINUTE), 0);
    assert.equal(new SendRate(1, []).limited, true);
  });
});
