import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { open as openFile, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../lib/clock";
import { Outbox } from "../../../lib/outbox/outbox";
import type { MailEnded } from "../../../lib/outbox/outbox-types";
import { hostFiles, type FileLayer } from "../../../lib/outbox/spool/files";
import { FakeMailer } from "../../support/fake-mailer";
import { heldMemory } from "../../support/held-memory";
import { syncedFiles } from "../../support/synced-files";
import { attachment, mail, OPTIONS, SETTINGS } from "./bench";
import { waitFor } from "../../support/wait-for";

const silent = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};
const ORIGIN = { nodeId: "n1", message: {} };

/** Counts what the outbox asks of the disk. */
function counting(durability: "as ever" | "nothing is made durable" = "as ever"): {
  files: FileLayer;
  counts: Record<"read" | "list" | "fsync", number>;
} {
  const counts = { read: 0, list: 0, fsync: 0 };
  const synced = syncedFiles(async (sync) => {
    counts.fsync++;
    if (durability === "as ever") await sync();
  });
  const files: FileLayer = {
    ...synced,
    read: (path) => (counts.read++, hostFiles.read(path)),
    list: (path) => (counts.list++, hostFiles.list(path)),
  };
  return { files, counts };
}

describe("Outbox on the disk of the host", () => {
  let root: string;
  let outbox: Outbox | undefined;
  const ended: MailEnded[] = [];

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "outbox-"));
    ended.length = 0;
  });

  afterEach(async () => {
    await outbox?.close(0);
    outbox = undefined;
    rmSync(root, { recursive: true });
  });

  async function open(mailer: FakeMailer, files: FileLayer = hostFiles): Promise<Outbox> {
    const made = new Outbox({
      directory: join(root, "spool"),
      clock: systemClock,
      mailer,
      settings: { ...SETTINGS, maxQueued: 20_000, maxSpoolMB: 1000 },
      log: silent,
      files,
    });
    outbox = made;
    made.on("ended", (one) => ended.push(one));
    await made.open();
    return made;
  }

  function away(): FakeMailer {
    const mailer = new FakeMailer();
    mailer.available = false;
    return mailer;
  }

  it("makes files for their owner alone", async () => {
    mkdirSync(join(root, "spool"));
    const made = await open(away());
    const { id } = await made.accept(
      mail("alarm", { attachments: [attachment("a.txt", "text")] }),
      OPTIONS,
      ORIGIN,
    );
    const mode = (path: string): string => (statSync(join(root, "spool", path)).mode & 0o777).toString(8);
    assert.equal(mode("queue"), "700");
    assert.equal(mode(`queue/${id}.json`), "600");
    assert.equal(mode(`contents/${id}.0`), "600");
    assert.equal(mode("state.json"), "600");
  });

  it("gives its folder back with a file that says so, and nothing else", async () => {
    await (await open(away())).close();
    const lock = join(root, "spool", "lock");
    assert.deepEqual(readdirSync(lock), ["1.json"]);
    assert.equal(readFileSync(join(lock, "1.json"), "utf8"), '{"released":true}');
  });

  it("accepts a mail with two fsync, one with an attachment with four", async () => {
    const { files, counts } = counting();
    const made = await open(away(), files);
    counts.fsync = 0;
    await made.accept(mail("alarm"), OPTIONS, ORIGIN);
    assert.equal(counts.fsync, 2);
    await made.accept(mail("picture", { attachments: [attachment("a.txt", "text")] }), OPTIONS, ORIGIN);
    assert.equal(counts.fsync, 2 + 4);
  });

  it("sends what it accepted, after a restart too, with attachments read from files", async () => {
    const picture = join(root, "cam.jpg");
    writeFileSync(picture, "jpeg".repeat(50_000));
    const first = await open(away());
    const content = { kind: "file", path: picture } as const;
    await first.accept(mail("picture", { attachments: [{ filename: "cam.jpg", content }] }), OPTIONS, ORIGIN);
    writeFileSync(picture, "the next picture");
    await first.close();
    const mailer = new FakeMailer();
    const second = await open(mailer);
    if (ended.length === 0) await new Promise((resolve) => second.once("ended", resolve));
    assert.equal(mailer.delivered[0]?.attachments[0]?.content.toString(), "jpeg".repeat(50_000));
    await second.close();
    assert.deepEqual(readdirSync(join(root, "spool", "contents")), []);
    assert.deepEqual(readdirSync(join(root, "spool", "queue")), []);
  });

  it("says that a folder it may not write to is an error of the disk", async function () {
    const locked = join(root, "spool");
    writeFileSync(locked, "a file where the folder should be");
    chmodSync(locked, 0o600);
    await assert.rejects(open(new FakeMailer()), { code: "OUTBOX_DISK" });
  });

  it("finds 10,000 queued mails at start, reading each record once", async () => {
    const first = await open(away());
    const message = { topic: "Level high", payload: "x".repeat(1000) };
    const { id } = await first.accept(mail("alarm"), OPTIONS, { nodeId: "n1", message });
    await first.close();
    const queue = join(root, "spool", "queue");
    const record = (await hostFiles.read(join(queue, `${id}.json`))).toString();
    for (let number = 1; number < 10_000; number++) {
      const other = `m${number}`;
      writeFileSync(join(queue, `${other}.json`), record.replace(id, other));
    }
    const { files, counts } = counting();
    const before = { time: performance.now(), cpu: process.cpuUsage() };
    const second = await open(away(), files);
    const took = performance.now() - before.time;
    const cpu = process.cpuUsage(before.cpu);
    assert.equal(second.summary().depth, 10_000);
    const busy = (cpu.user + cpu.system) / 1000;
    console.log(`      10,000 queued mails found in ${took.toFixed(0)} ms (processor ${busy.toFixed(0)} ms)`);
    assert.ok(counts.read <= 10_000 + 5, `${counts.read} reads`);
    assert.ok(counts.list <= 20, `${counts.list} lists`);
    assert.ok(counts.fsync <= 10, `${counts.fsync} fsync`);
  }).timeout(60_000);

  for (const [what, count, size, limit] of [
    ["attachments", 100, 300_000, 2e6],
    ["texts", 80, 1_000_000, 5e6],
    ["messages", 80, 60_000, 1e6],
  ] as const) {
    it(`keeps the ${what} of ${count} waiting mails, ${size} bytes each, on the disk and not in memory`, async () => {
      const { files } = counting("nothing is made durable");
      const made = await open(away(), files);
      await made.accept(mail("first"), OPTIONS, ORIGIN);
      const before = heldMemory();
      for (let number = 0; number < count; number++) {
        const bytes = Buffer.alloc(size, `${number}\n`);
        const picture = { filename: "cam.jpg", content: { kind: "bytes", bytes } } as const;
        const contents = {
          attachments: { attachments: [picture] },
          texts: { text: bytes.toString() },
          messages: {},
        };
        const message = what === "messages" ? { level: bytes.toString() } : {};
        await made.accept(mail(`mail ${number}`, contents[what]), OPTIONS, { nodeId: "n1", message });
      }
      assert.equal(made.summary().depth, count + 1);
      // What is only waiting to be collected goes with one of the next turns; what is kept stays far above.
      await waitFor(`less than ${limit} bytes to be held`, () => heldMemory() - before < limit);
    }).timeout(60_000);
  }

  it("holds no long text because the text of the mail that came last was cut out of it", async () => {
    const { files } = counting("nothing is made durable");
    const made = await open(away(), files);
    await made.accept(mail("first"), OPTIONS, ORIGIN);
    const before = heldMemory();
    const end = (): string => Buffer.alloc(40_000_000, "all is well, ").toString().slice(-500);
    await made.accept(mail("end of the log", { text: end() }), OPTIONS, ORIGIN);
    await waitFor("less than 5 MB to be held", () => heldMemory() - before < 5e6);
  });
});

describe("A file of the host that cannot be read", () => {
  it("is told to who reads it, however late, and ends no runtime before", async () => {
    const folder = mkdtempSync(join(tmpdir(), "stream-"));
    const stream = hostFiles.stream(join(folder, "none"));
    // A slow disk: much happens before the first look, and the error of an opened stream would have come.
    for (let round = 0; round < 20; round++) await hostFiles.list(folder);
    await assert.rejects(stream[Symbol.asyncIterator]().next(), { code: "ENOENT" });
    rmSync(folder, { recursive: true });
  });
});

describe("The files of the host", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "files-"));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  /** As if on `platform`, which is asked for with each operation. */
  async function onPlatform<T>(platform: NodeJS.Platform, work: () => Promise<T>): Promise<T> {
    const own = Object.getOwnPropertyDescriptor(process, "platform");
    assert.ok(own);
    Object.defineProperty(process, "platform", { ...own, value: platform });
    try {
      return await work();
    } finally {
      Object.defineProperty(process, "platform", own);
    }
  }

  it("are removed without an error where they are not there", async () => {
    const path = join(folder, "a");
    writeFileSync(path, "text");
    for (let time = 0; time < 2; time++) await hostFiles.remove(path);
    assert.deepEqual(readdirSync(folder), []);
  });

  it("get names that a flush of their folder makes durable, and which leaves no folder open", async () => {
    const file = await openFile(join(folder, "a"), "w");
    await file.close();
    const prototype = Object.getPrototypeOf(file) as FileHandle;
    const flush = Object.getOwnPropertyDescriptor(prototype, "sync");
    assert.ok(flush);
    const flushed: FileHandle[] = [];
    let fault: Error | undefined;
    Object.defineProperty(prototype, "sync", {
      ...flush,
      async value(this: FileHandle) {
        flushed.push(this);
        if (fault !== undefined) throw fault;
      },
    });
    try {
      await onPlatform("linux", () => hostFiles.syncFolder(folder));
      fault = new Error("EIO");
      await assert.rejects(
        onPlatform("linux", () => hostFiles.syncFolder(folder)),
        fault,
      );
    } finally {
      Object.defineProperty(prototype, "sync", flush);
    }
    // A closed one has no descriptor.
    assert.deepEqual(
      flushed.map(({ fd }) => fd),
      [-1, -1],
    );
  });

  it("get durable names without a flush on Windows, which cannot flush a folder", async () => {
    const none = join(folder, "none");
    await onPlatform("win32", () => hostFiles.syncFolder(none));
    await assert.rejects(
      onPlatform("linux", () => hostFiles.syncFolder(none)),
      { code: "ENOENT" },
    );
  });
});
