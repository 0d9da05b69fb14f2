import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import { findSpools } from "../../../lib/outbox/spool/recovery";
import { FaultyFiles } from "../../support/faulty-files";
import { attachment, Bench, DIRECTORY, failure, fakeHost, mail, OPTIONS, outboxOn } from "./bench";

const REFUSED = failure("SMTP_TRANSACTION_FAILED", { smtpCode: 554 });

/** An outbox whose first mails, "1" and so on, have failed; others are sent. */
async function withFailed(count: number): Promise<{ readonly bench: Bench; readonly files: FaultyFiles }> {
  const files = new FaultyFiles();
  const bench = await Bench.open({ files });
  bench.mailer.fate = (_transaction, number) => (number <= count ? REFUSED : { kind: "sent" });
  for (let subject = 1; subject <= count; subject++) await bench.accept(mail(String(subject)));
  await bench.ends(count);
  return { bench, files };
}

describe("Commands of the outbox", () => {
  it("lists waiting mails in the order of sending, by pages and without contents", async () => {
    const bench = await Bench.open();
    bench.mailer.available = false;
    await bench.accept(mail("report", { priority: "low", attachments: [attachment("a.csv", "a;b")] }));
    for (const subject of ["1", "2", "3"]) await bench.accept(mail(subject));
    const { total, rows } = await bench.outbox.list({ offset: 2, limit: 2 });
    assert.equal(total, 4);
    assert.deepEqual(
      rows.map(({ subject, state, priority }) => [subject, state, priority]),
      [
        ["3", "waiting", "normal"],
        ["report", "waiting", "low"],
      ],
    );
    assert.deepEqual(rows[1]?.attachments, [{ filename: "a.csv", size: 3 }]);
    assert.equal("text" in (rows[0] ?? {}), false);
  });

  for (const text of ["Level high: 7 \u00b5m", "\u00b5".repeat(100_000)]) {
    it(`lists all of a mail but its contents, with a text of ${text.length} letters`, async () => {
      const bench = await Bench.open({ available: false });
      bench.mailer.fate = () => REFUSED;
      const attachments = [attachment("a.csv", "a;b"), attachment("b.csv", "a;b;c")];
      const lists = { to: ["a@example.com"], cc: ["b@example.com"], bcc: ["c@example.com"] };
      const id = await bench.accept(mail("report", { ...lists, text, attachments }));
      const common = {
        id,
        nodeId: "n1",
        priority: "normal",
        ...lists,
        subject: "report",
        size: Buffer.byteLength(text) + 8,
        attachments: [
          { filename: "a.csv", size: 3 },
          { filename: "b.csv", size: 5 },
        ],
        raisedAt: new Date(bench.clock.wall()).toISOString(),
      };
      const waiting = { ...common, state: "waiting", attempts: 0, ageMs: 0, nextTryInMs: 0 };
      assert.deepEqual(await bench.clock.until(bench.outbox.list()), { total: 1, rows: [waiting] });
      bench.mailer.setAvailable(true);
      const { result } = await bench.ends(1);
      await bench.clock.advance(1000);
      const { rows } = await bench.clock.until(bench.outbox.list({ state: "failed" }));
      const { error, ageMs, ...failed } = rows[0] ?? {};
      assert.deepEqual(failed, { ...common, state: "failed", attempts: result.attempts });
      assert.deepEqual([error?.code, ageMs], ["SMTP_TRANSACTION_FAILED", 1000]);
    });
  }

  it("tells the sender of a pushed-out mail what replaced it", async () => {
    const bench = await Bench.open({ available: false, settings: { maxQueued: 1 } });
    await bench.accept(mail("report", { priority: "low" }));
    await bench.accept(mail("alarm", { priority: "high" }));
    const { failure: told } = await bench.ends(1);
    assert.equal(told?.code, "OUTBOX_FULL");
    assert.match(told?.message ?? "", /replaced by a mail of high priority/);
  });

  it("keeps entries that were no address with the mail until it has ended", async () => {
    const bench = await Bench.open();
    const unreadable = [{ address: "night shift", code: "INVALID_RECIPIENT" }] as const;
    await bench.accept(mail("alarm", { unreadable }));
    const { result } = await bench.ends(1);
    assert.deepEqual([result.status, result.rejected], ["partial", unreadable]);
  });

  it("sends a mail to its recipients, whatever a flow has made of the list that names them", async () => {
    const bench = await Bench.open({ available: false });
    // As the mailer by socket: one transaction, with the very lists of the mail.
    bench.mailer.plan = ({ to, cc, bcc }) => [{ to, cc, bcc }];
    await bench.accept(mail("alarm", { cc: ["boss@example.com"] }));
    const [row] = (await bench.outbox.list()).rows;
    for (const list of [row?.to, row?.cc] as (string[] | undefined)[]) list?.splice(0, 1, "***");
    bench.mailer.setAvailable(true);
    const { result } = await bench.ends(1);
    assert.deepEqual(result.accepted, ["ops@example.com", "boss@example.com"]);
    assert.deepEqual(bench.mailer.tried[0]?.recipients, ["ops@example.com", "boss@example.com"]);
  });

  it("lists the last error and the next try", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = () => failure("SMTP_NETWORK");
    await bench.accept(mail("alarm"));
    await bench.clock.advance(5000);
    const [row] = (await bench.outbox.list({ state: "waiting" })).rows;
    assert.deepEqual(row?.error, { code: "SMTP_NETWORK", message: "The mail server could not be reached" });
    assert.equal(row?.nextTryInMs, 40_000);
    assert.equal(row?.attempts, 1);
    assert.equal(row?.ageMs, 5000);
  });

  it("lists the mail on the air as sending", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = () => ({ kind: "hangs" });
    const id = await bench.accept(mail("alarm"));
    await bench.clock.run(() => bench.outbox.summary().sending === id);
    await bench.accept(mail("next"));
    const sending = await bench.clock.until(bench.outbox.list({ state: "sending" }));
    assert.deepEqual(
      sending.rows.map(({ subject, state }) => [subject, state]),
      [["alarm", "sending"]],
    );
    assert.equal((await bench.clock.until(bench.outbox.list({ state: "waiting" }))).total, 1);
  });

  it("tries all waiting mails at once by flush, or one", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) => (number <= 3 ? failure("SMTP_NETWORK") : { kind: "sent" });
    const ids: string[] = [];
    for (const subject of ["1", "2", "3"]) ids.push(await bench.accept(mail(subject)));
    await bench.clock.run(() => bench.tried.length === 3);
    await bench.clock.advance(1);
    assert.equal(await bench.clock.until(bench.outbox.flush(ids[1])), 1);
    await bench.ends(1);
    assert.deepEqual(bench.delivered, ["2"]);
    assert.equal(await bench.clock.until(bench.outbox.flush()), 2);
    await bench.ends(3);
    assert.ok(bench.clock.now() < 1000);
  });

  it("puts failed mails back with a fresh age by retry", async () => {
    const bench = await Bench.open({ settings: { maxAge: 60 } });
    bench.mailer.fate = (_transaction, number) => (number <= 2 ? REFUSED : { kind: "sent" });
    for (const subject of ["1", "2"]) {
      await bench.accept(
        mail(subject, { attachments: [attachment("a.txt", subject)] }),
        {},
        { topic: subject },
      );
    }
    await bench.ends(2);
    await bench.clock.advance(3 * 3600_000);
    assert.equal(await bench.clock.until(bench.outbox.retry()), 2);
    await bench.ends(4);
    assert.deepEqual(bench.delivered, ["1", "2"]);
    const { result, origin, recovered } = bench.ended[3] ?? {};
    assert.equal(result?.status, "sent");
    assert.ok((result?.queuedMs ?? Infinity) < 1000);
    assert.deepEqual(origin?.message, { topic: "2" });
    assert.equal(recovered, true);
    assert.equal(bench.mailer.delivered[1]?.attachments[0]?.content.toString(), "2");
    assert.equal(bench.outbox.summary().failed, 0);
  });

  for (const [then, wrongMs] of [
    ["right", 0],
    ["50 years behind", 50 * 365 * 24 * 3600_000],
    ["a year ahead", -365 * 24 * 3600_000],
  ] as const) {
    it(`says in a mail that is sent by retry when it was raised, and not when it was put back (clock then ${then})`, async () => {
      const bench = await Bench.open({ lateNote: 10, settings: { maxAge: 60 } });
      bench.clock.jumpWall(-wrongMs);
      bench.mailer.fate = (_transaction, number) => (number === 1 ? REFUSED : { kind: "sent" });
      await bench.accept(mail("alarm"));
      await bench.ends(1);
      bench.clock.jumpWall(wrongMs);
      await bench.clock.advance(20 * 3600_000);
      await bench.clock.until(bench.outbox.retry());
      await bench.ends(2);
      assert.match(bench.mailer.delivered[0]?.text ?? "", /^Created \S+, sent 20 h 0 min later\./);
      const [, raised = ""] = /^Created (\S+), /.exec(bench.mailer.delivered[0]?.text ?? "") ?? [];
      assert.equal(Math.round((bench.clock.wall() - Date.parse(raised)) / 60_000), 20 * 60);
    });
  }

  it("puts back every other failed mail by retry where the record of one is damaged, and says so", async () => {
    const { bench, files } = await withFailed(2);
    const [first = ""] = files.paths().filter((path) => path.includes(`/failed/${bench.ended[0]?.id}.`));
    files.put(first, "{}");
    assert.equal(await bench.clock.until(bench.outbox.retry()), 1);
    await bench.ends(3);
    assert.deepEqual(bench.delivered, ["2"]);
    assert.deepEqual(
      bench.troubles.map(({ code }) => code),
      ["OUTBOX_DAMAGED"],
    );
    await assert.rejects(bench.clock.until(bench.outbox.retry()), { code: "OUTBOX_DAMAGED" });
  });

  for (const taken of [0, 2]) {
    it(`stops retry at the first change that the disk does not take, after ${taken} of five, and says so once`, async () => {
      const { bench, files } = await withFailed(5);
      await bench.clock.advance(1);
      bench.mailer.available = false;
      const tried: string[] = [];
      files.fault = ({ name, path }) => {
        if (name === "create") tried.push(path);
        return tried.length > taken ? "ENOSPC" : undefined;
      };
      const said = await bench.clock.until(
        bench.outbox.retry().then(
          (mails) => [mails, ...bench.troubles.map(({ code }) => code)],
          ({ code }: { readonly code: string }) => [code, ...bench.troubles.map((one) => one.code)],
        ),
      );
      assert.deepEqual(said, taken === 0 ? ["OUTBOX_DISK"] : [taken, "OUTBOX_DISK"]);
      assert.equal(tried.length, taken + 1, "the others were not touched");
      assert.equal(bench.outbox.summary().failed, 5 - taken);
      files.fault = () => undefined;
      assert.equal(await bench.clock.until(bench.outbox.retry()), 5 - taken);
      bench.mailer.setAvailable(true);
      await bench.ends(10);
      assert.deepEqual([...bench.delivered].sort(), ["1", "2", "3", "4", "5"]);
    });
  }

  it("puts back by retry what the disk still gives where it does not give the record of one mail", async () => {
    const { bench, files } = await withFailed(3);
    const part = `/failed/${bench.ended[0]?.id}.`;
    files.fault = ({ name, path }) => (name === "read" && path.includes(part) ? "EIO" : undefined);
    assert.equal(await bench.clock.until(bench.outbox.retry()), 2);
    await bench.ends(5);
    assert.deepEqual([bench.delivered, bench.outbox.summary().failed], [["2", "3"], 1]);
  });

  for (const [code, mails] of [
    ["EPERM", 2],
    ["EACCES", 1],
  ] as const) {
    it(`puts back by retry ${mails} mails where the files of the others cannot be changed (${code}), and names those`, async () => {
      const { bench, files } = await withFailed(3);
      const kept = bench.ended.slice(0, 3 - mails).map(({ id }) => id);
      const isKept = (path: string): boolean => kept.some((id) => path.includes(id));
      files.fault = ({ name, path }) => (name === "rename" && isKept(path) ? code : undefined);
      assert.equal(await bench.clock.until(bench.outbox.retry()), mails);
      await bench.ends(3 + mails);
      assert.deepEqual(bench.delivered, ["1", "2", "3"].slice(kept.length));
      assert.deepEqual(
        bench.troubles.map(({ message }) => kept.find((id) => message.includes(id))),
        kept,
      );
    });
  }

  it("marks a mail that retry sends again after an unknown outcome", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = (_transaction, number) =>
      number <= 1 ? { kind: "lost", delivered: true, answer: { kind: "unknown" } } : { kind: "sent" };
    await bench.accept(mail("alarm"), { delivery: "atMostOnce" });
    await bench.ends(1);
    await bench.clock.until(bench.outbox.retry());
    assert.equal((await bench.ends(2)).result.possibleDuplicate, true);
    assert.equal(bench.mailer.delivered[1]?.isMarked, true);
  });

  it("ends waiting mails by discard, tells their senders and keeps nothing", async () => {
    const bench = await Bench.open();
    bench.mailer.available = false;
    const id = await bench.accept(mail("1", { attachments: [attachment("a.txt", "1")] }));
    await bench.accept(mail("2"));
    await bench.accept(mail("3"));
    assert.equal(await bench.clock.until(bench.outbox.discard(id)), 1);
    assert.equal(bench.ended[0]?.failure?.code, "OUTBOX_DISCARDED");
    assert.equal(bench.ended[0]?.failure?.outcome, "notSent");
    assert.equal(await bench.clock.until(bench.outbox.discard()), 2);
    assert.equal(bench.ended.length, 3);
    assert.deepEqual(bench.outbox.summary(), { depth: 0, oldestAgeMs: 0, failed: 0 });
    await bench.clock.until(bench.outbox.close());
    assert.deepEqual(await bench.files.list(`${DIRECTORY}/contents`), []);
  });

  it("interrupts the mail on the way by discard before QSMTPPUT", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = () => ({ kind: "hangs", beforePut: true });
    const id = await bench.accept(mail("alarm"));
    await bench.clock.run(() => bench.outbox.summary().sending === id);
    await bench.clock.until(bench.outbox.discard(id));
    const { failure: told } = await bench.ends(1);
    assert.equal(told?.code, "OUTBOX_DISCARDED");
    assert.equal(told?.outcome, "notSent");
  });

  it("lets a mail after QSMTPPUT end sent though it was to be discarded", async () => {
    const bench = await Bench.open();
    let steps = 0;
    bench.mailer.step = async () => {
      if (++steps === 2) await bench.outbox.discard();
    };
    await bench.accept(mail("alarm"));
    assert.equal((await bench.ends(1)).result.status, "sent");
  });

  it("tries a mail that was to be discarded on the air no second time", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = () => failure("SMTP_LOCAL_ERROR", { smtpCode: 451 });
    let steps = 0;
    bench.mailer.step = async () => {
      if (++steps === 2) await bench.outbox.discard();
    };
    await bench.accept(mail("alarm"));
    assert.equal((await bench.ends(1)).failure?.code, "OUTBOX_DISCARDED");
    await bench.clock.advance(3600_000);
    assert.equal(bench.tried.length, 1);
  });

  it("discards also a mail of whose last try the outcome is just being written", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    bench.mailer.fate = () => failure("SMTP_LOCAL_ERROR", { smtpCode: 451 });
    let discarding: Promise<number> | undefined;
    files.fault = ({ name, path }) => {
      if (name === "rename" && path.includes("/queue/") && bench.tried.length === 1) {
        discarding ??= bench.outbox.discard();
      }
      return undefined;
    };
    await bench.accept(mail("alarm"));
    assert.equal((await bench.ends(1)).failure?.code, "OUTBOX_DISCARDED");
    assert.equal(await discarding, 1);
    await bench.clock.advance(3600_000);
    assert.equal(bench.tried.length, 1);
  });

  it("keeps the age of an adopted mail over restarts as soon as it was tried", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    const gone = outboxOn("/spool/gone", bench, fakeHost(bench.clock));
    bench.mailer.available = false;
    await bench.clock.until(gone.open());
    await bench.clock.until(gone.accept(mail("orphan"), OPTIONS, { nodeId: "n9", message: {} }));
    await bench.clock.until(gone.close());
    await bench.clock.until(bench.outbox.adopt("/spool/gone"));
    bench.mailer.fate = () => failure("SMTP_NETWORK");
    bench.mailer.setAvailable(true);
    await bench.clock.run(() => bench.tried.length === 1);
    await bench.clock.advance(20 * 60_000);
    const next = await bench.restart();
    assert.ok(next.outbox.summary().oldestAgeMs >= 20 * 60_000);
  });

  it("gives a lost result up by discard as unknown", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = () => {
      bench.mailer.available = false;
      return { kind: "lost", delivered: true, answer: { kind: "unknown" } };
    };
    await bench.accept(mail("alarm"));
    await bench.clock.advance(1000);
    await bench.clock.until(bench.outbox.discard());
    assert.equal((await bench.ends(1)).failure?.outcome, "unknown");
  });

  it("removes a failed mail by discard with its id", async () => {
    const bench = await Bench.open();
    bench.mailer.fate = () => REFUSED;
    const id = await bench.accept(mail("1", { attachments: [attachment("a.txt", "1")] }));
    await bench.ends(1);
    await bench.clock.advance(1);
    assert.equal(await bench.clock.until(bench.outbox.discard()), 0);
    assert.equal(await bench.clock.until(bench.outbox.discard(id)), 1);
    assert.equal(bench.outbox.summary().failed, 0);
    assert.deepEqual(await bench.files.list(`${DIRECTORY}/contents`), []);
  });

  it("says of an id that is not there that it is not", async () => {
    const bench = await Bench.open();
    for (const command of ["flush", "retry", "discard"] as const) {
      await assert.rejects(bench.clock.until(bench.outbox[command]("nobody22")), {
        code: "OUTBOX_NOT_FOUND",
        message: new ModemError("OUTBOX_NOT_FOUND", { detail: "nobody22" }).message,
      });
    }
  });

  it("says of a mail that has ended, and is not yet taken by its listener, that it is not there", async () => {
    const bench = await Bench.open();
    bench.outbox.on("ended", (end) => end.waitUntil(new Promise(() => undefined)));
    const id = await bench.accept(mail("alarm"));
    await bench.ends(1);
    for (const command of ["flush", "discard"] as const) {
      await assert.rejects(bench.clock.until(bench.outbox[command](id)), { code: "OUTBOX_NOT_FOUND" });
    }
    assert.equal(bench.ended.length, 1);
  });

  it("lists 100 rows, or as many as it is asked for and at least one, and counts all", async () => {
    const bench = await Bench.open({ available: false });
    for (let count = 0; count < 103; count++) await bench.accept(mail(`${count}`));
    for (const [limit, rows] of [
      [undefined, 100],
      [0, 1],
      [-5, 1],
      [7, 7],
      [5000, 103],
    ] as const) {
      const list = await bench.clock.until(bench.outbox.list(limit === undefined ? {} : { limit }));
      assert.deepEqual([list.total, list.rows.length], [103, rows]);
    }
    const { rows } = await bench.clock.until(bench.outbox.list({ offset: -3, limit: 1 }));
    assert.deepEqual(
      rows.map(({ subject }) => subject),
      ["0"],
    );
  });

  it("finds a spool whose modem is gone, and takes over its mails with fresh ages", async () => {
    const files = new FaultyFiles();
    const bench = await Bench.open({ files });
    bench.mailer.available = false;
    await bench.accept(mail("own"));
    const gone = outboxOn("/spool/gone", bench, fakeHost(bench.clock));
    await bench.clock.until(gone.open());
    const accepted = gone.accept(
      mail("orphan", { attachments: [attachment("a.txt", "text")] }),
      { ...OPTIONS, maxAge: 60 },
      { nodeId: "n9", message: { topic: "orphan" } },
    );
    await bench.clock.until(accepted);
    await bench.clock.advance(50 * 60_000);
    await bench.clock.until(gone.close());
    const places = [DIRECTORY, "/spool/gone", "/spool/nowhere"];
    assert.deepEqual(await findSpools(places, files), [
      { directory: DIRECTORY, waiting: 1, failed: 0 },
      { directory: "/spool/gone", waiting: 1, failed: 0 },
    ]);
    assert.equal(await bench.clock.until(bench.outbox.adopt("/spool/gone")), 1);
    await bench.clock.advance(50 * 60_000);
    bench.mailer.setAvailable(true);
    await bench.ends(2);
    assert.deepEqual(bench.delivered, ["own", "orphan"]);
    assert.equal(bench.mailer.delivered[1]?.attachments[0]?.content.toString(), "text");
    assert.equal(bench.ended[1]?.origin.nodeId, "n9");
    assert.equal(bench.ended[1]?.recovered, true);
    await bench.clock.advance(1);
    assert.deepEqual(await findSpools(places, files), []);
  });

  it("takes over no spool that another outbox uses", async () => {
    const bench = await Bench.open();
    const other = outboxOn("/spool/other", bench, fakeHost(bench.clock));
    await bench.clock.until(other.open());
    await assert.rejects(bench.clock.until(bench.outbox.adopt("/spool/other")), { code: "OUTBOX_LOCKED" });
  });
});
