import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir, uptime } from "node:os";
import { dirname, join } from "node:path";
import { Deferred } from "../../../lib/async";
import { ModemError } from "../../../lib/errors";
import { replaceFile } from "../../../lib/outbox/spool/files";
import { SpoolLock, thisHost, type Host } from "../../../lib/outbox/spool/lock";
import { FaultyFiles } from "../../support/faulty-files";
import { VirtualClock } from "../../support/virtual-clock";
import { Bench, fakeHost, mail } from "./bench";

const FOLDER = "/spool/modem";

const LOCKED = "Another Node-RED is using the same outbox folder";
const TAKEN_OVER = `${LOCKED}: it was taken over while this process was suspended`;

class Place {
  readonly clock = new VirtualClock();
  /** What those who lost it were told, without being asked. */
  readonly lost: string[] = [];

  constructor(readonly files = new FaultyFiles()) {}

  host(boot?: string): ReturnType<typeof fakeHost> {
    return fakeHost(this.clock, boot);
  }

  lock(host: Host): SpoolLock {
    return new SpoolLock(FOLDER, this.files, this.clock, host, ({ message }) => this.lost.push(message));
  }

  async take(host: Host, signal?: AbortSignal): Promise<SpoolLock> {
    const lock = this.lock(host);
    await this.clock.until(lock.take(signal), 3600_000);
    return lock;
  }

  path(name: string): string {
    return `${FOLDER}/lock/${name}`;
  }

  /** Files in the lock's folder. */
  get names(): string[] {
    return this.files.paths().map((path) => path.slice(this.path("").length));
  }

  /** Does `work` once, as soon as a folder has been listed: what was found is out of date then. */
  behindNextList(work: () => Promise<unknown>): void {
    const list = this.files.list.bind(this.files);
    this.files.list = async (path) => {
      this.files.list = list;
      const names = await list(path);
      await work();
      return names;
    };
  }
}

describe("Lock of the spool", () => {
  it("keeps a second runtime off, and names who holds it", async () => {
    const place = new Place();
    const host = place.host();
    await place.take(host);
    await assert.rejects(place.take(place.host()), {
      code: "OUTBOX_LOCKED",
      message: `${LOCKED}: process ${host.self.pid} on gateway`,
    });
  });

  it("is free after a release, also for the same process", async () => {
    const place = new Place();
    const host = place.host();
    const lock = await place.take(host);
    await assert.rejects(place.take(host), { code: "OUTBOX_LOCKED" });
    await place.clock.until(lock.release());
    assert.deepEqual(
      [place.names, place.files.text(place.path("1.json"))],
      [["1.json"], '{"released":true}'],
    );
    await place.take(host);
    await assert.rejects(place.clock.until(lock.assertHeld()), { code: "OUTBOX_LOCKED" });
    assert.deepEqual([place.names, place.clock.now()], [["2.json"], 0]);
  });

  it("is taken beside files that somebody else has put there, whatever their number", async () => {
    const place = new Place();
    const others = ["99999999999999999999.json", "9007199254740991.json", "007.json", "0.json", "7.json~"];
    for (const name of others) place.files.put(place.path(name), "{}");
    // Behind such a number there is no next one, so the first start went well and the second never ended.
    for (let start = 1; start <= 3; start++) {
      const lock = await place.take(place.host());
      await place.clock.until(lock.assertHeld());
      await place.clock.until(lock.release());
    }
    assert.deepEqual([place.names, place.clock.now()], [[...others, "3.json"].sort(), 0]);
  });

  it("says which file is to be deleted where the last number of all is there", async () => {
    const place = new Place();
    place.files.put(`${FOLDER}/lock/999999999999.json`, "{}");
    await assert.rejects(place.take(place.host()), { code: "OUTBOX_DISK", message: /999999999999\.json/ });
  });

  it("is free at once after its process was killed", async () => {
    const place = new Place();
    const host = place.host();
    await place.take(host);
    host.end();
    await place.take(place.host());
    assert.equal(place.clock.now(), 0);
  });

  it("is free when the number of its process now belongs to a later one, as in a container", async () => {
    const place = new Place();
    const first = place.host();
    await place.take(first);
    const again: Host = {
      ...place.host(),
      self: { ...first.self, started: "99" },
      state: (mark) => (mark.started === "99" ? "running" : "gone"),
    };
    await place.take(again);
    assert.equal(place.clock.now(), 0);
  });

  it("is free for its own process when a former outbox could not write its release", async () => {
    const place = new Place();
    const host = place.host();
    const lock = await place.take(host);
    place.files.fault = ({ name }) => (name === "create" ? "EROFS" : undefined);
    await place.clock.until(lock.release());
    place.files.fault = () => undefined;
    await place.take(host);
  });

  it("asks a holder it cannot see, and stays off while he answers", async () => {
    const place = new Place();
    const host = place.host("boot-1");
    const holder = await place.take(host);
    await assert.rejects(place.take(place.host("boot-2")), {
      message: `${LOCKED}: process ${host.self.pid} on gateway`,
    });
    assert.ok(place.clock.now() <= 4000);
    await place.clock.until(holder.assertHeld());
  });

  it("takes over from a holder it cannot see who does not answer", async () => {
    const place = new Place();
    const holder = await place.take(place.host("boot-1"));
    place.clock.jumpWall(-7 * 24 * 3600_000);
    const files = place.files.after("all");
    const clock = new VirtualClock();
    const lock = new SpoolLock(FOLDER, files, clock, fakeHost(clock, "boot-2"));
    await clock.until(lock.take());
    assert.equal(clock.now(), 12_000);
    await clock.until(lock.assertHeld());
    await place.clock.until(holder.release());
  });

  it("asks too when the lock's file does not say whose it is", async () => {
    for (const text of [
      "",
      "{",
      "7",
      '"x"',
      "null",
      "[]",
      "{}",
      '{"token":"x"}',
      '{"pid":1}',
      '{"token":1,"pid":2}',
      '{"token":"x","pid":"1"}',
    ]) {
      const place = new Place();
      const holder = await place.take(place.host("boot-1"));
      place.files.put(place.path("1.json"), text);
      await assert.rejects(place.take(place.host("boot-2")), { message: LOCKED }, text);
      await place.clock.until(holder.assertHeld());
      // One that cannot answer any more.
      const later = new Place(place.files.after("all"));
      await later.take(later.host("boot-2"));
      assert.deepEqual([later.names, later.clock.now()], [["2.json"], 12_000], text);
    }
  });

  it("is free at once where its file is removed while somebody looks", async () => {
    const place = new Place();
    await place.take(place.host("boot-1"));
    place.behindNextList(() => place.files.remove(place.path("1.json")));
    await place.take(place.host("boot-2"));
    assert.deepEqual([place.names, place.clock.now()], [["2.json"], 0]);
  });

  it("is not taken while the disk cannot say whether it is free, and free for the next then", async () => {
    const place = new Place();
    place.files.put(place.path("1.json"), '{"released":true}');
    place.files.fault = ({ name }) => (name === "read" ? "EIO" : undefined);
    await assert.rejects(place.take(place.host()), { code: "EIO" });
    assert.deepEqual([place.names, place.clock.now()], [["1.json"], 0]);
    // The look that follows its own file.
    const { files } = place;
    const looks = files.count("list");
    files.fault = ({ name }) => (name === "list" && files.count("list") === looks + 2 ? "EIO" : undefined);
    await assert.rejects(place.take(place.host()), { code: "EIO" });
    await place.take(place.host());
    assert.deepEqual([place.names, place.clock.now()], [["3.json"], 0]);
  });

  it("goes to one of two who find a dead holder at the same moment", async () => {
    const place = new Place();
    const dead = place.host();
    await place.take(dead);
    dead.end();
    const outcomes = await place.clock.until(
      Promise.allSettled(Array.from({ length: 5 }, () => place.take(place.host()))),
    );
    const [winner, ...more] = outcomes.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    assert.ok(winner !== undefined && more.length === 0);
    await place.clock.until(winner.assertHeld());
    assert.deepEqual(
      outcomes.flatMap((one) => (one.status === "rejected" ? [(one.reason as ModemError).code] : [])),
      ["OUTBOX_LOCKED", "OUTBOX_LOCKED", "OUTBOX_LOCKED", "OUTBOX_LOCKED"],
    );
    assert.deepEqual(place.names, ["2.json"]);
  });

  it("is not taken from one who came, with another before him, while a slow one looked", async () => {
    const place = new Place();
    const dead = place.host();
    await place.take(dead);
    dead.end();
    const slow = new SpoolLock(FOLDER, place.files, place.clock, place.host());
    let other: SpoolLock | undefined;
    const read = place.files.read.bind(place.files);
    place.files.read = async (path) => {
      place.files.read = read;
      const bytes = await place.files.read(path);
      const first = await place.take(place.host());
      await first.release();
      other = await place.take(place.host());
      return bytes;
    };
    await assert.rejects(place.clock.until(slow.take()), { code: "OUTBOX_LOCKED" });
    assert.ok(other);
    await place.clock.until(other.assertHeld());
  });

  it("tells a holder who stood still that he was succeeded, and does not disturb the successor", async () => {
    const place = new Place();
    const first = await place.take(place.host("boot-1"));
    await place.files.remove(place.path("1.json"));
    place.files.put(place.path("9.json"), JSON.stringify({ token: "other", pid: 1 }));
    const made = place.files.count("create");
    await place.clock.advance(3_000);
    assert.deepEqual([place.lost, place.clock.timers], [[TAKEN_OVER], 0]);
    await assert.rejects(place.clock.until(first.assertHeld()), { message: TAKEN_OVER });
    await place.clock.until(first.release());
    assert.deepEqual(
      [place.lost.length, place.names, place.files.count("create"), place.clock.now()],
      [1, ["9.json"], made, 3_000],
    );
    assert.match(place.files.text(place.path("9.json")), /other/);
  });

  it("is given back without disturbing a successor whom the holder has not noticed", async () => {
    const place = new Place();
    const first = await place.take(place.host("boot-1"));
    await place.files.remove(place.path("1.json"));
    place.files.put(place.path("9.json"), JSON.stringify({ token: "other", pid: 1 }));
    await place.clock.until(first.release());
    assert.deepEqual([place.names, place.lost, place.clock.timers], [["9.json"], [], 0]);
  });

  it("is given back without a trace of a release that the disk does not take", async () => {
    const place = new Place();
    const lock = await place.take(place.host());
    place.files.fault = ({ name }) => (name === "write" ? "ENOSPC" : undefined);
    await place.clock.until(lock.release());
    assert.deepEqual(place.names, ["1.json"]);
  });

  it("is held neither before it is taken nor after it was given back or lost, whatever a former look found", async () => {
    const place = new Place();
    const lock = place.lock(place.host());
    const isNotHeld = (): Promise<void> =>
      assert.rejects(place.clock.until(lock.assertHeld(60_000)), { message: TAKEN_OVER });
    await isNotHeld();
    assert.equal(place.files.operations, 0);
    await place.clock.until(lock.take());
    assert.deepEqual(await place.clock.until(lock.assertHeld(60_000)), []);
    await place.clock.until(lock.release());
    await isNotHeld();
    assert.deepEqual(place.lost, []);
    const next = await place.take(place.host());
    place.files.put(place.path("9.json"), JSON.stringify({ token: "other", pid: 1 }));
    for (const within of [0, 60_000])
      await assert.rejects(place.clock.until(next.assertHeld(within)), { message: TAKEN_OVER });
    assert.deepEqual(place.lost, [TAKEN_OVER]);
  });

  it("is looked at again as soon as the former look is as old as is asked", async () => {
    const place = new Place();
    const lock = await place.take(place.host());
    await place.clock.advance(1_000);
    assert.deepEqual(await place.clock.until(lock.assertHeld()), ["1.json"]);
    place.files.put(place.path("9.json"), JSON.stringify({ token: "other", pid: 1 }));
    await place.clock.advance(999);
    assert.deepEqual(await place.clock.until(lock.assertHeld(1_000)), []);
    await place.clock.advance(1);
    await assert.rejects(place.clock.until(lock.assertHeld(1_000)), { message: TAKEN_OVER });
  });

  it("is not lost while the disk cannot say whose it is, nor take its deleted file back", async () => {
    const place = new Place();
    const lock = await place.take(place.host());
    place.files.fault = ({ name, path }) => (name === "list" && path.endsWith("/lock") ? "EIO" : undefined);
    await assert.rejects(place.clock.until(lock.assertHeld()), { code: "EIO" });
    await place.files.remove(place.path("1.json"));
    place.files.fault = ({ name }) => (name === "create" ? "EIO" : undefined);
    await assert.rejects(place.clock.until(lock.assertHeld()), { code: "EIO" });
    place.files.fault = () => undefined;
    await place.clock.until(lock.assertHeld());
    assert.deepEqual([place.names, place.lost], [["1.json"], []]);
  });

  it("stays held where two look at once whose file was deleted", async () => {
    for (const what of ["the file", "the folder"]) {
      const place = new Place();
      const lock = await place.take(place.host());
      await place.files.remove(place.path("1.json"));
      if (what === "the folder") place.files.removeFolder(`${FOLDER}/lock`);
      const looks = Promise.all([lock.assertHeld(), lock.assertHeld()]);
      assert.deepEqual(await place.clock.until(looks), [[], []], what);
      assert.deepEqual([place.names, place.lost], [["1.json"], []]);
    }
  });

  it("is lost to one who took it while its holder was about to write its deleted file again", async () => {
    for (const takes of [1, 2]) {
      const place = new Place();
      const host = place.host("boot-1");
      let holder = await place.take(host);
      for (let time = 1; time < takes; time++) {
        await place.clock.until(holder.release());
        holder = await place.take(host);
      }
      await place.files.remove(place.path(`${takes}.json`));
      const next = place.host("boot-2");
      const other = place.lock(next);
      place.behindNextList(() => other.take());
      await assert.rejects(place.clock.until(holder.assertHeld()), { message: TAKEN_OVER });
      assert.deepEqual([place.names, place.lost], [["1.json"], [TAKEN_OVER]]);
      assert.match(place.files.text(place.path("1.json")), new RegExp(`"pid":${next.self.pid},`));
      await place.clock.until(other.assertHeld());
      assert.equal(place.clock.now(), 0);
    }
  });

  it("is told to nobody as lost who gives it back while he looks, and is free then", async () => {
    for (const [isOwnLook, isDeleted] of [
      [true, false],
      [true, true],
      [false, false],
      [false, true],
    ] as const) {
      const place = new Place();
      const host = place.host();
      const lock = await place.take(host);
      if (isDeleted) await place.files.remove(place.path("1.json"));
      // When the lock's folder was listed; and when the folder above was listed, too, about to write the deleted file again.
      place.behindNextList(async () => {
        if (isDeleted) place.behindNextList(() => lock.release());
        else await lock.release();
      });
      if (isOwnLook) await place.clock.advance(3_000);
      else await assert.rejects(place.clock.until(lock.assertHeld()), { message: TAKEN_OVER });
      assert.deepEqual([place.lost, place.clock.timers, host.locks.size], [[], 0, 0]);
      await place.take(place.host());
      assert.equal(place.clock.now(), isOwnLook ? 3_000 : 0);
    }
  });

  it("is given back behind all work on the folder, also what comes meanwhile", async () => {
    const place = new Place();
    const lock = await place.take(place.host());
    const [first, second] = [new Deferred<void>(), new Deferred<void>()];
    const work = new Set<Promise<unknown>>([first.promise]);
    await place.clock.until(lock.releaseBehind(work));
    work.add(second.promise);
    first.resolve();
    work.delete(first.promise);
    await place.clock.advance(10);
    await place.clock.until(lock.assertHeld());
    second.resolve();
    work.delete(second.promise);
    await place.clock.advance(10);
    assert.equal(place.files.text(place.path("1.json")), '{"released":true}');
  });

  describe("of an outbox of the same process", () => {
    const { signal } = new AbortController();

    it("is waited for until it is given back", async () => {
      const place = new Place();
      const host = place.host();
      const former = await place.take(host);
      const taken = place.lock(host).take(signal);
      await place.clock.advance(90_500);
      await place.clock.until(former.release());
      await place.clock.until(taken, 60_000);
      assert.deepEqual([place.clock.now(), place.names], [91_000, ["2.json"]]);
    });

    it("is waited for no longer than its work on a file may take, and not at all where nobody can end the wait", async () => {
      for (const [until, waits] of [
        [signal, 360_000],
        [undefined, 0],
      ] as const) {
        const place = new Place();
        const host = place.host();
        await place.take(host);
        await assert.rejects(place.take(host, until), {
          message: `${LOCKED}: process ${host.self.pid} on gateway`,
        });
        assert.equal(place.clock.now(), waits);
      }
    });

    it("is waited for no longer than is wanted", async () => {
      const place = new Place();
      const host = place.host();
      const former = await place.take(host);
      const abort = new AbortController();
      place.clock.after(1_500, () => abort.abort(new ModemError("OUTBOX_CLOSED")));
      await assert.rejects(place.take(host, abort.signal), { code: "OUTBOX_CLOSED" });
      assert.equal(place.clock.now(), 1_500);
      await place.clock.until(former.assertHeld());
    });
  });

  it("keeps two outboxes off one folder until the first is closed", async () => {
    const first = await Bench.open();
    const { files, clock } = first;
    const second = new Bench({ files, clock });
    await assert.rejects(clock.until(second.outbox.open()), { code: "OUTBOX_LOCKED" });
    await assert.rejects(second.accept(mail("alarm")), { code: "OUTBOX_LOCKED" });
    await clock.until(first.outbox.close());
    await clock.until(second.outbox.open());
    await second.accept(mail("alarm"));
    await second.ends(1);
  });

  it("writes nothing while it is held and nobody asks", async () => {
    const place = new Place();
    await place.take(place.host());
    const writes = place.files.count("create") + place.files.count("rename") + place.files.count("remove");
    await place.clock.advance(3600_000);
    assert.equal(
      place.files.count("create") + place.files.count("rename") + place.files.count("remove"),
      writes,
    );
  });
});

/** A /proc with these files; the text of a link begins with `->`. */
function procWith(contents: Readonly<Record<string, string>>): string {
  const proc = mkdtempSync(join(tmpdir(), "proc-"));
  for (const [name, text] of Object.entries(contents)) {
    const path = join(proc, name);
    mkdirSync(dirname(path), { recursive: true });
    if (text.startsWith("->")) symlinkSync(text.slice(2), path);
    else writeFileSync(path, text);
  }
  return proc;
}

/** As proc(5) has it, of a process whose name looks like the rest of the line. */
function statLine(pid: number, started: string): string {
  const between = Array.from({ length: 18 }, (_, index) => index + 4);
  return `${pid} (node (a) b) S ${between.join(" ")} ${started} 23 24\n`;
}

describe("Host", () => {
  it("names this process by its start, the start of the machine and its container", () => {
    const proc = (name: string): string => readFileSync(`/proc/${name}`, "utf8");
    const [, started] =
      /\) (?:\S+ ){19}(\d+) /.exec(process.platform === "linux" ? proc("self/stat") : "") ?? [];
    const host = thisHost();
    assert.deepEqual(host.self, {
      pid: process.pid,
      started,
      boot: started === undefined ? undefined : proc("sys/kernel/random/boot_id").trimEnd(),
      pidNamespace: started === undefined ? undefined : readlinkSync("/proc/self/ns/pid"),
      host: hostname(),
    });
    assert.ok(Math.abs(host.uptime() - uptime() * 1000) < 10_000);
  });

  it("judges no process where /proc does not tell all of it", function () {
    // Links take a privilege on Windows, which has no /proc anyway.
    if (process.platform === "win32") return;
    const all = {
      "self/stat": statLine(7, "4242"),
      "7/stat": statLine(7, "4242"),
      "8/stat": statLine(8, "5000"),
      "sys/kernel/random/boot_id": "a-boot\n",
      "self/ns/pid": "->pid:[1]",
    };
    const whole = procWith(all);
    const host = thisHost(whole, "linux");
    const { self } = host;
    assert.deepEqual([self.started, self.boot, self.pidNamespace], ["4242", "a-boot", "pid:[1]"]);
    assert.deepEqual(
      [
        { ...self, pid: 7 },
        { ...self, pid: 8 },
        { ...self, pid: 8, started: "5000" },
        { ...self, pid: 9 },
      ].map((mark) => host.state(mark)),
      ["running", "gone", "running", "gone"],
    );
    rmSync(whole, { recursive: true });
    for (const missing of ["self/stat", "sys/kernel/random/boot_id", "self/ns/pid"] as const) {
      const { [missing]: _, ...rest } = all;
      const proc = procWith(rest);
      const bare = thisHost(proc, "linux");
      for (const pid of [7, 9]) assert.equal(bare.state({ ...bare.self, pid }), "unknown", missing);
      rmSync(proc, { recursive: true });
    }
  });

  it("takes a process of another user for one that may run", () => {
    const kill = Object.getOwnPropertyDescriptor(process, "kill");
    assert.ok(kill);
    const host = thisHost("/nowhere", "win32");
    const stateAfter = (code: string): string => {
      process.kill = () => {
        throw Object.assign(new Error(code), { code });
      };
      try {
        return host.state({ ...host.self, pid: 7 });
      } finally {
        Object.defineProperty(process, "kill", kill);
      }
    };
    assert.deepEqual([stateAfter("EPERM"), stateAfter("ESRCH")], ["unknown", "gone"]);
  });

  it("knows itself as running, and a process that ended as gone", () => {
    const host = thisHost();
    assert.equal(host.state(host.self), host.self.boot === undefined ? "unknown" : "running");
    assert.ok(host.uptime() > 0);
    if (host.self.boot === undefined) return;
    assert.equal(host.state({ ...host.self, pid: 2 ** 22 + 1 }), "gone");
    assert.equal(host.state({ ...host.self, started: "1" }), "gone");
    assert.equal(host.state({ ...host.self, pidNamespace: "pid:[1]" }), "unknown");
    assert.equal(host.state({ ...host.self, boot: "another" }), "unknown");
  });

  it("knows a process that ended as gone on Windows and macOS too, which have no /proc", () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    for (const platform of ["win32", "darwin"] as const) {
      const host = thisHost("/nowhere", platform);
      assert.equal(host.self.boot, undefined);
      assert.equal(host.state({ ...host.self, pid }), "gone");
      // It may be a later process of that number.
      assert.equal(host.state(host.self), "unknown");
      assert.equal(host.state({ ...host.self, pid, host: "another" }), "unknown");
      assert.equal(host.state({ ...host.self, pid, pidNamespace: "pid:[1]" }), "unknown");
    }
    const bare = thisHost("/nowhere", "linux");
    assert.equal(bare.state({ ...bare.self, pid }), "unknown", "in a container numbers mean nothing");
  });

  it("lets a start after a crash on Windows take the lock at once", async () => {
    const place = new Place();
    const { pid } = spawnSync(process.execPath, ["--version"]);
    const windows = thisHost("/nowhere", "win32");
    const crashed: Host = { ...windows, self: { ...windows.self, pid }, locks: new Set() };
    await place.take(crashed);
    const before = place.clock.now();
    await place.take({ ...windows, locks: new Set() });
    assert.equal(place.clock.now(), before);
  });
});

describe("Replacing a file", () => {
  const failing = (times: number, code: string): { calls: number; move: () => Promise<void> } => {
    const mover = {
      calls: 0,
      async move() {
        if (++mover.calls <= times) throw Object.assign(new Error(code), { code });
      },
    };
    return mover;
  };

  it("is tried again on Windows while another program has the file open", async () => {
    for (const code of ["EPERM", "EACCES", "EBUSY"]) {
      const clock = new VirtualClock();
      const mover = failing(5, code);
      await clock.until(replaceFile("a", "b", { platform: "win32", clock, move: mover.move }));
      assert.equal(mover.calls, 6);
      assert.equal(clock.now(), 310);
    }
  });

  it("fails with the system's error when that lasts longer than 3 s", async () => {
    const clock = new VirtualClock();
    const mover = failing(Number.POSITIVE_INFINITY, "EPERM");
    const outcome = replaceFile("a", "b", { platform: "win32", clock, move: mover.move });
    await assert.rejects(clock.until(outcome), { code: "EPERM" });
    assert.ok(clock.now() > 2_000 && clock.now() < 3_000, `${clock.now()} ms`);
  });

  it("fails at once for any other error, and on systems that replace open files", async () => {
    for (const [platform, code] of [
      ["win32", "ENOSPC"],
      ["linux", "EPERM"],
    ] as const) {
      const mover = failing(1, code);
      await assert.rejects(replaceFile("a", "b", { platform, move: mover.move }), { code });
      assert.equal(mover.calls, 1);
    }
  });
});
