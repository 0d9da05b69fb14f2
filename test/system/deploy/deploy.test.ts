/**
 * Deploys while the outbox is idle, waits, uploads or awaits a result: the port is given back in time, no mail is
 * lost, none goes out twice, and each result leaves the node that has the id by then. On every Node-RED version.
 */
import assert from "node:assert/strict";
import { nodeRedVersions } from "../../support/node-red-versions";
import type { DeployType, Gateway } from "./gateway";
import { catcher, modem, outbox, sender, statusOf, tab, type FlowNode } from "./parts";
import { Rig, takePort } from "./rig";

const TYPES: readonly DeployType[] = ["full", "flows", "nodes"];
/** Milliseconds; while nothing is pending a deploy frees the port within this time. */
const RELEASE = 5_000;
/** Milliseconds that a deploy waits for a pending result, and what it may take besides. */
const RESULT_WAIT = 8_000;
const REST = 5_000;

for (const version of nodeRedVersions()) {
  describe(`A deploy in Node-RED ${version.name}`, function () {
    this.timeout(60_000);
    let rig: Rig;
    let gateway: Gateway;
    let port: string;
    let changes = 0;

    /** The flow with a modem whose settings differ from those deployed before, so that it is opened anew. */
    const changedModem = (): FlowNode[] => flow({ idleMinutes: String(30 + ++changes) });
    const flow = (ofModem: object = {}, ofSender: object = {}): FlowNode[] => [
      tab(),
      modem(port, rig.server.port, ofModem),
      ...sender("send", ofSender),
      ...outbox(),
      ...statusOf("send"),
      ...catcher(),
    ];
    const send = (topic: string, more: object = {}): Promise<void> =>
      gateway.inject("send-in", { to: "duty@example.com", topic, payload: "Level 94 %", ...more });

    before(async () => {
      rig = await Rig.start();
      port = await rig.module();
      gateway = await rig.gateway(version, { flows: flow() });
      await gateway.shows(/^ready$/);
    });
    after(() => rig?.end());

    for (const type of TYPES) {
      it(`(${type}) of changed settings opens the port anew in under 5 s, and the next mail goes out`, async () => {
        const took = await gateway.deploy(changedModem(), type);
        assert.ok(took < RELEASE, `took ${took} ms`);
        await send(`idle ${type}`);
        const { smtp } = await gateway.outcome("send:sent", `idle ${type}`);
        assert.deepEqual([smtp?.status, smtp?.attempts], ["sent", 1]);
      });

      it(`(${type}) keeps a mail that waits for its next try`, async () => {
        const subject = `waiting ${type}`;
        rig.server.refuse = { mail: 451 };
        await send(subject, { attachments: [{ filename: "log.txt", content: "12:00 94 %" }] });
        await gateway.shows(/ · 1 ✉ · next try /);
        const took = await gateway.deploy(changedModem(), type);
        assert.ok(took < RELEASE, `took ${took} ms`);
        await gateway.shows(/ · 1 ✉ · next try /);
        rig.server.refuse = {};
        await gateway.inject("outbox-in", { action: "flush" });
        const { smtp, attachments } = await gateway.outcome("send:sent", subject);
        assert.deepEqual([smtp?.status, smtp?.recovered], ["sent", true]);
        assert.deepEqual(attachments, [{ filename: "log.txt" }]);
        const [mail, ...more] = rig.arrived(subject);
        assert.equal(mail?.parsed.attachments[0]?.content.toString(), "12:00 94 %");
        assert.equal(more.length, 0);
      });

      it(`(${type}) waits for the result of a mail on the air, which leaves the new node`, async () => {
        const subject = `on the air ${type}`;
        const release = rig.server.hold("data");
        const reached = rig.server.waitForStage("data");
        await send(subject);
        await reached;
        const stopping = /Stopping (flows|modified)/;
        const before = gateway.linesOf(stopping).length;
        const deployed = gateway.deploy(changedModem(), type);
        // A result that comes sooner is told by the node as it was, into a flow that may be stopped in the same moment.
        await gateway.logged(stopping, before);
        release();
        const took = await deployed;
        assert.ok(took < RELEASE, `took ${took} ms`);
        const { smtp } = await gateway.outcome("send:sent", subject);
        assert.deepEqual([smtp?.status, smtp?.attempts, smtp?.recovered], ["sent", 1, true]);
        assert.equal(rig.arrived(subject).length, 1);
      });

      // Finding the module's command state again takes 10 s: once for each kind of deploy is enough.
      if (version.name !== "4.1") continue;
      it(`(${type}) breaks an upload off in under 5 s and begins the mail anew`, async () => {
        const subject = `uploading ${type}`;
        // Other bytes each time: contents that the module has already are not uploaded again.
        const content = type.repeat(7_000);
        await send(subject, { attachments: [{ filename: "log.txt", content }] });
        await gateway.shows(/\d %$/);
        const took = await gateway.deploy(changedModem(), type);
        assert.ok(took < RELEASE, `took ${took} ms`);
        await gateway.outcome("send:sent", subject);
        const [mail, ...more] = rig.arrived(subject);
        assert.equal(mail?.parsed.attachments[0]?.content.toString(), content);
        assert.equal(more.length, 0);
      });
    }

    it("goes on after 8 s without a result, which is then found with the module and leaves the new node", async () => {
      const release = rig.server.hold("data");
      const reached = rig.server.waitForStage("data");
      await send("late result");
      await reached;
      const heard = rig.heard();
      const took = await gateway.deploy(changedModem(), "full");
      assert.ok(took > RESULT_WAIT && took < RESULT_WAIT + REST, `took ${took} ms`);
      await gateway.shows(/^querying result · 1 ✉$/);
      await rig.askedSince(heard);
      release();
      const { smtp } = await gateway.outcome("send:sent", "late result");
      assert.deepEqual([smtp?.status, smtp?.recovered], ["sent", true]);
      assert.notEqual(smtp?.possibleDuplicate, true);
      assert.equal(rig.arrived("late result").length, 1);
    });

    it("that leaves the modem alone does not disturb the mail on the air", async () => {
      const release = rig.server.hold("data");
      const reached = rig.server.waitForStage("data");
      await send("undisturbed");
      await reached;
      const took = await gateway.deploy(
        flow({ idleMinutes: String(30 + changes) }, { name: "renamed" }),
        "nodes",
      );
      assert.ok(took < RELEASE, `took ${took} ms`);
      release();
      const { smtp } = await gateway.outcome("send:sent", "undisturbed");
      assert.deepEqual([smtp?.status, smtp?.recovered], ["sent", undefined]);
      assert.equal(rig.arrived("undisturbed").length, 1);
    });

    it("without nodes of this package gives the port to another program in under 5 s", async () => {
      const deployed = gateway.deploy([tab()], "full");
      assert.ok((await takePort(port)) < RELEASE);
      await deployed;
    });

    it("never ended in an error of Node-RED's", () => {
      const bad = gateway.log.filter((line) =>
        /Close timed out|Error stopping|uncaught|unhandled/i.test(line),
      );
      assert.deepEqual(bad, []);
    });
  });
}
