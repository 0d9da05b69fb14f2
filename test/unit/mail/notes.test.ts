import assert from "node:assert/strict";
import { lateNote, localTime, repeatNote } from "../../../lib/mailer/outgoing";

describe("notes", () => {
  const zone = process.env["TZ"];
  afterEach(() => {
    if (zone === undefined) delete process.env["TZ"];
    else process.env["TZ"] = zone;
  });

  it("give the time of the host's zone with its offset", () => {
    const time = Date.UTC(2026, 2, 1, 1, 2, 3, 999);
    for (const [name, text] of [
      ["UTC", "2026-03-01T01:02:03+00:00"],
      ["Europe/Berlin", "2026-03-01T02:02:03+01:00"],
      ["America/St_Johns", "2026-02-28T21:32:03-03:30"],
    ] as const) {
      process.env["TZ"] = name;
      assert.equal(localTime(time), text);
    }
  });

  it("say how long a mail waited, in minutes or hours", () => {
    process.env["TZ"] = "UTC";
    const raised = Date.UTC(2026, 2, 1, 1, 2, 3);
    assert.equal(
      lateNote(raised, 59 * 60_000 + 59_999),
      "Created 2026-03-01T01:02:03+00:00, sent 59 min later.",
    );
    assert.equal(lateNote(raised, 60 * 60_000), "Created 2026-03-01T01:02:03+00:00, sent 1 h 0 min later.");
    assert.equal(lateNote(raised, 192 * 60_000), "Created 2026-03-01T01:02:03+00:00, sent 3 h 12 min later.");
  });

  it("name the mail that may be a repeat", () => {
    assert.equal(repeatNote("4711"), "Possible duplicate, id 4711.");
  });
});
