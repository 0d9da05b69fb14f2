/**
 * Nodes that are removed, disabled or changed while mails wait: every mail still goes out, and somebody hears of it.
 */
import assert from "node:assert/strict";
import { nodeRedVersions } from "../../support/node-red-versions";
import { waitFor } from "../../support/wait-for";
import type { Gateway } from "./gateway";
import { catcher, modem, outbox, sender, statusOf, tab, type FlowNode } from "./parts";
import { Rig, takePort } from "./rig";

/** Milliseconds. */
const RELEASE = 5_000;

describe("A mail that waits", function () {
  this.timeout(60_000);
  let rig: Rig;
  let gateway: Gateway;
  let port: string;

  const flow = (...more: readonly FlowNode[]): FlowNode[] => [
    tab(),
    modem(port, rig.server.port),
    ...outbox(),
    ...statusOf("outbox"),
    ...catcher(),
    ...more,
  ];
  const send = (topic: string, from = "send-in"): Promise<void> =>
    gateway.inject(from, { to: "duty@example.com", topic, payload: "Level 94 %" });
  /** Makes a mail wait until somebody resumes the outbox. */
  const keepWaiting = async (topic: string): Promise<void> => {
    await gateway.inject("outbox-in", { action: "pause" });
    await gateway.shows(/paused$/);
    await send(topic);
    await gateway.shows(/^paused · 1 ✉$/);
  };
  const resume = (): Promise<void> => gateway.inject("outbox-in", { action: "resume" });

  before(async () => {
    rig = await Rig.start();
    port = await rig.module();
    const [, version] = nodeRedVersions();
    assert.ok(version);
    gateway = await rig.gateway(version, { flows: flow(...sender()) });
    await gateway.shows(/^ready$/);
  });
  after(() => rig?.end());

  it("of a deleted node is sent, and the outbox node and the log say so", async () => {
    await keepWaiting("deleted");
    await gateway.deploy(flow(), "nodes");
    await resume();
    const { smtp } = await gateway.outcome("orphans", "deleted");
    assert.equal(smtp?.status, "sent");
    await gateway.logged(new RegExp(`mail ${smtp.id} was sent; its node is gone`));
    assert.equal(rig.arrived("deleted").length, 1);
  });

  it("of a disabled node is sent, and its failure is reported with its contents", async () => {
    await gateway.deploy(flow(...sender()), "flows");
    await keepWaiting("disabled");
    await gateway.deploy(flow(...sender("send", { d: true })), "full");
    rig.server.refuse = { rcpt: 550 };
    await resume();
    const { error, smtp } = await gateway.outcome("orphans", "disabled");
    assert.equal(error?.code, "SMTP_MAILBOX_UNAVAILABLE");
    await gateway.logged(new RegExp(`mail ${smtp?.id} was not sent, and its node is gone`));
    rig.server.refuse = {};
  });

  it("leaves the node that was deleted and came back by an undo", async () => {
    await gateway.deploy(flow(...sender()), "nodes");
    await keepWaiting("undone");
    await gateway.deploy(flow(), "nodes");
    await gateway.deploy(flow(...sender()), "nodes");
    await resume();
    const { smtp } = await gateway.outcome("send:sent", "undone");
    assert.equal(smtp?.status, "sent");
  });

  it("goes through another port and another server when the modem's settings name them", async () => {
    await keepWaiting("other settings");
    const other = await Rig.start();
    try {
      const otherPort = await other.module("ttyUSB6");
      const changed = flow(...sender()).map((node) =>
        node.id === "modem" ? modem(otherPort, other.server.port) : node,
      );
      await gateway.deploy(changed, "nodes");
      await resume();
      await gateway.outcome("send:sent", "other settings");
      assert.equal(other.arrived("other settings").length, 1);
      assert.equal(rig.arrived("other settings").length, 0);
      assert.ok((await takePort(port)) < RELEASE);
      await gateway.deploy(flow(...sender()), "nodes");
    } finally {
      await other.end();
    }
  });

  it("of a deleted modem is reported, and goes out when another modem adopts it", async () => {
    await gateway.shows(/^ready$/);
    await keepWaiting("left behind");
    const replaced = [
      tab(),
      { ...modem(port, rig.server.port), id: "modem-2" },
      ...sender("send", { modem: "modem-2" }),
      ...outbox({ modem: "modem-2" }),
      ...statusOf("outbox"),
    ];
    await gateway.deploy(replaced, "full");
    await gateway.logged(/1 mail\(s\) wait in the outbox of the modem modem, which is not in the flows/);
    await gateway.inject("outbox-in", { action: "list", topic: "what is left" });
    const list = await gateway.outcome("listed", "what is left");
    assert.deepEqual(Reflect.get(Object(list.payload), "left"), [{ modem: "modem", waiting: 1, failed: 1 }]);
    await gateway.inject("outbox-in", { action: "adopt" });
    const { smtp } = await gateway.outcome("send:sent", "left behind");
    assert.deepEqual([smtp?.status, smtp?.recovered], ["sent", true]);
    assert.equal(rig.arrived("left behind").length, 1);
  });

  it("of a modem that no node uses any more is sent before its port is given back", async () => {
    await gateway.deploy(flow(...sender()), "full");
    // The pause of the modem that was deleted came back with it.
    await resume();
    await gateway.shows(/^ready$/);
    const release = rig.server.hold("data");
    const reached = rig.server.waitForStage("data");
    await send("last");
    await reached;
    await send("very last");
    await waitFor("the second mail to wait", async () =>
      (await gateway.outcomes("status")).some(({ status }) => status?.text === "sending · 1 ✉"),
    );
    await gateway.deploy([tab(), modem(port, rig.server.port)], "nodes");
    await gateway.logged(/2 mail\(s\) are waiting although no node uses the modem/);
    release();
    await rig.arrival("very last");
    assert.ok((await takePort(port)) < RELEASE);
    assert.deepEqual([rig.arrived("last").length, rig.arrived("very last").length], [1, 1]);
  });
});

describe("Two modems of one flow on the same port", function () {
  this.timeout(60_000);
  let rig: Rig;
  before(async () => {
    rig = await Rig.start();
  });
  after(() => rig?.end());

  it("do not fight: the first sends, the second says that the port is in use, until the first is gone", async () => {
    const port = await rig.module();
    const second = [
      { ...modem(port, rig.server.port, { name: "second" }), id: "modem-2" },
      ...sender("send-2", { modem: "modem-2" }),
      ...statusOf("send-2"),
    ];
    const [version] = nodeRedVersions();
    assert.ok(version);
    const first = [modem(port, rig.server.port, { name: "first" }), ...sender()];
    const gateway = await rig.gateway(version, { flows: [tab(), ...first] });
    await gateway.inject("send-in", { to: "duty@example.com", topic: "one", payload: "Level 94 %" });
    await gateway.outcome("send:sent", "one");
    await gateway.deploy([tab(), ...first, ...second], "nodes");
    await gateway.shows(/^port in use$/);
    await gateway.logged(/second: .*another modem node in these flows/);
    for (const id of ["send", "send-2"]) {
      await gateway.inject(`${id}-in`, { to: "duty@example.com", topic: `by ${id}`, payload: "Level 94 %" });
    }
    await gateway.outcome("send:sent", "by send");
    await gateway.shows(/^port in use · 1 ✉$/);
    await gateway.deploy([tab(), ...second], "nodes");
    const { smtp } = await gateway.outcome("send-2:sent", "by send-2");
    assert.deepEqual([smtp?.status, smtp?.attempts], ["sent", 1]);
    assert.equal(gateway.log.filter((line) => /second: /.test(line)).length, 1);
  });
});
