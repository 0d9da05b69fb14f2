import assert from "node:assert/strict";
import { FaultyFiles } from "../../support/faulty-files";
import { ended, unknown } from "../../support/fake-mailer";
import { Bench, DIRECTORY, failure, mail } from "./bench";

describe("Closing the outbox", () => {
  it("interrupts at once what has not reached QSMTPPUT, and the next run sends it unmarked", async () => {
    const first = await Bench.open();
    first.mailer.fate = (_transaction, number) =>
      number === 1 ? { kind: "hangs", beforePut: true } : { kind: "sent" };
    await first.accept(mail("alarm"));
    await first.clock.run(() => first.outbox.summary().sending !== undefined);
    const before = first.clock.now();
    const second = await first.restart();
    assert.ok(second.clock.now() - before < 1000);
    const { result } = await second.ends(1);
    assert.equal(result.possibleDuplicate, undefined);
    assert.equal(result.attempts, 1);
    assert.equal(second.mailer.delivered[0]?.isMarked, false);
  });

  it("waits for a pending result", async () => {
    const bench = await Bench.open();
    let steps = 0;
    bench.mailer.step = () =>
      ++steps === 2 ? new Promise((resolve) => void bench.clock.after(7000, resolve)) : Promise.resolve();
    await bench.accept(mail("alarm"));
    await bench.clock.run(() => steps === 2);
    await bench.clock.until(bench.outbox.close());
    assert.equal(bench.ended[0]?.result.status, "sent");
    assert.deepEqual(await bench.files.list(`${DIRECTORY}/sending`), []);
    assert.deepEqual(await bench.files.list(`${DIRECTORY}/queue`), []);
  });

  it("leaves a result that does not come in time to the next run, which asks for it first", async () => {
    const first = await Bench.open();
    first.mailer.fate = (_transaction, number) =>
      number === 1 ? { kind: "hangs", delivered: true } : { kind: "sent" };
    await first.accept(mail("alarm"));
    await first.accept(mail("next"));
    await first.clock.run(() => first.delivered.length === 1);
    const before = first.clock.now();
    first.mailer.setAnswer({ kind: "sent" });
    const second = await first.restart();
    assert.equal(first.ended.length, 0);
    assert.ok(second.clock.now() - before <= 8100);
    await second.ends(2);
    assert.deepEqual(second.delivered, ["alarm", "next"]);
    assert.equal(second.ended[0]?.recovered, true);
    assert.equal(second.mailer.recoveries, 1);
  });

  it("keeps an answer about a lost result that comes while it closes", async () => {
    const first = await Bench.open();
    first.mailer.fate = () => ({ kind: "lost", delivered: true, answer: { kind: "sent" } });
    let answer = (): void => undefined;
    let steps = 0;
    first.mailer.step = () =>
      ++steps === 3 ? new Promise((resolve) => (answer = resolve)) : Promise.resolve();
    // The module has told it before it hears that nobody waits any more.
    first.mailer.recovering = async ({ envelope }) => {
      await first.mailer.step();
      return ended(envelope, "accepted");
    };
    await first.accept(mail("alarm"));
    await first.clock.run(() => steps === 3);
    const closing = first.outbox.close();
    answer();
    await first.clock.until(closing);
    assert.equal(first.ended[0]?.result.status, "sent");
    assert.deepEqual(await first.files.list(`${DIRECTORY}/sending`), []);
  });

  it("waits for no answer about a lost result, which the next run asks for again", async () => {
    const first = await Bench.open();
    first.mailer.fate = (_transaction, number) =>
      number === 1 ? { kind: "lost", delivered: true, answer: { kind: "sent" } } : { kind: "sent" };
    // The module is busy with the mail.
    first.mailer.recovering = ({ envelope }, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve(unknown(envelope, true)), { once: true });
      });
    await first.accept(mail("alarm"));
    await first.clock.run(() => first.mailer.recoveries === 1);
    const before = first.clock.now();
    await first.clock.until(first.outbox.close());
    assert.ok(first.clock.now() - before < 100, `${first.clock.now() - before} ms`);
    first.mailer.recovering = undefined;
    first.mailer.setAnswer({ kind: "sent" });
    const second = await first.restart();
    const { result } = await second.ends(1);
    assert.deepEqual([result.status, result.recovered, second.mailer.recoveries], ["sent", true, 2]);
  });

  it("waits for no result while the modem is away, and the next run asks for it first", async () => {
    const first = await Bench.open();
    first.mailer.fate = (_transaction, number) =>
      number === 1 ? { kind: "hangs", delivered: true } : { kind: "sent" };
    await first.accept(mail("alarm"));
    await first.clock.run(() => first.delivered.length === 1);
    first.mailer.setAvailable(false);
    const before = first.clock.now();
    first.mailer.setAnswer({ kind: "sent" });
    const second = await first.restart({ available: true });
    assert.ok(second.clock.now() - before < 100, `${second.clock.now() - before} ms`);
    const { result } = await second.ends(1);
    assert.deepEqual([result.status, result.recovered, second.mailer.recoveries], ["sent", true, 1]);
  });

  for (const what of ["preparation", "mark"] as const) {
    it(`lets go of the module where the ${what} of a mail ends after the grace`, async () => {
      const files = new FaultyFiles();
      const bench = await Bench.open({ files });
      let goOn = (): void => undefined;
      const held = new Promise<void>((resolve) => (goOn = resolve));
      let isHeld = false;
      const hold = async (): Promise<void> => {
        isHeld = true;
        await held;
      };
      const prepare = bench.mailer.prepare.bind(bench.mailer);
      const rename = files.rename.bind(files);
      if (what === "preparation") {
        bench.mailer.prepare = async (transaction, options) => {
          const ready = await prepare(transaction, { ...options, signal: new AbortController().signal });
          await hold();
          return ready;
        };
      } else {
        files.rename = async (from, to) => {
          if (to.includes("/sending/")) await hold();
          await rename(from, to);
        };
      }
      await bench.accept(mail("alarm"));
      await bench.clock.run(() => isHeld);
      await bench.clock.until(bench.outbox.close(1000));
      assert.equal(bench.mailer.running, 1);
      goOn();
      await bench.clock.advance(0);
      assert.equal(bench.mailer.running, 0);
      assert.deepEqual(bench.delivered, []);
    });
  }

  it("touches no file after it has given the folder back, though a result comes late", async () => {
    const first = await Bench.open();
    first.mailer.fate = () => ({ kind: "hangs" });
    await first.accept(mail("alarm"));
    await first.clock.run(() => first.mailer.running === 1 && first.outbox.summary().sending !== undefined);
    await first.clock.advance(100);
    await first.clock.until(first.outbox.close(1000));
    await first.clock.advance(60_000);
    assert.equal((await first.files.list(`${DIRECTORY}/sending`)).length, 1);
    assert.equal(first.ended.length, 0);
  });

  it("lets mails that are being accepted become durable first", async () => {
    const first = await Bench.open();
    first.mailer.available = false;
    const accepting = first.accept(mail("alarm"));
    const second = await first.restart();
    await accepting;
    assert.equal(second.outbox.summary().depth, 1);
  });

  it("tells an end again whose listener was not done", async () => {
    const first = await Bench.open();
    first.mailer.fate = () => failure("SMTP_TRANSACTION_FAILED", { smtpCode: 554 });
    first.outbox.on("ended", (ended) => ended.waitUntil(new Promise(() => undefined)));
    const id = await first.accept(mail("alarm"));
    await first.ends(1);
    const second = await first.restart();
    const ended = await second.ends(1);
    assert.equal(ended.id, id);
    assert.equal(ended.recovered, true);
    assert.equal(ended.failure?.code, "SMTP_TRANSACTION_FAILED");
    assert.equal(second.tried.length, 1, "and sends it no second time");
    const third = await second.restart();
    await third.clock.advance(1000);
    assert.equal(third.ended.length, 0);
  });

  it("keeps an end that nobody heard for the next run", async () => {
    const first = await Bench.open();
    first.outbox.removeAllListeners("ended");
    await first.accept(mail("alarm"));
    await first.clock.run(() => first.delivered.length === 1);
    const second = await first.restart();
    assert.equal((await second.ends(1)).result.status, "sent");
    assert.equal(second.delivered.length, 1);
  });

  it("does not wait until it is known whether a former holder of the folder still lives", async () => {
    const files = new FaultyFiles();
    const first = await Bench.open({ files, available: false });
    await first.accept(mail("alarm"));
    files.cut();
    // In another container nobody can see whether that process still runs, so it has 12 s to say so.
    const left = files.after("all");
    const second = new Bench({ files: left, boot: "boot-2" });
    const opening = assert.rejects(second.outbox.open(), { code: "OUTBOX_CLOSED" });
    await second.clock.advance(2_500);
    const [accepting, start] = [assert.rejects(second.accept(mail("next"))), second.clock.now()];
    await second.clock.until(second.outbox.close());
    assert.equal(second.clock.now() - start, 0);
    await Promise.all([opening, accepting]);
    const names = await left.list(`${DIRECTORY}/lock`);
    assert.deepEqual(names, ["1.json"], "its question is taken back");
    const third = await Bench.open({ files: left, boot: "boot-2" });
    await third.ends(1);
    assert.deepEqual(third.delivered, ["alarm"]);
  });

  it("may be called twice, and before the outbox was open", async () => {
    const bench = new Bench();
    await bench.clock.until(bench.outbox.close());
    const opening = bench.outbox.open();
    await bench.clock.until(Promise.all([bench.outbox.close(), bench.outbox.close()]));
    await opening;
    await bench.clock.until(bench.outbox.open());
    await bench.accept(mail("alarm"));
    await bench.ends(1);
    await bench.clock.until(bench.outbox.close());
    assert.equal(bench.mailer.listenerCount("available"), 0);
    assert.equal(bench.clock.timers, 0);
  });
});
