import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { constants } from "node:fs";
import { mkdtemp, open, readFile, realpath, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../lib/clock";
import {
  hostLayer,
  OutsideFiles,
  type OpenFile,
  type OutsideLayer,
} from "../../../lib/mail/message/outside-files";
import { VirtualClock } from "../../support/virtual-clock";

describe("A file that a message or a dialog names", () => {
  let folder: string;
  const files = new OutsideFiles(hostLayer, systemClock);

  before(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "outside-")));
  });
  after(() => rm(folder, { recursive: true }));

  it("is read as it is, in pieces and whole", async () => {
    const path = join(folder, "picture.jpg");
    const picture = Buffer.alloc(300_000, "picture");
    await writeFile(path, picture);
    assert.deepEqual(await files.read(path), picture);
    const pieces: Uint8Array[] = [];
    for await (const piece of files.stream(path, true)) pieces.push(piece);
    assert.deepEqual(Buffer.concat(pieces), picture);
    assert.equal(await files.size(path), picture.length);
  });

  it("is read although it is made only then, as those of /proc are", async function () {
    if (process.platform !== "linux") return;
    assert.deepEqual(await files.read("/proc/version"), await readFile("/proc/version"));
    await assert.rejects(files.read("/proc/version", 5), { code: "LIMIT_ATTACHMENT_SIZE" });
  });

  it("is refused by its size before anything of it is read", async () => {
    const path = join(folder, "film.bin");
    await writeFile(path, "");
    await truncate(path, 1_200_000_000);
    let reads = 0;
    const counting = countingReads(() => reads++);
    await assert.rejects(new OutsideFiles(counting, systemClock).read(path), {
      code: "LIMIT_ATTACHMENT_SIZE",
    });
    assert.equal(reads, 0);
  });

  for (const [what, make] of [
    ["a pipe", (path: string) => execFileSync("mkfifo", [path])],
    ["a folder", (path: string) => execFileSync("mkdir", [path])],
    ["a device", (path: string) => execFileSync("ln", ["-s", "/dev/zero", path])],
  ] as const) {
    it(`is refused without being opened when it is ${what}`, async function () {
      if (process.platform === "win32") return;
      const path = join(folder, what.replace(" ", "-"));
      make(path);
      const closed: OutsideLayer = { ...hostLayer, open: () => assert.fail("opened") };
      await assert.rejects(new OutsideFiles(closed, systemClock).read(path), /is no regular file/);
      await assert.rejects(files.size(path), /is no regular file/);
    });
  }

  it("is refused when a pipe takes its place between the look and the opening", async function () {
    if (process.platform === "win32") return;
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    const deceived: OutsideLayer = { ...hostLayer, facts: async () => ({ isFile: true, size: 7 }) };
    await assert.rejects(new OutsideFiles(deceived, systemClock).read(path), /is no regular file/);
  });

  it("is missing as the operating system says it", async () => {
    await assert.rejects(files.read(join(folder, "none")), { code: "ENOENT" });
  });
});

describe("Files on a share that is dead", () => {
  /** Answers nothing from `stuck` on. */
  const dead = (
    stuck: "facts" | "open" | "read" | "close",
  ): { layer: OutsideLayer; asked: string[]; wake: () => void } => {
    const asked: string[] = [];
    const asleep: (() => void)[] = [];
    const step = <T>(name: string, result: T): Promise<T> => {
      asked.push(name);
      if (name !== stuck) return Promise.resolve(result);
      return new Promise((resolve) => asleep.push(() => resolve(result)));
    };
    const file: OpenFile = {
      facts: async () => ({ isFile: true, size: 7 }),
      isAt: async () => true,
      read: () => step("read", 0),
      close: () => step("close", undefined),
    };
    const layer: OutsideLayer = {
      realPath: (path) => step("realPath", path),
      facts: () => step("facts", { isFile: true, size: 7 }),
      open: () => step("open", file),
    };
    return { layer, asked, wake: () => asleep.splice(0).forEach((one) => one()) };
  };

  for (const stuck of ["facts", "open", "read"] as const) {
    it(`hold up two operations and no more (${stuck}), end in time, and are refused at once while they do`, async () => {
      const clock = new VirtualClock();
      const { layer, asked } = dead(stuck);
      const files = new OutsideFiles(layer, clock);
      const reads = Array.from({ length: 20 }, (_one, index) => files.read(`/share/${index}`));
      const settled = Promise.allSettled(reads);
      await clock.advance(60_000);
      for (const one of await settled) {
        assert.equal(one.status, "rejected");
        assert.match(String(one.reason), /no answer within 10 s/);
      }
      assert.equal(asked.filter((name) => name === stuck).length, 2);
      await assert.rejects(files.size("/share/more"), /no answer/);
      assert.equal(asked.filter((name) => name === stuck).length, 2);
    });
  }

  it("are read again when the share is back, and what was opened too late is closed", async () => {
    const clock = new VirtualClock();
    const { layer, asked, wake } = dead("open");
    const files = new OutsideFiles(layer, clock);
    const reads = Promise.allSettled([files.read("/share/1"), files.read("/share/2")]);
    await clock.advance(11_000);
    await reads;
    wake();
    await clock.advance(0);
    assert.equal(asked.filter((name) => name === "close").length, 2);
    const read = files.read("/share/3");
    await clock.advance(0);
    wake();
    await clock.advance(0);
    assert.equal((await read).length, 0);
  });

  it("end after five minutes although each piece comes in time", async () => {
    const clock = new VirtualClock();
    const { layer } = dead("close");
    const slow: OutsideLayer = {
      ...layer,
      open: async (path) => ({
        ...(await layer.open(path)),
        read: (piece) => new Promise((resolve) => clock.after(9_000, () => resolve(piece.length))),
      }),
    };
    const read = assert.rejects(
      new OutsideFiles(slow, clock).read("/share/slow"),
      /takes longer than 5 minutes/,
    );
    await clock.advance(400_000);
    await read;
  });

  it("leave threads of Node.js to all other files, however many of them block one", async function () {
    if (process.platform === "win32") return;
    const folder = await mkdtemp(join(tmpdir(), "dead-"));
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    // An opening that waits for a writer blocks its thread, as a dead share does.
    const layer: OutsideLayer = {
      ...hostLayer,
      facts: async () => {
        await (await open(pipe, constants.O_RDONLY)).close();
        return { isFile: true, size: 0 };
      },
    };
    const clock = new VirtualClock();
    const files = new OutsideFiles(layer, clock);
    const reads = Promise.allSettled(Array.from({ length: 8 }, () => files.read("/share/film")));
    await writeFile(join(folder, "alarm"), "spool");
    assert.equal((await readFile(join(folder, "alarm"))).toString(), "spool");
    await clock.advance(11_000);
    assert.equal((await reads).filter(({ status }) => status === "rejected").length, 8);
    // Both threads come back with a writer.
    await (await open(pipe, constants.O_RDWR | constants.O_NONBLOCK)).close();
    await rm(folder, { recursive: true });
  });
});

function countingReads(onRead: () => void): OutsideLayer {
  return {
    ...hostLayer,
    open: async (path) => {
      const file = await hostLayer.open(path);
      return { ...file, read: (piece) => (onRead(), file.read(piece)) };
    },
  };
}
