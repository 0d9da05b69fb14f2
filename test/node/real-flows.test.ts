/** Flows that wire the nodes behind Catch nodes and behind each other, as real ones do. */
import assert from "node:assert/strict";
import helper from "node-red-node-test-helper";
import { MailServer } from "../support/mail-server";
import { coreNodes } from "./support/core-nodes";
import { FlowBench, helperNode, modemNode, sendNode, type FlowNode } from "./support/flow-bench";

describe("A flow", () => {
  const bench = new FlowBench(coreNodes(["function"]));
  let server: MailServer;

  beforeEach(async () => {
    server = await MailServer.start();
  });

  afterEach(async () => {
    await bench.end();
    await server.stop();
  });

  const failing: FlowNode[] = [
    {
      id: "broken",
      type: "function",
      z: "tab",
      name: "Level check",
      func: 'throw new Error("sensor 7 is dead");',
      wires: [[]],
    },
    { id: "catch", type: "catch", z: "tab", scope: ["broken"], wires: [["send"]] },
  ];
  const outputs = ["sent", "failed"].map(helperNode);
  const only = async (): Promise<{ readonly subject: string | undefined; readonly text: string }> => {
    await bench.received("sent");
    const [mail] = server.received;
    assert.equal(server.received.length, 1);
    return { subject: mail?.parsed.subject, text: (mail?.parsed.text ?? "").trim() };
  };

  it("tells the error of a function by msg.error.message", async () => {
    const send = sendNode({ body: "error.message", bodyType: "msg" });
    await bench.load([modemNode(server.port), ...failing, send, ...outputs]);
    bench.inject("broken", { to: "duty@example.com", topic: "Fault" });
    assert.deepEqual(await only(), { subject: "Fault", text: "Error: sensor 7 is dead" });
  });

  it("tells it by expressions for subject and text", async () => {
    const send = sendNode({
      subject: "error.source.name",
      subjectType: "jsonata",
      body: '"Fault: " & error.message & " (" & $string(error.source.count) & ")"',
      bodyType: "jsonata",
    });
    await bench.load([modemNode(server.port), ...failing, send, ...outputs]);
    bench.inject("broken", { to: "duty@example.com" });
    assert.deepEqual(await only(), { subject: "Level check", text: "Fault: Error: sensor 7 is dead (1)" });
  });

  it("attaches the whole error as JSON", async () => {
    const attach: FlowNode = {
      id: "attach",
      type: "quectel-attach-file",
      z: "tab",
      source: "error",
      sourceType: "msg",
      filename: "error.json",
      filenameType: "str",
      wires: [["send"], ["failed"]],
    };
    const [broken, caught] = failing;
    assert(broken !== undefined && caught !== undefined);
    await bench.load([
      modemNode(server.port),
      broken,
      { ...caught, wires: [["attach"]] },
      attach,
      sendNode(),
      ...outputs,
    ]);
    bench.inject("broken", { to: "duty@example.com", payload: "see file" });
    await only();
    const [attachment] = server.received[0]?.parsed.attachments ?? [];
    assert.equal(attachment?.filename, "error.json");
    const error: unknown = JSON.parse(attachment.content.toString());
    assert(typeof error === "object" && error !== null && "message" in error);
    assert.equal(error.message, "Error: sensor 7 is dead");
  });

  it("tells by a second smtp-send why the first one failed", async () => {
    const first = {
      ...sendNode({ to: "gone@example.com", toType: "str" }),
      id: "first",
      wires: [["sent"], ["send"]],
    };
    const second = sendNode({ to: "boss@example.com", toType: "str", body: "error.hint", bodyType: "msg" });
    await bench.load([modemNode(server.port), first, second, ...outputs]);
    server.refuse = { rcpt: { "gone@example.com": 550 } };
    bench.inject("first", { topic: "Alarm", payload: "Level high" });
    const { text } = await only();
    assert.ok(text.length > 10, text);
    const message = await bench.received("sent");
    assert.equal(message.error, undefined);
    assert.equal(message.smtp.status, "sent");
  });

  it("can send a message again that it kept with its picture", async () => {
    const keep: FlowNode = {
      id: "keep",
      type: "function",
      z: "tab",
      func: 'flow.set("last", msg); return msg;',
      wires: [["send"]],
    };
    const again: FlowNode = {
      id: "again",
      type: "function",
      z: "tab",
      func: 'return flow.get("last");',
      wires: [["send"]],
    };
    await bench.load([modemNode(server.port), keep, again, sendNode(), ...outputs]);
    const picture = Buffer.from("picture");
    bench.inject("keep", {
      to: "duty@example.com",
      payload: "Motion",
      attachments: [{ filename: "gate.jpg", content: picture }],
    });
    const first = await bench.received("sent");
    assert.deepEqual(first.attachments, [{ filename: "gate.jpg", size: 7 }]);
    bench.inject("again", {});
    await bench.received("sent", 2);
    assert.deepEqual(
      server.received.map(({ parsed }) => parsed.attachments.map(({ content }) => content.toString())),
      [["picture"], ["picture"]],
    );
  });

  it("may have two smtp-send in a row; the second says what the first has sent already", async () => {
    const first = {
      ...sendNode({ to: "a@example.com", toType: "str" }),
      id: "first",
      wires: [["send"], ["failed"]],
    };
    const second = sendNode({ to: "b@example.com", toType: "str" });
    await bench.load([modemNode(server.port), first, second, ...outputs]);
    bench.inject("first", {
      payload: "Motion",
      attachments: { filename: "gate.jpg", content: Buffer.from("picture") },
    });
    const message = await bench.received("sent");
    assert.equal(message.smtp.status, "sent");
    assert.match(message.smtp.warnings.join(), /Attachment 1 \("gate\.jpg"\) has no content/);
    assert.equal(server.received.length, 2);
  });

  it("may try a mail again from its Catch node as often as it likes", async () => {
    const catcher: FlowNode = {
      id: "again",
      type: "catch",
      z: "tab",
      scope: ["send"],
      wires: [["caught", "limit"]],
    };
    const limit: FlowNode = {
      id: "limit",
      type: "function",
      z: "tab",
      func: "msg.tries = (msg.tries || 0) + 1; return msg.tries > 14 ? null : msg;",
      wires: [["send"]],
    };
    await bench.load([modemNode(server.port), sendNode(), catcher, limit, helperNode("caught"), ...outputs]);
    server.refuse = { rcpt: { "gone@example.com": 550 } };
    bench.inject("send", { to: "gone@example.com", payload: "text" });
    const last = await bench.received("caught", 15);
    assert.equal(last.error.code, "SMTP_MAILBOX_UNAVAILABLE");
    assert.equal(last.error.source.count, 1);
  });

  it("attaches a picture once that attach-file made of the payload", async () => {
    const attach: FlowNode = {
      id: "attach",
      type: "quectel-attach-file",
      z: "tab",
      wires: [["send"], ["failed"]],
    };
    await bench.load([modemNode(server.port), attach, sendNode(), ...outputs]);
    bench.inject("attach", {
      to: "duty@example.com",
      payload: Buffer.from("GIF89a"),
      filename: "http://cam/snap.gif?x=1",
    });
    const message = await bench.received("sent");
    assert.deepEqual(message.attachments, [{ filename: "snap.gif", size: 6 }]);
    assert.deepEqual(
      server.received[0]?.parsed.attachments.map(({ filename }) => filename),
      ["snap.gif"],
    );
  });

  it("is told each fact about its mail once, however many transactions it took", async () => {
    await bench.load([modemNode(server.port), sendNode(), ...outputs]);
    const to = Array.from({ length: 25 }, (_, index) => `duty${index}@example.com`);
    const attachments = [{ filename: "ü.txt", content: "A" }, { filename: "snap.jpg" }];
    bench.inject("send", { to, bcc: "boss@example.com", topic: "a\nb", payload: "text\u0007", attachments });
    const { smtp } = await bench.received("sent");
    assert.deepEqual([smtp.status, smtp.accepted.length, server.received.length], ["sent", 26, 3]);
    assert.deepEqual(smtp.warnings.toSorted(), [
      'Attachment 2 ("snap.jpg") has no content; the mail is sent without it.',
      "Control characters were removed from the text.",
      "Line ends and control characters were removed from the subject.",
      'The attachment "ü.txt" is sent as "u.txt".',
    ]);
  });

  it("is warned at deploy of a sender name that the module cannot carry", async () => {
    for (const [senderName, told] of [
      ["Plant A\\", /backslash/],
      ["SITE1\\GW7", /backslash/],
      ["ポンプ7", /letters of the sender name/],
      ["Pump 7", undefined],
    ] as const) {
      await bench.load([modemNode(server.port, { senderName }), sendNode(), ...outputs]);
      const spy: unknown = helper.log();
      const calls = (
        spy as { getCalls(): { readonly args: readonly { readonly msg?: unknown }[] }[] }
      ).getCalls();
      const warnings = calls
        .map(({ args }) => String(args[0]?.msg))
        .filter((text) => /sender name/.test(text));
      assert.equal(warnings.length, told === undefined ? 0 : 1, senderName);
      if (told !== undefined) assert.match(warnings[0] ?? "", told);
      await bench.end();
    }
  });

  it("is warned once at deploy that STARTTLS may go on in clear text", async () => {
    for (const [smtpSecurity, count] of [
      ["starttls", 1],
      ["tls", 0],
    ] as const) {
      const tcp = { transport: "tcp", tcpHost: "127.0.0.1", tcpPort: "9" };
      await bench.load([modemNode(server.port, { smtpSecurity, ...tcp }), sendNode(), ...outputs]);
      const spy: unknown = helper.log();
      const calls = (
        spy as { getCalls(): { readonly args: readonly { readonly msg?: unknown }[] }[] }
      ).getCalls();
      const told = calls.filter(({ args }) => /STARTTLS .* clear text/.test(String(args[0]?.msg)));
      assert.equal(told.length, count, smtpSecurity);
      await bench.end();
    }
  });

  it("finds its own message object as it was", async () => {
    await bench.load([modemNode(server.port), sendNode(), ...outputs]);
    const attachments = [{ filename: "a.txt", content: "A" }];
    const message = {
      to: "duty@example.com",
      payload: Buffer.from("B"),
      attachments,
      smtp: "old",
      error: { message: "old" },
    };
    const before = { ...message };
    bench.inject("send", message);
    const result = await bench.received("sent");
    assert.equal(message.payload, before.payload);
    assert.equal(message.attachments, attachments);
    assert.deepEqual(attachments, [{ filename: "a.txt", content: "A" }]);
    assert.deepEqual([message.smtp, message.error], ["old", { message: "old" }]);
    assert.deepEqual([result.smtp.status, result.error], ["sent", undefined]);
  });
});
