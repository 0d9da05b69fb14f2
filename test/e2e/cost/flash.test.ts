/** What a day without mails writes: nothing. What a mail writes is counted in test/node/flash.test.ts. */
import assert from "node:assert/strict";
import type { Operation } from "../../support/faulty-files";
import { memoryOutbox, outboxMail } from "../../support/memory-outbox";

const DAY_MS = 24 * 3600_000;
const CHANGES: readonly Operation["name"][] = [
  "makeFolder",
  "create",
  "write",
  "sync",
  "rename",
  "remove",
  "syncFolder",
];

describe("A flash card in a day without mails", () => {
  it("is not written to, with the modem ready all the time", async () => {
    const rig = memoryOutbox();
    await rig.open();
    await rig.deliver(outboxMail());
    const counts = (): number[] => CHANGES.map((name) => rig.files.count(name));
    await rig.clock.advance(3600_000);
    const created = rig.files.count("create");
    // A day after a mail was accepted it would have expired, and the outbox writes down the time.
    await rig.clock.advance(DAY_MS);
    assert.ok(rig.files.count("create") - created <= 1);
    const before = counts();
    await rig.clock.advance(DAY_MS);
    assert.deepEqual(counts(), before);
    await rig.deliver(outboxMail());
    assert.notDeepEqual(counts(), before);
    await rig.stop();
  });
});
