/**
 * Node-RED killed with SIGKILL at each stage of a mail, while the module goes on: after the start the mail goes out
 * exactly once, and its result leaves the node that sent it.
 */
import assert from "node:assert/strict";
import { MailServer } from "../../support/mail-server";
import { nodeRedVersions } from "../../support/node-red-versions";
import type { Gateway, Outcome } from "./gateway";
import { catcher, modem, outbox, sender, statusOf, tab } from "./parts";
import { Rig } from "./rig";

describe("A mail whose Node-RED was killed", function () {
  this.timeout(90_000);
  let rig: Rig;
  let second: MailServer;
  let gateway: Gateway;

  const send = (topic: string, more: object = {}): Promise<void> =>
    gateway.inject("send-in", { to: "duty@example.com", topic, payload: "Level 94 %", extra: 7, ...more });
  const killAndStart = async (): Promise<void> => {
    await gateway.kill();
    gateway = await rig.restarted(gateway);
  };
  const assertDeliveredOnce = async ({ smtp, topic = "" }: Outcome): Promise<void> => {
    assert.deepEqual([smtp?.status, smtp?.recovered], ["sent", true]);
    assert.notEqual(smtp?.possibleDuplicate, true);
    const [mail, ...more] = rig.arrived(topic);
    assert.doesNotMatch(mail?.parsed.text ?? "", /repeat/);
    assert.equal(more.length, 0);
    const told = (await gateway.outcomes()).filter((outcome) => outcome.topic === topic);
    assert.deepEqual(
      told.map(({ at }) => at),
      ["send:sent"],
    );
  };

  before(async () => {
    rig = await Rig.start();
    second = await MailServer.start();
    const [, version] = nodeRedVersions();
    assert.ok(version);
    const port = await rig.module();
    const secondPort = await rig.module("ttyUSB6");
    gateway = await rig.gateway(version, {
      flows: [
        tab(),
        modem(port, rig.server.port),
        ...sender("send", { wires: [["send:sent"], ["send:failed", "backup"]] }),
        ...outbox(),
        ...statusOf("outbox"),
        ...catcher(),
        { ...modem(secondPort, second.port), id: "modem-2" },
        ...sender("backup", { modem: "modem-2" }),
      ],
    });
    await gateway.shows(/^ready$/);
  });
  after(async () => {
    await rig?.end();
    await second?.stop();
  });

  it("while the mail was waiting goes out by the next run", async () => {
    rig.server.refuse = { mail: 451 };
    await send("was waiting");
    await gateway.shows(/ · 1 ✉ · next try /);
    await killAndStart();
    rig.server.refuse = {};
    await gateway.inject("outbox-in", { action: "flush" });
    await assertDeliveredOnce(await gateway.outcome("send:sent", "was waiting"));
  });

  it("during the upload of an attachment goes out with the whole attachment", async () => {
    const content = "0123456789".repeat(3_000);
    await send("was uploaded", { attachments: [{ filename: "log.txt", content }] });
    await gateway.shows(/\d %$/);
    await killAndStart();
    await assertDeliveredOnce(await gateway.outcome("send:sent", "was uploaded"));
    const [mail] = rig.arrived("was uploaded");
    assert.equal(mail?.parsed.attachments[0]?.content.toString(), content);
  });

  it("between QSMTPPUT and its result is not sent again: the module tells the result to the next run", async () => {
    const release = rig.server.hold("data");
    const reached = rig.server.waitForStage("data");
    await send("was on the air");
    await reached;
    const heard = rig.heard();
    await killAndStart();
    await gateway.shows(/^querying result · 1 ✉$/);
    await rig.askedSince(heard);
    release();
    await assertDeliveredOnce(await gateway.outcome("send:sent", "was on the air"));
  });

  it("and refused later leaves output 2 with its attachments, so that a second modem really sends them", async () => {
    const release = rig.server.hold("data");
    const reached = rig.server.waitForStage("data");
    const attachments = [{ filename: "log.txt", content: "12:00 94 %\n12:05 97 %\n" }];
    await send("second way", { attachments });
    await reached;
    const heard = rig.heard();
    await killAndStart();
    await gateway.shows(/^querying result · 1 ✉$/);
    await rig.askedSince(heard);
    rig.server.refuse = { data: 554 };
    release();
    const failed = await gateway.outcome("send:failed", "second way");
    assert.deepEqual([failed.smtp?.status, failed.smtp?.recovered], ["failed", true]);
    assert.deepEqual(failed.attachments, [{ filename: "log.txt", bytes: 22 }]);
    assert.ok(failed.error?.code);
    assert.equal((await gateway.outcome("caught", "second way")).error?.code, failed.error.code);
    await gateway.outcome("backup:sent", "second way");
    const [mail] = second.received;
    assert.equal(mail?.parsed.subject, "second way");
    assert.equal(mail.parsed.attachments[0]?.content.toString(), "12:00 94 %\n12:05 97 %\n");
    assert.equal(rig.arrived("second way").length, 0);
    rig.server.refuse = {};
  });
});
