/** What the outbox keeps beside its mails: read as it was written, and never believed when a part of it is not right. */
import assert from "node:assert/strict";
import { readState, writeState, type OutboxState } from "../../../lib/outbox/spool/state";
import { DIRECTORY, prepared } from "./spool-bench";

const PATH = `${DIRECTORY}/state.json`;

const STATE: OutboxState = {
  format: 1,
  time: { clock: "c", time: 20, active: 10, boot: "boot-1", uptime: 60_000 },
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
};

type Json = null | string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

/** Everything that differs from `value` in one part: the part is missing, or of another type. */
function* spoiled(value: Json, path = ""): Iterable<readonly [path: string, value: Json]> {
  for (const other of [null, true, 7, "x", [], [7], {}]) {
    if (typeOf(other) !== typeOf(value)) yield [`${path} = ${JSON.stringify(other)}`, other];
  }
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const [index, part] of value.entries()) {
      for (const [where, bad] of spoiled(part, `${path}[${index}]`)) yield [where, value.with(index, bad)];
    }
    return;
  }
  for (const [key, part] of Object.entries(value)) {
    const { [key]: _left, ...rest } = value as { readonly [key: string]: Json };
    yield [`no ${path}.${key}`, rest];
    for (const [where, bad] of spoiled(part, `${path}.${key}`)) yield [where, { ...rest, [key]: bad }];
  }
}

function typeOf(value: Json): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** Only shown to a person, or absent for a reason. */
const MAY_DIFFER = /^(no )?\.(time\.boot|holds\.setup\.error\.(hint|class))( |$)/;
const MAY_BE_ABSENT = /^no \.holds\.(setup|pdp|paused)$/;

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
    const { boot: _boot, ...time } = STATE.time;
    const state = { ...STATE, time, holds: {}, sent: [], unknownInRow: 0 };
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
