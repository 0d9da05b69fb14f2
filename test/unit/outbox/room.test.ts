import assert from "node:assert/strict";
import { FaultyFiles } from "../../support/faulty-files";
import { attachment, Bench, failure, mail } from "./bench";

describe("Room in the outbox", () => {
  it("refuses the new mail when so many wait, and keeps the others", async () => {
    const bench = await Bench.open({ settings: { maxQueued: 2 } });
    bench.mailer.available = false;
    await bench.accept(mail("1"));
    await bench.accept(mail("2"));
    await assert.rejects(bench.accept(mail("3")), { code: "OUTBOX_FULL", message: /limit is 2 mails/ });
    bench.mailer.setAvailable(true);
    await bench.ends(2);
    assert.deepEqual(bench.delivered, ["1", "2"]);
  });

  it("counts mails that are still being written", async () => {
    const bench = await Bench.open({ settings: { maxQueued: 3 } });
    bench.mailer.available = false;
    const accepted = Array.from({ length: 10 }, (_, number) => bench.accept(mail(`${number}`)));
    const outcomes = await bench.clock.until(Promise.allSettled(accepted));
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 3);
    assert.equal(bench.outbox.summary().depth, 3);
  });

  it("lets a high mail push out the youngest low one, whose sender is told", async () => {
    const bench = await Bench.open({ settings: { maxQueued: 3 } });
    bench.mailer.available = false;
    await bench.accept(mail("old report", { priority: "low" }));
    const young = await bench.accept(mail("young report", { priority: "low" }));
    await bench.accept(mail("state"));
    await bench.accept(mail("alarm", { priority: "high" }));
    const { id, failure: told } = await bench.ends(1);
    assert.equal(id, young);
    assert.equal(told?.code, "OUTBOX_FULL");
    assert.equal(told?.outcome, "notSent");
    assert.equal(bench.outbox.summary().depth, 3);
    assert.equal(bench.outbox.summary().failed, 0);
  });

  it("pushes out the one whose message came last, though another was on the disk later", async () => {
    const bench = await Bench.open({ available: false, settings: { maxQueued: 2 } });
    const place = bench.outbox.reservePlace();
    const young = await bench.accept(mail("young report", { priority: "low" }));
    await bench.acceptAt(place, mail("old report", { priority: "low" }));
    await bench.accept(mail("alarm", { priority: "high" }));
    assert.equal((await bench.ends(1)).id, young);
  });

  it("hands the attachments of a mail that was pushed out back", async () => {
    const bench = await Bench.open({ settings: { maxQueued: 1 } });
    bench.mailer.available = false;
    let content = "";
    bench.outbox.on("ended", (ended) => {
      const { attachments } = ended;
      const read = async (): Promise<void> => {
        content = String(await attachments[0]?.readBack());
      };
      ended.waitUntil(read());
    });
    await bench.accept(mail("report", { priority: "low", attachments: [attachment("a.txt", "kept")] }));
    await bench.accept(mail("alarm", { priority: "high" }));
    await bench.clock.run(() => content !== "");
    assert.equal(content, "kept");
    await bench.clock.until(bench.outbox.close());
    assert.deepEqual(await bench.files.list("/spool/modem/contents"), []);
  });

  it("refuses a high mail too when no low one waits, and other mails in any case", async () => {
    const bench = await Bench.open({ settings: { maxQueued: 1 } });
    bench.mailer.available = false;
    await bench.accept(mail("state"));
    await assert.rejects(bench.accept(mail("alarm", { priority: "high" })), { code: "OUTBOX_FULL" });
    await assert.rejects(bench.accept(mail("state 2")), { code: "OUTBOX_FULL" });
  });

  it("keeps the low mail when the high one cannot be written", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files, settings: { maxQueued: 1 } });
    bench.mailer.available = false;
    await bench.accept(mail("report", { priority: "low" }));
    files.fault = ({ name }) => (name === "create" ? "ENOSPC" : undefined);
    await assert.rejects(bench.accept(mail("alarm", { priority: "high" })), { code: "OUTBOX_DISK" });
    files.fault = () => undefined;
    assert.equal(bench.outbox.summary().depth, 1);
    bench.mailer.setAvailable(true);
    await bench.ends(1);
    assert.deepEqual(bench.delivered, ["report"]);
    assert.equal(bench.outbox.summary().depth, 0);
  });

  it("refuses what exceeds its room on the disk, before and while it is written", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files, settings: { maxSpoolMB: 0.02 } });
    bench.mailer.available = false;
    await bench.accept(mail("1", { attachments: [attachment("a.bin", "x".repeat(15_000))] }));
    const second = mail("2", { attachments: [attachment("b.bin", "x".repeat(15_000))] });
    await assert.rejects(bench.accept(second), { code: "OUTBOX_FULL", message: /0\.02 MB/ });
    files.put("/cam/picture.jpg", "x".repeat(500));
    const growing = files.stream.bind(files);
    files.stream = async function* (path) {
      yield* growing(path);
      if (path.startsWith("/cam")) yield Buffer.alloc(30_000);
    };
    const content = { kind: "file", path: "/cam/picture.jpg" } as const;
    const third = mail("3", { attachments: [{ filename: "picture.jpg", content }] });
    await assert.rejects(bench.accept(third), { code: "OUTBOX_FULL", message: /picture\.jpg/ });
    assert.equal((await files.list("/spool/modem/contents")).length, 1);
  });

  it("counts what a mail takes on the disk the same after a restart, the message of its flow included", async () => {
    const first = await Bench.open({ settings: { maxSpoolMB: 0.05 }, available: false });
    const message = { log: "x".repeat(20_000) };
    const big = mail("1", { attachments: [attachment("a.bin", "x".repeat(9_000))] });
    await first.accept(big, {}, message);
    const second = await first.restart();
    await assert.rejects(second.accept(big, {}, message), { code: "OUTBOX_FULL", message: /0\.05 MB/ });
    await second.accept(mail("2"), {}, { log: "x".repeat(15_000) });
  });

  it("is made by as many low mails as a high one needs, youngest first, all of whose bytes count", async () => {
    const bench = await Bench.open({ available: false, settings: { maxSpoolMB: 0.05 } });
    const of = (bytes: number) => [attachment("a.bin", "x".repeat(bytes))];
    const ids: string[] = [];
    for (const subject of ["1", "2", "3"])
      ids.push(await bench.accept(mail(subject, { priority: "low", attachments: of(13_000) })));
    // Two of them make room, one does not.
    await bench.accept(mail("alarm", { priority: "high", attachments: of(28_000) }));
    await bench.ends(2);
    assert.deepEqual(
      bench.ended.map(({ id }) => id),
      ids.slice(1).toReversed(),
    );
    assert.equal(bench.outbox.summary().depth, 2);
    await assert.rejects(bench.accept(mail("2nd alarm", { priority: "high", attachments: of(40_000) })), {
      code: "OUTBOX_FULL",
      message: /its limit is 0\.05 MB on the disk/,
    });
    // The last low mail was not given up for one that has no room even so.
    assert.deepEqual([bench.ended.length, bench.outbox.summary().depth], [2, 2]);
    bench.mailer.setAvailable(true);
    await bench.ends(4);
    assert.deepEqual(bench.delivered, ["alarm", "1"]);
  });

  it("pushes no low mail out for one of normal priority, nor a failed one where only the number is too large", async () => {
    const bench = await Bench.open({ settings: { maxQueued: 1 } });
    bench.mailer.fate = (_transaction, number) =>
      number === 1 ? failure("SMTP_TRANSACTION_FAILED", { smtpCode: 554 }) : { kind: "sent" };
    await bench.accept(mail("failed"));
    await bench.ends(1);
    await bench.clock.advance(1000);
    bench.mailer.available = false;
    await bench.accept(mail("report", { priority: "low" }));
    await assert.rejects(bench.accept(mail("state")), {
      code: "OUTBOX_FULL",
      message: /its limit is 1 mails/,
    });
    assert.deepEqual([bench.outbox.summary().depth, bench.outbox.summary().failed], [1, 1]);
  });

  it("counts a text by its bytes before anything of it is written", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files, available: false, settings: { maxSpoolMB: 0.02 } });
    const created = files.count("create");
    await assert.rejects(bench.accept(mail("1", { text: "\u00b5".repeat(9_800) })), { code: "OUTBOX_FULL" });
    assert.equal(files.count("create"), created);
    await bench.accept(mail("2", { text: "\u00b5".repeat(8_000) }));
  });

  it("is not there for a mail of which an attachment cannot be read, which is named", async () => {
    const bench = await Bench.open({ available: false });
    const missing = { filename: "picture.jpg", content: { kind: "file", path: "/cam/none.jpg" } } as const;
    await assert.rejects(bench.accept(mail("1", { attachments: [missing] })), {
      code: "INVALID_ATTACHMENT",
      message: /picture\.jpg cannot be read/,
    });
    assert.equal(bench.outbox.summary().depth, 0);
  });

  it("makes room by removing failed mails, oldest first", async () => {
    const bench = await Bench.open({ settings: { maxSpoolMB: 0.03 } });
    bench.mailer.fate = () => failure("SMTP_TRANSACTION_FAILED", { smtpCode: 554 });
    const big = [attachment("a.bin", "x".repeat(12_000))];
    await bench.accept(mail("1", { attachments: big }));
    await bench.ends(1);
    await bench.clock.advance(5000);
    const second = await bench.accept(mail("2", { attachments: big }));
    await bench.ends(2);
    await bench.clock.advance(5000);
    bench.mailer.available = false;
    await bench.accept(mail("3", { attachments: big }));
    const { rows } = await bench.outbox.list({ state: "failed" });
    assert.deepEqual(
      rows.map(({ id }) => id),
      [second],
    );
  });

  it("removes failed mails after keepFailedDays of running time", async () => {
    const first = await Bench.open({ settings: { keepFailedDays: 1 } });
    first.mailer.fate = () => failure("SMTP_TRANSACTION_FAILED", { smtpCode: 554 });
    await first.accept(mail("1", { attachments: [attachment("a.txt", "text")] }));
    await first.ends(1);
    first.clock.jumpWall(30 * 24 * 3600_000);
    await first.clock.advance(13 * 3600_000);
    const second = await first.restart();
    assert.equal(second.outbox.summary().failed, 1);
    await second.clock.advance(13 * 3600_000);
    assert.equal(second.outbox.summary().failed, 0);
    assert.deepEqual(await second.files.list("/spool/modem/contents"), []);
  });
});
