/** Nodes whose own settings cannot be used, as when a newer version of the package has saved them. */
import assert from "node:assert/strict";
import { MailServer } from "../support/mail-server";
import { waitFor } from "../support/wait-for";
import { fieldName } from "../../nodes/runtime/settings/field-names";
import { FlowBench, type FlowNode, helperNode, modemNode, sendNode } from "./support/flow-bench";

const FUTURE = 99;
const TYPES = ["attach-file", "pdp-context", "modem-status", "outbox", "smtp-send"] as const;

describe("A node whose settings cannot be used", () => {
  const bench = new FlowBench();
  let server: MailServer;

  beforeEach(async () => {
    server = await MailServer.start();
  });

  afterEach(async () => {
    await bench.end();
    await server.stop();
  });

  const watchers: FlowNode[] = [
    { id: "catch", type: "catch", z: "tab", scope: null, wires: [["caught"]] },
    ...["sent", "failed", "caught"].map(helperNode),
  ];

  for (const type of TYPES) {
    it(`is never green, and says at each message that a newer package has saved it: ${type}`, async () => {
      const node = {
        ...sendNode({ version: FUTURE, mode: "preload" }),
        id: "node",
        type: `quectel-${type}`,
        wires: [[], []],
      };
      await bench.load([modemNode(server.port), node, sendNode(), ...watchers]);
      await bench.showsStatus("send", "SIMULATED ready");
      await bench.showsStatus("node", type === "attach-file" ? "not set up" : "SIMULATED not set up");
      bench.inject("node", { to: "duty@example.com", payload: "text" });
      const { error } = await bench.received("caught");
      assert.deepEqual([error.code, error.source.id], ["INVALID_CONFIG", "node"]);
      assert.match(error.message, /version.*newer/);
    });
  }

  it("is not connected anywhere when it is the modem, and its users say so", async () => {
    await bench.load([modemNode(server.port, { version: FUTURE }), sendNode(), ...watchers]);
    await bench.showsStatus("send", "not set up");
    bench.inject("send", { to: "duty@example.com", payload: "text" });
    const failed = await bench.received("failed");
    assert.match(failed.error.message, /version.*newer/);
  });

  it("works as ever when it was saved without a version, or with that of now", async () => {
    await bench.load([
      modemNode(server.port, { version: undefined }),
      sendNode({ version: "1" }),
      ...watchers,
    ]);
    bench.inject("send", { to: "duty@example.com", payload: "text" });
    assert.equal((await bench.received("sent")).smtp.status, "sent");
  });

  it("still tells the result of a mail that it took while they could be used", async () => {
    await bench.load([modemNode(server.port), sendNode(), ...watchers]);
    const release = server.hold("data");
    bench.inject("send", { to: "duty@example.com", topic: "before", payload: "text" });
    await server.waitForStage("data");
    await bench.deploy([modemNode(server.port), sendNode({ maxAge: "soon" }), ...watchers], "nodes");
    release();
    const { topic, smtp } = await bench.received("sent");
    assert.deepEqual([topic, smtp.status], ["before", "sent"]);
    await bench.showsStatus("send", "SIMULATED not set up");
  });
});

describe("A setting of the modem that its mail client cannot be given", () => {
  const bench = new FlowBench();
  let server: MailServer;

  beforeEach(async () => {
    server = await MailServer.start();
  });

  afterEach(async () => {
    await bench.end();
    await server.stop();
  });

  for (const [setting, value] of [
    ["smtpPassword", 's3"cret'],
    ["smtpHost", "127.0.0.1\r\nAT+QPOWD"],
    ["senderAddress", '"pump 7"@example.com'],
  ] as const) {
    it(`is named at deploy, and ends no mail: ${setting} ${JSON.stringify(value)}`, async () => {
      const flow = (modem: object): FlowNode[] => [
        modemNode(server.port, modem),
        sendNode(),
        { id: "outbox", type: "quectel-outbox", z: "tab", modem: "modem", wires: [["listed"], []] },
        ...["sent", "failed", "listed"].map(helperNode),
      ];
      await bench.load(flow({}));
      bench.inject("outbox", { action: "pause" });
      await bench.received("listed");
      bench.inject("send", { to: "duty@example.com", topic: "before", payload: "text" });
      await waitFor("a mail that waits", async () => (await bench.mailsOnDisk()).length === 1);

      await bench.unload();
      const [bad, login] =
        setting === "smtpPassword"
          ? [{}, { smtpUser: "pump7", smtpPassword: value }]
          : [{ [setting]: value }, {}];
      await bench.load(flow(bad), { modem: login });
      await bench.showsStatus("send", "not set up");
      bench.inject("send", { to: "duty@example.com", topic: "meanwhile", payload: "text" });
      const { topic, error } = await bench.received("failed");
      assert.deepEqual([topic, error.code, error.class], ["meanwhile", "INVALID_CONFIG", "setup"]);
      assert.ok(error.message.includes(fieldName(setting)), error.message);
      assert.ok(!error.message.includes(value), error.message);
      assert.deepEqual([bench.count("failed"), (await bench.mailsOnDisk()).length], [1, 1]);

      await bench.unload();
      await bench.load(flow({}));
      bench.inject("outbox", { action: "resume" });
      const { topic: sent, smtp } = await bench.received("sent");
      assert.deepEqual([sent, smtp.status], ["before", "sent"]);
    });
  }
});
