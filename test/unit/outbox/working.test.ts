/** An outbox at work: what it tells meanwhile, what it hands to the mailer, and what may come between. */
import assert from "node:assert/strict";
import { Deferred } from "../../../lib/async";
import type { OutgoingMail } from "../../../lib/mailer/mailer";
import { ended, unknown, type Fate } from "../../support/fake-mailer";
import { FaultyFiles } from "../../support/faulty-files";
import { attachment, Bench, DIRECTORY, failure, mail, type BenchOptions } from "./bench";

const MINUTE = 60_000;
const SENT = { kind: "sent" } as const satisfies Fate;

/** A bench whose first transaction meets this fate, and all others are sent. */
async function withFirst(first: Fate, options: BenchOptions = {}): Promise<Bench> {
  const bench = await Bench.open(options);
  bench.mailer.fate = (_transaction, number) => (number === 1 ? first : SENT);
  return bench;
}

/** A defect of the outbox itself while `fails`; what the log says of it is pushed to `errors`. */
function chanceThatFails(errors: string[]) {
  const nothing = (): void => undefined;
  const chance = {
    fails: false,
    options: {
      log: { error: (text: string) => errors.push(text), warn: nothing, info: nothing, debug: nothing },
      random: (): number => {
        if (chance.fails) throw new Error("no chance");
        return 0.5;
      },
    },
  };
  return chance;
}

describe("The summary of an outbox", () => {
  const NONE = { depth: 0, oldestAgeMs: 0, failed: 0 };

  it("says of an empty one only that nothing waits", async () => {
    const bench = await Bench.open();
    assert.deepEqual(bench.outbox.summary(), NONE);
    assert.equal(bench.outbox.sendingNode(), undefined);
  });

  it("says that a mail waits for its turn when the modem has just come", async () => {
    const bench = await Bench.open({ available: false });
    await bench.accept(mail("alarm"));
    const { oldestAgeMs, ...before } = bench.outbox.summary();
    assert.deepEqual(before, { depth: 1, failed: 0 });
    bench.mailer.setAvailable(true);
    assert.deepEqual(bench.outbox.summary(), {
      ...before,
      oldestAgeMs,
      nextTryInMs: 0,
      waitsFor: "turn",
    });
    await bench.ends(1);
    assert.deepEqual(bench.outbox.summary(), NONE);
  });

  it("names the mail that is sent, its node and those that wait behind it", async () => {
    const bench = await withFirst({ kind: "hangs" });
    const id = await bench.accept(mail("alarm"));
    await bench.clock.run(() => bench.mailer.tried.length === 1);
    const { sending, waitsFor } = bench.outbox.summary();
    assert.deepEqual([sending, waitsFor], [id, undefined]);
    assert.deepEqual(bench.outbox.sendingNode(), { nodeId: "n1", behind: new Set() });
    await bench.accept(mail("next"));
    assert.deepEqual(bench.outbox.sendingNode(), { nodeId: "n1", behind: new Set(["n1"]) });
  });

  it("names the error after which a mail waits", async () => {
    const bench = await withFirst(failure("SMTP_TIMEOUT"));
    await bench.accept(mail("alarm"));
    await bench.clock.run(() => bench.outbox.summary().waitsFor !== undefined && bench.tried.length === 1);
    const { oldestAgeMs, nextTryInMs, ...summary } = bench.outbox.summary();
    assert.deepEqual(summary, { depth: 1, failed: 0, waitsFor: "retry", cause: "SMTP_TIMEOUT" });
    assert.equal(oldestAgeMs + (nextTryInMs ?? 0), 45_000);
  });

  it("says that a mail waits for its own retry, though the rate would hold it longer", async () => {
    const bench = await withFirst(failure("SMTP_NETWORK", { smtpCode: 421 }), {
      settings: { ratePerHour: 1 },
    });
    await bench.accept(mail("alarm"));
    await bench.clock.run(() => bench.outbox.summary().waitsFor !== undefined && bench.tried.length === 1);
    const { oldestAgeMs, nextTryInMs = 0, ...summary } = bench.outbox.summary();
    assert.deepEqual(summary, { depth: 1, failed: 0, waitsFor: "retry", cause: "SMTP_NETWORK" });
    // The rate counts by whole minutes.
    assert.equal(oldestAgeMs + nextTryInMs, 61 * MINUTE);
    await bench.clock.advance(MINUTE);
    assert.equal(bench.outbox.summary().waitsFor, "rate");
  });

  it("says that a mail waits for a retry while the disk takes no mark", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    files.fault = ({ name, path }) => (name === "rename" && path.includes("/sending/") ? "EROFS" : undefined);
    await bench.accept(mail("alarm"));
    await bench.clock.run(() => bench.outbox.summary().waitsFor !== undefined && bench.tried.length === 1);
    const { oldestAgeMs, ...summary } = bench.outbox.summary();
    assert.deepEqual(summary, { depth: 1, failed: 0, waitsFor: "retry", nextTryInMs: 30_000 });
    assert.ok(oldestAgeMs < 1000);
    files.fault = () => undefined;
    await bench.ends(1);
  });

  it("names no mail as sent whose result is only being written", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    const isWritten = new Deferred<void>();
    files.pace = ({ name }) =>
      name === "create" && bench.delivered.length > 0 ? isWritten.promise : undefined;
    await bench.accept(mail("alarm"));
    await bench.clock.run(() => bench.outbox.summary().depth === 0);
    assert.deepEqual([bench.outbox.summary(), bench.ended], [NONE, []]);
    isWritten.resolve();
    await bench.ends(1);
  });
});

describe("An outbox that sends", () => {
  it("tells how far the mail has come", async () => {
    const bench = await Bench.open();
    const told: unknown[] = [];
    bench.outbox.on("progress", (progress) => told.push(progress));
    const id = await bench.accept(mail("alarm"));
    await bench.ends(1);
    assert.deepEqual(told, [{ id, stage: "connect", done: 0, total: 0 }]);
  });

  for (const [what, more] of [
    ["as little as was given", {}],
    [
      "sender, reply address and a subject that is in the text",
      {
        from: { name: "Pump", address: "pump@example.com" },
        replyTo: [{ name: "Duty", address: "duty@example.com" }],
        isSubjectInText: true,
      },
    ],
  ] as const) {
    it(`hands to the mailer what is to be sent: ${what}`, async () => {
      const bench = await Bench.open();
      const handed: OutgoingMail[] = [];
      const prepare = bench.mailer.prepare.bind(bench.mailer);
      bench.mailer.prepare = async (transaction, options) => {
        handed.push(transaction.mail);
        return prepare(transaction, options);
      };
      const id = await bench.accept(mail("alarm", more));
      await bench.ends(1);
      assert.deepEqual(
        handed.map((one) => ({ ...one, unique: "", raisedAt: 0 })),
        [
          {
            id,
            unique: "",
            raisedAt: 0,
            from: undefined,
            to: ["ops@example.com"],
            cc: [],
            bcc: [],
            subject: "alarm",
            text: "alarm at pump 7",
            attachments: [],
            ...more,
          },
        ],
      );
    });
  }

  it("tries a mail again where the mailer itself fails with it, and sends the next meanwhile", async () => {
    const bench = await Bench.open({ available: false });
    const id = await bench.accept(mail("alarm"));
    await bench.accept(mail("next"));
    let isBroken = true;
    const { mailer } = bench;
    const prepare = mailer.prepare.bind(mailer);
    mailer.prepare = async (...args) => {
      if (!isBroken) return prepare(...args);
      isBroken = false;
      throw new Error("broken");
    };
    mailer.setAvailable(true);
    await bench.ends(1);
    const { oldestAgeMs, nextTryInMs = 0, ...summary } = bench.outbox.summary();
    assert.deepEqual(summary, { depth: 1, failed: 0, waitsFor: "retry", cause: "MODEM_ERROR" });
    assert.equal(oldestAgeMs + nextTryInMs, 45_000);
    const { result } = await bench.ends(2);
    assert.deepEqual([bench.delivered, result.id, result.status], [["next", "alarm"], id, "sent"]);
    assert.deepEqual([result.attempts, result.possibleDuplicate, result.warnings], [2, undefined, []]);
  });

  it("tries a mail again whose mailer fails to plan it, and sends the others meanwhile", async () => {
    const bench = await Bench.open({ available: false });
    await bench.accept(mail("alarm"));
    await bench.accept(mail("next"));
    const plan = bench.mailer.plan.bind(bench.mailer);
    let isFirst = true;
    bench.mailer.plan = (envelope) => {
      if (!isFirst) return plan(envelope);
      isFirst = false;
      throw new Error("a defect of the mailer");
    };
    bench.mailer.setAvailable(true);
    await bench.ends(2, 10 * MINUTE);
    assert.deepEqual(bench.delivered, ["next", "alarm"]);
    assert.deepEqual(bench.failing, []);
  });

  it("logs an error of its own, and tries again after half a minute", async () => {
    const errors: string[] = [];
    const chance = chanceThatFails(errors);
    chance.fails = true;
    const bench = await Bench.open({ ...chance.options, available: false });
    await bench.accept(mail("alarm"));
    bench.mailer.setAvailable(true);
    await bench.clock.run(() => errors.length > 0);
    chance.fails = false;
    const from = bench.clock.now();
    await bench.ends(1);
    assert.deepEqual(errors, ["The outbox encountered an error and will retry: Error: no chance"]);
    assert.deepEqual([bench.delivered, bench.clock.now() - from], [["alarm"], 30_000]);
  });

  it("ends a mail that is still being prepared when its time is over, and sends the next", async () => {
    const bench = await withFirst({ kind: "hangs", beforePut: true });
    await bench.accept(mail("alarm"), { maxAge: 5 });
    await bench.accept(mail("next"));
    const { result, failure: told } = await bench.ends(1);
    assert.deepEqual([result.status, told?.code], ["failed", "OUTBOX_EXPIRED"]);
    assert.ok(bench.clock.now() <= 6 * MINUTE + 1000);
    await bench.ends(2);
    assert.deepEqual(bench.delivered, ["next"]);
  });

  it("ends what waits behind a mail in flight in its time, and leaves that mail alone", async () => {
    const bench = await withFirst({ kind: "hangs" });
    const first = await bench.accept(mail("alarm"), { maxAge: 5 });
    const second = await bench.accept(mail("next"), { maxAge: 10 });
    await bench.clock.advance(12 * MINUTE);
    assert.deepEqual(
      bench.ended.map(({ id, failure: told }) => [id, told?.code]),
      [[second, "OUTBOX_EXPIRED"]],
    );
    assert.equal(bench.outbox.summary().sending, first);
  });

  it("starts no mail that the disk gives only after the outbox was paused", async () => {
    const files = new FaultyFiles();
    const first = await Bench.open({ files, available: false });
    await first.accept(mail("alarm"));
    const bench = await first.restart();
    const isRead = new Deferred<void>();
    let isAsked = false;
    files.pace = ({ name, path }) => {
      if (name !== "read" || !path.startsWith(`${DIRECTORY}/queue/`)) return undefined;
      isAsked = true;
      return isRead.promise;
    };
    bench.mailer.setAvailable(true);
    await bench.clock.run(() => isAsked);
    await bench.clock.until(bench.outbox.pause());
    isRead.resolve();
    await bench.clock.advance(5 * MINUTE);
    assert.deepEqual(bench.tried, []);
    await bench.clock.until(bench.outbox.resume());
    await bench.ends(1);
    assert.deepEqual(bench.delivered, ["alarm"]);
  });

  it("tries a mail again whose text the disk does not give just now, as if it had not gone out", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    let fails = 1;
    files.fault = ({ name, path }) =>
      name === "read" && path.endsWith(".text") && fails-- > 0 ? "EIO" : undefined;
    await bench.accept(mail("alarm", { text: "Level ".repeat(1000), cc: ["boss@example.com"] }));
    await bench.clock.run(() => bench.outbox.summary().waitsFor !== undefined && fails < 1);
    const { oldestAgeMs, nextTryInMs = 0, ...summary } = bench.outbox.summary();
    assert.deepEqual(summary, { depth: 1, failed: 0, waitsFor: "retry", cause: "OUTBOX_DISK" });
    assert.equal(oldestAgeMs + nextTryInMs, 45_000);
    const { result } = await bench.ends(1);
    assert.deepEqual(
      [result.status, result.attempts, result.accepted, result.rejected, result.warnings],
      ["sent", 2, ["ops@example.com", "boss@example.com"], [], []],
    );
    assert.equal(result.possibleDuplicate, undefined);
  });

  it("writes nothing about a mail that was only interrupted", async () => {
    const files = new FaultyFiles();
    const bench = await withFirst({ kind: "hangs", beforePut: true }, { files });
    const id = await bench.accept(mail("alarm"));
    await bench.clock.run(() => bench.tried.length === 1);
    const path = `${DIRECTORY}/queue/${id}.json`;
    const before = files.text(path);
    await bench.clock.until(bench.outbox.pause());
    await bench.clock.advance(1000);
    assert.deepEqual([files.text(path), bench.outbox.summary().sending], [before, undefined]);
  });

  it("tells the end of a mail that is discarded while the failure of its try is written", async () => {
    const files = new FaultyFiles();
    const bench = await withFirst(failure("SMTP_TIMEOUT"), { files });
    const isWritten = new Deferred<void>();
    let isHeld = false;
    files.pace = ({ name }) => {
      if (name !== "create" || bench.tried.length === 0) return undefined;
      isHeld = true;
      return isWritten.promise;
    };
    const id = await bench.accept(mail("alarm"));
    await bench.clock.run(() => isHeld);
    const discarding = bench.outbox.discard(id);
    await bench.clock.advance(0);
    isWritten.resolve();
    assert.equal(await bench.clock.until(discarding), 1);
    assert.equal((await bench.ends(1)).failure?.code, "OUTBOX_DISCARDED");
    await bench.clock.advance(5 * MINUTE);
    assert.deepEqual(
      [bench.ended.length, bench.tried.length, files.paths().join().includes(id)],
      [1, 1, false],
    );
  });

  it("ends a mail in its time to the millisecond, whatever it does meanwhile", async () => {
    for (const [what, options] of [
      ["nothing, for the modem is away", { available: false }],
      ["sends another", {}],
    ] as const) {
      const bench = await withFirst({ kind: "hangs" }, { ...options, settings: { maxAge: 15 } });
      const isAway = "available" in options;
      await bench.accept(mail("first"), { maxAge: 60 });
      await bench.clock.advance(10_500);
      const id = await bench.accept(mail("second"));
      const from = bench.clock.now();
      const ended = await bench.ends(1);
      assert.deepEqual([ended.id, bench.clock.now() - from], [id, 15 * MINUTE], what);
      assert.equal(bench.tried.length, isAway ? 0 : 1, what);
    }
  });

  it("keeps its time every ten minutes, to the millisecond, while a mail waits", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files, available: false });
    const from = bench.clock.now();
    await bench.accept(mail("alarm"));
    const before = files.text(`${DIRECTORY}/state.json`);
    await bench.clock.advance(from + 10 * MINUTE - bench.clock.now() - 1);
    assert.equal(files.text(`${DIRECTORY}/state.json`), before);
    await bench.clock.advance(1);
    await bench.clock.run(() => files.text(`${DIRECTORY}/state.json`) !== before, 0);
  });

  it("sets no timer while it has nothing to do, and none once it is closed", async () => {
    const bench = await Bench.open();
    // What keeps the folder is looked after.
    const idle = bench.clock.timers;
    await bench.accept(mail("alarm"));
    await bench.ends(1);
    await bench.clock.advance(1000);
    assert.equal(bench.clock.timers, idle);
    await bench.clock.until(bench.outbox.close());
    assert.equal(bench.clock.timers, 0);
  });

  it("looks every hour whether a mail that failed has been kept for its days", async () => {
    const bench = await withFirst(failure("SMTP_MAILBOX_UNAVAILABLE", { smtpCode: 550 }), {
      settings: { keepFailedDays: 1 },
    });
    await bench.accept(mail("alarm"));
    await bench.ends(1);
    await bench.clock.advance(24 * 60 * MINUTE - MINUTE);
    assert.equal(bench.outbox.summary().failed, 1);
    await bench.clock.advance(61 * MINUTE + 1000);
    assert.equal(bench.outbox.summary().failed, 0);
  });

  it("logs that a mail could not be ended beside another that is sent, and closes all the same", async () => {
    const errors: string[] = [];
    const chance = chanceThatFails(errors);
    const bench = await withFirst({ kind: "hangs" }, chance.options);
    await bench.accept(mail("alarm"));
    await bench.accept(mail("next"), { maxAge: 5 });
    await bench.clock.run(() => bench.outbox.summary().sending !== undefined);
    chance.fails = true;
    await bench.clock.advance(6 * MINUTE);
    assert.deepEqual(errors, ["A mail could not be completed: Error: no chance"]);
    chance.fails = false;
    await bench.clock.until(bench.outbox.close());
  });

  it("waits its grace for a result that may still come, and no longer", async () => {
    const bench = await withFirst({ kind: "hangs" });
    await bench.accept(mail("alarm"));
    await bench.clock.run(() => bench.outbox.summary().sending !== undefined);
    await bench.clock.advance(1000);
    const from = bench.clock.now();
    await bench.clock.until(bench.outbox.close(3000));
    assert.equal(bench.clock.now() - from, 3000);
    assert.deepEqual(bench.ended, []);
  });

  it("leaves a discarded mail whose result cannot come before it closes to the next run", async () => {
    const first = await withFirst({ kind: "hangs", delivered: true });
    const id = await first.accept(mail("alarm"));
    await first.clock.run(() => first.delivered.length === 1);
    await first.clock.until(first.outbox.discard(id));
    first.mailer.setAvailable(false);
    first.mailer.setAnswer({ kind: "sent" });
    const second = await first.restart({ available: true });
    assert.deepEqual(first.ended, []);
    const { result } = await second.ends(1);
    assert.deepEqual([result.status, second.mailer.recoveries], ["sent", 1]);
  });

  it("touches no file when a probe under a hold ends after it was closed", async () => {
    const files = new FaultyFiles();
    const bench = await withFirst(failure("SMTP_TLS_FAILED"), { files });
    await bench.accept(mail("alarm"));
    await bench.clock.run(() => bench.outbox.summary().hold !== undefined);
    const isOver = new Deferred<void>();
    bench.mailer.step = () => isOver.promise;
    await bench.clock.run(() => bench.tried.length === 2);
    await bench.clock.until(bench.outbox.close());
    const before = files.operations;
    isOver.resolve();
    await bench.clock.advance(MINUTE);
    assert.equal(files.operations, before);
  });

  it("leaves a result that comes after it was closed to the next run", async () => {
    const first = await Bench.open();
    const isOut = new Deferred<void>();
    let steps = 0;
    first.mailer.step = () => (++steps === 2 ? isOut.promise : Promise.resolve());
    await first.accept(mail("alarm"));
    await first.clock.run(() => steps === 2);
    await first.clock.until(first.outbox.close());
    isOut.resolve();
    await first.clock.advance(1000);
    assert.deepEqual([first.delivered, first.ended], [["alarm"], []]);
    first.mailer.setAnswer({ kind: "sent" });
    const second = await first.restart();
    const { result } = await second.ends(1);
    assert.deepEqual([result.status, second.mailer.recoveries, second.delivered.length], ["sent", 1, 1]);
  });
});

describe("A question for a lost result", () => {
  const LOST = { kind: "lost", delivered: true, answer: { kind: "sent" } } as const satisfies Fate;

  it("ends when the mail is discarded: told once, and the next one goes out", async () => {
    const bench = await withFirst(LOST);
    let isBrokenOff = false;
    bench.mailer.recovering = ({ envelope }, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          isBrokenOff = true;
          resolve(ended(envelope, "accepted"));
        });
      });
    const id = await bench.accept(mail("alarm"));
    await bench.accept(mail("next"));
    await bench.clock.run(() => bench.mailer.recoveries === 1);
    await bench.clock.until(bench.outbox.discard(id));
    await bench.ends(2);
    await bench.clock.advance(5 * MINUTE);
    assert.deepEqual([isBrokenOff, bench.mailer.recoveries], [true, 1]);
    assert.deepEqual(
      bench.ended.map(({ subject, result }) => [subject, result.status]),
      [
        ["alarm", "failed"],
        ["next", "sent"],
      ],
    );
  });

  it("is asked again five seconds later, three times, and not in between", async () => {
    const bench = await withFirst(LOST);
    const asked: number[] = [];
    bench.mailer.recovering = async ({ envelope }) => {
      asked.push(bench.clock.now());
      return unknown(envelope, true);
    };
    await bench.accept(mail("alarm"));
    await bench.ends(1);
    const [from = 0] = asked;
    assert.deepEqual(asked, [from, from + 5000, from + 10_000]);
  });

  it("counts as answered by nobody when the mailer itself fails", async () => {
    const bench = await withFirst(LOST);
    bench.mailer.recovering = () => Promise.reject(new Error("broken"));
    await bench.accept(mail("alarm"));
    const { result } = await bench.ends(1);
    assert.deepEqual([result.status, result.possibleDuplicate], ["sent", true]);
  });

  it("keeps the warning of an attachment that the disk has lost meanwhile", async () => {
    const files = new FaultyFiles();
    const bench = await withFirst(LOST, { files });
    bench.mailer.fate = () => {
      bench.mailer.available = false;
      return LOST;
    };
    await bench.accept(mail("alarm", { attachments: [attachment("log.txt", "a log")] }));
    await bench.clock.run(() => bench.outbox.summary().sending === undefined && bench.tried.length === 1);
    for (const path of files.paths().filter((one) => one.includes("/contents/"))) await files.remove(path);
    bench.mailer.setAvailable(true);
    const { result } = await bench.ends(1);
    assert.equal(result.status, "sent");
    assert.match((result.warnings ?? []).join("\n"), /log\.txt/);
  });

  it("is not asked about a mail whose record is damaged, which ends as such", async () => {
    const files = new FaultyFiles();
    const bench = await withFirst(LOST, { files });
    bench.mailer.fate = (_transaction, number) => {
      if (number > 1) return SENT;
      bench.mailer.available = false;
      return LOST;
    };
    const id = await bench.accept(mail("alarm"));
    await bench.accept(mail("next"));
    await bench.clock.run(() => bench.outbox.summary().sending === undefined && bench.tried.length === 1);
    const records = files.paths().filter((path) => path.startsWith(`${DIRECTORY}/sending/`));
    assert.equal(records.length, 1);
    for (const path of records) files.put(path, "{");
    bench.mailer.setAvailable(true);
    await bench.ends(2);
    assert.deepEqual(
      bench.ended.map((one) => [one.id === id, one.failure?.code]),
      [
        [true, "OUTBOX_DAMAGED"],
        [false, undefined],
      ],
    );
    assert.equal(bench.mailer.recoveries, 0);
  });

  /** An outbox whose first mail, of a long text, has lost its result; the modem is away. */
  async function inDoubt(
    files = new FaultyFiles(),
  ): Promise<{ bench: Bench; files: FaultyFiles; id: string }> {
    const bench = await Bench.open({ files });
    bench.mailer.fate = (_transaction, number) => {
      if (number > 1) return SENT;
      bench.mailer.available = false;
      return LOST;
    };
    const id = await bench.accept(mail("alarm", { text: "Level ".repeat(1000) }));
    await bench.clock.run(() => bench.outbox.inDoubt === 1);
    return { bench, files, id };
  }

  /** Holds the first of these operations. */
  function hold(
    files: FaultyFiles,
    name: string,
    part: string,
  ): { isHeld: () => boolean; release: () => void } {
    const released = new Deferred<void>();
    let held = 0;
    files.pace = (operation) =>
      operation.name === name && operation.path.includes(part) && ++held === 1 ? released.promise : undefined;
    return { isHeld: () => held > 0, release: () => released.resolve() };
  }

  it("lets nothing else out before it was answered or given up", async () => {
    const bench = await withFirst(LOST);
    const tried: number[] = [];
    bench.mailer.recovering = async ({ envelope }) => {
      tried.push(bench.tried.length);
      return unknown(envelope, true);
    };
    await bench.accept(mail("alarm"));
    await bench.accept(mail("next"));
    await bench.ends(2);
    assert.deepEqual(tried, [1, 1, 1]);
    assert.deepEqual(bench.delivered, ["alarm", "next", "alarm"]);
  });

  for (const [what, end] of [
    ["discarded", (bench: Bench) => bench.outbox.discard()],
    ["left to the next run", (bench: Bench) => bench.outbox.close()],
  ] as const) {
    it(`is not asked about a mail that is ${what} while the disk gives it`, async () => {
      const { bench, files } = await inDoubt();
      const { isHeld, release } = hold(files, "read", "/contents/");
      bench.mailer.setAvailable(true);
      await bench.clock.run(isHeld);
      const ending = end(bench);
      await bench.clock.advance(0);
      release();
      await bench.clock.until(Promise.resolve<unknown>(ending));
      await bench.clock.advance(MINUTE);
      assert.equal(bench.mailer.recoveries, 0);
    });
  }

  it("tells the end of a damaged mail once that is discarded while the disk gives it", async () => {
    const { bench, files, id } = await inDoubt();
    for (const path of files.paths()) if (path.includes("/sending/")) files.put(path, "{");
    // Of the mail that was written last the record is known without a look at the disk.
    await bench.accept(mail("next"));
    const { isHeld, release } = hold(files, "read", "/sending/");
    bench.mailer.setAvailable(true);
    await bench.clock.run(isHeld);
    assert.equal(await bench.clock.until(bench.outbox.discard(id)), 1);
    release();
    await bench.ends(2);
    assert.deepEqual(
      bench.ended.map((one) => one.failure?.code),
      ["OUTBOX_DAMAGED", undefined],
    );
  });

  it("waits half a minute between two looks once the disk has failed to give the mail three times", async () => {
    const { bench, files } = await inDoubt();
    const looks: number[] = [];
    files.fault = ({ name, path }) => {
      if (name !== "read" || !path.includes("/contents/")) return undefined;
      looks.push(bench.clock.now());
      return "EIO";
    };
    const from = bench.clock.now();
    bench.mailer.setAvailable(true);
    await bench.clock.advance(2 * MINUTE - 1000);
    assert.deepEqual(
      looks.map((time) => (time - from) / 1000),
      [0, 5, 10, 40, 70, 100],
    );
  });

  it("is left to the next run when nobody knows as the outbox closes, and when an answer comes too late", async () => {
    for (const [graceMs, answer] of [
      [8000, undefined],
      [1000, "late"],
    ] as const) {
      const { bench, files } = await inDoubt();
      const isKnown = new Deferred<void>();
      bench.mailer.recovering = async ({ envelope }, { signal }) => {
        if (answer === undefined) signal.addEventListener("abort", () => isKnown.resolve());
        await isKnown.promise;
        return answer === undefined ? unknown(envelope, false) : ended(envelope, "accepted");
      };
      bench.mailer.setAvailable(true);
      await bench.clock.run(() => bench.mailer.recoveries === 1);
      await bench.clock.until(bench.outbox.close(graceMs));
      const before = files.operations;
      isKnown.resolve();
      await bench.clock.advance(MINUTE);
      assert.deepEqual([bench.ended, files.operations], [[], before]);
      bench.mailer.recovering = undefined;
      bench.mailer.setAnswer({ kind: "sent" });
      const next = await bench.restart();
      const { result } = await next.ends(1);
      assert.deepEqual(
        [result.status, result.possibleDuplicate, next.delivered],
        ["sent", undefined, ["alarm"]],
      );
    }
  });

  /** A start that finds two mails that may be on their way. */
  async function twoInDoubt(): Promise<Bench> {
    const files = new FaultyFiles();
    const first = await Bench.open({ files, available: false });
    for (const subject of ["1", "2"]) {
      const id = await first.accept(mail(subject));
      const record = files.text(`${DIRECTORY}/queue/${id}.json`);
      const transactions = `"state":{"kind":"sending","mark":{"via":"module","data":${subject}}}`;
      files.put(
        `${DIRECTORY}/sending/${id}.0.json`,
        record.replace(/"state":\{[^}]*\}/, transactions).replace('"revision":1', '"revision":2'),
      );
    }
    return first.restart();
  }

  it("is asked about each of several mails in its own time, and about none when the outbox closes", async () => {
    const bench = await twoInDoubt();
    assert.equal(bench.outbox.inDoubt, 2);
    const from = bench.clock.now();
    const asked: string[] = [];
    bench.mailer.recovering = async ({ mail: { subject }, envelope }) => {
      asked.push(`${subject} ${bench.clock.now() - from}`);
      await new Promise<void>((resolve) => void bench.clock.after(2000, resolve));
      return unknown(envelope, true);
    };
    bench.mailer.setAvailable(true);
    await bench.clock.run(() => asked.length === 3);
    await bench.clock.advance(1000);
    assert.deepEqual(asked, ["1 0", "2 2000", "1 5000"]);
    await bench.clock.until(bench.outbox.close());
    await bench.clock.advance(MINUTE);
    assert.deepEqual(asked.slice(3), []);
  });

  it("is not asked where the disk had no room for the mark: the mail goes out again, marked", async () => {
    const files = new FaultyFiles();
    const first = await Bench.open({ files, available: false });
    const id = await first.accept(mail("alarm"));
    const path = `${DIRECTORY}/queue/${id}.json`;
    files.put(`${DIRECTORY}/sending/${id}.0.json`, files.text(path));
    await files.remove(path);
    const bench = await first.restart({ available: true });
    const { result } = await bench.ends(1);
    assert.deepEqual([result.status, result.possibleDuplicate, bench.mailer.recoveries], ["sent", true, 0]);
    assert.equal(bench.mailer.delivered[0]?.isMarked, true);
  });
});
