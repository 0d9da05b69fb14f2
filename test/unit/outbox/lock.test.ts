import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { replaceFile } from "../../../lib/outbox/spool/files";
import { SpoolLock, thisHost, type Host } from "../../../lib/outbox/spool/lock";
import { FaultyFiles } from "../../support/faulty-files";
import { VirtualClock } from "../../support/virtual-clock";
import { Bench, fakeHost, mail } from "./bench";

const FOLDER = "/spool/modem";

class Place {
  readonly files = new FaultyFiles();
  readonly clock = new VirtualClock();

  host(boot?: string): ReturnType<typeof fakeHost> {
    return fakeHost(this.clock, boot);
  }

  async take(host: Host): Promise<SpoolLock> {
    const lock = new SpoolLock(FOLDER, this.files, this.clock, host);
    await this.clock.until(lock.take());
    return lock;
  }
}

describe("Lock of the spool", () => {
  it("keeps a second runtime off, and names who holds it", async () => {
    const place = new Place();
    const host = place.host();
    await place.take(host);
    await assert.rejects(place.take(place.host()), {
      code: "OUTBOX_LOCKED",
      message: new RegExp(`process ${host.self.pid} on gateway`),
    });
  });

  it("is free after a release, also for the same process", async () => {
    const place = new Place();
    const host = place.host();
    const lock = await place.take(host);
    await assert.rejects(place.take(host), { code: "OUTBOX_LOCKED" });
    await place.clock.until(lock.release());
    await place.take(host);
    await assert.rejects(place.clock.until(lock.assertHeld()), { code: "OUTBOX_LOCKED" });
  });

  it("is taken beside files that somebody else has put there, whatever their number", async () => {
    const place = new Place();
    for (const name of ["99999999999999999999.json", "9007199254740991.json", "007.json", "0.json"])
      place.files.put(`${FOLDER}/lock/${name}`, "{}");
    // Behind such a number there is no next one, so the first start went well and the second never ended.
    for (let start = 1; start <= 3; start++) {
      const lock = await place.take(place.host());
      await place.clock.until(lock.assertHeld());
      await place.clock.until(lock.release());
    }
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
    const holder = await place.take(place.host("boot-1"));
    await assert.rejects(place.take(place.host("boot-2")), { code: "OUTBOX_LOCKED" });
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

  it("asks too when the lock's file was cut short", async () => {
    const place = new Place();
    place.files.put(`${FOLDER}/lock/7.json`, "");
    await place.take(place.host());
    assert.equal(place.clock.now(), 12_000);
    assert.deepEqual(await place.files.list(`${FOLDER}/lock`), ["8.json"]);
  });

  it("goes to one of two who find a dead holder at the same moment", async () => {
    const place = new Place();
    const dead = place.host();
    await place.take(dead);
    dead.end();
    const outcomes = await place.clock.until(
      Promise.allSettled(Array.from({ length: 5 }, () => place.take(place.host()))),
    );
    assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
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
    place.files.put(`${FOLDER}/lock/9.json`, JSON.stringify({ token: "other", pid: 1 }));
    await assert.rejects(place.clock.until(first.assertHeld()), { code: "OUTBOX_LOCKED" });
    await place.clock.until(first.release());
    assert.match(place.files.text(`${FOLDER}/lock/9.json`), /other/);
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

describe("Host", () => {
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
