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

  it("logs an error of its own, and tries again after half a minute", async () => {
    const errors: string[] = [];
    const nothing = (): void => undefined;
    const log = { error: (text: string) => errors.push(text), warn: nothing, info: nothing, debug: nothing };
    let isBroken = true;
    const random = (): number => {
      if (isBroken) throw new Error("no chance");
      return 0.5;
    };
    const bench = await Bench.open({ log, random, available: false });
    await bench.accept(mail("alarm"));
    bench.mailer.setAvailable(true);
    await bench.clock.run(() => errors.length > 0);
    isBroken = false;
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
});
