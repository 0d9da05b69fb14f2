import assert from "node:assert/strict";
import { CAMERA_MAIL, mtaMessage, UPS_MAIL } from "../support/device-mails";
import { MailServer } from "../support/mail-server";
import { FlowBench, type FlowNode, helperNode, modemNode, sendNode } from "./support/flow-bench";

describe("smtp-send", () => {
  const bench = new FlowBench();
  let server: MailServer;

  beforeEach(async () => {
    server = await MailServer.start();
  });

  afterEach(async () => {
    await bench.end();
    await server.stop();
  });

  const outputs = [helperNode("sent"), helperNode("failed"), helperNode("caught"), helperNode("completed")];
  const watchers = [
    { id: "catch", type: "catch", z: "tab", scope: ["send"], wires: [["caught"]] },
    { id: "complete", type: "complete", z: "tab", scope: ["send"], wires: [["completed"]] },
  ];
  const flow = (modem: object = {}, send: object = {}): readonly FlowNode[] => [
    modemNode(server.port, modem),
    sendNode(send),
    ...watchers,
    ...outputs,
  ];
  const load = (modem: object = {}, send: object = {}): Promise<void> => bench.load(flow(modem, send));

  it("delivers a message as a mail and passes it on with the result", async () => {
    await load();
    bench.inject("send", { to: "duty@example.com", topic: "Level high", payload: "94 %", extra: 7 });
    const message = await bench.received("sent");
    assert.deepEqual(
      { ...message.smtp, id: "", queuedMs: 0, sendMs: 0, acceptedAt: "" },
      {
        status: "sent",
        via: "module",
        id: "",
        accepted: ["duty@example.com"],
        rejected: [],
        attempts: 1,
        acceptedAt: "",
        queuedMs: 0,
        sendMs: 0,
        bytes: 4,
        warnings: [],
        simulated: true,
      },
    );
    assert(Number.isInteger(message.smtp.queuedMs) && Number.isInteger(message.smtp.sendMs));
    assert.deepEqual([message.topic, message.payload, message["extra"]], ["Level high", "94 %", 7]);
    assert.equal(server.received[0]?.parsed.subject, "Level high");
    assert.equal(server.received[0]?.parsed.text?.trim(), "94 %");
    await bench.received("completed");
    assert.equal(bench.count("failed") + bench.count("caught"), 0);
  });

  const badInput = [
    { what: "no recipient", message: {}, code: "INVALID_NO_RECIPIENT" },
    { what: "an address that is not valid", message: { to: "duty@@example" }, code: "INVALID_RECIPIENT" },
    {
      what: "nothing but a path that was not allowed",
      message: { to: "duty@example.com", payload: "", attachments: { path: "/etc/hostname" } },
      code: "INVALID_ATTACHMENT_PATH",
    },
  ];

  it("shows at the node that the last mail was not sent, until the next one is", async () => {
    await load();
    bench.inject("send", { payload: "text" });
    await bench.showsStatus("send", "SIMULATED no recipient");
    bench.inject("send", { to: "duty@example.com", attachments: { href: "http://camera/" } });
    await bench.showsStatus("send", "SIMULATED last mail not sent");
    bench.inject("send", { payload: "text", to: "duty@example.com" });
    await bench.received("sent");
    await bench.showsStatus("send", "SIMULATED ready");
  });

  for (const { what, message, code } of badInput) {
    it(`refuses ${what} on output 2 and by done(error), and sends the next mail`, async () => {
      await load();
      bench.inject("send", { payload: "text", ...message });
      const failed = await bench.received("failed");
      assert.equal(failed.error.code, code);
      assert(failed.error.hint.length > 10);
      assert.deepEqual(failed.error.source, { id: "send", type: "quectel-smtp-send", name: "alarm" });
      assert.equal(failed.error.outcome, "notSent");
      assert.equal(failed.smtp.status, "failed");
      const caught = await bench.received("caught");
      assert.equal(caught.error.code, code);
      assert.equal(caught.error.cause.hint, failed.error.hint);
      assert.equal(caught["_error"], undefined);
      bench.inject("send", { to: "duty@example.com", payload: "next" });
      await bench.received("sent");
      assert.equal(server.received.length, 1);
    });
  }

  it("serves the recipients that can be read, and names the others as rejected", async () => {
    await load();
    bench.inject("send", {
      to: "Duty team: duty@example.com, night shift;",
      cc: "-",
      bcc: "Boss <boss@example.com>",
      payload: "text",
    });
    const { smtp } = await bench.received("sent");
    assert.deepEqual(
      [smtp.status, smtp.accepted, smtp.rejected],
      [
        "partial",
        ["duty@example.com", "boss@example.com"],
        [
          { address: "night shift", code: "INVALID_RECIPIENT" },
          { address: "-", code: "INVALID_RECIPIENT" },
        ],
      ],
    );
    assert.equal(server.received.length, 2);
    assert.equal((await bench.received("caught")).error.code, "INVALID_RECIPIENT");
    assert.equal(bench.count("failed"), 0);
  });

  for (const errorTo of ["output", "both"]) {
    it(`tells output 2 of recipients left out where output 1 has told "queued" and errors go to ${errorTo}`, async () => {
      await load({}, { emit: "whenQueued", errorTo });
      const files = [{ filename: "gate.jpg", content: Buffer.from("picture") }];
      bench.inject("send", { to: "duty@example.com, night shift", payload: "text", attachments: files });
      const queued = await bench.received("sent");
      assert.deepEqual(
        [queued.smtp.status, queued.attachments],
        ["queued", [{ filename: "gate.jpg", size: 7 }]],
      );
      const { smtp, error, payload, attachments } = await bench.received("failed");
      assert.deepEqual([smtp.status, error.outcome, payload], ["partial", "partial", "text"]);
      // Another node can send them.
      assert.deepEqual(attachments, files);
      assert.deepEqual(smtp.rejected, [{ address: "night shift", code: "INVALID_RECIPIENT" }]);
      assert.equal(bench.count("sent"), 1);
      assert.equal(server.received.length, 1);
    });
  }

  it("sends a subject with line ends as one line that adds no header, and an empty one as it is", async () => {
    await load();
    bench.inject("send", {
      to: "duty@example.com",
      topic: "a\r\nBcc: thief@example.net\r\n\r\nb\0\0",
      payload: "text",
    });
    const { smtp } = await bench.received("sent");
    assert.deepEqual(smtp.warnings, ["Line ends and control characters were removed from the subject."]);
    bench.inject("send", { to: "duty@example.com", topic: "", payload: "no subject" });
    await bench.received("sent", 2);
    const [first, second] = server.received;
    assert.equal(first?.parsed.subject, "a Bcc: thief@example.net b");
    assert.deepEqual([first.parsed.bcc, first.parsed.text?.trim()], [undefined, "text"]);
    assert.deepEqual([second?.parsed.subject ?? "", second?.parsed.text?.trim()], ["", "no subject"]);
    assert.ok(server.received.every(({ to }) => to.join() === "duty@example.com"));
  });

  it("sends the picture of attach-file and the payload it was made of once", async () => {
    await load();
    const payload = Buffer.from("picture");
    bench.inject("send", {
      to: "duty@example.com",
      payload,
      attachments: [{ filename: "gate.jpg", content: payload }],
    });
    const message = await bench.received("sent");
    assert.deepEqual(message.attachments, [{ filename: "gate.jpg", size: 7 }]);
    assert.deepEqual(message.payload, { filename: "gate.jpg", size: 7 });
    assert.deepEqual(
      server.received[0]?.parsed.attachments.map(({ filename }) => filename),
      ["gate.jpg"],
    );
  });

  it("sends a text although pictures are missing, and tells reader and flow which", async () => {
    await load();
    bench.inject("send", {
      to: "duty@example.com",
      topic: "Motion",
      payload: "Gate 4",
      attachments: [
        { path: "/etc/hostname" },
        { href: "http://user:password@camera/snap.jpg?x=1" },
        ...Array.from({ length: 11 }, (_, index) => ({ filename: `${index + 1}.jpg`, content: "jpeg" })),
      ],
    });
    const { smtp, attachments } = await bench.received("sent");
    assert.equal(smtp.status, "sent");
    const [arrived] = server.received;
    assert.equal(arrived?.parsed.attachments.length, 10);
    assert.equal(arrived.parsed.text?.trim(), 'Gate 4\n\nNot attached: "hostname", "snap.jpg", "11.jpg"');
    assert.deepEqual(smtp.warnings, [
      'Attachment 1 ("hostname") has the path "/etc/hostname", which is not a file in a folder of quectelModemAttachmentPaths in settings.js; the mail is sent without it.',
      'Attachment 2 ("snap.jpg") has a URL instead of a content, and URLs are never fetched; the mail is sent without it.',
      'A mail can have up to 10 attachments; it is sent without "11.jpg".',
    ]);
    assert.ok(Array.isArray(attachments) && attachments.length === 10);
    assert.ok(!arrived.raw.includes("password"));
    assert.equal(bench.count("failed") + bench.count("caught"), 0);
  });

  it("sends a text although a file of an allowed folder cannot be read", async function () {
    if (process.platform !== "linux") return;
    // Regular files that refuse to be read, to root as well.
    await bench.load(flow(), {}, ["/proc/self"]);
    const unreadable = { path: "/proc/self/mem" };
    bench.inject("send", { to: "duty@example.com", payload: "Gate 4", attachments: unreadable });
    const { smtp } = await bench.received("sent");
    assert.deepEqual(smtp.warnings, ['The attachment "mem" cannot be read; the mail is sent without it.']);
    assert.equal(server.received[0]?.parsed.text?.trim(), 'Gate 4\n\nNot attached: "mem"');
    bench.inject("send", {
      to: "duty@example.com",
      attachments: [unreadable, { path: "/proc/self/status" }],
    });
    await bench.received("sent", 2);
    assert.deepEqual(
      server.received[1]?.parsed.attachments.map(({ filename }) => filename),
      ["status"],
    );
    bench.inject("send", { to: "duty@example.com", attachments: unreadable });
    assert.equal((await bench.received("failed")).error.code, "INVALID_ATTACHMENT");
  });

  it("sends the mails of a camera and a UPS that come by the mta node, from the sender of the settings", async () => {
    await load();
    for (const raw of [CAMERA_MAIL, UPS_MAIL]) bench.inject("send", await mtaMessage(raw));
    for (const count of [1, 2]) {
      const { smtp } = await bench.received("sent", count);
      assert.equal(smtp.status, "sent");
      assert.ok(
        smtp.warnings.includes(
          `The module's mail client does not support Reply-To: replies go to the sender. With "Sent by" set to this package, the mail goes out as it is.`,
        ),
      );
    }
    // The mail without a picture may be accepted first.
    const [ups, camera] = server.received.toSorted((one, other) => one.to.length - other.to.length);
    assert.deepEqual(camera?.to, ["duty@example.com", "boss@example.com"]);
    assert.deepEqual(
      camera.parsed.attachments.map(({ filename, size }) => [filename, size]),
      [["192.168.1.64_01_2026.jpg", 8]],
    );
    assert.match(ups?.parsed.text ?? "", /On battery power/);
    assert.equal(camera.from, ups?.from);
    assert.equal(bench.count("failed") + bench.count("caught"), 0);
  });

  it("sends a mail to 25 recipients in two transactions", async () => {
    await load();
    const to = Array.from({ length: 25 }, (_, index) => `duty${index}@example.com`);
    bench.inject("send", { to: to.join("\n"), payload: "text" });
    const { smtp } = await bench.received("sent");
    assert.deepEqual([smtp.status, smtp.accepted, smtp.warnings], ["sent", to, []]);
    assert.equal(server.received.length, 2);
  });

  it("reports a mail that the server refuses by 550, and sends the next mail", async () => {
    await load();
    server.refuse = { rcpt: { "gone@example.com": 550 } };
    bench.inject("send", { to: "gone@example.com", payload: "text" });
    const failed = await bench.received("failed");
    assert.deepEqual(
      [failed.error.code, failed.error.smtpCode, failed.error.class],
      ["SMTP_MAILBOX_UNAVAILABLE", 550, "message"],
    );
    assert.equal((await bench.received("caught")).error.code, "SMTP_MAILBOX_UNAVAILABLE");
    bench.inject("send", { to: "duty@example.com", payload: "next" });
    await bench.received("sent");
  });
});
