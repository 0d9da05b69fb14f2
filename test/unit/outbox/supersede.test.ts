/** Mails with a key (msg.replaces): after an outage one current state arrives instead of forty old ones. */
import assert from "node:assert/strict";
import { FaultyFiles } from "../../support/faulty-files";
import { attachment, Bench, failure, mail } from "./bench";

const level = (percent: number, more: Parameters<typeof mail>[1] = {}): ReturnType<typeof mail> =>
  mail(`Level ${percent} %`, { replaces: "level", ...more });

describe("A mail that replaces others", () => {
  it("leaves one of forty that were raised while the modem was away, and the others are told", async () => {
    const bench = await Bench.open({ available: false });
    for (let percent = 1; percent <= 40; percent++) await bench.accept(level(percent));
    assert.equal(bench.outbox.summary().depth, 1);
    bench.mailer.setAvailable(true);
    await bench.ends(40);
    assert.deepEqual(bench.delivered, ["Level 40 %"]);
    const [first] = bench.ended;
    assert.deepEqual(
      [
        first?.subject,
        first?.result.status,
        first?.failure?.code,
        first?.failure?.class,
        first?.failure?.outcome,
      ],
      ["Level 1 %", "failed", "OUTBOX_SUPERSEDED", "message", "notSent"],
    );
    await bench.clock.advance(1000);
    assert.equal(bench.outbox.summary().failed, 0, "and none of them is kept for retry");
  });

  it("is the one whose message came last, whichever was first on the disk", async () => {
    const bench = await Bench.open({ available: false });
    const places = [1, 2, 3].map(() => bench.outbox.reservePlace());
    for (const at of [2, 0, 1]) {
      await bench.acceptAt(places[at], level(at + 1));
      await bench.acceptAt(bench.outbox.reservePlace(), mail(`Door ${at + 1}`));
    }
    bench.mailer.setAvailable(true);
    await bench.ends(6);
    assert.deepEqual(bench.delivered, ["Level 3 %", "Door 3", "Door 1", "Door 2"]);
  });

  it("goes out in the order in which messages came", async () => {
    const bench = await Bench.open({ available: false });
    const places = [1, 2, 3].map(() => bench.outbox.reservePlace());
    for (const at of [2, 0, 1]) {
      await bench.acceptAt(places[at], mail(`Pump ${at + 1}`));
    }
    bench.mailer.setAvailable(true);
    await bench.ends(3);
    assert.deepEqual(bench.delivered, ["Pump 1", "Pump 2", "Pump 3"]);
  });

  it("replaces only those of its node with its key", async () => {
    const bench = await Bench.open({ available: false });
    await bench.accept(level(1));
    await bench.accept(mail("Door", { replaces: "door" }));
    await bench.accept(mail("Report"));
    const other = { nodeId: "n2", message: {} };
    const options = { maxAge: undefined, delivery: "atLeastOnce" } as const;
    await bench.clock.until(bench.outbox.accept(level(2), options, other));
    assert.equal(bench.outbox.summary().depth, 4);
    await bench.accept(level(3));
    bench.mailer.setAvailable(true);
    await bench.ends(5);
    assert.deepEqual(bench.delivered.sort(), ["Door", "Level 2 %", "Level 3 %", "Report"]);
  });

  it("takes the place of one that is being prepared", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) =>
      number === 1 ? { kind: "hangs", beforePut: true } : { kind: "sent" };
    await bench.accept(level(1));
    await bench.clock.run(() => bench.outbox.summary().sending !== undefined);
    await bench.accept(level(2));
    await bench.ends(2);
    assert.deepEqual(
      bench.ended.map(({ result, failure: told }) => [result.status, told?.code]),
      [
        ["failed", "OUTBOX_SUPERSEDED"],
        ["sent", undefined],
      ],
    );
    assert.deepEqual(bench.delivered, ["Level 2 %"]);
  });

  it("does not touch one that may be going out, which ends only if it does not", async () => {
    for (const [fate, end] of [
      [{ kind: "sent" }, ["sent", undefined]],
      [failure("SMTP_LOCAL_ERROR", { smtpCode: 451 }), ["failed", "OUTBOX_SUPERSEDED"]],
    ] as const) {
      const bench = await Bench.open();
      let commit = (): void => undefined;
      let steps = 0;
      bench.mailer.step = () =>
        ++steps === 2 ? new Promise((resolve) => (commit = resolve)) : Promise.resolve();
      bench.mailer.fate = (_transaction, number) => (number === 1 ? fate : { kind: "sent" });
      const id = await bench.accept(level(1));
      await bench.clock.run(() => steps === 2);
      await bench.accept(level(2));
      commit();
      await bench.ends(2);
      const old = bench.ended.find((one) => one.id === id);
      assert.deepEqual([old?.result.status, old?.failure?.code], end);
      assert.equal(bench.delivered.at(-1), "Level 2 %");
    }
  });

  it("lets the answer about a lost result count", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) => {
      if (number > 1) return { kind: "sent" };
      bench.mailer.available = false;
      return { kind: "lost", delivered: true, answer: { kind: "sent" } };
    };
    await bench.accept(level(1));
    await bench.clock.run(() => bench.delivered.length === 1 && bench.mailer.running === 0);
    await bench.accept(level(2));
    bench.mailer.setAvailable(true);
    await bench.ends(2);
    assert.deepEqual(
      bench.ended.map(({ result }) => result.status),
      ["sent", "sent"],
    );
    assert.deepEqual(bench.delivered, ["Level 1 %", "Level 2 %"]);
  });

  it("leaves the last of those that come to the disk at the same time, whichever is there first", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files, available: false });
    const options = { maxAge: undefined, delivery: "atLeastOnce" } as const;
    const big = { attachments: [attachment("a.bin", "x".repeat(300_000))] };
    const accepting = [level(1, big), level(2, big), level(3)].map((one) =>
      bench.outbox.accept(one, options, { nodeId: "n1", message: {} }),
    );
    await bench.clock.until(Promise.all(accepting));
    await bench.ends(2);
    assert.equal(bench.outbox.summary().depth, 1);
  });

  it("replaces mails of an earlier run", async () => {
    const first = await Bench.open({ available: false });
    await first.accept(level(1));
    const second = await first.restart();
    await second.accept(level(2));
    assert.equal((await second.ends(1)).failure?.code, "OUTBOX_SUPERSEDED");
    assert.equal(second.ended[0]?.recovered, true);
    second.mailer.setAvailable(true);
    await second.ends(2);
    assert.deepEqual(second.delivered, ["Level 2 %"]);
  });

  it("is not replaced by an older one that a person retries", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = () => failure("SMTP_TRANSACTION_FAILED", { smtpCode: 554 });
    const old = await bench.accept(level(1));
    await bench.ends(1);
    await bench.clock.advance(1000);
    bench.mailer.fate = () => ({ kind: "sent" });
    bench.mailer.available = false;
    await bench.accept(level(2));
    await bench.clock.until(bench.outbox.retry(old));
    assert.equal(bench.outbox.summary().depth, 2);
  });
});
