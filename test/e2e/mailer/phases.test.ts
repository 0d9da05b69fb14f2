/** The module's mailer by its neutral face: what is out after which phase, and what an outcome says. */
import assert from "node:assert/strict";
import { OK } from "../../../lib/simulator";
import type { Parameter } from "../../../lib/simulator/device/parameters";
import type { Prepared } from "../../../lib/mailer/mailer";
import { memoryMailer, transaction, type MemoryMailer } from "../../support/memory-mailer";
import { memoryRig } from "../../support/memory-rig";

async function prepared(rig: MemoryMailer, ...how: Parameters<MemoryMailer["prepare"]>): Promise<Prepared> {
  const one = await rig.prepare(...how);
  assert.ok(one.kind === "prepared");
  return one;
}

const textOf = (parameter: Parameter | undefined): string | undefined =>
  parameter?.kind === "string" ? parameter.text : undefined;

describe("A mail in two phases by the module", () => {
  let rig: MemoryMailer;

  beforeEach(async () => {
    rig = await memoryMailer();
  });

  afterEach(() => rig.close());

  it("is out after the second phase, not after the first", async () => {
    const one = await prepared(rig, transaction());
    await rig.clock.advance(60_000);
    assert.equal(rig.server.received.length, 0);
    assert.ok(!rig.lines().some((line) => line.startsWith("AT+QSMTPPUT")));
    const outcome = await rig.commit(one);
    assert.equal(rig.server.received.length, 1);
    assert.equal(outcome.kind, "ended");
    assert.deepEqual(outcome.recipients, [{ address: "duty@example.com", state: "accepted" }]);
    assert.equal(outcome.kind === "ended" && outcome.error, undefined);
    assert.equal(outcome.open, false);
    assert.equal(outcome.kind === "ended" && outcome.bytes, 15);
    assert.equal(rig.modem.lock.held, false);
  });

  it("takes five command lines when it is the second one", async () => {
    await rig.send();
    const from = rig.lines().length;
    await rig.send(transaction({ id: "mail-2" }));
    assert.deepEqual(
      rig.lines(from).map((line) => line.replace(/[=?].*/, "")),
      ["AT+QSMTPCLR", "AT+QSMTPDST", "AT+QSMTPSUB", "AT+QSMTPBODY", "AT+QSMTPPUT"],
    );
  });

  it("that is abandoned was not sent and leaves the module to the next one", async () => {
    const one = await prepared(rig, transaction());
    assert.equal(rig.modem.lock.held, true);
    await rig.clock.until(one.abandon());
    assert.equal(rig.modem.lock.held, false);
    await rig.send(transaction({ id: "mail-2", subject: "second" }));
    assert.equal(rig.server.received.length, 1);
    assert.match(rig.readable()[0] ?? "", /second/);
  });

  it("has a mark of less than a kilobyte that tells nothing of addresses, account or module", async () => {
    const to = Array.from({ length: 20 }, (_, index) => `person-${index}@example.com`);
    const one = await prepared(rig, transaction({ to }));
    const { mark } = one;
    const text = JSON.stringify(mark);
    assert.ok(text.length < 1024);
    assert.deepEqual(JSON.parse(text), mark);
    assert.ok(!text.includes("example.com") && !text.includes(rig.modem.identity?.imei ?? "none"));
    await rig.clock.until(one.abandon());
  });

  it("waits for the one before it, and so does one that is abandoned", async () => {
    const first = await prepared(rig, transaction());
    const second = rig.mailer.prepare(transaction({ id: "mail-2" }), {
      signal: new AbortController().signal,
      ageMs: 0,
      possibleDuplicate: false,
    });
    let isThere = false;
    void second.then(() => (isThere = true));
    await rig.clock.advance(60_000);
    assert.equal(isThere, false);
    await rig.commit(first);
    const next = await rig.clock.until(second);
    assert.equal(next.kind, "prepared");
    if (next.kind === "prepared") await rig.commit(next);
    assert.equal(rig.server.received.length, 2);
  });

  it("called off in the first phase was not sent, wherever it was", async () => {
    for (const command of ["+QSMTPCLR", "+QSMTPDST", "+QSMTPSUB", "+QSMTPBODY"]) {
      const stop = new AbortController();
      const undo = rig.module.define((context, next) => {
        if (context.name === command) stop.abort();
        return next();
      });
      const outcome = await rig.prepare(transaction(), { signal: stop.signal });
      undo();
      assert.ok(outcome.kind === "ended");
      const { error, ...rest } = outcome;
      assert.equal(error?.code, "MODEM_ABORTED", command);
      assert.deepEqual(rest, {
        kind: "ended",
        recipients: [{ address: "duty@example.com", state: "deferred" }],
        retry: { kind: "whenAvailable" },
        open: false,
        warnings: [],
      });
      assert.equal(rig.modem.lock.held, false);
      await rig.clock.advance(60_000);
    }
    assert.equal(rig.server.received.length, 0);
    await rig.send();
    assert.equal(rig.server.received.length, 1);
  });

  it("that stands ready when its config node is closed leaves the module to the one that comes after it", async () => {
    const rig = await memoryMailer();
    const prepared = await rig.prepare(transaction());
    assert.ok(prepared.kind === "prepared");
    rig.mailer.close();
    assert.equal(rig.modem.lock.held, false);
    const outcome = await rig.commit(prepared);
    assert.ok(outcome.recipients.every(({ state }) => state !== "accepted"));
    assert.equal(rig.server.received.length, 0);
    await rig.close();
  });

  it("left alone by its caller in the second phase may still be asked for", async () => {
    const one = await prepared(rig, transaction());
    const stop = new AbortController();
    rig.module.define((context, next) => {
      if (context.name === "+QSMTPPUT") rig.clock.after(1, () => stop.abort());
      return context.name === "+QSMTPPUT" ? OK : next();
    });
    const outcome = await rig.commit(one, stop.signal);
    assert.equal(outcome.kind, "unknown");
    assert.equal(outcome.kind === "unknown" && outcome.recoverable, true);
    assert.equal(outcome.recipients[0]?.state, "unknown");
  });

  it("of which the server refuses one recipient among several is to be sent to each alone", async () => {
    rig.server.refuse = { "gone@example.com": 550 };
    const outcome = await rig.send(transaction({ to: ["duty@example.com", "gone@example.com"] }));
    assert.equal(outcome.kind, "ended");
    assert.ok(outcome.kind === "ended");
    assert.deepEqual(
      outcome.recipients.map(({ state }) => state),
      ["deferred", "deferred"],
    );
    assert.deepEqual(
      outcome.split?.map(({ to }) => to),
      [["duty@example.com"], ["gone@example.com"]],
    );
    const alone = await rig.send(transaction({ to: ["gone@example.com"] }));
    assert.deepEqual(alone.recipients, [
      { address: "gone@example.com", state: "refused", modemCode: 678, smtpCode: 550 },
    ]);
  });

  it("whose subject the module refuses goes out with a shorter one in the same phase", async () => {
    rig.module.define((context, next) =>
      context.name === "+QSMTPSUB" && (textOf(context.parameters[1])?.length ?? 0) > 100
        ? { kind: "cme", code: 664 }
        : next(),
    );
    const subject = "Level too high at pump station ".repeat(5);
    const outcome = await rig.send(transaction({ subject }));
    assert.equal(outcome.kind, "ended");
    assert.ok(rig.readable()[0]?.includes(`Subject: ${subject}`));
  });

  it("says that it may be a repeat where its caller says so", async () => {
    await rig.send(transaction(), { possibleDuplicate: true });
    assert.match(rig.readable()[0] ?? "", /Possible duplicate/);
  });

  it("says when it was raised where it is late, to the millisecond, and only where the settings ask for it", async () => {
    for (const [lateNote, ageMs, isLate] of [
      [10, 599_999, false],
      [10, 600_000, true],
      [0, 600_000, false],
    ] as const) {
      const rig = await memoryMailer({ text: { lateNote } });
      await rig.send(transaction(), { ageMs });
      assert.equal(
        /Created .*, sent 10 min later\./.test(rig.readable()[0] ?? ""),
        isLate,
        `${lateNote}, ${ageMs}`,
      );
      await rig.close();
    }
  });

  it("is available from the moment when the module is ready, which is told once", async () => {
    const rig = memoryRig();
    const told: boolean[] = [];
    rig.mailer.on("available", (available) => told.push(available));
    assert.equal(rig.mailer.available, false);
    rig.modem.acquire();
    await rig.clock.run(() => rig.mailer.available);
    assert.deepEqual(told, [true]);
    await rig.close();
  });

  it("because the module restarted between the phases was not sent, and is due when it is back", async () => {
    const one = await prepared(rig, transaction());
    rig.module.restart("powerLoss");
    await rig.clock.advance(100);
    const outcome = await rig.commit(one);
    assert.ok(outcome.kind === "ended");
    assert.equal(outcome.open, false);
    assert.equal(outcome.retry.kind, "whenAvailable");
    assert.equal(rig.server.received.length, 0);
  });

  it("because the module is away says so, is not counted, and goes out when it is back", async () => {
    rig.module.unplug();
    await rig.clock.run(() => !rig.mailer.available);
    const outcome = await rig.send();
    assert.ok(outcome.kind === "ended");
    assert.equal(outcome.retry.kind, "whenAvailable");
    rig.module.plug();
    await rig.clock.run(() => rig.mailer.available);
    assert.equal((await rig.send()).recipients[0]?.state, "accepted");
  });
});
