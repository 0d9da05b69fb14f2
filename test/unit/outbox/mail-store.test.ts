/** The store of a spool's mails: what it holds while the disk takes nothing, and the mails that were given up. */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { Deferred } from "../../../lib/async";
import { ModemError } from "../../../lib/errors";
import { storeError } from "../../../lib/stored-error";
import type { Spool } from "../../../lib/outbox/spool/spool";
import type { SpoolRecord } from "../../../lib/outbox/spool/record";
import { OutboxTime } from "../../../lib/outbox/spool/state";
import { MailStore, type Slot } from "../../../lib/outbox/spool/store";
import type { FaultyFiles, Operation } from "../../support/faulty-files";
import { VirtualClock } from "../../support/virtual-clock";
import { fakeHost } from "./bench";
import { DIRECTORY, ID, prepared, record, transaction } from "./spool-bench";

const DISK = "The outbox could not read or write a file on disk";
const DAY = 24 * 60 * 60;
const CONTENTS = {
  subject: "alarm",
  text: "ü",
  message: {},
  attachments: [{ filename: "a.txt", content: { kind: "bytes", bytes: Buffer.from("abc") } }],
} as const;

interface StoreBench {
  readonly store: MailStore;
  readonly spool: Spool;
  readonly files: FaultyFiles;
  readonly clock: VirtualClock;
  readonly troubles: ModemError[];
}

async function opened(assertHeld = (): Promise<string[]> => Promise.resolve([])): Promise<StoreBench> {
  const { spool, files } = await prepared();
  const clock = new VirtualClock();
  const troubles: ModemError[] = [];
  const time = new OutboxTime(clock, fakeHost(clock), undefined, false);
  const store = new MailStore(spool, time, (error) => troubles.push(error), { assertHeld });
  return { store, spool, files, clock, troubles };
}

/** A mail with one attachment that waits. */
async function inserted({ store }: StoreBench, id = ID): Promise<{ slot: Slot; mail: SpoolRecord }> {
  let mail = record({ id });
  const { bytes, place } = await store.insert(id, CONTENTS, 100, ({ attachments }) => {
    mail = { ...mail, attachments };
    return mail;
  });
  const { accepted, revision } = mail;
  return { slot: { id, accepted, bytes, place, revision, unsaved: undefined }, mail };
}

/** The same in flight. */
async function sending(bench: StoreBench): Promise<{ slot: Slot; mail: SpoolRecord }> {
  const { slot, mail } = await inserted(bench);
  await bench.store.putInFlight(slot, mail, 0);
  return { slot, mail };
}

/** The same among the failed ones. */
async function failed(bench: StoreBench, id = ID): Promise<SpoolRecord> {
  const { slot, mail } = await inserted(bench, id);
  await bench.store.finish(slot, mail, true);
  return mail;
}

function named(files: FaultyFiles): string[] {
  return files.paths().map((path) => path.slice(DIRECTORY.length + 1));
}

const at = (name: Operation["name"], part: string) => (operation: Operation) =>
  operation.name === name && operation.path.includes(part) ? "EIO" : undefined;

describe("A trouble of the disk with a mail", () => {
  for (const [what, fault, act, detail, left] of [
    [
      "that a state was not taken",
      at("create", "/tmp/"),
      async ({ store }: StoreBench, slot: Slot, mail: SpoolRecord) =>
        void (await store.save(slot, mail, false)),
      `state of mail ${ID}`,
      [`contents/${ID}.0`, `sending/${ID}.0.json`],
    ],
    [
      "that it cannot be kept for retry, and is removed instead",
      at("rename", "/failed/"),
      async ({ store }: StoreBench, slot: Slot, mail: SpoolRecord) => store.finish(slot, mail, true),
      `failed mail ${ID}`,
      [],
    ],
    [
      "that it cannot be set aside",
      at("rename", "/damaged/"),
      async ({ store }: StoreBench, slot: Slot) => store.setAside(slot),
      `damaged mail ${ID}`,
      [`contents/${ID}.0`, `sending/${ID}.0.json`],
    ],
    [
      "that its files cannot be removed",
      at("remove", "/sending/"),
      async ({ store }: StoreBench, slot: Slot, mail: SpoolRecord) => store.finish(slot, mail, false),
      `mail ${ID} cannot be removed`,
      [`contents/${ID}.0`, `sending/${ID}.0.json`],
    ],
    [
      "that its old state is perhaps not gone",
      at("syncFolder", "/sending"),
      async ({ store }: StoreBench, slot: Slot, mail: SpoolRecord) =>
        void (await store.save(slot, mail, false)),
      undefined,
      [`contents/${ID}.0`, `queue/${ID}.json`],
    ],
  ] as const) {
    it(`is told with its cause: ${what}`, async () => {
      const bench = await opened();
      const { slot, mail } = await sending(bench);
      bench.files.fault = fault;
      const folder = dirname(bench.spool.path(ID, { folder: "sending", transaction: 0 }));
      await act(bench, slot, mail);
      assert.ok(bench.troubles.length > 0);
      for (const { code, message, cause } of bench.troubles) {
        assert.deepEqual([code, message], ["OUTBOX_DISK", `${DISK}: ${detail ?? folder}`]);
        assert.equal((cause as { code?: string }).code, "EIO");
      }
      assert.deepEqual(named(bench.files), left);
      assert.deepEqual(bench.store.failedIds(), []);
    });
  }
});

describe("A state of a mail", () => {
  const changed = (mail: SpoolRecord): SpoolRecord => ({ ...mail, attempts: 7 });
  const refused = ({ name }: Operation): string | undefined =>
    name === "create" || name === "rename" ? "EIO" : undefined;

  it("is in the queue and nowhere else when the mail waits again, over a power cut too", async () => {
    const bench = await opened();
    const { slot, mail } = await sending(bench);
    assert.equal(await bench.store.save(slot, changed(mail), false), true);
    assert.deepEqual([slot.place, slot.unsaved, slot.revision], [{ folder: "queue" }, undefined, 3]);
    assert.deepEqual(named(bench.files), [`contents/${ID}.0`, `queue/${ID}.json`]);
    const after = bench.files.after("nothing");
    assert.deepEqual(named(after), [`contents/${ID}.0`, `queue/${ID}.json`]);
    const { attempts, revision } = JSON.parse(after.text(`${DIRECTORY}/queue/${ID}.json`)) as SpoolRecord;
    assert.deepEqual([attempts, revision], [7, 3]);
  });

  it("stays where the mail stands when it is its end", async () => {
    const bench = await opened();
    const { slot, mail } = await sending(bench);
    const end = { ...mail, end: { time: 1, keep: true } };
    assert.equal(await bench.store.save(slot, end, false), true);
    assert.deepEqual(slot.place, { folder: "sending", transaction: 0 });
    assert.deepEqual(named(bench.files), [`contents/${ID}.0`, `sending/${ID}.0.json`]);
  });

  it("that a full disk does not take is given in place of the older one on the disk, until it does", async () => {
    const bench = await opened();
    const { slot, mail } = await inserted(bench);
    bench.files.fault = at("create", "/tmp/");
    assert.equal(await bench.store.save(slot, changed(mail), false), false);
    assert.equal((await bench.store.load(slot)).attempts, 7);
    bench.files.fault = () => undefined;
    assert.equal(await bench.store.save(slot, { ...mail, attempts: 8 }, false), true);
    assert.equal(slot.unsaved, undefined);
    assert.equal((await bench.store.load(slot)).attempts, 8);
  });

  for (const [what, begin, fault, taken, place, path] of [
    ["of a mail that waits", inserted, refused, true, "queue", `queue/${ID}.json`],
    ["of a mail in flight, which waits again", sending, at("create", ""), true, "queue", `queue/${ID}.json`],
    [
      "of a mail in flight only where the disk takes the way back",
      sending,
      refused,
      false,
      "sending",
      `sending/${ID}.0.json`,
    ],
  ] as const) {
    it(`may be forgotten when it says only when it was tried: ${what}`, async () => {
      const bench = await opened();
      const { slot, mail } = await begin(bench);
      bench.files.fault = fault;
      const next = changed(mail);
      assert.equal(await bench.store.save(slot, next, true), taken);
      assert.deepEqual([slot.place.folder, slot.unsaved], [place, taken ? undefined : next]);
      assert.deepEqual(named(bench.files), [`contents/${ID}.0`, path]);
    });
  }

  it("in flight costs one flush of a folder", async () => {
    const bench = await opened();
    const { slot, mail } = await inserted(bench);
    const before = bench.files.count("syncFolder");
    await bench.store.putInFlight(slot, mail, 0);
    assert.equal(bench.files.count("syncFolder") - before, 1);
    assert.deepEqual(named(bench.files.after("nothing")), [`contents/${ID}.0`, `sending/${ID}.0.json`]);
  });
});

describe("A new mail of the store", () => {
  it("leaves nothing when its name is perhaps not durable", async () => {
    const bench = await opened();
    bench.files.fault = at("syncFolder", "/queue");
    await assert.rejects(inserted(bench), /EIO/);
    assert.deepEqual(named(bench.files), []);
  });

  it("leaves nothing when the folder was taken meanwhile", async () => {
    const bench = await opened(() => Promise.reject(new ModemError("OUTBOX_LOCKED")));
    await assert.rejects(inserted(bench), { code: "OUTBOX_LOCKED" });
    assert.deepEqual(named(bench.files), []);
  });
});

describe("A mail that was given up", () => {
  it("is kept with the time at which it failed and its bytes", async () => {
    const bench = await opened();
    await bench.clock.advance(12_999);
    const { slot, mail } = await inserted(bench);
    await bench.store.finish(slot, mail, true);
    const place = { folder: "failed", since: 12, bytes: slot.bytes } as const;
    assert.deepEqual([...bench.store.failed], [[ID, place]]);
    assert.deepEqual(named(bench.files), [`contents/${ID}.0`, `failed/${ID}.12.${slot.bytes}.json`]);
  });

  it("is kept only where its file says who has it", async () => {
    for (const [state, kept] of [
      [{ kind: "done", at: "2026-01-01T00:00:00.000Z" }, []],
      [{ kind: "failed", error: storeError(new ModemError("SMTP_TIMEOUT")) }, [ID]],
    ] as const) {
      const bench = await opened();
      const { slot, mail } = await inserted(bench);
      const transactions = [transaction("ops@example.com", { state })];
      slot.unsaved = { ...mail, transactions };
      await bench.store.finish(slot, slot.unsaved, true);
      assert.deepEqual(bench.store.failedIds(), kept);
      assert.equal(named(bench.files).length, kept.length * 2);
    }
  });

  it("comes in the list after those that failed before it", async () => {
    const { store } = await opened();
    for (const [id, since] of [
      ["b", 5],
      ["a", 3],
      ["c", 9],
    ] as const)
      store.adoptFailed(id, { folder: "failed", since, bytes: 1 });
    assert.deepEqual(store.failedIds(), ["a", "b", "c"]);
  });

  it("waits again as its next state", async () => {
    const bench = await opened();
    const { revision } = await failed(bench);
    const bytes = bench.store.failed.get(ID)?.bytes;
    const { record: again, ...rest } = await bench.store.requeue(ID, (one) => ({ ...one, attempts: 4 }));
    assert.deepEqual(rest, { place: { folder: "queue" }, bytes });
    assert.deepEqual([again.revision, again.attempts], [revision + 1, 4]);
    assert.deepEqual(named(bench.files.after("nothing")), [`contents/${ID}.0`, `queue/${ID}.json`]);
    const onDisk = JSON.parse(bench.files.text(`${DIRECTORY}/queue/${ID}.json`)) as SpoolRecord;
    assert.equal(onDisk.revision, revision + 1);
  });

  it("is not found under another id", async () => {
    const { store } = await opened();
    const notFound = { code: "OUTBOX_NOT_FOUND", message: /: none$/ };
    await assert.rejects(store.loadFailed("none"), notFound);
    await assert.rejects(store.removeFailed("none"), notFound);
    await assert.rejects(
      store.requeue("none", (one) => one),
      notFound,
    );
  });

  it("is removed with its contents, and without them where its record is damaged", async () => {
    const bench = await opened();
    await failed(bench);
    await bench.store.removeFailed(ID);
    assert.deepEqual([named(bench.files), bench.store.failedIds()], [[], []]);
    await failed(bench);
    const [path = ""] = bench.files.paths().filter((one) => one.includes("/failed/"));
    bench.files.put(path, "{");
    await bench.store.removeFailed(ID);
    assert.deepEqual([named(bench.files), bench.store.failedIds()], [[`contents/${ID}.0`], []]);
  });

  it("is kept where its record cannot be removed, and gone where only its contents cannot", async () => {
    for (const [part, kept] of [
      ["/failed/", [ID]],
      ["/contents/", []],
    ] as const) {
      const bench = await opened();
      await failed(bench);
      bench.files.fault = at("remove", part);
      await assert.rejects(bench.store.removeFailed(ID), (error: ModemError) => {
        assert.deepEqual([error.code, error.message], ["OUTBOX_DISK", `${DISK}: failed mail ${ID}`]);
        assert.equal((error.cause as { code?: string }).code, "EIO");
        return true;
      });
      assert.deepEqual(bench.store.failedIds(), kept);
    }
  });

  it("is removed after its days, to the second", async () => {
    const bench = await opened();
    await bench.clock.advance(1000);
    await failed(bench, "old");
    await bench.clock.advance(1000);
    await failed(bench, "young");
    await bench.clock.advance(7 * DAY * 1000 - 1001);
    await bench.store.removeOld(7);
    assert.deepEqual(bench.store.failedIds(), ["old", "young"]);
    await bench.clock.advance(1);
    await bench.store.removeOld(7);
    assert.deepEqual([bench.store.failedIds(), bench.troubles], [["young"], []]);
  });

  it("stops no other from being removed after its days, and is said to stay", async () => {
    const bench = await opened();
    for (const id of ["a", "b", "c"]) await failed(bench, id);
    bench.files.fault = at("remove", "/failed/b.");
    await bench.clock.advance(8 * DAY * 1000);
    await bench.store.removeOld(7);
    assert.deepEqual(bench.store.failedIds(), ["b"]);
    assert.deepEqual(
      bench.troubles.map(({ message }) => message),
      [`${DISK}: failed mail b`],
    );
  });

  it("is no trouble when a person takes it while the others are removed after their days", async () => {
    const bench = await opened();
    for (const id of ["a", "b"]) await failed(bench, id);
    await bench.clock.advance(8 * DAY * 1000);
    const isRemoved = new Deferred<void>();
    bench.files.pace = ({ name, path }) =>
      name === "remove" && path.includes("/failed/a.") ? isRemoved.promise : undefined;
    const removing = bench.store.removeOld(7);
    await bench.store.requeue("b", (one) => one);
    isRemoved.resolve();
    await removing;
    assert.deepEqual([bench.store.failedIds(), bench.troubles], [[], []]);
    assert.deepEqual(named(bench.files), ["contents/b.0", "queue/b.json"]);
  });
});
