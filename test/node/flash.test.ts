/** What mails cost a flash card, counted at the file handles of a whole runtime: docs/performance.md. */
import assert from "node:assert/strict";
import { MailServer } from "../support/mail-server";
import { countWritten, type Written } from "../support/written";
import { waitFor } from "../support/wait-for";
import { FlowBench, helperNode, modemNode, sendNode } from "./support/flow-bench";
import { LeapingClock } from "./support/leaping-clock";

const MAILS = 10;
/** Minutes without a mail after which the context is deactivated, in milliseconds: idleMinutes. */
const IDLE_MS = 30 * 60_000;

describe("A flash card", () => {
  const bench = new FlowBench();
  let server: MailServer;
  let counting: { readonly written: Written; stop(): void };

  before(async () => {
    server = await MailServer.start();
  });

  after(() => server.stop());

  afterEach(async () => {
    counting.stop();
    await bench.end();
  });

  /** Starts with one mail: what the notes about the module get with it, later mails find there. */
  async function start(): Promise<void> {
    await bench.load([modemNode(server.port), sendNode(), helperNode("sent"), helperNode("failed")]);
    await send(1);
    counting = await countWritten();
  }

  async function send(count: number): Promise<void> {
    bench.inject("send", { to: "duty@example.com", topic: "Pump 7", payload: "Level too high" });
    await bench.received("sent", count);
  }

  it("sees at most 6 flushes and 2.8 kB for a mail", async () => {
    await start();
    // From one result to the tenth after it: ten mails, whatever of the first comes after its result.
    for (let mail = 1; mail <= MAILS; mail++) await send(1 + mail);
    const { flushes, bytes } = counting.written;
    assert.ok(flushes >= MAILS && flushes <= 6 * MAILS, `${flushes} flushes for ${MAILS} mails`);
    assert.ok(bytes >= 1_000 * MAILS && bytes <= 2_800 * MAILS, `${bytes} bytes for ${MAILS} mails`);
  });

  it("sees at most 12 flushes and 3.3 kB for a mail on its own, whose context is activated and deactivated", async () => {
    const clock = new LeapingClock();
    try {
      await start();
      await ended();
      const { written } = counting;
      const before = { ...written };
      await clock.leapOnly(IDLE_MS, IDLE_MS);
      await waitFor("the note that the context is no longer ours", () => written.flushes > before.flushes);
      await send(2);
      await ended();
      // Beside the six: a note at each end of the context with two (the file and its folder), and the time with two.
      assert.ok(written.flushes - before.flushes <= 12, `${written.flushes - before.flushes} flushes`);
      assert.ok(written.bytes - before.bytes <= 3_300, `${written.bytes - before.bytes} bytes`);
    } finally {
      clock.restore();
    }
  });

  /** Waits until the outbox has nothing left to do for its mails. */
  async function ended(): Promise<void> {
    await waitFor("an empty outbox", async () => (await bench.mailsOnDisk()).length === 0);
  }
});
