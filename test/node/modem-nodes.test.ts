import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MailServer } from "../support/mail-server";
import { cell, change } from "../../lib/simulator";
import { FlowBench, helperNode, modemNode, sendNode, type FlowNode } from "./support/flow-bench";
import { ServedModem } from "./support/served-modem";
import { LeapingClock } from "./support/leaping-clock";

const bench = new FlowBench();
let server: MailServer;

beforeEach(async () => {
  server = await MailServer.start();
});

afterEach(async () => {
  await bench.end();
  await server.stop();
});

const catcher: FlowNode = { id: "catch", type: "catch", z: "tab", scope: null, wires: [["caught"]] };
const node = (type: string, change: object = {}): FlowNode => ({
  id: "node",
  type,
  z: "tab",
  modem: "modem",
  wires: [["out"], ["refused"]],
  ...change,
});
const load = (...nodes: FlowNode[]): Promise<void> =>
  bench.load([
    modemNode(server.port),
    ...nodes,
    catcher,
    ...["out", "refused", "caught", "sent", "failed"].map(helperNode),
  ]);

describe("attach-file", () => {
  it("goes on with what can be read of a message that throws when it is looked at", async () => {
    const trap = (): never => {
      throw new Error("no access");
    };
    await load(node("quectel-attach-file"));
    bench.inject("node", { payload: "text", attachments: new Proxy([], { get: trap }) });
    const [attachment] = (await bench.received("out")).attachments;
    assert.deepEqual([attachment.filename, attachment.content.toString()], ["attachment.txt", "text"]);
    bench.inject("node", Object.defineProperty({}, "payload", { enumerable: true, get: trap }));
    const { error } = await bench.received("refused");
    assert.equal(error.code, "INVALID_ATTACHMENT");
  });

  it("makes a property an attachment, named by the message, beside those that are there", async () => {
    await load(node("quectel-attach-file"));
    bench.inject("node", {
      payload: Buffer.from("picture"),
      filename: "gate.jpg",
      attachments: { filename: "a" },
    });
    assert.deepEqual((await bench.received("out")).attachments, [
      { filename: "a" },
      { filename: "gate.jpg", content: Buffer.from("picture") },
    ]);
  });

  it("writes an object as JSON and gives text and bytes a name that fits", async () => {
    await load(node("quectel-attach-file"));
    const contents = [{ level: 94 }, "time;level\n", Buffer.from([0xff, 0xd8, 0xff, 0xe0])];
    for (const payload of contents) bench.inject("node", { payload });
    const names = [];
    for (const count of [1, 2, 3]) names.push((await bench.received("out", count)).attachments[0].filename);
    assert.deepEqual(names, ["attachment.json", "attachment.txt", "attachment.jpg"]);
  });

  it("reads a file when the message passes, not before", async () => {
    const folder = await mkdtemp(join(tmpdir(), "attach-"));
    const file = join(folder, "camera.jpg");
    await load(node("quectel-attach-file", { source: file, sourceType: "path" }));
    await writeFile(file, "second picture");
    bench.inject("node", {});
    const [attachment] = (await bench.received("out")).attachments;
    assert.deepEqual(attachment, { filename: "camera.jpg", content: Buffer.from("second picture") });
    await rm(folder, { recursive: true });
  });

  it("reports a file that is missing on output 2 and to Catch nodes, with a hint", async () => {
    await load(node("quectel-attach-file", { source: "/no/such/file", sourceType: "path" }));
    bench.inject("node", { topic: "kept" });
    const refused = await bench.received("refused");
    assert.deepEqual([refused.error.code, refused.topic], ["INVALID_ATTACHMENT", "kept"]);
    assert.match(refused.error.hint, /path/);
    assert.equal((await bench.received("caught")).error.code, "INVALID_ATTACHMENT");
  });

  it("uploads the content at once where that is chosen, and the mail that follows carries it", async () => {
    await load(node("quectel-attach-file", { mode: "preload", wires: [["send"], ["refused"]] }), sendNode());
    await bench.showsStatus("node", "SIMULATED ready");
    bench.inject("node", { to: "duty@example.com", payload: "text;1\n", filename: "day.csv" });
    const sent = await bench.received("sent");
    assert.deepEqual(sent.attachments, [{ filename: "day.csv", size: 7 }]);
    assert.equal(server.received[0]?.parsed.attachments[0]?.filename, "day.csv");
  });
});

describe("attach-file that uploads at once", () => {
  it("passes the message on while the modem has no network, and the mail follows when it has", async () => {
    const modem = await ServedModem.start();
    change(modem.module, cell, { registration: 2 });
    await bench.load([
      modem.node(server.port),
      node("quectel-attach-file", { mode: "preload", wires: [["send"], ["refused"]] }),
      sendNode(),
      ...["refused", "sent", "failed"].map(helperNode),
    ]);
    bench.inject("node", { to: "duty@example.com", payload: "text;1\n", filename: "day.csv" });
    await bench.showsStatus("send", "no network · 1 ✉");
    change(modem.module, cell, { registration: 1 });
    const sent = await bench.received("sent");
    assert.deepEqual(sent.attachments, [{ filename: "day.csv", size: 7 }]);
    assert.equal(bench.count("refused"), 0);
    await modem.stop();
  });
});

describe("pdp-context", () => {
  it("activates, shows and deactivates the data connection", async () => {
    await load(node("quectel-pdp-context", { action: "action", actionType: "msg" }));
    await bench.showsStatus("node", "SIMULATED ready");
    const states = [];
    for (const [index, action] of ["activate", "query", "deactivate", "query"].entries()) {
      bench.inject("node", { action });
      const { pdp } = await bench.received("out", index + 1);
      states.push(pdp.active);
    }
    assert.deepEqual(states, [true, true, false, false]);
  });

  it("activates where the flow says nothing else, as its dialog shows", async () => {
    await load(node("quectel-pdp-context"));
    await bench.showsStatus("node", "SIMULATED ready");
    bench.inject("node", {});
    assert.equal((await bench.received("out")).pdp.active, true);
  });

  it("holds the outbox after deactivating until it activates again", async () => {
    await load(node("quectel-pdp-context", { action: "action", actionType: "msg" }), sendNode());
    await bench.showsStatus("node", "SIMULATED ready");
    bench.inject("node", { action: "deactivate" });
    await bench.received("out");
    bench.inject("send", { to: "duty@example.com", payload: "text" });
    await bench.showsStatus("send", "SIMULATED data connection off · 1 ✉");
    bench.inject("node", { action: "activate" });
    await bench.received("sent");
  });

  it("refuses an action that it does not know, and lists those it knows", async () => {
    await load(node("quectel-pdp-context", { action: "action", actionType: "msg" }));
    bench.inject("node", { action: "explode" });
    const caught = await bench.received("caught");
    assert.equal(caught.error.code, "INVALID_ACTION");
    assert.match(caught.error.message, /activate, deactivate, query, reset/);
  });
});

describe("modem-status", () => {
  it("tells each new state by itself, and everything it knows when asked", async () => {
    await load(node("quectel-modem-status", { interval: "0" }));
    await bench.showsStatus("node", "SIMULATED ready");
    const before = bench.count("out");
    assert(before > 0);
    bench.inject("node", { topic: "asked" });
    const { topic, payload } = await bench.received("out", before + 1);
    assert.equal(topic, "asked");
    assert.equal(payload.state, "ready");
    assert.equal(payload.sim, "ready");
    assert.match(payload.model, /EC25/);
    assert.equal(typeof payload.rssiDbm, "number");
    assert.equal(payload.queue.depth, 0);
    assert.equal(payload.imei, undefined);
  });

  it("tells depth, age, next try and hold of the outbox, and every node of the modem shows it", async () => {
    const others = ["attach-file", "pdp-context", "outbox"].map((name) =>
      node(`quectel-${name}`, { id: name, mode: "preload", wires: [] }),
    );
    await load(node("quectel-modem-status", { interval: "0" }), sendNode(), ...others);
    await bench.showsStatus("send", "SIMULATED ready");
    const tell = async (): Promise<ReturnType<JSON["parse"]>> => {
      const before = bench.count("out");
      bench.inject("node", { topic: "asked" });
      let count = before + 1;
      while ((await bench.received("out", count)).topic !== "asked") count++;
      return (await bench.received("out", count)).payload;
    };
    server.refuse = { mail: 451 };
    bench.inject("send", { to: "duty@example.com", payload: "text" });
    await bench.showsStatus("send", /^SIMULATED error at the server · 1 ✉ · next try \d\d:\d\d$/);
    const waiting = await tell();
    assert.deepEqual([waiting.state, waiting.queue.depth, waiting.queue.waitsFor], ["ready", 1, "retry"]);
    assert(waiting.queue.oldestAgeMs > 0 && waiting.queue.nextTryInMs > 20_000);
    bench.inject("outbox", { action: "pause" });
    for (const id of ["send", "node", "attach-file", "pdp-context", "outbox"]) {
      await bench.showsStatus(id, "SIMULATED paused · 1 ✉");
    }
    const held = await tell();
    assert.deepEqual([held.state, held.queue.depth, held.queue.hold.kind], ["held", 1, "paused"]);
    assert.equal(held.queue.nextTryInMs, undefined);
  });

  it("tells the numbers of module and card only where that is chosen", async () => {
    await load(node("quectel-modem-status", { interval: "0", includeIds: true }));
    await bench.showsStatus("node", "SIMULATED ready");
    const before = bench.count("out");
    bench.inject("node", {});
    const { payload } = await bench.received("out", before + 1);
    assert.match(payload.imei, /^\d{15}$/);
    assert.match(payload.iccid, /^\d{18,20}$/);
  });

  it("speaks at its interval", async () => {
    const clock = new LeapingClock();
    try {
      await load(node("quectel-modem-status", { interval: "60" }));
      await bench.showsStatus("node", "SIMULATED ready");
      const before = bench.count("out");
      clock.leap(60_000);
      await bench.received("out", before + 1);
    } finally {
      clock.restore();
    }
  });
});

describe("outbox", () => {
  it("lists waiting mails without their contents", async () => {
    await load(node("quectel-outbox"), sendNode());
    bench.inject("node", { action: "pause" });
    assert.equal((await bench.received("out")).payload.hold.kind, "paused");
    bench.inject("send", { to: "duty@example.com", topic: "Level", payload: "secret text" });
    await bench.showsStatus("node", "SIMULATED paused · 1 ✉");
    bench.inject("node", { action: "list" });
    const { payload } = await bench.received("out", 2);
    assert.equal(payload.total, 1);
    assert.deepEqual([payload.rows[0].subject, payload.rows[0].to], ["Level", ["duty@example.com"]]);
    assert(!JSON.stringify(payload).includes("secret text"));
  });

  it("discards one mail by its id, which its sender reports", async () => {
    await load(node("quectel-outbox"), sendNode());
    bench.inject("node", { action: "pause" });
    await bench.received("out");
    for (const topic of ["keep", "discard"])
      bench.inject("send", { to: "duty@example.com", topic, payload: "x" });
    await bench.showsStatus("node", "SIMULATED paused · 2 ✉");
    bench.inject("node", { action: "list" });
    const { rows } = (await bench.received("out", 2)).payload;
    const { id } = rows.find(({ subject }: { subject: string }) => subject === "discard");
    bench.inject("node", { action: "discard", id });
    const failed = await bench.received("failed");
    assert.deepEqual([failed.topic, failed.error.code], ["discard", "OUTBOX_DISCARDED"]);
    bench.inject("node", { action: "resume" });
    assert.equal((await bench.received("sent")).topic, "keep");
  });

  it("refuses an id that is no text instead of taking it for all mails", async () => {
    await load(node("quectel-outbox", { action: "discard", actionType: "action" }));
    await bench.showsStatus("node", "SIMULATED ready");
    bench.inject("node", { id: 7 });
    assert.equal((await bench.received("caught")).error.code, "OUTBOX_NOT_FOUND");
  });
});
