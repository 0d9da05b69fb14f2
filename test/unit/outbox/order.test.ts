import assert from "node:assert/strict";
import { Bench, failure, mail, SETTINGS } from "./bench";

const MINUTE = 60_000;

describe("Order of the outbox", () => {
  it("sends by priority, then by age", async () => {
    const bench = await Bench.open();
    bench.mailer.available = false;
    await bench.accept(mail("report", { priority: "low" }));
    await bench.accept(mail("state 1"));
    await bench.accept(mail("alarm 1", { priority: "high" }));
    await bench.accept(mail("state 2"));
    await bench.accept(mail("alarm 2", { priority: "high" }));
    bench.mailer.setAvailable(true);
    await bench.ends(5);
    assert.deepEqual(bench.delivered, ["alarm 1", "alarm 2", "state 1", "state 2", "report"]);
  });

  it("says of each mail whether another one is due", async () => {
    const bench = await Bench.open();
    bench.mailer.available = false;
    for (const subject of ["one", "two", "three"]) await bench.accept(mail(subject));
    bench.mailer.setAvailable(true);
    await bench.ends(3);
    assert.deepEqual(bench.mailer.nextDue, [true, true, false]);
  });

  it("keeps the order over a restart", async () => {
    const first = await Bench.open();
    first.mailer.available = false;
    for (const subject of ["one", "two", "three"]) await first.accept(mail(subject));
    const second = await first.restart();
    await second.accept(mail("four"));
    second.mailer.setAvailable(true);
    await second.ends(4);
    assert.deepEqual(second.delivered, ["one", "two", "three", "four"]);
  });

  it("lets a mail that is raised meanwhile overtake between two transactions of another", async () => {
    const bench = await Bench.open();
    bench.mailer.available = false;
    await bench.accept(mail("report", { to: [], bcc: ["a@example.com", "b@example.com"] }));
    let steps = 0;
    bench.mailer.step = async () => {
      if (++steps === 1) await bench.outbox.accept(mail("alarm", { priority: "high" }), NO_OPTIONS, ORIGIN);
    };
    bench.mailer.setAvailable(true);
    await bench.ends(2);
    assert.deepEqual(bench.delivered, ["report", "alarm", "report"]);
  });

  it("does not let a mail that waits for its next try block others", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = ({ subject }) => (subject === "alarm" ? failure("SMTP_NETWORK") : { kind: "sent" });
    await bench.accept(mail("alarm", { priority: "high" }));
    await bench.accept(mail("state"));
    await bench.ends(1);
    assert.deepEqual(bench.delivered, ["state"]);
    assert.equal(bench.clock.now() < 1000, true);
  });

  it("waits longer after each failure, from half a minute to half an hour", async () => {
    const bench = await Bench.open({ settings: { maxAge: 600 } });
    const times: number[] = [];
    bench.mailer.fate = () => {
      times.push(bench.clock.now());
      return failure("SMTP_NETWORK");
    };
    await bench.accept(mail("alarm"));
    const ended = await bench.ends(1);
    const waits = times.slice(1).map((time, index) => (time - (times[index] ?? 0)) / MINUTE);
    assert.deepEqual(waits.slice(0, 7), [0.75, 1.5, 3, 6, 12, 22.5, 22.5]);
    assert.equal(ended.failure?.code, "OUTBOX_EXPIRED");
    assert.equal(ended.failure?.attempts, times.length);
    assert.match(ended.failure?.message ?? "", /mail server could not be reached/);
    assert.equal(bench.clock.now(), 600 * MINUTE);
  });

  it("keeps wait and number of tries over a restart", async () => {
    const first = await Bench.open();
    first.mailer.fate = (_transaction, number) => (number <= 3 ? failure("SMTP_NETWORK") : { kind: "sent" });
    await first.accept(mail("alarm"));
    await first.clock.run(() => first.tried.length === 3);
    await first.clock.advance(30_000);
    const second = await first.restart();
    assert.equal(second.outbox.summary().nextTryInMs, 2.5 * MINUTE);
    const ended = await second.ends(1);
    assert.equal(ended.result.attempts, 4);
    assert.equal(ended.recovered, true);
    assert.equal(ended.result.recovered, true);
  });

  it("makes mails due at once that failed under settings that have changed since, and no others", async () => {
    const first = await Bench.open();
    first.mailer.fate = () => failure("SMTP_NETWORK");
    for (const subject of ["1", "2"]) await first.accept(mail(subject));
    await first.clock.run(() => first.tried.length === 8);
    const same = await first.restart();
    await same.clock.advance(MINUTE);
    assert.equal(same.tried.length, 8, "nothing has changed");
    const fingerprint = { ...SETTINGS.fingerprint, server: "smtp.example.net" };
    first.mailer.fate = () => ({ kind: "sent" });
    const before = first.clock.now();
    const other = await same.restart({ settings: { fingerprint } });
    await other.ends(2);
    assert.ok(other.clock.now() - before < 1000, `${other.clock.now() - before} ms`);
  });

  it("says what the next mail waits for: the time after a failure, the next hour, nothing under a hold", async () => {
    const bench = await Bench.open({ settings: { ratePerHour: 1 } });
    const waitsFor = (): string | undefined => bench.outbox.summary().waitsFor;
    assert.equal(waitsFor(), undefined);
    bench.mailer.fate = (_transaction, number) => (number === 1 ? failure("SMTP_NETWORK") : { kind: "sent" });
    await bench.accept(mail("alarm"));
    await bench.clock.run(() => bench.tried.length === 1 && bench.outbox.summary().sending === undefined);
    assert.equal(waitsFor(), "retry");
    assert.equal(bench.outbox.summary().cause, "SMTP_NETWORK");
    await bench.clock.until(bench.outbox.pause());
    assert.equal(waitsFor(), undefined);
    await bench.clock.until(bench.outbox.resume());
    await bench.ends(1);
    await bench.accept(mail("next"));
    await bench.clock.advance(1000);
    assert.equal(waitsFor(), "rate");
    bench.mailer.setAvailable(false);
    assert.equal(waitsFor(), undefined);
  });

  it("never says that a mail waits for a retry while it is about to be sent", async () => {
    const bench = await Bench.open();
    const told: (string | undefined)[] = [];
    bench.outbox.on("changed", () => told.push(bench.outbox.summary().waitsFor));
    for (const subject of ["1", "2", "3"]) await bench.accept(mail(subject));
    assert.equal(bench.outbox.summary().waitsFor ?? "turn", "turn");
    await bench.ends(3);
    assert(told.every((reason) => reason === undefined || reason === "turn"));
  });

  it("tries nothing while the modem is away, and burns no attempt", async () => {
    const bench = await Bench.open();
    bench.mailer.available = false;
    await bench.accept(mail("alarm"));
    await bench.clock.advance(5 * 60 * MINUTE);
    assert.equal(bench.tried.length, 0);
    assert.equal(bench.outbox.summary().nextTryInMs, undefined);
    bench.mailer.setAvailable(true);
    const { result } = await bench.ends(1);
    assert.equal(result.attempts, 1);
    assert.equal(result.queuedMs, 5 * 60 * MINUTE);
  });

  it("counts no failure for which the modem's leaving is to blame", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) => {
      if (number > 3) return { kind: "sent" };
      bench.mailer.available = false;
      bench.clock.after(1000, () => bench.mailer.setAvailable(true));
      return failure("PORT_UNPLUGGED");
    };
    await bench.accept(mail("alarm"));
    const { result } = await bench.ends(1);
    assert.equal(result.attempts, 1);
    // At once when it is back, then after pauses that let other mails pass.
    assert.equal(bench.clock.now(), 1000 + 45_000 + 90_000);
  });

  it("gives a mail up when its node's limit is reached, though the modem's is longer", async () => {
    const bench = await Bench.open();
    bench.mailer.available = false;
    await bench.accept(mail("alarm"), { maxAge: 5 });
    await bench.accept(mail("report"));
    const { failure, id } = await bench.ends(1);
    assert.equal(bench.clock.now(), 5 * MINUTE);
    assert.equal(failure?.code, "OUTBOX_EXPIRED");
    assert.equal(failure?.outcome, "notSent");
    assert.match(failure?.message ?? "", /modem is not ready/);
    assert.equal((await bench.outbox.list({ state: "failed" })).rows[0]?.id, id);
    assert.equal(bench.outbox.summary().depth, 1);
  });

  it("sends no more than ratePerHour in any hour, high priority first", async () => {
    const bench = await Bench.open({ settings: { ratePerHour: 3 } });
    const times: number[] = [];
    bench.mailer.fate = () => {
      times.push(bench.clock.now() / MINUTE);
      return { kind: "sent" };
    };
    for (const subject of ["1", "2", "3", "4", "5"]) await bench.accept(mail(subject));
    await bench.ends(3);
    await bench.accept(mail("alarm", { priority: "high" }));
    await bench.clock.advance(1);
    assert.deepEqual(bench.delivered, ["1", "2", "3"]);
    assert.ok((bench.outbox.summary().nextTryInMs ?? 0) > 59 * MINUTE);
    await bench.ends(6);
    assert.deepEqual(bench.delivered, ["1", "2", "3", "alarm", "4", "5"]);
    for (const [index, time] of times.slice(3).entries()) assert.ok(time - (times[index] ?? 0) >= 60);
    assert.ok(bench.clock.now() <= 62 * MINUTE);
  });

  it("keeps the rate over a restart", async () => {
    const first = await Bench.open({ settings: { ratePerHour: 2 } });
    for (const subject of ["1", "2"]) await first.accept(mail(subject));
    await first.ends(2);
    const second = await first.restart();
    await second.accept(mail("3"));
    await second.clock.advance(30 * MINUTE);
    assert.equal(second.delivered.length, 2);
    await second.ends(1);
    assert.ok(second.clock.now() >= 60 * MINUTE);
  });

  it("counts against the rate only what reached QSMTPPUT", async () => {
    const bench = await Bench.open({ settings: { ratePerHour: 1 } });
    bench.mailer.fate = (_transaction, number) =>
      number <= 3 ? failure("SMTP_NO_MEMORY") : { kind: "sent" };
    await bench.accept(mail("alarm"));
    await bench.ends(1);
    assert.ok(bench.clock.now() < 60 * MINUTE);
  });

  it("says what is tried next of several that wait, and why that one was not sent", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = ({ subject }) =>
      failure(
        subject === "report" ? "SMTP_NO_MEMORY" : subject === "alarm" ? "SMTP_NETWORK" : "SMTP_TIMEOUT",
      );
    const next = (): unknown => {
      const { nextTryInMs = Number.NaN, waitsFor, cause, depth } = bench.outbox.summary();
      return [Math.round(nextTryInMs / 1000), waitsFor, cause, depth];
    };
    await bench.accept(mail("report"));
    await bench.clock.advance(10_000);
    await bench.accept(mail("alarm"));
    await bench.clock.advance(10_000);
    await bench.accept(mail("state", { priority: "high" }));
    await bench.clock.advance(10_000);
    assert.deepEqual(next(), [15, "retry", "SMTP_NO_MEMORY", 3]);
    await bench.clock.advance(20_000);
    assert.deepEqual(next(), [5, "retry", "SMTP_NETWORK", 3]);
    await bench.clock.advance(10_000);
    assert.deepEqual(next(), [5, "retry", "SMTP_TIMEOUT", 3]);
  });

  it("says whose mail is sent and whose wait behind it", async () => {
    const bench = await Bench.open({ available: false });
    const accept = async (nodeId: string, subject: string): Promise<string> => {
      const origin = { nodeId, message: {} };
      return (await bench.clock.until(bench.outbox.accept(mail(subject), NO_OPTIONS, origin))).id;
    };
    const seen: unknown[] = [];
    bench.mailer.fate = () => {
      const { nodeId, behind } = bench.outbox.sendingNode() ?? {};
      seen.push([nodeId, [...(behind ?? [])]]);
      return { kind: "sent" };
    };
    // The end of each is told late: it has ended, and nobody waits for it.
    bench.outbox.on("ended", (ended) => ended.waitUntil(new Promise(() => undefined)));
    for (const nodeId of ["n1", "n2", "n1", "n3"]) await accept(nodeId, nodeId);
    assert.equal(bench.outbox.sendingNode(), undefined);
    bench.mailer.setAvailable(true);
    await bench.ends(4);
    assert.deepEqual(seen, [
      ["n1", ["n2", "n1", "n3"]],
      ["n2", ["n1", "n3"]],
      ["n1", ["n3"]],
      ["n3", []],
    ]);
    const { depth, oldestAgeMs } = bench.outbox.summary();
    assert.deepEqual([depth, oldestAgeMs, (await bench.outbox.list({})).rows.length], [0, 0, 0]);
  });

  it("gives each mail up at its own limit and at no other moment, also while the modem's stands still", async () => {
    const bench = await Bench.open({ available: false, settings: { maxAge: 10 } });
    const ends: string[] = [];
    bench.outbox.on("ended", ({ id }) => ends.push(`${names.get(id)} ${bench.clock.now() / MINUTE}`));
    const names = new Map<string, string>();
    const accept = async (name: string, maxAge?: number): Promise<void> => {
      names.set(await bench.accept(mail(name), { maxAge }), name);
    };
    await accept("own 30", 30);
    await accept("default");
    await accept("own 4", 4);
    await accept("own 20", 20);
    await bench.clock.advance(5 * MINUTE);
    await accept("later");
    await bench.clock.until(bench.outbox.pause());
    await bench.clock.advance(20 * MINUTE);
    await bench.clock.until(bench.outbox.resume());
    await bench.clock.advance(20 * MINUTE);
    assert.deepEqual(ends, ["own 4 4", "own 20 20", "own 30 30", "default 30", "later 35"]);
  });

  it("asks for a lost result no longer than its mail may live", async () => {
    for (const maxAge of [undefined, 20]) {
      const bench = await Bench.open({ available: false, settings: { maxAge: 30 } });
      bench.mailer.fate = () => ({ kind: "lost", delivered: true, answer: { kind: "sent" } });
      await bench.clock.advance(7 * MINUTE);
      await bench.accept(mail("alarm"), { maxAge });
      await bench.clock.advance(5 * MINUTE);
      bench.mailer.setAvailable(true);
      await bench.ends(1);
      assert.deepEqual(
        bench.mailer.questions.map(({ limitMs }) => Math.round(limitMs / MINUTE)),
        [(maxAge ?? 30) - 5],
      );
    }
  });
});

const NO_OPTIONS = { maxAge: undefined, delivery: "atLeastOnce" } as const;
const ORIGIN = { nodeId: "n1", message: {} };
