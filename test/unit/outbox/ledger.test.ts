/** The ledger of the outbox by itself: what is kept of holds, rate and lost results, and what is told of holds. */
import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import { PROBE_EVERY } from "../../../lib/outbox/holds";
import { readState } from "../../../lib/outbox/state";
import { DIRECTORY, SETTINGS } from "./bench";
import { nextStart, noWrites, parts, type Parts } from "./parts-bench";

const MINUTE = 60_000;
const REFUSED = new ModemError("SMTP_ACCESS_DENIED");
const LOST = new ModemError("MODEM_RESULT_UNKNOWN");

async function kept({ spool }: Parts) {
  const read = await readState(spool);
  if (read.kind !== "state") throw new Error(read.kind);
  return read.state;
}

describe("The ledger", () => {
  it("begins with nothing held and nothing counted, and has its time on the disk before any mail is", async () => {
    const bench = await parts();
    const { holds, sent, unknownInRow, time } = await kept(bench);
    assert.deepEqual({ holds, sent, unknownInRow }, { holds: {}, sent: [], unknownInRow: 0 });
    assert.equal(time.clock, bench.ledger.time.now().clock);
    const next = await nextStart(bench, "nothing");
    assert.equal(next.ledger.time.now().clock, time.clock);
  });

  it("says which file was damaged, why, and what follows", async () => {
    const before = await parts();
    before.files.put(`${DIRECTORY}/state.json`, "{");
    const { troubles } = await nextStart(before, "all");
    assert.deepEqual(
      troubles.map(({ code }) => code),
      ["OUTBOX_DAMAGED"],
    );
    assert.match(troubles[0]?.message ?? "", /state\.json: not a JSON text; ages begin anew/);
  });

  it("reports a disk that does not take it, and goes on when it does again", async () => {
    const bench = await parts();
    noWrites(bench.files);
    await bench.ledger.hold("paused");
    assert.deepEqual(
      bench.troubles.map(({ code, message }) => [code, message.includes("state.json")]),
      [["OUTBOX_DISK", true]],
    );
    assert.equal(bench.ledger.holds.any, true, "held all the same");
    bench.files.fault = () => undefined;
    await bench.ledger.save();
    assert.equal(bench.troubles.length, 1);
    assert.notEqual((await kept(bench)).holds.paused, undefined);
  });
});

describe("A hold", () => {
  it("is new once, and is told once", async () => {
    const { ledger, holds } = await parts();
    assert.deepEqual([await ledger.hold("pdp"), await ledger.hold("pdp")], [true, false]);
    assert.deepEqual([await ledger.meet(REFUSED), await ledger.meet(REFUSED)], [true, false]);
    assert.equal(await ledger.hold("paused"), true, "of another kind");
    assert.deepEqual(
      holds.map((reason) => reason?.kind),
      ["pdp", "paused"],
      "an error behind a person's hold is not told of",
    );
  });

  it("is told when it becomes another, and when it ends", async () => {
    const { ledger, holds } = await parts();
    await ledger.meet(REFUSED);
    await ledger.meet(new ModemError("SMTP_AUTH_FAILED"));
    await ledger.hold("paused");
    await ledger.release("setup");
    await ledger.release("paused");
    assert.deepEqual(
      holds.map((reason) => (reason?.kind === "setup" ? reason.code : reason?.kind)),
      ["SMTP_ACCESS_DENIED", "SMTP_AUTH_FAILED", "paused", undefined],
    );
  });

  it("ends by a mail that got through, and by nothing when there is none", async () => {
    const bench = await parts();
    const writes = bench.files.count("rename");
    await bench.ledger.unknown(LOST);
    await bench.ledger.passed();
    assert.equal((await kept(bench)).unknownInRow, 1, "a lost result stays counted");
    assert.equal(bench.files.count("rename"), writes + 1);
    await bench.ledger.meet(REFUSED);
    await bench.ledger.passed();
    assert.equal(bench.ledger.holds.any, false);
  });

  it("of another kind ends without the lost results being forgotten", async () => {
    const { ledger, holds } = await parts();
    await ledger.unknown(LOST);
    await ledger.hold("pdp");
    await ledger.release("pdp");
    await ledger.unknown(LOST);
    assert.equal(ledger.holds.setup?.error.code, "MODEM_RESULT_MISSING");
    assert.equal(holds.length, 3);
  });

  it("ends with the settings that it concerns, which is told, and stops no age from then on", async () => {
    const before = await parts();
    await before.ledger.meet(REFUSED);
    await before.ledger.unknown(LOST);
    const same = await nextStart(before, "all");
    assert.deepEqual([same.ledger.holds.any, same.holds.length], [true, 0]);
    const fingerprint = { ...SETTINGS.fingerprint, login: "user:other" };
    const other = await parts({
      files: before.files.after("all"),
      clock: before.clock,
      settings: { fingerprint },
    });
    assert.deepEqual([other.ledger.holds.any, other.holds], [false, [undefined]]);
    assert.deepEqual([(await kept(other)).holds, (await kept(other)).unknownInRow], [{}, 0]);
    const { active } = other.ledger.time.now();
    await other.clock.advance(MINUTE);
    assert.equal(other.ledger.time.now().active, active + MINUTE);
  });

  it("notes a probe on the disk before the mail is tried, so that a kill brings no second one", async () => {
    const bench = await parts();
    await bench.ledger.meet(REFUSED);
    await bench.clock.advance(PROBE_EVERY);
    assert.equal(bench.ledger.holds.wait(bench.ledger.time.now().time), 0);
    await bench.ledger.probe();
    assert.equal(bench.ledger.holds.wait(bench.ledger.time.now().time), PROBE_EVERY);
    const { ledger } = await nextStart(bench, "nothing");
    assert.equal(ledger.holds.wait(ledger.time.now().time), PROBE_EVERY);
  });
});

describe("Lost results", () => {
  it("hold the outbox from the second in a row on, over a restart too", async () => {
    const bench = await parts();
    await bench.ledger.unknown(LOST);
    assert.equal(bench.ledger.holds.any, false);
    const next = await nextStart(bench, "nothing");
    await next.ledger.unknown(LOST);
    const reason = next.ledger.holds.reason();
    assert.equal(reason?.kind === "setup" && reason.code, "MODEM_RESULT_MISSING");
  });

  it("do not hold it when a known one came between", async () => {
    const bench = await parts();
    await bench.ledger.unknown(LOST);
    await bench.ledger.known();
    assert.equal((await kept(bench)).unknownInRow, 0);
    await bench.ledger.unknown(LOST);
    assert.equal(bench.ledger.holds.any, false);
  });

  it("are forgotten when a person ends the hold, so that a single one does not hold again", async () => {
    const { ledger } = await parts();
    await ledger.unknown(LOST);
    await ledger.unknown(LOST);
    await ledger.release("paused", "setup");
    await ledger.unknown(LOST);
    assert.equal(ledger.holds.any, false);
  });

  it("end the hold that they began by a known one, and no other hold", async () => {
    const { ledger } = await parts();
    await ledger.unknown(LOST);
    await ledger.unknown(LOST);
    await ledger.known();
    assert.equal(ledger.holds.any, false);
    await ledger.unknown(LOST);
    await ledger.meet(REFUSED);
    await ledger.known();
    assert.equal(ledger.holds.setup?.error.code, "SMTP_ACCESS_DENIED");
  });

  it("cost no write of the disk for each mail that goes well", async () => {
    const bench = await parts();
    const before = bench.files.operations;
    await bench.ledger.known();
    await bench.ledger.passed();
    await bench.ledger.countPut();
    assert.equal(bench.files.operations, before);
  });
});

describe("The rate", () => {
  it("is counted on the disk before the mail goes out, where there is a limit", async () => {
    const bench = await parts({ settings: { ratePerHour: 5 } });
    await bench.ledger.countPut();
    await bench.ledger.countPut();
    const { ledger } = await nextStart(bench, "nothing");
    assert.deepEqual(ledger.rate.store(), [[0, 2]]);
  });
});
