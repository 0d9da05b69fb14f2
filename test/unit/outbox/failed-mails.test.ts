/** The mails that were given up: how long they are kept, and what a disk that fails makes of their removal. */
import assert from "node:assert/strict";
import { ModemError } from "../../../lib/errors";
import { attachment, DIRECTORY } from "./bench";
import { noWrites, parts, type Parts } from "./parts-bench";

const DAY = 24 * 60 * 60_000;

async function fail(bench: Parts, id: string): Promise<void> {
  await bench.ending.giveUp(
    await bench.insert(id, {}, [attachment("a.txt", "text")]),
    new ModemError("OUTBOX_EXPIRED"),
  );
  await bench.ending.settled();
}

describe("A failed mail", () => {
  it("is kept for its days, the oldest first in the list", async () => {
    const bench = await parts();
    const { failed } = bench.store;
    await bench.clock.advance(DAY);
    await fail(bench, "young");
    failed.add("old", { folder: "failed", since: 10, bytes: 1 });
    assert.deepEqual([failed.ids(), failed.count, failed.has("old")], [["old", "young"], 2, true]);
    failed.take("old");
    await bench.clock.advance(2 * DAY - 1000);
    await failed.removeOld(2);
    assert.deepEqual(failed.ids(), ["young"]);
    await bench.clock.advance(1000);
    await failed.removeOld(2);
    assert.deepEqual([failed.ids(), bench.mails(), bench.troubles], [[], [], []]);
  });

  it("is removed with its contents, and is not there any more for the next who asks", async () => {
    const bench = await parts();
    await fail(bench, "a");
    await bench.store.failed.remove("a");
    assert.deepEqual([bench.mails(), bench.store.bytes], [[], 0]);
    await assert.rejects(bench.store.failed.remove("a"), { code: "OUTBOX_NOT_FOUND", message: /: a$/ });
    await assert.rejects(bench.store.failed.load("a"), { code: "OUTBOX_NOT_FOUND" });
  });

  it("is removed too when its record is damaged", async () => {
    const bench = await parts();
    await fail(bench, "a");
    const path = bench.mails().find((one) => one.startsWith("failed/"));
    bench.files.put(`${DIRECTORY}/${path}`, "{");
    await assert.rejects(bench.store.failed.load("a"), { code: "OUTBOX_DAMAGED" });
    await bench.store.failed.remove("a");
    assert.deepEqual(bench.mails(), ["contents/a.0"], "which the next start clears");
  });

  it("stays in the list when the disk does not let it be removed", async () => {
    const bench = await parts();
    await fail(bench, "a");
    noWrites(bench.files);
    await assert.rejects(bench.store.failed.remove("a"), { code: "OUTBOX_DISK", message: /mail a/ });
    assert.deepEqual(bench.store.failed.ids(), ["a"]);
    await bench.clock.advance(3 * DAY);
    await bench.store.failed.removeOld(2);
    assert.deepEqual(
      [bench.store.failed.ids(), bench.troubles.map(({ code }) => code)],
      [["a"], ["OUTBOX_DISK"]],
      "and is tried again later",
    );
    bench.files.fault = () => undefined;
    await bench.store.failed.removeOld(2);
    assert.deepEqual(bench.mails(), []);
  });

  it("is gone when only its contents stay behind, which is reported", async () => {
    const bench = await parts();
    await fail(bench, "a");
    bench.files.fault = ({ name, path }) =>
      name === "remove" && path.includes("contents") ? "EIO" : undefined;
    await assert.rejects(bench.store.failed.remove("a"), { code: "OUTBOX_DISK" });
    assert.deepEqual([bench.store.failed.ids(), bench.mails()], [[], ["contents/a.0"]]);
  });
});
