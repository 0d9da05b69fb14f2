import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import type { Fate } from "../../support/fake-carrier";
import { FaultyFiles } from "../../support/faulty-files";
import { Bench, DIRECTORY, failure, mail } from "./bench";

const LOST = { kind: "lost", delivered: true, answer: { kind: "unknown" } } as const satisfies Fate;

describe("A mail whose result was lost", () => {
  it("is asked for first, and is sent when the module says so", async () => {
    const bench = await Bench.open();
    bench.carrier.fate = (_transaction, number) =>
      number === 1 ? { kind: "lost", delivered: true, answer: { kind: "sent" } } : { kind: "sent" };
    await bench.accept(mail("alarm"));
    const { result } = await bench.ends(1);
    assert.equal(result.status, "sent");
    assert.equal(result.possibleDuplicate, undefined);
    assert.equal(bench.carrier.recoveries, 1);
    assert.equal(bench.delivered.length, 1);
  });

  it("is tried again without a mark when the module says that the server refused it", async () => {
    const bench = await Bench.open();
    const answer = { kind: "refused", error: new ModemError("SMTP_LOCAL_ERROR", { smtpCode: 451 }) } as const;
    bench.carrier.fate = (_transaction, number) =>
      number === 1 ? { kind: "lost", delivered: false, answer } : { kind: "sent" };
    await bench.accept(mail("alarm"));
    const { result } = await bench.ends(1);
    assert.equal(result.status, "sent");
    assert.equal(result.possibleDuplicate, undefined);
    assert.equal(bench.carrier.delivered[0]?.isMarked, false);
  });

  it("is sent once more, marked in text and result, when nobody can say", async () => {
    const bench = await Bench.open();
    bench.carrier.fate = (_transaction, number) => (number === 1 ? LOST : { kind: "sent" });
    const id = await bench.accept(mail("alarm"));
    const { result } = await bench.ends(1);
    assert.equal(result.possibleDuplicate, true);
    assert.equal(result.status, "sent");
    assert.deepEqual(
      bench.carrier.delivered.map(({ isMarked }) => isMarked),
      [false, true],
    );
    assert.ok(bench.carrier.delivered[1]?.text.includes(id));
  });

  it("waits with all others until the modem is back to be asked", async () => {
    const bench = await Bench.open();
    bench.carrier.fate = (_transaction, number) => {
      if (number > 1) return { kind: "sent" };
      bench.carrier.available = false;
      return { kind: "lost", delivered: true, answer: { kind: "sent" } };
    };
    await bench.accept(mail("first"));
    await bench.accept(mail("alarm", { priority: "high" }));
    await bench.clock.advance(600_000);
    assert.equal(bench.carrier.recoveries, 0);
    bench.carrier.setAvailable(true);
    await bench.ends(2);
    assert.deepEqual(bench.delivered, ["first", "alarm"]);
  });

  it("takes the outcome for unknown when the module cannot be asked three times", async () => {
    const bench = await Bench.open();
    bench.carrier.fate = (_transaction, number) =>
      number === 1 ? { kind: "lost", delivered: true, answer: "fails" } : { kind: "sent" };
    await bench.accept(mail("alarm"));
    await bench.clock.run(() => bench.carrier.recoveries === 1);
    assert.equal(bench.outbox.summary().waitsFor, "result");
    const { result } = await bench.ends(1);
    assert.equal(bench.carrier.recoveries, 3);
    assert.equal(result.possibleDuplicate, true);
  });

  it("ends unknown, and is not sent again, with atMostOnce", async () => {
    const bench = await Bench.open();
    bench.carrier.fate = (_transaction, number) => (number === 1 ? LOST : { kind: "sent" });
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
    bench.carrier.fate = () => LOST;
    await bench.accept(mail("alarm"));
    await bench.accept(mail("later", { priority: "low" }));
    await bench.clock.run(() => bench.outbox.summary().hold !== undefined);
    const hold = bench.outbox.summary().hold;
    assert.equal(hold?.kind === "setup" && hold.code, "MODEM_RESULT_MISSING");
    assert.equal(bench.tried.length, 2);
  });

  it("is tried no faster than one in half an hour while results stay missing, each at most twice", async () => {
    const bench = await Bench.open();
    bench.carrier.fate = () => LOST;
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
      bench.carrier.fate = (_transaction, number) =>
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
    bench.carrier.fate = () => {
      bench.carrier.available = false;
      return LOST;
    };
    for (const subject of ["1", "2"]) {
      const id = await bench.accept(mail(subject));
      await bench.clock.run(() => bench.tried.length > 0 && bench.outbox.summary().sending === undefined);
      await bench.clock.until(bench.outbox.discard(id));
      bench.carrier.setAvailable(true);
    }
    assert.equal(bench.outbox.summary().hold, undefined);
  });

  it("takes no answer for its own that may be about another mail, given up while the module was asked", async () => {
    const files = new FaultyFiles();
    const first = await Bench.open({ files });
    first.carrier.fate = () => ({ kind: "hangs" });
    const id = await first.accept(mail("alarm"));
    await first.clock.run(() => first.outbox.summary().sending !== undefined);
    await first.clock.advance(100);
    await first.clock.until(first.outbox.close(0));
    const [name = ""] = await files.list(`${DIRECTORY}/sending`);
    const record = files.text(`${DIRECTORY}/sending/${name}`);
    files.put(`${DIRECTORY}/sending/${name.replace(id, "other222")}`, record.replace(id, "other222"));
    let asked = (): void => undefined;
    first.carrier.fate = () => ({ kind: "sent" });
    first.carrier.setAnswer({ kind: "sent" });
    first.carrier.step = () => new Promise((resolve) => (asked = resolve));
    const second = await first.restart();
    await second.clock.run(() => second.carrier.recoveries === 1);
    await second.clock.until(second.outbox.discard(id));
    second.carrier.step = async () => undefined;
    asked();
    const ended = await second.ends(2);
    assert.deepEqual([ended.id, ended.result.possibleDuplicate], ["other222", true]);
    assert.equal(second.carrier.delivered[0]?.isMarked, true);
  });

  it("is never sent a third time, though others come between", async () => {
    const bench = await Bench.open();
    bench.carrier.fate = ({ subject }) => (subject.bytes.toString() === "alarm" ? LOST : { kind: "sent" });
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
    bench.carrier.fate = (_transaction, number) => (number <= 2 ? LOST : { kind: "sent" });
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
    bench.carrier.fate = () => {
      bench.carrier.available = false;
      return LOST;
    };
    await bench.accept(mail("alarm"));
    const { failure: told } = await bench.ends(1);
    assert.equal(told?.outcome, "unknown");
  });

  it("takes a broken connection after QSMTPPUT for a lost result, whatever its error says", async () => {
    for (const code of ["PORT_UNPLUGGED", "MODEM_RESET", "MODEM_TIMEOUT"] as const) {
      const bench = await Bench.open();
      bench.carrier.fate = (_transaction, number) =>
        number === 1 ? { kind: "failed", error: new ModemError(code) } : { kind: "sent" };
      await bench.accept(mail("alarm"));
      assert.equal((await bench.ends(1)).result.possibleDuplicate, true);
      assert.equal(bench.carrier.recoveries, 1);
    }
  });

  it("does not count an error before QSMTPPUT as a loss", async () => {
    const bench = await Bench.open();
    bench.carrier.fate = (_transaction, number) =>
      number <= 2 ? failure("MODEM_RESULT_UNKNOWN") : { kind: "sent" };
    await bench.accept(mail("alarm"));
    const { result } = await bench.ends(1);
    assert.equal(result.possibleDuplicate, undefined);
    assert.equal(bench.carrier.recoveries, 0);
  });
});
