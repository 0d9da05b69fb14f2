import assert from "node:assert/strict";
import { KeptLog } from "../../support/module-replies";
import { attachment, Bench, failure, mail } from "./bench";

describe("Outbox", () => {
  it("sends an accepted mail and tells its result with the message that came in", async () => {
    const bench = await Bench.open();
    const id = await bench.accept(mail("Level high"), {}, { topic: "Level high", req: () => 1 });
    const ended = await bench.ends(1);
    assert.deepEqual(bench.delivered, ["Level high"]);
    assert.equal(ended.id, id);
    assert.deepEqual(ended.origin, { nodeId: "n1", message: { topic: "Level high" } });
    assert.deepEqual(ended.result, {
      status: "sent",
      id,
      accepted: ["ops@example.com"],
      rejected: [],
      attempts: 1,
      acceptedAt: "2026-01-01T00:00:00.000Z",
      queuedMs: 0,
      sendMs: 1200,
      bytes: 20,
      warnings: [],
    });
    assert.equal(ended.failure, undefined);
    assert.equal(ended.recovered, false);
  });

  it("gives an id that can be read out", async () => {
    const bench = await Bench.open();
    assert.match(await bench.accept(mail("Level high")), /^[a-z2-9]{8}$/);
  });

  it("reads attachments from the disk when it sends, and leaves nothing of a sent mail there", async () => {
    const bench = await Bench.open();
    await bench.accept(mail("Picture", { attachments: [attachment("cam.jpg", "jpeg".repeat(1000))] }));
    await bench.ends(1);
    assert.equal(bench.mailer.delivered[0]?.attachments[0]?.content.toString(), "jpeg".repeat(1000));
    await bench.clock.until(bench.outbox.close());
    const left = await bench.files.list("/spool/modem/contents");
    assert.deepEqual([...left, ...(await bench.files.list("/spool/modem/queue"))], []);
  });

  it("marks the results of a simulated modem", async () => {
    const bench = await Bench.open({ settings: { simulated: true } });
    await bench.accept(mail("Level high"));
    assert.equal((await bench.ends(1)).result.simulated, true);
  });

  it("gives a mail up at once for an error of its own, and sends the next", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) =>
      number === 1 ? failure("SMTP_TRANSACTION_FAILED", { smtpCode: 554 }) : { kind: "sent" };
    await bench.accept(mail("Spam"));
    await bench.accept(mail("Level high"));
    await bench.ends(2);
    const [first, second] = bench.ended;
    assert.equal(first?.result.status, "failed");
    assert.equal(first?.failure?.code, "SMTP_TRANSACTION_FAILED");
    assert.equal(first?.failure?.outcome, "notSent");
    assert.equal(first?.failure?.smtpCode, 554);
    assert.equal(first?.result.smtpCode, 554);
    assert.equal(first?.error?.code, "SMTP_TRANSACTION_FAILED");
    assert.equal(second?.result.status, "sent");
    assert.equal(bench.outbox.summary().failed, 1);
  });

  it("hands a failed mail's attachments back, also after the listener has waited", async () => {
    const bench = await Bench.open({ settings: { keepFailedDays: 0 } });
    bench.mailer.fate = () => failure("SMTP_MAIL_TOO_LARGE", { smtpCode: 552 });
    let read = "";
    bench.outbox.on("ended", (ended) => {
      const { attachments } = ended;
      assert.deepEqual(
        attachments.map(({ filename, size }) => ({ filename, size })),
        [{ filename: "report.csv", size: 7 }],
      );
      const work = async (): Promise<void> => {
        await bench.clock.advance(1000);
        read = String(await attachments[0]?.readBack());
      };
      ended.waitUntil(work());
    });
    await bench.accept(mail("Report", { attachments: [attachment("report.csv", "a;b;1;2")] }));
    await bench.clock.run(() => read !== "");
    assert.equal(read, "a;b;1;2");
  });

  it("goes on when a listener throws", async () => {
    const bench = await Bench.open();
    for (const event of ["ended", "changed", "progress", "hold"] as const) {
      bench.outbox.on(event, () => {
        throw new Error("a flow's mistake");
      });
    }
    await bench.accept(mail("One"));
    await bench.accept(mail("Two"));
    await bench.clock.run(() => bench.delivered.length === 2);
    await bench.clock.until(bench.outbox.pause());
    assert.equal(bench.outbox.summary().hold?.kind, "paused");
  });

  it("logs of which mail a listener could not take the end", async () => {
    const log = new KeptLog();
    const bench = await Bench.open({ log });
    bench.outbox.on("ended", () => {
      throw new Error("a flow's mistake");
    });
    const id = await bench.accept(mail("One"));
    await bench.ends(1);
    assert.deepEqual(log.lines, [
      `error A listener of the outbox failed, event ended of mail ${id}: Error: a flow's mistake`,
    ]);
  });

  it("tries a mail again when the composer or the modem's driver fails without a known error", async () => {
    const bench = await Bench.open();
    let number = 0;
    bench.mailer.step = async () => {
      if (++number === 1) throw new TypeError("a mistake");
    };
    await bench.accept(mail("Level high"));
    const { result } = await bench.ends(1);
    assert.equal(result.status, "sent");
    assert.equal(result.attempts, 2);
  });

  it("never runs two transactions at once", async () => {
    const bench = await Bench.open();
    for (let count = 0; count < 20; count++) {
      await bench.accept(mail(`Mail ${count}`));
      bench.mailer.setAvailable(true);
      await bench.clock.until(bench.outbox.flush());
    }
    await bench.ends(20);
    assert.equal(bench.mailer.mostRunning, 1);
  });

  it("refuses mails before it is open and after it is closed", async () => {
    const bench = new Bench();
    await assert.rejects(bench.accept(mail("Early")), { code: "OUTBOX_CLOSED" });
    await bench.clock.until(bench.outbox.open());
    await bench.clock.until(bench.outbox.close());
    await assert.rejects(bench.accept(mail("Late")), { code: "OUTBOX_CLOSED" });
  });

  it("takes a mail that comes while it opens", async () => {
    const bench = new Bench();
    const opening = bench.outbox.open();
    await bench.accept(mail("Level high"));
    await bench.clock.until(opening);
    assert.equal((await bench.ends(1)).result.status, "sent");
  });

  it("logs of an event that is about no mail only its name", async () => {
    const log = new KeptLog();
    const bench = await Bench.open({ log });
    for (const event of ["hold", "changed"] as const) {
      bench.outbox.on(event, () => {
        throw new Error("a flow's mistake");
      });
    }
    await bench.clock.until(bench.outbox.pause());
    await bench.clock.until(bench.outbox.resume());
    await bench.clock.advance(1000);
    const lines = ["hold", "hold", "changed"].map(
      (event) => `error A listener of the outbox failed, event ${event}: Error: a flow's mistake`,
    );
    assert.deepEqual(log.lines, lines);
  });

  it("counts the mails in doubt alone, and none once it is closed", async () => {
    const bench = await Bench.open();
    assert.deepEqual([bench.outbox.inDoubt, bench.outbox.sendingNode()], [0, undefined]);
    bench.mailer.fate = () => {
      bench.mailer.available = false;
      return { kind: "lost", delivered: true, answer: { kind: "unknown" } };
    };
    await bench.accept(mail("lost"));
    await bench.accept(mail("next"));
    await bench.clock.run(() => bench.outbox.inDoubt > 0);
    assert.deepEqual([bench.outbox.inDoubt, bench.outbox.summary().depth], [1, 2]);
    await bench.clock.until(bench.outbox.close());
    assert.equal(bench.outbox.inDoubt, 0);
    assert.equal(bench.outbox.reservePlace(), undefined);
    await assert.rejects(bench.clock.until(bench.outbox.list()), { code: "OUTBOX_CLOSED" });
  });

  it("tells depth, age and next try", async () => {
    const bench = await Bench.open();
    assert.deepEqual(bench.outbox.summary(), { depth: 0, oldestAgeMs: 0, failed: 0 });
    bench.mailer.fate = () => failure("SMTP_NETWORK");
    await bench.accept(mail("Level high"));
    await bench.clock.advance(10_000);
    const { depth, oldestAgeMs, nextTryInMs } = bench.outbox.summary();
    assert.deepEqual(
      { depth, oldestAgeMs, nextTryInMs },
      { depth: 1, oldestAgeMs: 10_000, nextTryInMs: 35_000 },
    );
  });

  it("tells what changes, many changes at once in one event", async () => {
    const bench = await Bench.open();
    await bench.clock.advance(1000);
    bench.mailer.available = false;
    const depths: number[] = [];
    bench.outbox.on("changed", () => depths.push(bench.outbox.summary().depth));
    for (let count = 0; count < 5; count++) await bench.accept(mail("Level high"));
    await bench.clock.advance(1000);
    assert.deepEqual(depths, [5]);
  });
});
