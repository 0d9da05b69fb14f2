import assert from "node:assert/strict";
import { attachment, Bench, mail } from "./bench";

describe("Outbox", () => {
  it("sends an accepted mail and tells its result with the message that came in", async () => {
    const bench = await Bench.open();
    const id = await bench.accept(mail("Level high"), {}, { topic: "Level high", req: () => 1 });
    const ended = await bench.ends(1);
    assert.deepEqual(bench.delivered, ["Level high"]);
    assert.equal(ended.id, id);
    assert.deepEqual(ended.origin, { nodeId: "n1", message: { topic: "Level high" } });
    assert.deepEqual(ended.result, {
      status: "sent",
      id,
      accepted: ["ops@example.com"],
      rejected: [],
      attempts: 1,
      acceptedAt: "2026-01-01T00:00:00.000Z",
      queuedMs: 0,
      sendMs: 1200,
      bytes: 20,
      warnings: [],
    });
    assert.equal(ended.failure, undefined);
    assert.equal(ended.recovered, false);
    await bench.clock.until(bench.outbox.close());
  });

  it("reads attachments from the disk when it sends, and leaves nothing of a sent mail there", async () => {
    const bench = await Bench.open();
    await bench.accept(mail("Picture", { attachments: [attachment("cam.jpg", "jpeg".repeat(1000))] }));
    await bench.ends(1);
    assert.equal(bench.carrier.delivered[0]?.attachments[0]?.content.toString(), "jpeg".repeat(1000));
    await bench.clock.until(bench.outbox.close());
    const left = await bench.files.list("/spool/modem/attachments");
    assert.deepEqual([...left, ...(await bench.files.list("/spool/modem/queue"))], []);
  });
});
