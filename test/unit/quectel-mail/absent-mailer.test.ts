/** In place of a mailer whose code is missing on the disk: when it is looked for again, and what happens once it is there. */
import assert from "node:assert/strict";
import { copyOf, ModemError } from "../../../lib/errors";
import { AbsentMailer } from "../../../lib/mailer/absent-mailer";
import type { Mailer, Outcome } from "../../../lib/mailer/mailer";
import type { ModemState } from "../../../lib/quectel/connection/modem-state";
import { FakeMailer } from "../../support/fake-mailer";
import { transaction } from "../../support/memory-mailer";
import { KeptLog } from "../../support/module-replies";
import { VirtualClock } from "../../support/virtual-clock";

/** @param isReplaceable as for a modem of which the module's own client may carry mails: nothing holds them. */
function bench(isReplaceable: boolean) {
  const missing = copyOf(new ModemError("PACKAGE_UPDATED"), { class: isReplaceable ? "transient" : "setup" });
  const clock = new VirtualClock();
  const state: ModemState = { name: "ready" };
  const modem = { state, clock, log: new KeptLog(), on: () => undefined, off: () => undefined } as never;
  const found = new FakeMailer();
  const looks: number[] = [];
  let isThere = false;
  const load = (): Mailer => {
    looks.push(clock.now());
    if (!isThere) throw missing;
    return found;
  };
  const mailer = new AbsentMailer({ modem, error: missing, isReplaceable, load });
  const send = async (): Promise<Outcome> => {
    const { signal } = new AbortController();
    const one = await mailer.prepare(transaction(), { signal, ageMs: 0, possibleDuplicate: false });
    return one.kind === "prepared" ? one.commit(signal) : one;
  };
  return { clock, found, looks, mailer, missing, send, restore: () => void (isThere = true) };
}

describe("A mailer whose code is missing", () => {
  it("looks for it with the first try and then every ten seconds at most, however many mails are tried", async () => {
    const { clock, looks, missing, send } = bench(true);
    for (let second = 0; second < 25; second++) {
      for (let mail = 0; mail < 5; mail++) {
        const { kind, error, recipients } = await send();
        assert.deepEqual([kind, error, recipients[0]?.state], ["ended", missing, "deferred"]);
      }
      await clock.advance(1_000);
    }
    assert.deepEqual(looks, [0, 10_000, 20_000]);
  });

  it("looks for it with each try where its error holds the outbox: a resume just after a try is not in vain", async () => {
    const { clock, looks, missing, send, restore } = bench(false);
    const { kind, error } = await send();
    assert.deepEqual([kind, error, missing.class], ["ended", missing, "setup"]);
    await clock.advance(500);
    await send();
    restore();
    assert.equal((await send()).recipients[0]?.state, "accepted");
    assert.deepEqual(looks, [0, 500, 500]);
  });

  for (const isReplaceable of [true, false]) {
    it(`is the mailer itself once it is there${isReplaceable ? ", and no trouble any more" : ""}`, async () => {
      const { clock, found, looks, mailer, missing, send, restore } = bench(isReplaceable);
      const told: boolean[] = [];
      mailer.on("available", (available) => told.push(available));
      assert.deepEqual(
        [mailer.trouble, mailer.available],
        isReplaceable ? [missing, false] : [undefined, true],
      );
      await send();
      restore();
      await clock.advance(10_000);
      for (let mail = 0; mail < 3; mail++) assert.equal((await send()).recipients[0]?.state, "accepted");
      assert.deepEqual([looks.length, found.delivered.length], [2, 3]);
      assert.deepEqual(
        [mailer.trouble, mailer.available, told],
        [undefined, true, isReplaceable ? [true] : []],
      );
      found.lastMail = { kind: "sent", at: 7 };
      assert.equal(mailer.lastMail, found.lastMail);
      let closed = 0;
      found.close = () => void closed++;
      mailer.close();
      assert.equal(closed, 1);
    });
  }

  it("is not looked for after its close", async () => {
    const { looks, mailer, send, restore } = bench(true);
    restore();
    mailer.close();
    const { kind, error, recipients } = await send();
    assert.deepEqual([kind, error?.code, recipients[0]?.state], ["ended", "MODEM_ABORTED", "deferred"]);
    assert.deepEqual(looks, []);
  });
});
