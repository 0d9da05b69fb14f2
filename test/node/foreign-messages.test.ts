/** Messages whose code runs when they are touched: no node ends the runtime by them, and each message has one end. */
import assert from "node:assert/strict";
import { HOSTILE_MESSAGES, HOSTILE_VALUES } from "../support/hostile-values";
import { MailServer } from "../support/mail-server";
import { waitFor } from "../support/wait-for";
import {
  FlowBench,
  helperNode,
  modemNode,
  sendNode,
  type FlowNode,
  type Message,
} from "./support/flow-bench";

describe("A message that is foreign code", () => {
  const bench = new FlowBench();
  let server: MailServer;

  const place = { z: "tab", modem: "modem" };
  /** Each output goes to two nodes, so Node-RED copies what leaves it. */
  const wires = [
    ["sent", "sent2"],
    ["failed", "failed2"],
  ];
  const watchers: FlowNode[] = [
    { id: "catch", type: "catch", z: "tab", scope: null, wires: [["caught"]] },
    {
      id: "complete",
      type: "complete",
      z: "tab",
      scope: ["send", "attach", "context", "status", "outbox"],
      wires: [["completed"]],
    },
    ...["sent", "sent2", "failed", "failed2", "caught", "completed"].map(helperNode),
  ];
  const flow = (): FlowNode[] => [modemNode(server.port), sendNode({ wires }), ...watchers];
  const others = (): FlowNode[] => [
    modemNode(server.port),
    { id: "attach", type: "quectel-attach-file", ...place, wires },
    { id: "context", type: "quectel-pdp-context", ...place, action: "action", actionType: "msg", wires },
    { id: "status", type: "quectel-modem-status", ...place, interval: "0", wires },
    { id: "outbox", type: "quectel-outbox", ...place, wires },
    ...watchers,
  ];
  const counts = (): readonly number[] =>
    ["sent", "sent2", "failed", "failed2", "caught", "completed"].map((id) => bench.count(id));

  before(async () => {
    server = await MailServer.start();
  });
  after(() => server.stop());
  afterEach(() => bench.end());

  const MAIL = { to: "duty@example.com", topic: "Level", payload: "94 %" };
  const everyMessage: readonly (readonly [string, () => object])[] = [
    ...HOSTILE_MESSAGES.map(({ what, make }) => [what, () => make(MAIL, () => undefined)] as const),
    ...HOSTILE_VALUES.map(
      ({ what, make }) =>
        [`a message with ${what}`, () => ({ ...MAIL, extra: make(() => undefined) })] as const,
    ),
  ];

  it("goes out as mail and is told once on each wire, whatever it holds beside", async () => {
    await bench.load(flow());
    for (const [index, [what, make]] of everyMessage.entries()) {
      bench.inject("send", make());
      const [sent, copy] = [
        await bench.received("sent", index + 1),
        await bench.received("sent2", index + 1),
      ];
      assert.deepEqual(
        [sent.topic, sent.payload, copy.payload],
        [MAIL.topic, MAIL.payload, MAIL.payload],
        what,
      );
      await bench.received("completed", index + 1);
    }
    const all = everyMessage.length;
    assert.deepEqual(counts(), [all, all, 0, 0, 0, all]);
    assert.equal(server.received.length, all);
  }).timeout(60_000);

  it("is told as failed once on each wire and once to Catch nodes", async () => {
    await bench.load(flow());
    server.refuse = { rcpt: 550 };
    for (const [index, [what, make]] of everyMessage.entries()) {
      bench.inject("send", make());
      for (const id of ["failed", "failed2", "caught"]) {
        const { error, topic } = await bench.received(id, index + 1);
        assert.deepEqual([error.code, topic], ["SMTP_MAILBOX_UNAVAILABLE", MAIL.topic], what);
      }
    }
    const all = everyMessage.length;
    assert.deepEqual(counts(), [0, 0, all, all, all, 0]);
    server.refuse = {};
  }).timeout(60_000);

  it("has one end each when the mail itself is made of it", async () => {
    await bench.load(flow());
    const before = server.received.length;
    let answered = 0;
    for (const { what, make } of HOSTILE_VALUES) {
      for (const field of ["to", "payload", "attachments", "error"]) {
        bench.inject("send", { ...MAIL, [field]: make(() => undefined) });
        answered++;
        const told = (id: string): number => bench.count(id);
        await waitFor(
          `an end of ${what} as msg.${field}`,
          () => told("sent") + told("failed") === answered && told("completed") + told("caught") === answered,
          30_000,
        );
        assert.deepEqual([told("sent2"), told("failed2")], [told("sent"), told("failed")], what);
      }
    }
    assert.equal(server.received.length - before, bench.count("sent"));
  }).timeout(120_000);

  it("goes out with a subject that is so long that it stands in the text", async () => {
    await bench.load(flow());
    for (const [index, { what, make }] of HOSTILE_VALUES.entries()) {
      bench.inject("send", { ...MAIL, topic: "Level ".repeat(600), payload: make(() => undefined) });
      await waitFor(
        `an end of ${what}`,
        () => bench.count("sent") + bench.count("failed") === index + 1,
        30_000,
      );
      assert.equal(bench.count("failed"), 0, what);
    }
  }).timeout(60_000);

  it("is answered once by every other node", async () => {
    await bench.load(others());
    let answered = 0;
    for (const target of ["attach", "context", "status", "outbox"]) {
      for (const [what, make] of everyMessage) {
        bench.inject(target, make());
        answered++;
        const told = (): number => bench.count("completed") + bench.count("caught");
        await waitFor(`an answer of ${target} to ${what}`, () => told() === answered, 30_000);
      }
    }
    assert.deepEqual(
      [bench.count("sent"), bench.count("failed")],
      [bench.count("sent2"), bench.count("failed2")],
    );
    assert.equal(
      bench.count("completed"),
      2 * everyMessage.length,
      "attach-file and modem-status answer all",
    );
  }).timeout(120_000);

  it("is not changed by a node, and may be sent again as it was", async () => {
    await bench.load(flow());
    const kept: Record<string, unknown> = {
      ...MAIL,
      payload: Buffer.from("picture"),
      filename: "gate.jpg",
      attachments: [{ filename: "log.txt", content: "much text" }],
      smtp: { status: "failed" },
      error: { message: "before" },
      _msgid: "1",
    };
    const before = { ...kept };
    bench.inject("send", kept);
    await bench.received("sent");
    bench.inject("send", kept);
    await bench.received("sent", 2);
    assert.deepEqual(kept, before);
    assert.deepEqual(kept["attachments"], [{ filename: "log.txt", content: "much text" }]);
    const names = server.received
      .slice(-2)
      .map(({ parsed }) => parsed.attachments.map(({ filename }) => filename));
    assert.deepEqual(names, [
      ["gate.jpg", "log.txt"],
      ["gate.jpg", "log.txt"],
    ]);
  });

  it("says in msg.smtp.warnings what could not be kept", async () => {
    await bench.load(flow());
    const lists = JSON.parse("[".repeat(3_000) + "]".repeat(3_000)) as unknown;
    bench.inject("send", { ...MAIL, lists });
    const { smtp }: Message = await bench.received("sent");
    assert.match(smtp.warnings[0], /^Parts of msg\.lists were left out/);
  });
});
