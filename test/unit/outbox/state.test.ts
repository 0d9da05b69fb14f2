/** What the outbox keeps beside its mails: read as it was written, and never believed when a part of it is not right. */
import assert from "node:assert/strict";
import crypto from "node:crypto";
import { mock } from "node:test";
import {
  digestFits,
  digestSettings,
  OutboxTime,
  readState,
  writeState,
  type OutboxState,
  type SettingsDigest,
  type StoredTime,
} from "../../../lib/outbox/spool/state";
import { spoiled, type Json } from "../../support/spoiled";
import { VirtualClock } from "../../support/virtual-clock";
import { fakeHost } from "./bench";
import { DIRECTORY, prepared } from "./spool-bench";

const PATH = `${DIRECTORY}/state.json`;

const STATE: OutboxState = {
  format: 1,
  time: { clock: "c", time: 20, active: 10, boot: "boot-1", uptime: 60_000, uncertain: 5 },
  holds: {
    setup: {
      error: { code: "SMTP_AUTH_FAILED", message: "refused", hint: "look", class: "setup" },
      since: "2026-01-01T00:00:00.000Z",
      tried: 15,
      digest: { concerns: ["server", "login"], salt: "00", hash: "11" },
    },
    pdp: { since: "2026-01-02T00:00:00.000Z" },
    paused: { since: "2026-01-03T00:00:00.000Z" },
  },
  sent: [
    [1, 2],
    [3, 1],
  ],
  unknownInRow: 1,
  settings: { concerns: ["port", "sim"], salt: "22", hash: "33" },
};

/** Only shown to a person, or absent for a reason. */
const MAY_DIFFER = /^(no )?\.(time\.boot|holds\.setup\.error\.(hint|class))( |$)/;
const MAY_BE_ABSENT = /^no \.(holds\.(setup|pdp|paused)|time\.uncertain|settings)$/;

describe("The state of the outbox", () => {
  it("is read as it was written", async () => {
    const { spool, files } = await prepared();
    await writeState(spool, STATE);
    assert.deepEqual(await readState(spool), { kind: "state", state: STATE });
    assert.equal(files.text(PATH), `${JSON.stringify(STATE)}\n`);
    const { spool: after } = await prepared(files.after("nothing"));
    assert.deepEqual(await readState(after), { kind: "state", state: STATE }, "after a power cut");
  });

  it("may hold nothing and name no start of the host", async () => {
    const { spool, files } = await prepared();
    const { boot: _boot, uncertain: _uncertain, ...time } = STATE.time;
    const { settings: _settings, ...rest } = STATE;
    const state = { ...rest, time, holds: {}, sent: [], unknownInRow: 0 };
    files.put(PATH, JSON.stringify(state));
    assert.deepEqual(await readState(spool), { kind: "state", state });
  });

  it("is none where none was written, and an error where the disk does not give it", async () => {
    const { spool, files } = await prepared();
    assert.deepEqual(await readState(spool), { kind: "none" });
    await writeState(spool, STATE);
    files.fault = ({ name }) => (name === "read" ? "EIO" : undefined);
    await assert.rejects(readState(spool), /EIO/);
  });

  it("is damaged when any part is missing or of another type", async () => {
    const { spool, files } = await prepared();
    let count = 0;
    for (const [where, bad] of spoiled(JSON.parse(JSON.stringify(STATE)) as Json)) {
      if (MAY_DIFFER.test(where) || MAY_BE_ABSENT.test(where)) continue;
      files.put(PATH, JSON.stringify(bad));
      assert.deepEqual(await readState(spool), { kind: "damaged", reason: "a part is missing" }, where);
      count++;
    }
    assert.ok(count > 100);
  });

  it("is damaged when a time of it is before the start or more than a hundred years after it", async () => {
    const { spool, files } = await prepared();
    const century = 100 * 365 * 24 * 3600_000;
    for (const part of ["time", "active", "uptime", "uncertain"]) {
      for (const [ms, kind] of [
        [-1, "damaged"],
        [0, "state"],
        [century, "state"],
        [century + 1, "damaged"],
      ] as const) {
        files.put(PATH, JSON.stringify({ ...STATE, time: { ...STATE.time, [part]: ms } }));
        assert.equal((await readState(spool)).kind, kind, `${part} ${ms}`);
      }
    }
  });

  it("is damaged when its text was cut short, and when its format is another", async () => {
    const { spool, files } = await prepared();
    files.put(PATH, JSON.stringify(STATE).slice(0, 60));
    assert.deepEqual(await readState(spool), { kind: "damaged", reason: "not a JSON text" });
    for (const format of [0, 2, "1"]) {
      files.put(PATH, JSON.stringify({ ...STATE, format }));
      assert.equal((await readState(spool)).kind, "damaged");
    }
    files.put(PATH, JSON.stringify({ ...STATE, sent: [[1, 2, 3]] }));
    assert.equal((await readState(spool)).kind, "damaged");
  });
});

describe("The time that an outbox goes on with", () => {
  const HOUR = 3600_000;
  const DAY = 24 * HOUR;
  const stored: StoredTime = {
    clock: "c",
    time: 20 * HOUR,
    active: 10 * HOUR,
    boot: "boot-1",
    uptime: 60_000,
  };
  const at = (hours: number, clock = "c") => ({ clock, time: hours * HOUR, active: hours * HOUR });
  /** An outbox that starts `minutes` after the start of its host. */
  const started = (kept: StoredTime, boot: string | undefined, minutes: number, held = false): OutboxTime => {
    const { self, ...rest } = fakeHost(new VirtualClock(), boot, minutes * 60_000);
    return new OutboxTime(new VirtualClock(), { ...rest, self: { ...self, boot } }, kept, held);
  };

  it("is later by what the host has been up since, which counts as active unless a hold lasted", () => {
    for (const [kept, boot, minutes, passed, isExact] of [
      ["boot-1", "boot-1", 4, 3, true],
      ["boot-1", "boot-1", 1, 0, true],
      ["boot-1", "boot-2", 4, 4, false],
      // Nobody knows the one or the other start: the same one, as long as the uptime has not become less.
      [undefined, "boot-1", 4, 3, false],
      ["boot-1", undefined, 4, 3, false],
      [undefined, undefined, 1, 0, false],
      [undefined, "boot-2", 0.5, 0.5, false],
      ["boot-1", undefined, 0.5, 0.5, false],
      // A clock of the host that runs backwards takes nothing away.
      ["boot-1", "boot-1", 0.5, 0, true],
    ] as const) {
      for (const held of [false, true]) {
        const time = started({ ...stored, boot: kept }, boot, minutes, held);
        const what = JSON.stringify([kept, boot, minutes, held]);
        assert.deepEqual(
          time.now(),
          {
            clock: "c",
            time: stored.time + passed * 60_000,
            active: stored.active + (held ? 0 : passed * 60_000),
          },
          what,
        );
        assert.equal(time.isExact(at(15)), isExact, what);
      }
    }
  });

  it("is stored as it was read, with what is uncertain of it", () => {
    assert.deepEqual(started(stored, "boot-1", 1).store(), stored);
    assert.deepEqual(started({ ...stored, uncertain: 5 }, "boot-1", 1).store(), { ...stored, uncertain: 5 });
    assert.deepEqual(started(stored, "boot-2", 0).store(), {
      ...stored,
      boot: "boot-2",
      uptime: 0,
      uncertain: stored.time,
    });
  });

  it("knows no age of what another clock or one before the host's new start has measured", () => {
    const time = started(stored, "boot-2", 0);
    assert.deepEqual(
      [at(20), at(20.1), at(20.1, "another"), { ...at(20.1), startedOver: true as const }].map((one) =>
        time.isExact(one),
      ),
      [false, true, false, false],
    );
    assert.equal(time.age(at(19)), HOUR);
    assert.equal(time.age(at(21)), 0);
    assert.equal(time.age(at(19, "another")), 0);
  });

  it("believes a mail that was accepted after it was stored, a day ahead at most", () => {
    for (const [found, boot, until] of [
      [at(22), "boot-2", 22 * HOUR],
      [at(19), "boot-2", 20 * HOUR],
      [at(100), "boot-2", 20 * HOUR + DAY],
      [at(22, "another"), "boot-2", 20 * HOUR],
      [at(22), "boot-1", undefined],
    ] as const) {
      const time = started(stored, boot, boot === "boot-1" ? 1 : 0);
      time.found(found);
      assert.equal(time.store().uncertain, until, JSON.stringify([found, boot]));
    }
  });
});

describe("What is kept of the settings", () => {
  const SETTINGS = { port: "p", sim: "1234", login: "user:secret" };

  it("tells whether one that it covers has changed, and holds none of them", () => {
    const digest = digestSettings(["sim", "login"], SETTINGS);
    assert.deepEqual(digest.concerns, ["sim", "login"]);
    assert.match(digest.salt, /^[0-9a-f]{32}$/);
    assert.match(digest.hash, /^[0-9a-f]{32}$/);
    for (const [change, fits] of [
      [{}, true],
      [{ port: "q" }, true],
      [{ sim: "4321" }, false],
      [{ login: "user:other" }, false],
      [{ sim: "user:secret", login: "1234" }, false],
    ] as const) {
      assert.equal(digestFits(digest, { ...SETTINGS, ...change }), fits, JSON.stringify(change));
    }
    const again = digestSettings(["sim", "login"], SETTINGS);
    assert.notEqual(again.salt, digest.salt);
    assert.notEqual(again.hash, digest.hash);
    assert.ok(!digestFits({ ...digest, salt: again.salt }, SETTINGS));
  });

  it("costs its time once for the same settings, of which a few are remembered", () => {
    const hashed = mock.method(crypto, "scryptSync", (text: string) => Buffer.from(text));
    const fits = (sim: string, digest: SettingsDigest): number => {
      const before = hashed.mock.callCount();
      assert.ok(digestFits(digest, { sim }));
      return hashed.mock.callCount() - before;
    };
    try {
      const [one, two] = ["1", "2"].map((sim) => digestSettings(["sim"], { sim }));
      assert.ok(one !== undefined && two !== undefined);
      const again = fits("1", one) + fits("2", two) + fits("1", one) + fits("2", two);
      // Where others of this process have filled the memory, one of the two may be forgotten in between, once.
      assert.ok(again <= 1, `${again}`);
      for (let sim = 0; sim < 100; sim++) digestSettings(["sim"], { sim: `${sim}` });
      assert.deepEqual([fits("1", one), fits("2", two)], [1, 1]);
    } finally {
      hashed.mock.restore();
    }
  });
});
