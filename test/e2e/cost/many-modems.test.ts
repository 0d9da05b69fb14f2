/** What many modems in one process hold on to: nothing that grows with the mails. */
import assert from "node:assert/strict";
import { queryObjects } from "node:v8";
import { memoryOutbox, outboxMail, type OutboxRig } from "../../support/memory-outbox";

const MODEMS = 50;

describe("Fifty modems in one process", () => {
  it("hold on to no object of a mail that is over, and Node.js warns of no listeners", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => {
      if (warning.name === "MaxListenersExceededWarning") warnings.push(warning);
    };
    process.on("warning", onWarning);
    try {
      const rigs = Array.from({ length: MODEMS }, () => memoryOutbox());
      for (const rig of rigs) {
        await rig.open();
        await deliver(rig);
      }
      const before = objects();
      for (const rig of rigs) await deliver(rig);
      const grown = objects() - before;
      assert.ok(grown < MODEMS, `${grown} objects more after ${MODEMS} mails`);
      for (const rig of rigs) await rig.stop();
    } finally {
      process.off("warning", onWarning);
    }
    assert.deepEqual(warnings, []);
  }).timeout(60_000);
});

/** Sends a mail, and empties what only the test keeps of it: the server, the log of the module, the disk in memory. */
async function deliver(rig: OutboxRig): Promise<void> {
  await rig.deliver(outboxMail());
  rig.forget();
  rig.ended.length = 0;
  rig.server.received.length = 0;
  rig.module.log.entries.length = 0;
  await rig.files.syncFolder("/spool/modem/tmp");
}

/** Objects of any kind that are still reachable: one entry for each mail would show. */
function objects(): number {
  return queryObjects(Object, { format: "count" });
}
