import assert from "node:assert/strict";
import { OutboxTime } from "../../../lib/outbox/spool/state";
import type { Host } from "../../../lib/outbox/spool/lock";
import { FaultyFiles } from "../../support/faulty-files";
import { VirtualClock } from "../../support/virtual-clock";
import { Bench, failure, fakeHost, mail } from "./bench";

const MINUTE = 60_000;
const WEEK = 7 * 24 * 60 * MINUTE;

describe("Time of the outbox", () => {
  for (const [way, jump] of [
    ["forwards", 5 * WEEK],
    ["backwards", -5 * WEEK],
  ] as const) {
    it(`expires nothing and delays nothing when the wall clock jumps weeks ${way}`, async () => {
      const bench = await Bench.open({ settings: { maxAge: 60 } });
      bench.mailer.fate = (_transaction, number) =>
        number <= 2 ? failure("SMTP_NETWORK") : { kind: "sent" };
      await bench.accept(mail("alarm"));
      bench.clock.jumpWall(jump);
      const { result } = await bench.ends(1);
      assert.equal(result.status, "sent");
      assert.equal(bench.clock.now(), 2.25 * MINUTE);
      assert.equal(result.queuedMs, 2.25 * MINUTE);
    });

    it(`keeps ages when the wall clock jumps weeks ${way} while the host is off`, async () => {
      const first = await Bench.open({ settings: { maxAge: 60 } });
      first.mailer.available = false;
      await first.accept(mail("alarm"));
      await first.clock.advance(20 * MINUTE);
      first.clock.jumpWall(jump);
      const second = await first.restart({ boot: "boot-2", uptime: 2 * MINUTE });
      assert.equal(second.outbox.summary().oldestAgeMs, 22 * MINUTE);
      const { failure: told } = await second.ends(1);
      assert.equal(told?.code, "OUTBOX_EXPIRED");
      assert.ok(second.clock.now() >= 57 * MINUTE && second.clock.now() <= 60 * MINUTE);
    });
  }

  it("counts the time in which only the process was down", async () => {
    const first = await Bench.open({ uptime: 10 * MINUTE });
    first.mailer.available = false;
    await first.accept(mail("alarm"));
    await first.clock.advance(5 * MINUTE);
    const second = await first.restart({ uptime: 45 * MINUTE });
    assert.equal(second.outbox.summary().oldestAgeMs, 35 * MINUTE);
  });

  describe("when a mail was raised", () => {
    const HOUR = 60 * MINUTE;
    /** A mail is accepted while the clock of the host is 50 years behind, and waits. */
    const accepted = async (): Promise<Bench> => {
      const bench = await Bench.open({ uptime: 10 * MINUTE, lateNote: 10 });
      bench.clock.jumpWall(-2600 * WEEK);
      bench.mailer.available = false;
      await bench.accept(mail("alarm"));
      await bench.clock.advance(20 * MINUTE);
      return bench;
    };
    /** How long ago the mail says that it was raised, by the clock as it is when it is sent. */
    const toldAgo = async (bench: Bench): Promise<number> => {
      await bench.ends(1);
      const [, raised = ""] = /^Created (\S+), sent /.exec(bench.mailer.delivered[0]?.text ?? "") ?? [];
      return bench.clock.wall() - Date.parse(raised);
    };

    it("is exact over restarts of the process, whatever the clock of the host was", async () => {
      const first = await accepted();
      const second = await first.restart({ uptime: 40 * MINUTE, available: false });
      second.clock.jumpWall(2600 * WEEK);
      assert.equal(await toldAgo(await second.restart({ uptime: 70 * MINUTE, available: true })), HOUR);
    });

    it("is told by the clock of that moment once the host was started anew, also after a further restart", async () => {
      const first = await accepted();
      first.clock.jumpWall(2600 * WEEK);
      const second = await first.restart({ boot: "boot-2", uptime: MINUTE, available: false });
      const third = await second.restart({ boot: "boot-2", uptime: 2 * MINUTE, available: true });
      assert.ok((await toldAgo(third)) > 2000 * WEEK);
    });

    it("is not the moment at which its outbox had lost its time, also once it was tried since", async () => {
      const files = new FaultyFiles();
      const first = await Bench.open({ files, available: false, lateNote: 10 });
      await first.accept(mail("alarm"));
      await first.clock.advance(HOUR);
      await first.clock.until(first.outbox.close());
      files.put("/spool/modem/state.json", "{");
      first.mailer.fate = (_transaction, number) =>
        number === 1 ? failure("SMTP_NETWORK") : { kind: "sent" };
      const second = await first.restart({ available: true });
      await second.clock.run(() => second.tried.length === 1);
      const third = await second.restart({ available: false });
      await third.clock.advance(HOUR);
      third.mailer.setAvailable(true);
      assert.equal(Math.round((await toldAgo(third)) / MINUTE), 120);
    });

    it("is exact again for mails that were accepted after the host was started anew", async () => {
      const first = await Bench.open({ lateNote: 10 });
      const second = await first.restart({ boot: "boot-2", uptime: MINUTE, available: false });
      second.clock.jumpWall(-2600 * WEEK);
      await second.clock.advance(MINUTE);
      await second.accept(mail("alarm"));
      await second.clock.advance(5 * MINUTE);
      second.clock.jumpWall(2600 * WEEK);
      const third = await second.restart({ boot: "boot-2", uptime: 27 * MINUTE, available: true });
      assert.equal(await toldAgo(third), 25 * MINUTE);
    });
  });

  it("counts no time in which the host was off, but all since its start", async () => {
    const first = await Bench.open();
    first.mailer.available = false;
    await first.accept(mail("alarm"));
    await first.clock.advance(5 * MINUTE);
    const second = await first.restart({ boot: "boot-2", uptime: 3 * MINUTE });
    const age = second.outbox.summary().oldestAgeMs;
    assert.ok(age >= 8 * MINUTE && age <= 8 * MINUTE + 20_000, `${age}`);
  });

  it("counts only what the uptime has grown where nobody can tell one start of the host from another", () => {
    const clock = new VirtualClock();
    const host = (uptime: number): Host => {
      const { self, ...rest } = fakeHost(clock);
      return { ...rest, self: { ...self, boot: undefined }, uptime: () => uptime };
    };
    const first = new OutboxTime(clock, host(30 * 24 * 60 * MINUTE), undefined, false);
    const stored = first.store();
    const passed = (uptime: number): number =>
      new OutboxTime(clock, host(uptime), stored, false).now().time - stored.time;
    assert.equal(passed(30 * 24 * 60 * MINUTE + 2 * MINUTE), 2 * MINUTE);
    assert.equal(passed(3 * MINUTE), 3 * MINUTE, "the host was started anew");
  });

  it("loses at most ten minutes of age by a power cut", async () => {
    const first = await Bench.open();
    first.mailer.available = false;
    await first.accept(mail("alarm"));
    await first.clock.advance(55 * MINUTE);
    const second = await first.killed("nothing", { uptime: 0, available: false });
    const age = second.outbox.summary().oldestAgeMs;
    assert.ok(age >= 45 * MINUTE && age <= 56 * MINUTE, `${age}`);
  });

  it("does not count the time of a hold against the modem's limit, over restarts too", async () => {
    const first = await Bench.open({ settings: { maxAge: 60 } });
    first.mailer.available = false;
    await first.accept(mail("alarm"));
    await first.clock.advance(30 * MINUTE);
    await first.clock.until(first.outbox.pause());
    await first.clock.advance(120 * MINUTE);
    const second = await first.restart();
    await second.clock.advance(120 * MINUTE);
    await second.clock.until(second.outbox.resume());
    await second.clock.advance(29 * MINUTE);
    assert.equal(second.ended.length, 0);
    await second.clock.advance(2 * MINUTE);
    assert.equal(second.ended[0]?.failure?.code, "OUTBOX_EXPIRED");
  });

  for (const [then, wall] of [
    ["before the network told the time", 0],
    ["a year ahead", Date.UTC(2027, 0, 1)],
  ] as const) {
    it(`says in a late mail when it was raised although the clock was wrong then: ${then}`, async () => {
      const bench = await Bench.open({ clock: new VirtualClock(wall), lateNote: 10, available: false });
      await bench.accept(mail("alarm"));
      await bench.clock.advance(20 * MINUTE);
      bench.clock.jumpWall(Date.UTC(2026, 4, 1, 12, 0) - bench.clock.wall());
      await bench.clock.advance(10 * MINUTE);
      bench.mailer.setAvailable(true);
      await bench.ends(1);
      const [, raised = ""] =
        /^Created (\S+), sent 30 min later\./.exec(bench.mailer.delivered[0]?.text ?? "") ?? [];
      assert.equal(new Date(raised).toISOString(), "2026-05-01T11:40:00.000Z");
    });
  }

  it("says in a mail that has waited while the host was off when it was raised", async () => {
    const first = await Bench.open({ lateNote: 10, available: false });
    await first.accept(mail("alarm"));
    await first.clock.advance(20 * MINUTE);
    first.clock.jumpWall(24 * 60 * MINUTE);
    const second = await first.restart({ boot: "boot-2", uptime: 0 });
    second.mailer.setAvailable(true);
    await second.ends(1);
    const [, raised = ""] = /^Created (\S+), /.exec(second.mailer.delivered[0]?.text ?? "") ?? [];
    assert.equal(new Date(raised).toISOString(), "2026-01-01T00:00:00.000Z");
  });

  for (const minutes of [8, 12, 90]) {
    it(`says when a mail was raised that was accepted ${minutes} minutes after the time was stored, after a power cut`, async () => {
      const files = new FaultyFiles();
      const first = await Bench.open({ files, lateNote: 10, available: false });
      await first.clock.advance(minutes * MINUTE);
      files.fault = ({ path }) => (path.endsWith("state.json") ? "EIO" : undefined);
      await first.accept(mail("alarm"));
      const clock = new VirtualClock(Date.UTC(2026, 0, 1, 8));
      const second = await first.killed("nothing", { clock, uptime: 0, available: false });
      const { boot } = second.host.self;
      await second.clock.advance(20 * MINUTE);
      // Its time is now later than that of the mail.
      const third = await second.restart({ boot, uptime: 40 * MINUTE });
      await third.clock.advance(11 * MINUTE);
      third.mailer.setAvailable(true);
      await third.ends(1);
      const [, raised = ""] = /^Created (\S+), /.exec(third.mailer.delivered[0]?.text ?? "") ?? [];
      assert.equal(Date.parse(raised), Date.UTC(2026, 0, 1, 0, minutes));
    });
  }

  it("says when a mail was accepted by the wall clock of that moment", async () => {
    const bench = await Bench.open();
    bench.mailer.available = false;
    await bench.accept(mail("alarm"));
    bench.clock.jumpWall(WEEK);
    const { rows } = await bench.outbox.list();
    assert.equal(rows[0]?.raisedAt, "2026-01-01T00:00:00.000Z");
  });

  for (const part of ["accepted", "written"] as const)
    for (const days of [1, 5, 36_000]) {
      it(`makes no other mail older where one names ${days} days as the time when it was ${part}`, async () => {
        const files = new FaultyFiles();
        const first = await Bench.open({ files, available: false, settings: { maxAge: 60 } });
        for (const subject of ["one", "two", "three"]) {
          await first.accept(mail(subject));
          await first.clock.advance(MINUTE);
        }
        await first.clock.until(first.outbox.close());
        const [path = ""] = files.paths().filter((one) => one.includes("queue/"));
        const kept = JSON.parse(files.text(path)) as Record<string, object> & { subject: string };
        const time = days * 24 * 60 * MINUTE;
        files.put(path, JSON.stringify({ ...kept, [part]: { ...kept[part], time, active: time } }));
        const second = await first.restart({ uptime: 0 });
        const { rows } = await second.outbox.list();
        const ages = new Map(rows.map(({ subject, ageMs }) => [subject, Math.round(ageMs / MINUTE)]));
        for (const [index, subject] of ["one", "two", "three"].entries()) {
          const isWrong = subject === kept.subject && part === "accepted";
          assert.equal(ages.get(subject), isWrong ? 0 : 3 - index, subject);
        }
        second.mailer.setAvailable(true);
        await second.ends(3);
        assert.deepEqual([...second.delivered].sort(), ["one", "three", "two"]);
        await second.clock.until(second.outbox.close());
      });
    }

  it("lets no mail wait that was accepted just before the power was cut", async () => {
    const first = await Bench.open({ available: false });
    await first.accept(mail("old"));
    await first.clock.advance(8 * MINUTE);
    await first.accept(mail("new"));
    const second = await first.killed("nothing", { uptime: 0, available: true });
    await second.ends(2);
    assert.deepEqual(second.delivered, ["old", "new"]);
    assert.ok(second.clock.now() < MINUTE);
  });

  it("lets no mail wait for days whose try was interrupted after its outbox lost its time", async () => {
    const files = new FaultyFiles();
    const first = await Bench.open({ files, available: false });
    const id = await first.accept(mail("alarm"));
    await first.clock.until(first.outbox.close());
    first.host.end();
    const path = files.paths().find((one) => one.includes(id)) ?? "";
    const far = { ...(JSON.parse(files.text(path)) as { written: object }).written, time: 5 * WEEK };
    const due = files.text(path).replace(/"due":\d+/, `"due":${5 * WEEK}`);
    files.put(path, JSON.stringify({ ...(JSON.parse(due) as object), accepted: far, written: far }));
    const second = await Bench.open({ files });
    second.mailer.fate = (_transaction, number) =>
      number === 1 ? { kind: "hangs", beforePut: true } : { kind: "sent" };
    await second.clock.run(() => second.tried.length === 1);
    await second.clock.until(second.outbox.pause());
    await second.clock.until(second.outbox.resume());
    await second.clock.advance(31 * MINUTE);
    assert.deepEqual(second.delivered, ["alarm"]);
  });

  for (const [file, part] of [
    ["state.json", "time"],
    ["queue/", "written"],
  ] as const) {
    it(`ends no mail where a damaged ${file} names a time that no outbox has reached`, async () => {
      const files = new FaultyFiles();
      const first = await Bench.open({ files, available: false });
      for (const subject of ["one", "two"]) await first.accept(mail(subject));
      await first.clock.advance(MINUTE);
      await first.clock.until(first.outbox.close());
      first.host.end();
      const [path = ""] = files.paths().filter((one) => one.includes(file));
      const kept = JSON.parse(files.text(path)) as Record<string, object>;
      files.put(path, JSON.stringify({ ...kept, [part]: { ...kept[part], time: 2 ** 53, active: 2 ** 53 } }));
      const second = await Bench.open({ files });
      await second.ends(2);
      assert.deepEqual([...second.delivered].sort(), ["one", "two"]);
      await second.clock.until(second.outbox.close());
    });
  }
});
