/** Long texts: they wait on the disk, not in memory, and come back with the result. */
import assert from "node:assert/strict";
import { heldMemory } from "../support/held-memory";
import { MailServer } from "../support/mail-server";
import { waitFor } from "../support/wait-for";
import { FlowBench, helperNode, modemNode, sendNode, type FlowNode } from "./support/flow-bench";

const MB = 1e6;
const WAITING = 80;

describe("A message with a long text", () => {
  const bench = new FlowBench();
  let server: MailServer;

  beforeEach(async () => {
    server = await MailServer.start();
  });
  afterEach(async () => {
    await bench.end();
    await server.stop();
  });

  const flow = (send: object = {}, modem: object = {}): FlowNode[] => [
    modemNode(server.port, modem),
    sendNode(send),
    { id: "complete", type: "complete", z: "tab", scope: ["send"], wires: [["completed"]] },
    {
      id: "outbox",
      type: "quectel-outbox",
      z: "tab",
      modem: "modem",
      wires: [["listed"], ["orphans"]],
    },
    ...["sent", "failed", "completed", "listed", "orphans"].map(helperNode),
  ];

  it(`stays in no memory while it waits, with whenQueued: ${WAITING} of 1 MB add under 5 MB`, async function () {
    this.timeout(60_000);
    const nobody = { wires: [[], ["failed"]], emit: "whenQueued" };
    await bench.load([
      modemNode(server.port, { maxSpoolMB: 1000 }),
      sendNode(nobody),
      { id: "outbox", type: "quectel-outbox", z: "tab", modem: "modem", wires: [["listed"], []] },
      ...["failed", "listed"].map(helperNode),
    ]);
    bench.inject("outbox", { action: "pause" });
    let lists = 1;
    await bench.received("listed");
    /** Sends messages and waits until as many mails wait. */
    const accept = async (count: number, size: number, waiting: number): Promise<void> => {
      for (let number = 0; number < count; number++) {
        const payload = Buffer.alloc(size, `${number} too high\n`).toString();
        bench.inject("send", { to: "duty@example.com", payload });
      }
      for (let total = 0; total < waiting;) {
        bench.inject("outbox", { action: "list" });
        ({ total } = (await bench.received("listed", ++lists)).payload);
      }
    };
    await accept(5, 1000, 5);
    bench.forgetCalls();
    const before = heldMemory();
    await accept(WAITING, MB, WAITING + 5);
    bench.forgetCalls();
    // What only waits to be collected goes with one of the next turns; what is kept stays far above.
    await waitFor("less than 5 MB to be held", () => heldMemory() - before < 5 * MB);
  });

  const payloads: readonly (readonly [what: string, payload: unknown])[] = [
    ["text", "Level too high, as before.\n".repeat(4000)],
    ["text with CR LF", "Level too high, as before.\r\n".repeat(4000)],
    ["text with line ends of both kinds", "Level too high\r\nas before\n".repeat(1000)],
    ["an object", { levels: Array.from({ length: 20_000 }, (_one, at) => ({ at, level: at / 10 })) }],
  ];
  for (const [what, payload] of payloads) {
    it(`leaves output 2 with its payload (${what}), with whenQueued and after a deploy`, async () => {
      await bench.load(flow({ emit: "whenQueued" }));
      bench.inject("outbox", { action: "pause" });
      await bench.received("listed");
      bench.inject("send", { to: "gone@example.com", topic: "Pump 7", payload });
      await bench.received("sent");
      await bench.deploy(flow({ emit: "whenQueued" }), "full");
      server.refuse = { rcpt: 550 };
      bench.inject("outbox", { action: "resume" });
      const failed = await bench.received("failed");
      assert.deepEqual(failed.payload, payload);
      assert.equal(failed.topic, "Pump 7");
      assert.equal(failed["_quectelPayload"], undefined);
    });
  }
});
