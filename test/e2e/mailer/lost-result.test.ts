/** Whose result the module's next one is: a mail that was in flight when its host went away, asked for afterwards. */
import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import type { Mark, Outcome } from "../../../lib/mailer/mailer";
import type { Transport } from "../../../lib/serial/transport";
import { OK } from "../../../lib/simulator";
import { memoryMailer, transaction, type MemoryMailer } from "../../support/memory-mailer";
import type { MemoryRigOptions } from "../../support/memory-rig";

/** A mail is in flight for 20 s; always the same module. */
const IN_FLIGHT = { module: { imei: "001015000000015", timing: { airMs: 20_000 } } } as const;
const MINUTE = 60_000;

/** Puts a mail in flight and leaves it after 2 s, with the connection; what is left, and the mark. */
async function left(options: MemoryRigOptions = IN_FLIGHT): Promise<{ rig: MemoryMailer; mark: Mark }> {
  const rig = await memoryMailer(options);
  const one = await rig.prepare(transaction());
  assert.ok(one.kind === "prepared");
  const stop = new AbortController();
  rig.clock.after(2_000, () => stop.abort());
  const outcome = await rig.commit(one, stop.signal);
  assert.ok(outcome.kind === "unknown" && outcome.recoverable);
  await rig.close();
  return { rig, mark: one.mark };
}

function expectUnknown(outcome: Outcome, why: RegExp, isRecoverable = false): void {
  assert.ok(outcome.kind === "unknown");
  assert.equal(outcome.recoverable, isRecoverable);
  assert.equal(outcome.open, true);
  assert.equal(outcome.error.class, "unknown");
  assert.match(outcome.error.message, why);
}

describe("A mail whose host went away", () => {
  it("is accepted when the module was busy with it, says so, and still shows it; figures that nobody saw are absent", async () => {
    const { rig, mark } = await left();
    const host = await memoryMailer(IN_FLIGHT, rig);
    const outcome = await host.recover(transaction(), mark);
    assert.ok(outcome.kind === "ended");
    assert.equal(outcome.recipients[0]?.state, "accepted");
    assert.equal(outcome.error, undefined);
    assert.equal("sendMs" in outcome || "bytes" in outcome, false);
    assert.equal(rig.server.received.length, 1);
    await host.close();
  });

  it("is refused for certain when its result says so", async () => {
    const { rig, mark } = await left();
    rig.server.refuse = { "duty@example.com": 550 };
    const host = await memoryMailer(IN_FLIGHT, rig);
    const outcome = await host.recover(transaction(), mark);
    assert.equal(outcome.recipients[0]?.state, "refused");
    assert.equal(outcome.open, false);
    await host.close();
  });

  it("is unknown at once when the module is free at the first question, whatever it said before", async () => {
    const { rig, mark } = await left();
    const host = await memoryMailer(IN_FLIGHT, rig);
    await host.clock.advance(30_000);
    const before = host.clock.now();
    expectUnknown(await host.recover(transaction(), mark), /no longer busy/);
    assert.ok(host.clock.now() - before < 1_000);
    await host.close();
  });

  it("is unknown when the module restarted with the host and works on a test mail now", async () => {
    const { rig, mark } = await left();
    rig.module.restart("powerLoss");
    const tester = await memoryMailer({ ...IN_FLIGHT, isTestMail: true }, rig);
    const test = await tester.prepare(transaction({ id: "test", subject: "Test" }));
    assert.ok(test.kind === "prepared");
    const cancel = new AbortController();
    rig.clock.after(2_000, () => cancel.abort());
    await tester.commit(test, cancel.signal);
    await tester.close();
    const host = await memoryMailer(IN_FLIGHT, rig);
    expectUnknown(await host.recover(transaction(), mark), /test mail/);
    await host.close();
  });

  it("is unknown when the test mail has the same recipients and subject", async () => {
    const { rig, mark } = await left();
    rig.module.restart("powerLoss");
    const tester = await memoryMailer({ ...IN_FLIGHT, isTestMail: true }, rig);
    const test = await tester.prepare(transaction());
    assert.ok(test.kind === "prepared");
    const cancel = new AbortController();
    rig.clock.after(2_000, () => cancel.abort());
    await tester.commit(test, cancel.signal);
    await tester.close();
    const host = await memoryMailer(IN_FLIGHT, rig);
    expectUnknown(await host.recover(transaction(), mark), /test mail/);
    await host.close();
  });

  it("is unknown when another program's mail is what the module works on, by recipients and by subject", async () => {
    for (const other of [{ to: ["chief@example.com"] }, { subject: "Pump 8 alarm" }]) {
      const { rig } = await left();
      const host = await memoryMailer(IN_FLIGHT, rig);
      // The mark is that of a mail that the module does not show.
      const one = await host.prepare(transaction(other));
      assert.ok(one.kind === "prepared");
      await host.clock.until(one.abandon());
      const { rig: again } = await left();
      const later = await memoryMailer(IN_FLIGHT, again);
      expectUnknown(await later.recover(transaction(other), one.mark), /another mail/);
      await later.close();
      await host.close();
    }
  });

  it("is unknown with a mark that cannot be read, or of another module", async () => {
    const { rig, mark } = await left();
    const host = await memoryMailer(IN_FLIGHT, rig);
    const whole = mark.data as Record<string, string | number>;
    const spoilt = Object.keys(whole).flatMap((key) => [
      { ...whole, [key]: key === "testMails" ? "1" : 1 },
      Object.fromEntries(Object.entries(whole).filter(([other]) => other !== key)),
    ]);
    assert.equal(spoilt.length, 8);
    for (const damaged of [null, 7, [], {}, ...spoilt, { ...whole, testMails: 1.5 }]) {
      expectUnknown(await host.recover(transaction(), { via: "module", data: damaged }), /cannot be read/);
    }
    expectUnknown(await host.recover(transaction(), { ...mark, via: "socket" }), /cannot be read/);
    const other = { ...(mark.data as object), module: "0" };
    expectUnknown(await host.recover(transaction(), { via: "module", data: other }), /another module/);
    await host.close();
  });

  it("is unknown when the module does not tell afterwards whose mail it was", async () => {
    for (const command of ["+QSMTPDST", "+QSMTPSUB"]) {
      const { rig, mark } = await left();
      const host = await memoryMailer(IN_FLIGHT, rig);
      host.module.define((context, next) =>
        context.name === command && context.form === "read" && host.server.received.length > 0
          ? { kind: "error" }
          : next(),
      );
      expectUnknown(await host.recover(transaction(), mark), /another mail/);
      await host.close();
    }
  });

  it("is accepted although the note of test mails is damaged, which counts as none", async () => {
    for (const note of ['"two"', "-1", "1.5", "{"]) {
      const { rig, mark } = await left();
      await rig.store.write("test-mails", note);
      const host = await memoryMailer(IN_FLIGHT, rig);
      assert.equal((await host.recover(transaction(), mark)).recipients[0]?.state, "accepted", note);
      await host.close();
    }
  });

  it("can be asked for again when the module did not answer, or the caller went away", async () => {
    const { rig, mark } = await left();
    const host = await memoryMailer(IN_FLIGHT, rig);
    host.module.unplug();
    await host.clock.run(() => !host.mailer.available);
    expectUnknown(await host.recover(transaction(), mark), /result/, true);
    host.module.plug();
    await host.clock.run(() => host.mailer.available);
    const asked = host.mailer.recover(transaction(), mark, { signal: AbortSignal.abort(), limitMs: MINUTE });
    expectUnknown(await host.clock.until(asked), /result/, true);
    assert.equal(host.modem.lock.held, false);
    await host.close();
  });

  it("of a module that stays busy is asked for as long as the mail has time; then the module is restarted", async () => {
    for (const allowReset of [true, false]) {
      const endless = {
        module: { timing: { airMs: 24 * 60 * MINUTE } },
        smtp: { sendTimeout: 3600 },
      } as const;
      const { rig, mark } = await left(endless);
      const host = await memoryMailer({ ...endless, network: { allowReset } }, rig);
      const before = host.clock.now();
      const from = host.lines().length;
      expectUnknown(await host.recover(transaction(), mark, 3 * MINUTE), /end of its time/);
      assert.equal(host.lines(from).includes("AT+CFUN=1,1"), allowReset);
      const waited = host.clock.now() - before;
      assert.ok(waited >= 3 * MINUTE && waited < 4 * MINUTE, String(waited));
      await host.close();
    }
  });
});

describe("A mail whose connection was lost while it was in flight", () => {
  /** A rig whose cable can be pulled without taking the module's power. */
  async function withCable(): Promise<{ rig: MemoryMailer; pull: () => void }> {
    let cable: Transport | undefined;
    const rig = await memoryMailer({
      module: { timing: { airMs: 60_000 } },
      watch: (transport) => (cable = transport),
    });
    return { rig, pull: () => void cable?.emit("closed", new ModemError("PORT_UNPLUGGED")) };
  }

  it("is accepted when the same module shows it afterwards", async () => {
    const { rig, pull } = await withCable();
    const one = await rig.prepare(transaction());
    assert.ok(one.kind === "prepared");
    rig.clock.after(2_000, pull);
    const outcome = await rig.commit(one);
    assert.equal(outcome.recipients[0]?.state, "accepted");
    await rig.close();
  });

  it("is not accepted by the result of a mail that another program has put in its place", async () => {
    const { rig, pull } = await withCable();
    const one = await rig.prepare(transaction());
    assert.ok(one.kind === "prepared");
    rig.module.define((context, next) => {
      if (context.name !== "+QSMTPSUB" || context.form !== "read") return next();
      context.info('+QSMTPSUB: 0,"another"');
      return OK;
    });
    rig.clock.after(2_000, pull);
    expectUnknown(await rig.commit(one), /another mail/);
    await rig.close();
  });

  it("is unknown as soon as the module has restarted, not half a minute later", async () => {
    const rig = await memoryMailer({ module: { timing: { airMs: 60_000, bootMs: 3_000 } } });
    const one = await rig.prepare(transaction());
    assert.ok(one.kind === "prepared");
    rig.clock.after(2_000, () => rig.module.restart("powerLoss"));
    const before = rig.clock.now();
    const outcome = await rig.commit(one);
    assert.equal(outcome.kind, "unknown");
    const ended = rig.clock.now() - before;
    await rig.clock.run(() => rig.mailer.available);
    const ready = rig.clock.now() - before;
    assert.ok(ended <= ready + 5_000, `${ended} ms, ready after ${ready} ms`);
    await rig.close();
  });
});
