/** A module whose mail client stays busy for ever: restarted where that is allowed, else told, and never tried blindly. */
import assert from "node:assert/strict";
import { memoryMailer, transaction, type MemoryMailer } from "../../support/memory-mailer";

const MINUTE = 60_000;
const NO_RESTARTS = [{ allowReset: false }, { shared: true }];

/** Every command of the mail client is answered by 652, until the returned function is called. */
function busy(rig: MemoryMailer): () => void {
  return rig.module.define((context, next) =>
    context.name.startsWith("+QSMTP") && context.form !== "test" ? { kind: "cme", code: 652 } : next(),
  );
}

/** The module is found to be busy for ever. */
async function stuck(network: (typeof NO_RESTARTS)[number] = { allowReset: false }) {
  const rig = await memoryMailer({ network, module: { timing: { bootMs: 3_000 } } });
  await rig.send();
  const free = busy(rig);
  const told: boolean[] = [];
  rig.mailer.on("available", (available) => told.push(available));
  const outcome = await rig.send(transaction({ id: "mail-2" }));
  return { rig, free, told, outcome };
}

const restarts = (rig: MemoryMailer): number => rig.lines().filter((line) => line === "AT+CFUN=1,1").length;

describe("A module that stays busy and must not be restarted", () => {
  for (const network of NO_RESTARTS) {
    it(`wants its power switched, and the mail waits without a try (${JSON.stringify(network)})`, async () => {
      const { rig, told, outcome } = await stuck(network);
      assert.ok(outcome.kind === "ended");
      assert.equal(outcome.error?.code, "MODEM_STUCK");
      assert.equal(outcome.error.class, "transient");
      assert.deepEqual(outcome.retry, { kind: "whenAvailable" });
      assert.equal(outcome.open, false);
      assert.equal(rig.mailer.available, false);
      assert.equal(rig.mailer.trouble?.code, "MODEM_STUCK");
      assert.deepEqual(told, [false]);
      assert.equal(restarts(rig), 0);
      assert.equal(rig.modem.lock.held, false);
      await rig.close();
    });
  }

  it("is asked once a minute, and is as before within a minute of being free again", async () => {
    const { rig, free, told } = await stuck();
    const from = rig.lines().length;
    await rig.clock.advance(30 * MINUTE);
    const asked = rig.lines(from).filter((line) => line === "AT+QSMTPDST?").length;
    assert.ok(asked >= 29 && asked <= 30, String(asked));
    free();
    await rig.clock.advance(MINUTE);
    assert.equal(rig.mailer.available, true);
    assert.equal(rig.mailer.trouble, undefined);
    assert.deepEqual(told, [false, true]);
    await rig.send(transaction({ id: "mail-2" }));
    assert.equal(rig.server.received.length, 2);
    const idle = rig.lines().length;
    await rig.clock.advance(5 * MINUTE);
    assert.deepEqual(
      rig.lines(idle).filter((line) => line === "AT+QSMTPDST?"),
      [],
    );
    await rig.close();
    assert.equal(rig.clock.timers, 0);
  });

  it("is as before when its power was switched off and on", async () => {
    const { rig, free } = await stuck();
    free();
    rig.module.restart("powerLoss");
    await rig.clock.run(() => rig.modem.epoch > 1 && rig.mailer.available, 5 * MINUTE);
    await rig.send(transaction({ id: "mail-2" }));
    assert.equal(rig.server.received.length, 2);
    await rig.close();
  });

  it("is not one that sends a long mail of another program, which only takes its time", async () => {
    const rig = await memoryMailer({ network: { allowReset: false } });
    await rig.send();
    const free = busy(rig);
    rig.clock.after(4 * MINUTE, free);
    const outcome = await rig.send(transaction({ id: "mail-2" }));
    assert.equal(outcome.recipients[0]?.state, "accepted");
    assert.equal(rig.mailer.trouble, undefined);
    await rig.close();
  });

  it("is known by the question for a lost result as well, at the end of the time of its mail", async () => {
    const rig = await memoryMailer({ network: { allowReset: false } });
    const one = await rig.prepare(transaction());
    assert.ok(one.kind === "prepared");
    const stop = new AbortController();
    rig.clock.after(1_000, () => stop.abort());
    const free = busy(rig);
    assert.equal((await rig.commit(one, stop.signal)).kind, "ended");
    const outcome = await rig.recover(transaction(), one.mark, 10 * MINUTE);
    assert.ok(outcome.kind === "unknown");
    assert.equal(outcome.recoverable, false);
    assert.equal(rig.mailer.trouble?.code, "MODEM_STUCK");
    free();
    await rig.close();
    assert.equal(rig.mailer.trouble, undefined);
    assert.equal(rig.clock.timers, 0);
  });

  it("makes a test mail wait for a minute, and is not restarted away under the mail in flight", async () => {
    for (const allowReset of [true, false]) {
      const rig = await memoryMailer({ network: { allowReset }, isTestMail: true });
      busy(rig);
      const began = rig.clock.now();
      const outcome = await rig.send();
      assert.equal(outcome.error?.code, "SMTP_BUSY");
      assert.match(outcome.error.hint, /Send the test mail again when that mail has finished/);
      const waited = rig.clock.now() - began;
      assert.ok(waited >= MINUTE && waited < MINUTE + 10_000, `${waited} ms`);
      assert.equal(restarts(rig), 0);
      assert.equal(rig.mailer.trouble, undefined);
      await rig.close();
    }
  });

  it("is never called so where it may be restarted: that is done instead", async () => {
    const rig = await memoryMailer({ module: { timing: { bootMs: 3_000 } } });
    const free = busy(rig);
    rig.module.once("started", free);
    const outcome = await rig.send();
    assert.equal(outcome.recipients[0]?.state, "accepted");
    assert.equal(restarts(rig), 1);
    assert.equal(rig.mailer.trouble, undefined);
    await rig.close();
  });
});
