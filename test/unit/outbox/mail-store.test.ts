/** The mails of the outbox on the disk and in the order's memory, kept the same whatever the disk does. */
import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import { LONGEST_WAIT } from "../../../lib/outbox/schedule";
import type { FaultyFiles, Operation } from "../../support/faulty-files";
import { attachment, DIRECTORY } from "./bench";
import { entryOf, nextStart, noWrites, parts, transaction, type Parts } from "./parts-bench";
import { instant, record } from "./spool-bench";

const MINUTE = 60_000;
const FILE = [attachment("a.txt", "text")];
const SENT = { kind: "sent", at: "2026-01-01T00:00:00.000Z" } as const;

/** One operation fails wherever `part` stands in its path. */
function failing(files: FaultyFiles, operation: Operation["name"], part: string): void {
  files.fault = ({ name, path }) => (name === operation && path.includes(part) ? "EIO" : undefined);
}

function codes({ troubles }: Parts): string[] {
  return troubles.map(({ code }) => code);
}

describe("A mail that is accepted", () => {
  it("is known by its id as long as it waits or is kept as failed", async () => {
    const bench = await parts();
    const { store } = bench;
    const entry = await bench.insert("waits");
    assert.deepEqual([store.has("waits"), store.has("none")], [true, false]);
    await store.finish(entry, await store.load(entry), true);
    assert.deepEqual([store.waiting.get("waits"), store.has("waits")], [undefined, true]);
    await store.failed.remove("waits");
    assert.equal(store.has("waits"), false);
  });

  it("counts with all its bytes, and is in order behind those of earlier runs", async () => {
    const bench = await parts();
    const first = await bench.insert("first", {}, FILE);
    assert.equal(first.bytes, Buffer.byteLength(bench.files.text(`${DIRECTORY}/queue/first.json`)) + 4);
    assert.equal(bench.store.bytes, first.bytes);
    await bench.insert("second");
    await bench.insert("third");
    const next = await nextStart(bench, "nothing");
    assert.equal(next.store.bytes, bench.store.bytes);
    await next.insert("fourth");
    assert.deepEqual(
      next.store.waiting.inOrder().map(({ id, seq, recovered }) => [id, seq, recovered]),
      [
        ["first", 1, true],
        ["second", 2, true],
        ["third", 3, true],
        ["fourth", 4, false],
      ],
    );
  });

  it("is refused without leaving anything when its name may not last", async () => {
    const bench = await parts();
    failing(bench.files, "syncFolder", "/queue");
    await assert.rejects(bench.insert("a", {}, FILE), /EIO/);
    assert.deepEqual([bench.mails(), bench.store.has("a"), bench.store.bytes], [[], false, 0]);
  });
});

describe("A mail that is found at the start", () => {
  it("is to be asked for when it may be on its way, is told again when it has ended, and waits otherwise", async () => {
    const before = await parts();
    await before.insert("waits");
    await before.store.putOnAir(await before.insert("asked"), 0);
    const ended = await before.insert("ended");
    await before.store.save(ended, { ...(await before.store.load(ended)), end: { time: 0 } }, false);
    const sent = await before.insert("sent", { end: { time: 0 } });
    await before.store.putOnAir(sent, 0);
    const { store, untold } = await nextStart(before, "nothing");
    const stages = ["waits", "asked", "ended", "sent"].map((id) => entryOf(store, id).stage);
    assert.deepEqual(stages, ["waiting", "asking", "ending", "ending"]);
    assert.deepEqual(
      untold.map(({ id }) => id),
      ["ended", "sent"],
    );
  });

  it("keeps its age, its limit and the time of its next try", async () => {
    const before = await parts();
    await before.clock.advance(MINUTE);
    await before.insert("a", {
      maxAge: 5,
      transactions: [transaction("a@example.com", { due: 2 * MINUTE })],
    });
    const { store } = await nextStart(before, "all");
    const { accepted, ownLimit, due, nodeId } = entryOf(store, "a");
    assert.deepEqual([accepted.time, ownLimit, due], [MINUTE, 5 * MINUTE, 2 * MINUTE]);
    assert.equal(nodeId, "n1");
  });

  it("is not tried later than the longest wait from now, whatever a record says", async () => {
    const before = await parts();
    await before.insert("a", { transactions: [transaction("a@example.com", { due: 1e12 })] });
    const { store, ledger } = await nextStart(before, "all");
    assert.equal(entryOf(store, "a").due, ledger.time.now().time + LONGEST_WAIT);
  });

  it("of a clock that was lost is as old as the start, and due at once", async () => {
    const before = await parts();
    const transactions = [transaction("a@example.com", { due: 1e12 })];
    await before.insert("a", { accepted: { ...instant, clock: "lost", time: 77 }, transactions });
    const { store, ledger } = await nextStart(before, "all");
    const { accepted, due } = entryOf(store, "a");
    assert.deepEqual([accepted, due], [ledger.time.now(), ledger.time.now().time]);
  });

  it("sets the time forward when it was written after the time was last kept", async () => {
    const before = await parts();
    await before.clock.advance(MINUTE);
    await before.insert("a");
    assert.ok((await nextStart(before, "nothing")).ledger.time.now().time >= MINUTE);
  });
});

describe("A new state of a mail", () => {
  it("takes the place of the old one, and a power cut does not bring that back", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    await bench.clock.advance(5);
    await bench.store.putOnAir(entry, 0);
    assert.deepEqual(bench.mails(), ["sending/a.0.json"]);
    assert.equal(await bench.store.save(entry, record({ id: "a", attempts: 1 }), false), true);
    const { revision, attempts, accepted, written } = bench.written("queue/a.json");
    assert.deepEqual([revision, attempts], [2, 1]);
    assert.deepEqual([accepted, written], [entry.accepted, bench.ledger.time.now()]);
    assert.deepEqual(bench.mails(), ["queue/a.json"]);
    const next = await nextStart(bench, "nothing");
    assert.deepEqual(next.mails(), ["queue/a.json"]);
    assert.equal(entryOf(next.store, "a").stage, "waiting");
  });

  it("that the disk does not take holds in memory, and is written with the next", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    await bench.store.putOnAir(entry, 0);
    noWrites(bench.files, "ENOSPC");
    assert.equal(await bench.store.save(entry, record({ id: "a", attempts: 7 }), false), false);
    assert.deepEqual(codes(bench), ["OUTBOX_DISK"]);
    assert.equal((await bench.store.load(entry)).attempts, 7);
    assert.deepEqual([entry.place.folder, bench.mails()], ["sending", ["sending/a.0.json"]]);
    bench.files.fault = () => undefined;
    assert.equal(await bench.store.save(entry, await bench.store.load(entry), false), true);
    assert.equal(entry.unsaved, undefined);
    assert.deepEqual([bench.mails(), bench.written("queue/a.json").attempts], [["queue/a.json"], 7]);
  });

  it("of which nothing must be kept but the folder needs no room: a full disk makes no doubt of a mail", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    await bench.store.putOnAir(entry, 0);
    failing(bench.files, "create", "/tmp");
    assert.equal(await bench.store.save(entry, record({ id: "a", attempts: 7 }), true), true);
    assert.deepEqual([entry.place.folder, entry.unsaved], ["queue", undefined]);
    assert.deepEqual([bench.mails(), bench.written("queue/a.json").attempts], [["queue/a.json"], 0]);
    assert.equal(
      await bench.store.save(entry, record({ id: "a", attempts: 7 }), true),
      true,
      "and once more",
    );
    assert.equal((await bench.store.load(entry)).attempts, 0);
  });

  it("of which nothing must be kept asks nothing of the disk where the mail stands in the queue already", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    noWrites(bench.files, "EROFS");
    assert.equal(await bench.store.save(entry, record({ id: "a", attempts: 7 }), true), true);
    assert.equal(entry.unsaved, undefined, "it is tried on, not held back");
  });

  it("holds in memory too when not even the folder can be changed", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    await bench.store.putOnAir(entry, 0);
    noWrites(bench.files, "EROFS");
    assert.equal(await bench.store.save(entry, record({ id: "a", attempts: 7 }), true), false);
    assert.deepEqual([entry.place.folder, (await bench.store.load(entry)).attempts], ["sending", 7]);
  });

  it("is kept although the old one cannot be removed, which is done later", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    await bench.store.putOnAir(entry, 0);
    failing(bench.files, "remove", "/sending");
    assert.equal(await bench.store.save(entry, record({ id: "a" }), false), true);
    assert.deepEqual([codes(bench), bench.mails()], [["OUTBOX_DISK"], ["queue/a.json", "sending/a.0.json"]]);
    await bench.store.removeLeftovers();
    assert.equal(bench.mails().length, 2);
    bench.files.fault = () => undefined;
    await bench.store.removeLeftovers();
    assert.deepEqual(bench.mails(), ["queue/a.json"]);
    const before = bench.files.operations;
    await bench.store.removeLeftovers();
    assert.equal(bench.files.operations, before, "nothing is left to do");
  });

  it("is kept although nobody can say whether the old one is gone for good, which is reported", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    await bench.store.putOnAir(entry, 0);
    failing(bench.files, "syncFolder", "/sending");
    assert.equal(await bench.store.save(entry, record({ id: "a" }), false), true);
    assert.deepEqual(codes(bench), ["OUTBOX_DISK"]);
  });
});

describe("The mark before a mail goes on the air", () => {
  it("outlives a power cut, and names the transaction", async () => {
    const bench = await parts();
    await bench.store.putOnAir(await bench.insert("a"), 3);
    const { store } = await nextStart(bench, "nothing");
    assert.deepEqual(entryOf(store, "a").place, { folder: "sending", transaction: 3 });
  });

  it("is not set when the disk refuses it", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    failing(bench.files, "rename", "/sending");
    await assert.rejects(bench.store.putOnAir(entry, 0), /EIO/);
    assert.deepEqual(entry.place, { folder: "queue" });
  });
});

describe("A mail that was told", () => {
  it("leaves nothing on the disk, or is kept whole for a retry", async () => {
    const bench = await parts();
    for (const [id, keep] of [
      ["gone", false],
      ["kept", true],
    ] as const) {
      const entry = await bench.insert(id, {}, FILE);
      await bench.store.finish(entry, await bench.store.load(entry), keep);
    }
    assert.deepEqual([bench.store.waiting.depth, bench.store.failed.ids()], [0, ["kept"]]);
    assert.deepEqual(bench.mails().map(folder), ["contents", "failed"]);
    const next = await nextStart(bench, "all");
    assert.deepEqual(
      [next.store.failed.ids(), next.store.failed.bytes],
      [["kept"], bench.store.failed.bytes],
    );
  });

  it("is not kept when its file may send to those again who have it", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    const transactions = [transaction("a@example.com", { state: SENT }), transaction("b@example.com")];
    noWrites(bench.files);
    await bench.store.save(entry, record({ id: "a", transactions }), false);
    bench.files.fault = () => undefined;
    await bench.store.finish(entry, await bench.store.load(entry), true);
    assert.deepEqual([bench.store.failed.ids(), bench.mails()], [[], []]);
  });

  it("is kept although its last state is not on the disk when nobody has it", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    noWrites(bench.files);
    await bench.store.save(entry, record({ id: "a", attempts: 3 }), false);
    bench.files.fault = () => undefined;
    await bench.store.finish(entry, await bench.store.load(entry), true);
    assert.deepEqual(bench.store.failed.ids(), ["a"]);
  });

  it("is kept although its last state is on the disk and some have it", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    const transactions = [transaction("a@example.com", { state: SENT }), transaction("b@example.com")];
    await bench.store.save(entry, record({ id: "a", transactions }), false);
    await bench.store.finish(entry, await bench.store.load(entry), true);
    assert.deepEqual(bench.store.failed.ids(), ["a"]);
  });

  it("is gone when the disk does not let it be kept, which is reported", async () => {
    const bench = await parts();
    const entry = await bench.insert("a", {}, FILE);
    failing(bench.files, "rename", "/failed");
    await bench.store.finish(entry, await bench.store.load(entry), true);
    assert.deepEqual(codes(bench), ["OUTBOX_DISK"]);
    assert.deepEqual([bench.store.has("a"), bench.mails()], [false, []]);
  });
});

describe("A failed mail that is put back", () => {
  it("waits as changed, in one place only, also after a power cut", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    await bench.store.finish(entry, await bench.store.load(entry), true);
    await bench.store.requeue("a", (failed) => ({ ...failed, seq: 9 }));
    const { seq, recovered, place, bytes } = entryOf(bench.store, "a");
    assert.deepEqual([seq, recovered, place, bytes], [9, true, { folder: "queue" }, entry.bytes]);
    assert.equal(bench.written("queue/a.json").revision, 2);
    const next = await nextStart(bench, "nothing");
    assert.deepEqual([next.mails(), next.store.failed.count], [["queue/a.json"], 0]);
  });

  it("stays a failed one when the disk does not take it", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    await bench.store.finish(entry, await bench.store.load(entry), true);
    noWrites(bench.files);
    await assert.rejects(
      bench.store.requeue("a", (failed) => failed),
      /EIO/,
    );
    assert.deepEqual([bench.store.failed.ids(), bench.store.waiting.depth], [["a"], 0]);
  });

  it("stays back although nobody can say whether that lasts, which is reported", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    await bench.store.finish(entry, await bench.store.load(entry), true);
    failing(bench.files, "syncFolder", "/queue");
    await bench.store.requeue("a", (failed) => failed);
    assert.deepEqual([codes(bench), bench.store.waiting.depth], [["OUTBOX_DISK"], 1]);
  });
});

describe("A record that cannot be used", () => {
  it("leaves the order and lies aside", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    await bench.store.setAside(entry);
    assert.deepEqual([bench.store.waiting.depth, bench.mails()], [0, ["damaged/a.json"]]);
    assert.deepEqual(bench.troubles, []);
  });

  it("leaves the order although the disk does not let it be set aside, which is reported", async () => {
    const bench = await parts();
    const entry = await bench.insert("a");
    noWrites(bench.files);
    await bench.store.setAside(entry);
    assert.deepEqual([bench.store.waiting.depth, codes(bench)], [0, ["OUTBOX_DISK"]]);
    assert.ok(bench.troubles[0] instanceof ModemError && bench.troubles[0].message.includes("mail a"));
  });
});

describe("A mail that is moved into the spool", () => {
  it("waits behind those that are there, or is kept as failed, with its bytes", async () => {
    const bench = await parts();
    const { store } = bench;
    await bench.insert("own");
    store.adopt(record({ id: "waits", seq: 50 }), { folder: "queue" }, 10);
    store.adopt(record({ id: "asked", seq: 60 }), { folder: "sending", transaction: 0 }, 20);
    store.adopt(record({ id: "failed" }), { folder: "failed", since: 1, bytes: 30 }, 30);
    const found = (id: string) => {
      const { seq, stage, recovered, bytes } = entryOf(store, id);
      return [seq, stage, recovered, bytes];
    };
    assert.deepEqual(found("waits"), [2, "waiting", true, 10]);
    assert.deepEqual(found("asked"), [3, "asking", true, 20]);
    assert.deepEqual(
      [store.failed.ids(), store.failed.bytes, store.waiting.get("failed")],
      [["failed"], 30, undefined],
    );
  });
});

function folder(path: string): string | undefined {
  return path.split("/")[0];
}
