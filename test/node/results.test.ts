import assert from "node:assert/strict";
import { MailServer } from "../support/mail-server";
import { waitFor } from "../support/wait-for";
import { FlowBench, helperNode, modemNode, sendNode, type FlowNode } from "./support/flow-bench";
import { LeapingClock } from "./support/leaping-clock";

const MINUTES = 60_000;

describe("The result of a mail", () => {
  const bench = new FlowBench();
  let server: MailServer;

  beforeEach(async () => {
    server = await MailServer.start();
  });

  afterEach(async () => {
    await bench.end();
    await server.stop();
  });

  const outbox: FlowNode = {
    id: "outbox",
    type: "quectel-outbox",
    z: "tab",
    modem: "modem",
    wires: [["listed"], ["orphans"]],
  };
  const others: FlowNode[] = [
    outbox,
    { id: "catch", type: "catch", z: "tab", scope: ["send"], wires: [["caught"]] },
    { id: "complete", type: "complete", z: "tab", scope: ["send"], wires: [["completed"]] },
    ...["sent", "failed", "caught", "completed", "listed", "orphans"].map(helperNode),
  ];
  const flow = (send: object = {}, modem: object = {}): FlowNode[] => [
    modemNode(server.port, modem),
    sendNode(send),
    ...others,
  ];
  const picture = Buffer.from("picture");

  it("names attachments and a payload of bytes on output 1, whose contents are no longer in memory", async () => {
    await bench.load(flow());
    const kept = [{ filename: "log.txt", content: "much text" }];
    bench.inject("send", {
      to: "duty@example.com",
      payload: picture,
      filename: "gate.jpg",
      attachments: kept,
    });
    const message = await bench.received("sent");
    assert.deepEqual(message.attachments, [{ filename: "log.txt", size: 9 }]);
    assert.deepEqual(message.payload, { filename: "gate.jpg", size: 7 });
    assert.equal(kept[0]?.content, "much text");
    const names = server.received[0]?.parsed.attachments.map(({ filename }) => filename);
    assert.deepEqual(names, ["gate.jpg", "log.txt"]);
  });

  it("gives the contents back on output 2 and to Catch nodes, so that another node can send them", async () => {
    await bench.load(flow());
    server.refuse = { rcpt: 550 };
    bench.inject("send", {
      to: "gone@example.com",
      payload: picture,
      filename: "gate.jpg",
      attachments: { filename: "log.txt", content: "much text" },
    });
    const failed = await bench.received("failed");
    assert.deepEqual(failed.payload, picture);
    assert.deepEqual(failed.attachments, [{ filename: "log.txt", content: Buffer.from("much text") }]);
    // The message as it came in.
    const caught = await bench.received("caught");
    assert.deepEqual(caught.payload, picture);
    assert.deepEqual(caught.attachments, { filename: "log.txt", content: "much text" });
  });

  it("leaves a payload alone that is no part of the mail", async () => {
    await bench.load(flow({ body: "See the picture.", bodyType: "str" }));
    bench.inject("send", { to: "duty@example.com", payload: picture });
    assert.deepEqual((await bench.received("sent")).payload, picture);
    assert.equal(server.received[0]?.parsed.attachments.length, 0);
  });

  it("replaces what an earlier node has left in msg.smtp and msg.error", async () => {
    await bench.load(flow());
    bench.inject("send", {
      to: "duty@example.com",
      payload: "x",
      error: { code: "OLD" },
      smtp: { status: "failed" },
    });
    const message = await bench.received("sent");
    assert.equal(message.error, undefined);
    assert.equal(message.smtp.status, "sent");
  });

  it("goes to output 2 only, or to Catch nodes only, where the dialog says so", async () => {
    await bench.load(flow({ errorTo: "output" }));
    bench.inject("send", { payload: "x" });
    await bench.received("failed");
    await bench.received("completed");
    assert.equal(bench.count("caught"), 0);
    await bench.deploy(flow({ errorTo: "catch" }), "full");
    bench.inject("send", { payload: "y" });
    assert.equal((await bench.received("caught")).error.code, "INVALID_NO_RECIPIENT");
    assert.equal(bench.count("failed"), 1);
  });

  it("is `queued` at once where the dialog says so, and a later failure still leaves output 2", async () => {
    await bench.load(flow({ emit: "whenQueued" }));
    server.refuse = { rcpt: 550 };
    bench.inject("send", { to: "gone@example.com", payload: "text" });
    const queued = await bench.received("sent");
    assert.equal(queued.smtp.status, "queued");
    const failed = await bench.received("failed");
    assert.equal(failed.smtp.id, queued.smtp.id);
    assert.equal((await bench.received("caught")).error.code, "SMTP_MAILBOX_UNAVAILABLE");
    await bench.received("completed");
  });

  it("comes after `done` for contents of more than 32 MB, and its failure still reaches output 2 and Catch nodes", async () => {
    await bench.load(flow());
    bench.inject("outbox", { action: "pause" });
    await bench.received("listed");
    const attachments = { filename: "film.bin", content: Buffer.alloc(33 * 1024 * 1024, 7) };
    bench.inject("send", { to: "duty@example.com", topic: "film", attachments });
    bench.inject("send", { to: "duty@example.com", topic: "text" });
    assert.equal((await bench.received("completed")).topic, "film");
    bench.inject("outbox", { action: "discard" });
    for (const id of ["failed", "caught"]) {
      const films = [await bench.received(id), await bench.received(id, 2)].filter(
        ({ topic }) => topic === "film",
      );
      assert.equal(films[0]?.attachments[0].content.length, attachments.content.length);
    }
    assert.equal(bench.count("completed"), 1);
  });

  it("takes values of the editor before those of the message", async () => {
    await bench.load(
      flow({
        to: "fixed@example.com",
        toType: "str",
        subject: '"Tank " & tank',
        subjectType: "jsonata",
        body: "report",
        bodyType: "msg",
      }),
    );
    bench.inject("send", { to: "other@example.com", topic: "no", payload: "no", tank: 2, report: "94 %" });
    await bench.received("sent");
    const [mail] = server.received;
    assert.deepEqual(
      [mail?.to, mail?.parsed.subject, mail?.parsed.text?.trim()],
      [["fixed@example.com"], "Tank 2", "94 %"],
    );
  });

  it("reaches the node that has the id after a deploy that replaced it", async () => {
    await bench.load(flow());
    const release = server.hold("data");
    bench.inject("send", { to: "duty@example.com", payload: "text", extra: 7 });
    await server.waitForStage("data");
    await bench.deploy(flow({ name: "renamed" }), "nodes");
    release();
    const message = await bench.received("sent");
    assert.equal(message.smtp.status, "sent");
    assert.equal(message["extra"], 7);
  });

  it("is told after a restart, marked as recovered, by the node that has the id", async () => {
    await bench.load(flow());
    bench.inject("outbox", { action: "pause" });
    await bench.received("listed");
    bench.inject("send", {
      to: "gone@example.com",
      topic: "Level",
      payload: picture,
      filename: "a.bin",
      extra: 7,
    });
    await bench.showsStatus("send", "SIMULATED paused · 1 ✉");
    await bench.unload();
    server.refuse = { rcpt: 550 };
    await bench.load(flow());
    bench.inject("outbox", { action: "resume" });
    const failed = await bench.received("failed");
    assert.equal(failed.smtp.recovered, true);
    assert.deepEqual([failed.topic, failed["extra"]], ["Level", 7]);
    assert.deepEqual(failed.payload, picture);
    assert.equal((await bench.received("caught")).error.code, "SMTP_MAILBOX_UNAVAILABLE");
  });

  it("is OUTBOX_FULL when the outbox is full: for the new mail, or for the youngest low one when an alarm comes", async () => {
    // The node's priority is that of messages that name none.
    await bench.load(flow({ priority: "low" }, { maxQueued: "2" }));
    bench.inject("outbox", { action: "pause" });
    await bench.received("listed");
    for (const [waiting, priority] of ["low", "normal"].entries()) {
      const attachments = { filename: `${priority}.txt`, content: "12:00 94 %" };
      bench.inject("send", {
        to: "duty@example.com",
        topic: priority,
        payload: "text",
        ...(priority !== "low" && { priority }),
        attachments,
      });
      await bench.showsStatus("send", `SIMULATED paused · ${waiting + 1} ✉`);
    }
    bench.inject("send", { to: "duty@example.com", topic: "one more", payload: "text" });
    const refused = await bench.received("failed");
    assert.deepEqual([refused.topic, refused.error.code], ["one more", "OUTBOX_FULL"]);
    bench.inject("send", { to: "duty@example.com", topic: "alarm", payload: "text", priority: "high" });
    const pushed = await bench.received("failed", 2);
    assert.deepEqual(
      [pushed.topic, pushed.error.code, pushed.error.outcome],
      ["low", "OUTBOX_FULL", "notSent"],
    );
    assert.deepEqual(pushed.attachments, [{ filename: "low.txt", content: Buffer.from("12:00 94 %") }]);
    bench.inject("outbox", { action: "resume" });
    await bench.received("sent", 2);
    const subjects = server.received.map(({ parsed }) => parsed.subject);
    assert.deepEqual(subjects, ["alarm", "normal"]);
  });

  it("goes to the outbox node when its own node is gone", async () => {
    await bench.load(flow());
    bench.inject("outbox", { action: "pause" });
    bench.inject("send", { to: "duty@example.com", topic: "Level", payload: "text" });
    await bench.showsStatus("send", "SIMULATED paused · 1 ✉");
    await bench.deploy(
      [modemNode(server.port), ...others.filter(({ scope }) => scope === undefined)],
      "nodes",
    );
    bench.inject("outbox", { action: "resume" });
    const orphan = await bench.received("orphans");
    assert.deepEqual([orphan.topic, orphan.smtp.status, orphan.smtp.via], ["Level", "sent", "module"]);
  });

  describe("that cannot go out", () => {
    let clock: LeapingClock;
    beforeEach(() => {
      clock = new LeapingClock();
    });
    afterEach(() => clock.restore());

    it("is OUTBOX_EXPIRED with the reason, when the server was not reachable for the time of the node", async () => {
      await bench.load(flow({ maxAge: "1" }));
      const port = server.port;
      await server.stop();
      bench.inject("send", { to: "duty@example.com", payload: "text" });
      await bench.showsStatus("send", /^SIMULATED server unreachable · 1 ✉ · next try \d\d:\d\d$/);
      clock.leap(2 * MINUTES);
      const failed = await bench.received("failed");
      assert.equal(failed.error.code, "OUTBOX_EXPIRED");
      assert.match(failed.error.message, /reach|connect/i);
      assert.equal((await bench.received("caught")).error.code, "OUTBOX_EXPIRED");
      server = await MailServer.start({ port });
      bench.inject("send", { to: "duty@example.com", payload: "next" });
      await bench.received("sent");
    });

    it("is OUTBOX_EXPIRED when the serial port is missing, which the status has said meanwhile", async () => {
      const modem = { transport: "serial", serialPort: "/dev/serial/by-id/no-such-modem" };
      await bench.load(flow({ maxAge: "1" }, modem));
      await bench.showsStatus("send", "port missing");
      bench.inject("send", { to: "duty@example.com", payload: "text" });
      await bench.showsStatus("send", "port missing · 1 ✉");
      clock.leap(2 * MINUTES);
      assert.equal((await bench.received("failed")).error.code, "OUTBOX_EXPIRED");
    });
  });

  it("names the field when a setting of the modem is missing", async () => {
    await bench.load(flow({}, { smtpHost: "" }));
    bench.inject("send", { to: "duty@example.com", payload: "text" });
    const failed = await bench.received("failed");
    assert.equal(failed.error.code, "INVALID_CONFIG");
    assert.match(failed.error.message, /"Server" on the Mail server tab is empty/);
    await bench.showsStatus("send", "not set up");
  });

  it("says that no modem is chosen, before and when a mail is to be sent", async () => {
    await bench.load(flow({ modem: "" }));
    await bench.showsStatus("send", "no modem chosen");
    bench.inject("send", { to: "duty@example.com", payload: "text" });
    assert.match((await bench.received("failed")).error.message, /"Modem" is not chosen/);
  });

  it("frees the port when the last node of a modem is removed", async () => {
    await bench.load(flow());
    await bench.showsStatus("send", "SIMULATED ready");
    const modem = bench.node("modem") as unknown as { host: { condition: { modem: { name: string } } } };
    await bench.deploy([modemNode(server.port), helperNode("sent")], "nodes");
    await waitFor("the modem to close", () => modem.host.condition.modem.name === "unused");
  });
});
