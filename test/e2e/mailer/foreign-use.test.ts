/** Another host or process that sends mails through the same module, where no lock of ours helps. */
import assert from "node:assert/strict";
import { OK } from "../../../lib/simulator";
import { emptyContent, smtpClient } from "../../../lib/simulator/delivery/smtp-state";
import { memoryMailer, type MemoryMailer } from "../../support/memory-mailer";

const DAY = 24 * 3600_000;

/** The module is busy with another program's mail at the next command, for 20 s. */
function busy(rig: MemoryMailer): void {
  const until = rig.clock.now() + 20_000;
  const undo = rig.module.define((context, next) => {
    if (rig.clock.now() >= until) undo();
    else if (context.name.startsWith("+QSMTP") && context.form !== "test") return { kind: "cme", code: 652 };
    return next();
  });
}

/** A mailer that has noticed that its module is shared. */
async function sharedMailer(): Promise<MemoryMailer> {
  const rig = await memoryMailer();
  await rig.send();
  busy(rig);
  await rig.send();
  return rig;
}

const readBacks = (rig: MemoryMailer, from: number): number =>
  rig.lines(from).filter((line) => line === "AT+QSMTPDST?").length;

describe("Mails of another program through the same module", () => {
  it("make each mail of a day read its recipients back, and are told once", async () => {
    const rig = await memoryMailer();
    const warnings: string[] = [];
    rig.modem.on("warning", ({ code }) => warnings.push(code));
    await rig.send();
    let from = rig.lines().length;
    await rig.send();
    assert.equal(readBacks(rig, from), 0);
    busy(rig);
    await rig.send();
    from = rig.lines().length;
    await rig.send();
    // Before QSMTPPUT, and after its result.
    assert.equal(readBacks(rig, from), 2);
    busy(rig);
    await rig.send();
    assert.deepEqual(warnings, ["MODEM_SHARED"]);
    await rig.clock.advance(DAY);
    from = rig.lines().length;
    await rig.send();
    assert.equal(readBacks(rig, from), 0);
    assert.ok(rig.server.received.every(({ recipients }) => recipients.join() === "duty@example.com"));
    await rig.close();
  });

  it("are known for their day after a restart of the host as well, whatever its clock says", async () => {
    for (const jump of [0, -30 * DAY]) {
      const rig = await sharedMailer();
      await rig.close();
      rig.clock.jumpWall(jump);
      const again = await memoryMailer({}, rig);
      const warnings: string[] = [];
      again.modem.on("warning", ({ code }) => warnings.push(code));
      let from = again.lines().length;
      await again.send();
      assert.equal(readBacks(again, from), 2);
      assert.deepEqual(warnings, [], "it was told before");
      await again.clock.advance(DAY);
      from = again.lines().length;
      await again.send();
      assert.equal(readBacks(again, from), 0);
      await again.close();
    }
  });

  it("are guarded against though the note of them is damaged or the disk takes none", async () => {
    const rig = await memoryMailer();
    await rig.store.write("foreign-use", '"yesterday"');
    await rig.send();
    rig.store.write = () => Promise.reject(new Error("disk full"));
    busy(rig);
    assert.equal((await rig.send()).recipients[0]?.state, "accepted");
    const from = rig.lines().length;
    await rig.send();
    assert.equal(readBacks(rig, from), 2);
    await rig.close();
  });

  it("get none of our mails when they replace the recipients at the last moment", async () => {
    const rig = await sharedMailer();
    const had = rig.server.received.length;
    rig.module.define((context, next) => {
      if (context.name !== "+QSMTPDST" || context.form !== "read") return next();
      context.info('+QSMTPDST: 1,"stranger@example.com"');
      return OK;
    });
    const outcome = await rig.send();
    assert.ok(outcome.kind === "ended");
    assert.equal(outcome.open, false);
    assert.equal(outcome.error?.class, "transient");
    assert.match(outcome.error?.message ?? "", /another program/);
    assert.equal(rig.server.received.length, had);
    await rig.close();
  });

  it("keep no mail back where the module does not list its recipients, or in no form that can be read", async () => {
    for (const listed of [undefined, "+QSMTPDST: 1,?"]) {
      const rig = await sharedMailer();
      const had = rig.server.received.length;
      rig.module.define((context, next) => {
        if (context.name !== "+QSMTPDST" || context.form !== "read" || rig.server.received.length > had)
          return next();
        if (listed === undefined) return { kind: "error" };
        context.info(listed);
        return OK;
      });
      assert.equal((await rig.send()).recipients[0]?.state, "accepted");
      assert.equal(rig.server.received.length, had + 1);
      await rig.close();
    }
  });

  it("are never taken for ours when they take its place between the last look and QSMTPPUT", async () => {
    const rig = await sharedMailer();
    rig.server.received.length = 0;
    rig.module.define((context, next) => {
      if (context.name === "+QSMTPPUT")
        smtpClient(rig.module).content = {
          ...emptyContent(),
          recipients: [{ type: 1, address: "stranger@example.com" }],
        };
      return next();
    });
    const outcome = await rig.send();
    assert.deepEqual(
      rig.server.received.map(({ recipients }) => recipients.join()),
      ["stranger@example.com"],
    );
    assert.equal(outcome.kind, "unknown");
    assert.equal(outcome.open, true);
    await rig.close();
  });

  it("are not seen in a test mail of ours that is still in flight", async () => {
    const rig = await memoryMailer();
    const warnings: string[] = [];
    rig.modem.on("warning", ({ code }) => warnings.push(code));
    await rig.send();
    await rig.store.write("test-mails", "1");
    busy(rig);
    await rig.send();
    assert.deepEqual(warnings, []);
    await rig.close();
  });
});
