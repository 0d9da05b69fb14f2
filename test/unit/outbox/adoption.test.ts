/** Mails of a modem that is gone from the flows, taken over by another: in whatever state they are. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ModemError } from "../../../lib/errors";
import type { Place } from "../../../lib/outbox/spool/record";
import type { SpoolRecord } from "../../../lib/outbox/spool/record";
import { Spool } from "../../../lib/outbox/spool/spool";
import { storeError } from "../../../lib/stored-error";
import { FaultyFiles } from "../../support/faulty-files";
import { Bench, DIRECTORY, failure, mail } from "./bench";
import { record, transaction, put } from "./spool-bench";

const GONE = "/spool/gone";
const HOUR = 3600_000;
const ABCD = createHash("sha256").update("abcd").digest("hex");

/** An outbox beside a spool that nobody serves any more. */
async function beside(...mails: (readonly [place: Place, change: Partial<SpoolRecord>])[]) {
  const files = new FaultyFiles();
  const bench = await Bench.open({ files });
  const spool = new Spool(GONE, files);
  await spool.prepare();
  for (const [place, change] of mails)
    await put(spool, record({ subject: change.id ?? "alarm", ...change }), place);
  const left = (): string[] =>
    files.paths().filter((path) => path.startsWith(GONE) && !path.startsWith(`${GONE}/lock`));
  return { bench, files, left };
}

describe("Mails that are taken over", () => {
  it("are sent, and nothing is left where they were", async () => {
    const { bench, left } = await beside(
      [{ folder: "queue" }, { id: "a" }],
      [{ folder: "queue" }, { id: "b" }],
    );
    assert.equal(await bench.clock.until(bench.outbox.adopt(GONE)), 2);
    await bench.ends(2);
    assert.deepEqual([bench.delivered, left()], [["a", "b"], []]);
  });

  it("bring along their attachments, and a text and a message in files of their own", async () => {
    const text = "Level high at pump 7";
    const message = JSON.stringify({ topic: "pump", more: "x" });
    const contents = { 0: "abcd", text, message };
    const { bench, files, left } = await beside([
      { folder: "queue" },
      {
        id: "a",
        text: { bytes: text.length },
        origin: { nodeId: "n1", bytes: message.length },
        attachments: [{ filename: "a.txt", size: 4, sha256: ABCD }],
      },
    ]);
    for (const [name, content] of Object.entries(contents)) files.put(`${GONE}/contents/a.${name}`, content);
    bench.mailer.available = false;
    assert.equal(await bench.clock.until(bench.outbox.adopt(GONE)), 1);
    assert.deepEqual(left(), []);
    assert.deepEqual(
      Object.fromEntries(
        Object.keys(contents).map((name) => [name, files.text(`${DIRECTORY}/contents/a.${name}`)]),
      ),
      contents,
    );
    bench.mailer.setAvailable(true);
    const { origin } = await bench.ends(1);
    assert.deepEqual(origin, { nodeId: "n1", message: JSON.parse(message) });
    assert.deepEqual(
      bench.mailer.delivered.map((sent) => [
        sent.text,
        sent.attachments.map(({ content }) => content.toString()),
      ]),
      [[text, ["abcd"]]],
    );
    assert.deepEqual(await files.list(`${DIRECTORY}/contents`), []);
    assert.deepEqual(bench.troubles, []);
  });

  it("are asked for first where they may have gone out", async () => {
    const state = { kind: "sending", mark: { via: "module", data: "there" } } as const;
    const { bench } = await beside(
      [
        { folder: "sending", transaction: 0 },
        { id: "a", transactions: [transaction("a@example.com", { state })] },
      ],
      [{ folder: "queue" }, { id: "b" }],
    );
    bench.mailer.setAnswer({ kind: "sent" });
    await bench.clock.until(bench.outbox.adopt(GONE));
    await bench.ends(2);
    assert.deepEqual([bench.mailer.recoveries, bench.delivered], [1, ["b"]]);
    assert.deepEqual(
      bench.ended.map(({ id, result }) => [id, result.status]),
      [
        ["a", "sent"],
        ["b", "sent"],
      ],
    );
  });

  it("are told, not sent, where they had ended", async () => {
    const error = storeError(new ModemError("OUTBOX_EXPIRED"));
    const transactions = [transaction("a@example.com", { state: { kind: "failed", error } })];
    const { bench } = await beside([
      { folder: "queue" },
      { id: "a", transactions, end: { time: 1, keep: true } },
    ]);
    await bench.clock.until(bench.outbox.adopt(GONE));
    assert.equal((await bench.ends(1)).failure?.code, "OUTBOX_EXPIRED");
    await bench.clock.advance(60_000);
    assert.deepEqual([bench.tried, bench.outbox.summary().failed], [[], 1]);
  });

  it("say when they were raised, also once they were tried here and the process was started anew", async () => {
    const raisedAt = Date.UTC(2025, 11, 31, 8);
    const { bench } = await beside([{ folder: "queue" }, { id: "a", raisedAt }]);
    bench.mailer.fate = (_transaction, number) => (number <= 2 ? failure("SMTP_NETWORK") : { kind: "sent" });
    await bench.clock.until(bench.outbox.adopt(GONE));
    await bench.clock.run(() => bench.tried.length === 1);
    const next = await bench.restart({ lateNote: 1 });
    await next.clock.run(() => next.tried.length === 2);
    const last = await next.restart({ lateNote: 1 });
    await last.ends(1);
    const [, raised = ""] = /^Created (\S+), sent /.exec(last.mailer.delivered[0]?.text ?? "") ?? [];
    assert.equal(Date.parse(raised), raisedAt);
  });

  for (const minutes of [0, 11]) {
    it(`say how long ago they were raised where they are sent ${minutes} minutes after they were taken over`, async () => {
      const raisedAt = Date.UTC(2025, 11, 31, 4);
      const files = new FaultyFiles();
      const bench = await Bench.open({ files, lateNote: 10, available: false });
      const spool = new Spool(GONE, files);
      await spool.prepare();
      await put(spool, record({ id: "a", raisedAt }), { folder: "queue" });
      await bench.clock.until(bench.outbox.adopt(GONE));
      await bench.clock.advance(minutes * 60_000);
      bench.mailer.setAvailable(true);
      await bench.ends(1);
      const [, raised = "", waited] =
        /^Created (\S+), sent (.+) later\./.exec(bench.mailer.delivered[0]?.text ?? "") ?? [];
      assert.deepEqual([Date.parse(raised), waited], [raisedAt, `20 h ${minutes} min`]);
    });
  }

  it("say when they were raised where the clock of the gateway is not set", async () => {
    const raisedAt = Date.UTC(2026, 4, 1, 4);
    const { bench } = await beside([{ folder: "queue" }, { id: "a", raisedAt }]);
    bench.clock.jumpWall(-bench.clock.wall());
    bench.mailer.lateNote = 10;
    bench.mailer.setAvailable(false);
    await bench.clock.until(bench.outbox.adopt(GONE));
    await bench.clock.advance(11 * 60_000);
    bench.mailer.setAvailable(true);
    await bench.ends(1);
    const [, raised = ""] = /^Created (\S+), sent /.exec(bench.mailer.delivered[0]?.text ?? "") ?? [];
    assert.equal(Date.parse(raised), raisedAt);
  });

  it("are kept after they had failed as long as any other, whatever the clock of their outbox said", async () => {
    const error = storeError(new ModemError("OUTBOX_EXPIRED"));
    const transactions = [transaction("a@example.com", { state: { kind: "failed", error } })];
    const files = new FaultyFiles();
    const bench = await Bench.open({ files, available: false, settings: { keepFailedDays: 1 / 24 } });
    await bench.clock.advance(2 * HOUR);
    const spool = new Spool(GONE, files);
    await spool.prepare();
    const failed = record({ id: "a", transactions, end: { time: 1, keep: true } });
    await put(spool, failed, { folder: "failed", since: 60, bytes: 500 });
    await bench.clock.until(bench.outbox.adopt(GONE));
    assert.equal((await bench.outbox.list({ state: "failed" })).rows[0]?.ageMs, 0);
    const next = await bench.restart();
    assert.equal(next.outbox.summary().failed, 1);
    await next.clock.advance(2 * HOUR);
    assert.equal((await next.restart()).outbox.summary().failed, 0);
  });

  it("stay where they are when their record is damaged or their id is taken, which is reported", async () => {
    const { bench, files, left } = await beside([{ folder: "queue" }, { id: "b" }]);
    bench.mailer.available = false;
    const taken = await bench.accept(mail("own"));
    files.put(`${GONE}/queue/${taken}.json`, JSON.stringify(record({ id: taken })));
    files.put(`${GONE}/queue/a.json`, "{");
    assert.equal(await bench.clock.until(bench.outbox.adopt(GONE)), 1);
    assert.deepEqual(left(), [`${GONE}/queue/${taken}.json`, `${GONE}/queue/a.json`].sort());
    assert.deepEqual(
      bench.troubles.map(({ code, message }) => `${code} ${/mail (\w+) of/.exec(message)?.[1]}`).sort(),
      ["OUTBOX_DAMAGED a", `OUTBOX_DAMAGED ${taken}`].sort(),
    );
    const { rows } = await bench.outbox.list();
    assert.deepEqual(rows.map(({ subject }) => subject).sort(), ["b", "own"]);
  });

  it("stay where they are when the disk does not give them, which is reported for each", async () => {
    const { bench, files } = await beside(
      [{ folder: "queue" }, { id: "a" }],
      [{ folder: "queue" }, { id: "b" }],
      [{ folder: "queue" }, { id: "c" }],
    );
    files.fault = ({ name, path }) => (name === "read" && /queue.[ab]/.test(path) ? "EIO" : undefined);
    assert.equal(await bench.clock.until(bench.outbox.adopt(GONE)), 1);
    assert.deepEqual(
      bench.troubles.map(({ message }) => /mail (\w+) of/.exec(message)?.[1]),
      ["a", "b"],
    );
  });

  it("are taken over although one lacks an attachment, which is reported and told to sender and reader", async () => {
    const attachments = [{ filename: "log.txt", size: 3, sha256: "00" }];
    const { bench, left } = await beside(
      [{ folder: "queue" }, { id: "a", attachments, text: { bytes: 3 } }],
      [{ folder: "queue" }, { id: "b" }],
    );
    bench.mailer.available = false;
    assert.equal(await bench.clock.until(bench.outbox.adopt(GONE)), 2);
    assert.deepEqual(
      bench.troubles.map(({ message }) => message),
      [
        "Data of the outbox on disk is damaged or cannot be used: 0, text of mail a of /spool/gone cannot be found",
      ],
    );
    bench.mailer.setAvailable(true);
    await bench.ends(2);
    const warnings = new Map(bench.ended.map(({ id, result }) => [id, result.warnings.join()]));
    assert.match(warnings.get("a") ?? "", /The attachment "log\.txt" was lost/);
    assert.deepEqual([warnings.get("b"), bench.delivered.length, left()], ["", 2, []]);
  });

  it("stay where they are while the disk does not give a content, and stop no other", async () => {
    const attachments = [{ filename: "log.txt", size: 3, sha256: "00" }];
    const { bench, files, left } = await beside(
      [{ folder: "queue" }, { id: "a", attachments }],
      [{ folder: "queue" }, { id: "b" }],
    );
    files.put(`${GONE}/contents/a.0`, "abc");
    files.fault = ({ name, path }) => (name === "read" && path.includes("/contents/") ? "EIO" : undefined);
    assert.equal(await bench.clock.until(bench.outbox.adopt(GONE)), 1);
    await bench.ends(1);
    assert.deepEqual([bench.delivered, left()], [["b"], [`${GONE}/contents/a.0`, `${GONE}/queue/a.json`]]);
    await assert.rejects(bench.clock.until(bench.outbox.adopt(GONE)), { code: "OUTBOX_DISK" });
    files.fault = () => undefined;
    assert.equal(await bench.clock.until(bench.outbox.adopt(GONE)), 1);
    await bench.ends(2);
    assert.equal(bench.mailer.delivered[1]?.attachments[0]?.content.toString(), "abc");
  });

  it("are sent although the disk does not let go of what they held, which is reported", async () => {
    const attachments = [{ filename: "log.txt", size: 3, sha256: "00" }];
    const { bench, files, left } = await beside([{ folder: "queue" }, { id: "a", attachments }]);
    files.put(`${GONE}/contents/a.0`, "abc");
    files.fault = ({ name, path }) =>
      name === "remove" && path.startsWith(`${GONE}/contents/`) ? "EIO" : undefined;
    assert.equal(await bench.clock.until(bench.outbox.adopt(GONE)), 1);
    assert.deepEqual(
      bench.troubles.map(({ message }) => message),
      ["The outbox could not read or write a file on disk: i/o error (EIO)"],
    );
    await bench.ends(1);
    assert.deepEqual([bench.delivered, left()], [["a"], [`${GONE}/contents/a.0`]]);
  });

  it("leave the folder free for whoever comes next", async () => {
    const { bench, files } = await beside();
    await bench.clock.until(bench.outbox.adopt(GONE));
    await put(new Spool(GONE, files), record({ id: "late" }), { folder: "queue" });
    assert.equal(await bench.clock.until(bench.outbox.adopt(GONE)), 1);
    assert.equal(bench.host.locks.size, 1);
  });
});
