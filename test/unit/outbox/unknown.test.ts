import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import { unknown, type Fate } from "../../support/fake-mailer";
import { FaultyFiles } from "../../support/faulty-files";
import { Bench, failure, mail, SETTINGS } from "./bench";

const LOST = { kind: "lost", delivered: true, answer: { kind: "unknown" } } as const satisfies Fate;

const OTHER = { ...SETTINGS.fingerprint, port: "other" };

describe("A mail whose result was lost", () => {
  it("is asked for first, and is sent when the module says so", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) =>
      number === 1 ? { kind: "lost", delivered: true, answer: { kind: "sent" } } : { kind: "sent" };
    await bench.accept(mail("alarm"));
    const { result } = await bench.ends(1);
    assert.equal(result.status, "sent");
    assert.equal(result.possibleDuplicate, undefined);
    assert.equal(bench.mailer.recoveries, 1);
    assert.equal(bench.delivered.length, 1);
  });

  it("is tried again without a mark when the module says that the server refused it", async () => {
    const bench = await Bench.open();
    const answer = { kind: "refused", error: new ModemError("SMTP_LOCAL_ERROR", { smtpCode: 451 }) } as const;
    bench.mailer.fate = (_transaction, number) =>
      number === 1 ? { kind: "lost", delivered: false, answer } : { kind: "sent" };
    await bench.accept(mail("alarm"));
    const { result } = await bench.ends(1);
    assert.equal(result.status, "sent");
    assert.equal(result.possibleDuplicate, undefined);
    assert.equal(bench.mailer.delivered[0]?.isMarked, false);
  });

  it("is sent once more, marked in text and result, when nobody can say", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) => (number === 1 ? LOST : { kind: "sent" });
    const id = await bench.accept(mail("alarm"));
    const { result } = await bench.ends(1);
    assert.equal(result.possibleDuplicate, true);
    assert.equal(result.status, "sent");
    assert.deepEqual(
      bench.mailer.delivered.map(({ isMarked }) => isMarked),
      [false, true],
    );
    assert.ok(bench.mailer.delivered[1]?.text.includes(id));
  });

  it("waits with all others until the modem is back to be asked", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) => {
      if (number > 1) return { kind: "sent" };
      bench.mailer.available = false;
      return { kind: "lost", delivered: true, answer: { kind: "sent" } };
    };
    await bench.accept(mail("first"));
    await bench.accept(mail("alarm", { priority: "high" }));
    await bench.clock.advance(600_000);
    assert.equal(bench.mailer.recoveries, 0);
    bench.mailer.setAvailable(true);
    await bench.ends(2);
    assert.deepEqual(bench.delivered, ["first", "alarm"]);
  });

  it("takes the outcome for unknown when the module cannot be asked three times", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) =>
      number === 1 ? { kind: "lost", delivered: true, answer: "fails" } : { kind: "sent" };
    await bench.accept(mail("alarm"));
    await bench.clock.run(() => bench.mailer.recoveries === 1);
    assert.equal(bench.outbox.summary().waitsFor, "result");
    const { result } = await bench.ends(1);
    assert.equal(bench.mailer.recoveries, 3);
    assert.equal(result.possibleDuplicate, true);
  });

  it("ends unknown, and is not sent again, with atMostOnce", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) => (number === 1 ? LOST : { kind: "sent" });
    await bench.accept(mail("alarm"), { delivery: "atMostOnce" });
    const { result, failure: told } = await bench.ends(1);
    assert.equal(result.status, "failed");
    assert.equal(told?.code, "MODEM_RESULT_UNKNOWN");
    assert.equal(told?.outcome, "unknown");
    await bench.clock.advance(3600_000);
    assert.equal(bench.delivered.length, 1);
  });

  it("ends unknown after its second loss, and two in a row hold the outbox", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = () => LOST;
    await bench.accept(mail("alarm"));
    await bench.accept(mail("later", { priority: "low" }));
    await bench.clock.run(() => bench.outbox.summary().hold !== undefined);
    const hold = bench.outbox.summary().hold;
    assert.equal(hold?.kind === "setup" && hold.code, "MODEM_RESULT_MISSING");
    assert.equal(bench.tried.length, 2);
  });

  for (const [how, release] of [
    ["a change of settings", async (bench: Bench) => bench.restart({ settings: { fingerprint: OTHER } })],
    [
      "resume",
      async (bench: Bench) => {
        await bench.clock.until(bench.outbox.resume());
        return bench;
      },
    ],
  ] as const) {
    it(`holds the outbox again only after two more once ${how} has ended the hold`, async () => {
      const first = await Bench.open();
      first.mailer.fate = () => LOST;
      for (const subject of ["1", "2", "3"]) await first.accept(mail(subject));
      await first.clock.run(() => first.outbox.summary().hold !== undefined);
      const before = first.tried.length;
      const bench = await release(first);
      await bench.clock.run(() => bench.outbox.summary().hold !== undefined);
      assert.equal(bench.tried.length - before, 2);
    });
  }

  it("is tried no faster than one in half an hour while results stay missing, each at most twice", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = () => LOST;
    for (const subject of ["1", "2", "3"]) await bench.accept(mail(subject));
    await bench.clock.run(() => bench.outbox.summary().hold !== undefined);
    const [before, start] = [bench.tried.length, bench.clock.now()];
    await bench.ends(3);
    assert.deepEqual([...bench.tried].sort(), ["1", "1", "2", "2", "3", "3"]);
    const probes = bench.tried.length - before;
    assert.ok(bench.clock.now() - start >= probes * 30 * 60_000, "one probe in half an hour");
    assert.equal(bench.holds.length, 1, "reported once");
  });

  for (const [told, fate] of [
    ["sent", { kind: "sent" }],
    ["refused for now", failure("SMTP_LOCAL_ERROR", { smtpCode: 451 })],
  ] as const) {
    it(`ends the hold for missing results as soon as one arrives that says: ${told}`, async () => {
      const bench = await Bench.open();
      bench.mailer.fate = (_transaction, number) =>
        number <= 2 ? LOST : number === 3 ? fate : { kind: "sent" };
      for (const subject of ["1", "2", "3"]) await bench.accept(mail(subject));
      await bench.clock.run(() => bench.outbox.summary().hold !== undefined);
      let tried = 0;
      bench.outbox.on("hold", () => (tried = bench.tried.length));
      await bench.clock.run(() => tried > 0);
      assert.deepEqual([tried, bench.outbox.summary().hold], [3, undefined]);
      await bench.ends(3);
      for (const { result } of bench.ended) assert.equal(result.status, "sent");
    });
  }

  it("counts for no missing result when a person discards it before the module was asked", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = () => {
      bench.mailer.available = false;
      return LOST;
    };
    for (const subject of ["1", "2"]) {
      const id = await bench.accept(mail(subject));
      await bench.clock.run(() => bench.tried.length > 0 && bench.outbox.summary().sending === undefined);
      await bench.clock.until(bench.outbox.discard(id));
      bench.mailer.setAvailable(true);
    }
    assert.equal(bench.outbox.summary().hold, undefined);
  });

  it("is never sent a third time, though others come between", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = ({ subject }) => (subject === "alarm" ? LOST : { kind: "sent" });
    await bench.accept(mail("alarm"));
    await bench.accept(mail("state"));
    const ended = await bench.ends(2);
    assert.equal(ended.failure?.outcome, "unknown");
    assert.equal(ended.failure?.code, "MODEM_RESULT_UNKNOWN");
    assert.equal(bench.outbox.summary().hold, undefined);
    assert.deepEqual(bench.delivered, ["alarm", "state", "alarm"]);
  });

  it("goes on with the others when a person resumes the outbox", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) => (number <= 2 ? LOST : { kind: "sent" });
    await bench.accept(mail("1"));
    await bench.accept(mail("2"));
    await bench.clock.run(() => bench.outbox.summary().hold !== undefined);
    await bench.clock.until(bench.outbox.resume());
    await bench.ends(2);
    assert.deepEqual(
      bench.ended.map(({ result }) => result.possibleDuplicate),
      [true, true],
    );
  });

  it("is unknown too when the time is over before the modem can be asked", async () => {
    const bench = await Bench.open({ settings: { maxAge: 10 } });
    bench.mailer.fate = () => {
      bench.mailer.available = false;
      return LOST;
    };
    await bench.accept(mail("alarm"));
    const { failure: told } = await bench.ends(1);
    assert.equal(told?.outcome, "unknown");
  });

  it("is asked for by its own mark, and for no longer than it may still wait", async () => {
    const bench = await Bench.open({ settings: { maxAge: 10 } });
    bench.mailer.fate = () => ({ kind: "lost", delivered: true, answer: { kind: "sent" } });
    const id = await bench.accept(mail("alarm"));
    await bench.ends(1);
    assert.deepEqual(bench.mailer.questions, [{ id, mark: { via: "module", data: 1 }, limitMs: 600_000 }]);
  });

  it("is asked for by the same mark after a kill", async () => {
    const files = new FaultyFiles();
    const first = await Bench.open({ files });
    first.mailer.fate = () => ({ kind: "hangs", delivered: true });
    const id = await first.accept(mail("alarm"));
    await first.clock.run(() => first.delivered.length === 1);
    const second = await first.killed("nothing", { available: false });
    second.mailer.setAnswer({ kind: "sent" });
    second.mailer.setAvailable(true);
    assert.equal((await second.ends(1)).result.status, "sent");
    const [question] = second.mailer.questions;
    assert.deepEqual([question?.id, question?.mark], [id, { via: "module", data: 1 }]);
  });

  it("is not asked for where nobody can know, and another mail goes out before its second copy", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) =>
      number === 1 ? { kind: "lost", delivered: false } : { kind: "sent" };
    await bench.accept(mail("alarm"));
    await bench.accept(mail("next"));
    const start = bench.clock.now();
    await bench.ends(2);
    assert.deepEqual(bench.delivered, ["next", "alarm"]);
    assert.ok(bench.clock.now() - start <= 5_000);
    assert.equal(bench.mailer.recoveries, 0);
  });

  it("lets the time of other mails run out while it is asked for", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = () => ({ kind: "lost", delivered: true, answer: { kind: "sent" } });
    // The module is busy for ever.
    bench.mailer.recovering = ({ envelope }, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => resolve(unknown(envelope, true)), { once: true });
      });
    await bench.accept(mail("alarm"));
    await bench.clock.run(() => bench.mailer.recoveries === 1);
    const start = bench.clock.now();
    await bench.accept(mail("state"), { maxAge: 10 });
    const { subject, failure: told } = await bench.ends(1);
    assert.deepEqual([subject, told?.code], ["state", "OUTBOX_EXPIRED"]);
    assert.ok(bench.clock.now() - start <= 11 * 60_000);
    assert.equal(bench.outbox.summary().sending, undefined, "nothing is being sent");
    assert.equal(bench.outbox.summary().waitsFor, "result");
    bench.mailer.recovering = undefined;
    await bench.clock.until(bench.outbox.close());
  });

  for (const [what, part] of [
    ["record", "/sending/"],
    ["text", "/contents/"],
  ] as const) {
    it(`is asked for, not decided by a disk that did not give its ${what} for an hour, and holds nothing up`, async () => {
      const files = new FaultyFiles();
      const bench = await Bench.open({ files });
      bench.mailer.fate = (_transaction, number) => {
        if (number > 1) return { kind: "sent" };
        files.fault = ({ name, path }) => (name === "read" && path.includes(part) ? "EIO" : undefined);
        return { kind: "lost", delivered: true, answer: { kind: "sent" } };
      };
      await bench.accept(mail("alarm", { text: "Level ".repeat(1000) }));
      await bench.clock.run(() => bench.outbox.summary().waitsFor === "result");
      const start = bench.clock.now();
      await bench.accept(mail("next"));
      assert.equal((await bench.ends(1)).subject, "next");
      assert.ok(bench.clock.now() - start <= 20_000);
      await bench.clock.advance(60 * 60_000);
      assert.deepEqual([bench.ended.length, bench.mailer.recoveries, bench.outbox.inDoubt], [1, 0, 1]);
      assert.deepEqual(
        bench.troubles.map(({ message }) => message),
        ["The outbox could not read or write a file on disk: i/o error (EIO)"],
      );
      files.fault = () => undefined;
      const { subject, result } = await bench.ends(2);
      assert.deepEqual([subject, result.status, result.possibleDuplicate], ["alarm", "sent", undefined]);
      assert.deepEqual([bench.mailer.recoveries, bench.delivered], [1, ["alarm", "next"]]);
    });
  }

  it("does not count an error before QSMTPPUT as a loss", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) =>
      number <= 2 ? failure("MODEM_RESULT_UNKNOWN") : { kind: "sent" };
    await bench.accept(mail("alarm"));
    const { result } = await bench.ends(1);
    assert.equal(result.possibleDuplicate, undefined);
    assert.equal(bench.mailer.recoveries, 0);
  });
});
