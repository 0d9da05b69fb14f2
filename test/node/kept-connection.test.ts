/** What a deploy does to the connection: settings of mails leave it alone, settings of the line open it anew. */
import assert from "node:assert/strict";
import { MailServer } from "../support/mail-server";
import { waitFor } from "../support/wait-for";
import { FlowBench, helperNode, sendNode, type FlowNode } from "./support/flow-bench";
import { ServedModem } from "./support/served-modem";

/** What the chart of the sidebar asks at the beginning, and once a minute. */
const OF_CHART = /^AT\+(?:CE?REG\?|CGREG\?|CSQ|QNWINFO|COPS\?)/;

describe("A deploy that replaces the modem's node", () => {
  const bench = new FlowBench();
  let server: MailServer;
  let modem: ServedModem;

  beforeEach(async () => {
    server = await MailServer.start();
    modem = await ServedModem.start();
    await bench.load(flow());
    await bench.showsStatus("send", "ready");
    await send("before");
    connected = dialogues();
  });

  afterEach(async () => {
    await bench.end();
    await modem.stop();
    await server.stop();
  });

  const flow = (change: object = {}): FlowNode[] => [
    modem.node(server.port, change),
    sendNode(),
    { id: "outbox", type: "quectel-outbox", z: "tab", modem: "modem", wires: [["listed"], []] },
    ...["sent", "failed", "listed"].map(helperNode),
  ];
  let connected: number;
  /** Lines that only the beginning of a connection has. */
  const dialogues = (): number => modem.lines("ATE0Q0V1").length;
  /** Sends a mail; resolves when its result was told. */
  const send = async (subject: string): Promise<void> => {
    const told = bench.count("sent");
    bench.inject("send", { to: "duty@example.com", topic: subject, payload: "high" });
    assert.equal((await bench.received("sent", told + 1)).topic, subject);
  };

  for (const type of ["nodes", "flows", "full"] as const) {
    it(`(${type}) keeps engine and port where only settings of mails have changed, which hold from the next mail on`, async () => {
      const from = modem.lines().length;
      await bench.deploy(flow({ senderAddress: "boiler@example.com", maxQueued: "20" }), type);
      assert.deepEqual(
        modem
          .lines()
          .slice(from)
          .filter((line) => !OF_CHART.test(line)),
        [],
      );
      await bench.showsStatus("send", /^(ready|sent, )/);
      await send("after");
      assert.equal(server.received.at(-1)?.parsed.from?.value[0]?.address, "boiler@example.com");
      assert.equal(dialogues(), connected);
    });
  }

  it("opens the port anew where settings of the line or the network have changed", async () => {
    await bench.deploy(flow({ idleMinutes: "7" }), "nodes");
    // The outbox does not wait for the port.
    bench.inject("outbox", { action: "list" });
    assert.equal((await bench.received("listed")).payload.total, 0);
    await waitFor("the new connection", () => dialogues() > connected);
    await send("after");
  });

  it("gives the port back where no node uses the modem any more", async () => {
    await bench.deploy([modem.node(server.port, { senderAddress: "boiler@example.com" })], "full");
    await waitFor("the port", () => modem.isFree);
  });

  it("gives the port back where the modem is gone", async () => {
    await bench.deploy([helperNode("other")], "full");
    await waitFor("the port", () => modem.isFree);
  });
});

describe("Flows that are stopped", () => {
  it("give the port back", async () => {
    const bench = new FlowBench();
    const modem = await ServedModem.start();
    await bench.load([modem.node(25), sendNode(), helperNode("sent"), helperNode("failed")]);
    await bench.showsStatus("send", "ready");
    await bench.unload();
    await waitFor("the port", () => modem.isFree);
    await bench.end();
    await modem.stop();
  });
});
