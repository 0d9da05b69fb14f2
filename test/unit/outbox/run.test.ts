/** One opening of the folder of an outbox: who owns it, what ends with the modem's readiness, how it is left. */
import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import { FaultyFiles } from "../../support/faulty-files";
import { Bench, DIRECTORY, fakeHost, mail } from "./bench";

const MINUTE = 60_000;

/** Another process, which lives, has the folder now. */
function taken({ files, clock }: Bench): void {
  const mark = { ...fakeHost(clock).self, token: "other" };
  if (files instanceof FaultyFiles) files.put(`${DIRECTORY}/lock/9.json`, JSON.stringify(mark));
}

describe("A folder that another runtime has taken while this one stood still", () => {
  it("takes no mail any more, sends none, and says why", async () => {
    const bench = await Bench.open({ available: false });
    await bench.accept(mail("waits"));
    taken(bench);
    await assert.rejects(bench.accept(mail("new")), { code: "OUTBOX_LOCKED", message: /stood still/ });
    assert.deepEqual(
      bench.troubles.map(({ code }) => code),
      ["OUTBOX_LOCKED"],
    );
    bench.carrier.setAvailable(true);
    await bench.clock.advance(MINUTE);
    assert.deepEqual(bench.tried, []);
  });

  it("puts no mail on the air whose try had begun", async () => {
    const bench = await Bench.open();
    bench.carrier.step = async () => taken(bench);
    await bench.accept(mail("alarm"));
    await bench.clock.advance(10 * MINUTE);
    assert.deepEqual([bench.tried, bench.delivered], [["alarm"], []]);
    assert.equal((await bench.files.list(`${DIRECTORY}/queue`)).length, 1, "the other one sends it");
    assert.deepEqual(await bench.files.list(`${DIRECTORY}/sending`), []);
  });
});

describe("A modem that becomes ready", () => {
  it("ends a hold for its SIM card although no mail waits, and no other hold", async () => {
    const bench = await Bench.open({ available: false });
    await bench.outbox.holdFor(new ModemError("SIM_MISSING"));
    bench.carrier.setAvailable(false);
    await bench.clock.advance(1000);
    assert.equal(bench.outbox.summary().hold?.kind, "setup");
    bench.carrier.setAvailable(true);
    await bench.clock.advance(1000);
    assert.deepEqual(
      [bench.outbox.summary().hold, bench.holds.length, bench.holds[1]],
      [undefined, 2, undefined],
    );
    await bench.outbox.holdFor(new ModemError("SMTP_ACCESS_DENIED"));
    bench.carrier.setAvailable(true);
    await bench.clock.advance(1000);
    assert.equal(bench.outbox.summary().hold?.kind, "setup");
  });

  it("ends such a hold of an earlier run too", async () => {
    const first = await Bench.open({ available: false });
    await first.outbox.holdFor(new ModemError("SIM_PIN_REQUIRED"));
    const second = await first.restart({ available: true });
    await second.clock.advance(1000);
    assert.equal(second.outbox.summary().hold, undefined);
  });
});

describe("An outbox that is closed while it opens", () => {
  it("hears nothing of the modem any more, and sends nothing", async () => {
    const files = new FaultyFiles();
    const first = await Bench.open({ files, available: false });
    await first.accept(mail("waits"));
    first.outbox.on("ended", (ended) => ended.waitUntil(Promise.reject(new Error("the flow is stopped"))));
    const told = await first.accept(mail("told"));
    await first.clock.until(first.outbox.discard(told));
    await first.clock.until(first.outbox.close());
    first.host.end();
    const second = new Bench({ files, clock: first.clock, available: true });
    let closing: Promise<void> | undefined;
    second.outbox.on("ended", () => void (closing = second.outbox.close()));
    await second.clock.until(second.outbox.open());
    assert.equal(second.ended.length, 1);
    await second.clock.until(closing ?? Promise.resolve());
    await second.clock.advance(MINUTE);
    assert.deepEqual([second.tried, second.carrier.listenerCount("available")], [[], 0]);
  });
});

describe("The summary", () => {
  it("tells the age of the oldest mail, whenever that was accepted", async () => {
    const bench = await Bench.open({ available: false });
    assert.equal(bench.outbox.summary().oldestAgeMs, 0);
    await bench.clock.advance(7 * MINUTE);
    await bench.accept(mail("first"));
    await bench.clock.advance(2 * MINUTE);
    await bench.accept(mail("second"));
    assert.equal(bench.outbox.summary().oldestAgeMs, 2 * MINUTE);
  });
});
