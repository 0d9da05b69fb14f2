/** What the users of a modem show and hear of it: Status and Catch nodes beside them, from before the first connect. */
import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { once } from "node:events";
import { MailServer } from "../support/mail-server";
import { waitFor } from "../support/wait-for";
import { SENT_SHOWN_MS } from "../../nodes/runtime/modem/modem-members";
import { FlowBench, type FlowNode, helperNode, modemNode, sendNode } from "./support/flow-bench";
import { LeapingClock } from "./support/leaping-clock";

describe("The users of a modem", () => {
  const bench = new FlowBench();
  let server: MailServer;

  beforeEach(async () => {
    server = await MailServer.start();
  });

  afterEach(async () => {
    await bench.end();
    await server.stop();
  });

  /** A Status and a Catch node that watch only the node `send`. */
  const watchers: FlowNode[] = [
    { id: "status", type: "status", z: "tab", scope: ["send"], wires: [["heard"]] },
    { id: "catch", type: "catch", z: "tab", scope: ["send"], wires: [["caught"]] },
    ...["sent", "failed", "heard", "caught"].map(helperNode),
  ];
  const load = (modem: object, send: object = {}): Promise<void> =>
    bench.load([modemNode(server.port, modem), sendNode(send), ...watchers]);
  /** What the node `send` has shown so far, oldest first. */
  const shown = (): { readonly fill?: string; readonly text?: string; readonly state?: string }[] => {
    const { status } = bench.node("send") as unknown as {
      status: { getCalls(): { thisValue: { id: string }; args: object[] }[] };
    };
    return status
      .getCalls()
      .filter(({ thisValue }) => thisValue.id === "send")
      .map(({ args }) => args[0] ?? {});
  };

  it("show from the first moment what is so: connecting, and green only when the module is there", async () => {
    await load({});
    await bench.showsStatus("send", "SIMULATED ready");
    const all = shown();
    assert.equal(all[0]?.fill, "yellow");
    assert.match(all[0]?.text ?? "", /^SIMULATED connecting/);
    const isReady = all.map(({ state }) => state === "ready");
    assert.deepEqual(
      all.map(({ fill }) => fill === "green"),
      isReady,
    );
    assert.equal(isReady.indexOf(true), all.length - 1);
  });

  it("show for some seconds when a mail was sent, which a Status node receives in English too", async () => {
    const clock = new LeapingClock();
    try {
      await load({});
      await bench.showsStatus("send", "SIMULATED ready");
      bench.inject("send", { to: "duty@example.com", payload: "text" });
      const { smtp } = await bench.received("sent");
      const [hours, minutes] = new Date(smtp.acceptedAt).toTimeString().split(":");
      const text = `SIMULATED sent, ${hours}:${minutes}`;
      await bench.showsStatus("send", text);
      await clock.leapOnly(SENT_SHOWN_MS, SENT_SHOWN_MS);
      await bench.showsStatus("send", "SIMULATED ready");
      let number = 1;
      while ((await bench.received("heard", number))["status"].text !== text) number++;
      const { status } = await bench.received("heard", number);
      assert.deepEqual([status.text, status.state, status.waiting], [text, "ready", 0]);
    } finally {
      clock.restore();
    }
  });

  it("are never green at a port that is not there, and hear of it by Status and Catch nodes of their own", async () => {
    await load({ transport: "serial", serialPort: "/dev/not-there" });
    await bench.showsStatus("send", "port missing");
    assert(shown().every(({ fill }) => fill === "yellow" || fill === "red"));
    const caught = await bench.received("caught");
    assert.equal(caught.error.code, "PORT_NOT_FOUND");
    assert.equal(caught.error.source.id, "modem");
    assert.match(caught.error.cause.hint, /./);
    const { status } = await bench.received("heard");
    assert.deepEqual([status.text, status.state, status.waiting], ["port missing", "offline", 0]);
    assert.equal(status.source.id, "send");
  });

  it("make Node.js warn of no listeners, however many modems there are", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on("warning", onWarning);
    try {
      const pairs = Array.from({ length: 50 }, (_none, number): FlowNode[] => [
        modemNode(server.port, {
          id: `modem-${number}`,
          transport: "serial",
          serialPort: `/dev/not-there-${number}`,
        }),
        sendNode({ id: `send-${number}`, modem: `modem-${number}` }),
      ]);
      await bench.load([...pairs.flat(), ...["sent", "failed"].map(helperNode)]);
      await bench.showsStatus("send-49", "port missing");
    } finally {
      process.off("warning", onWarning);
    }
    assert.deepEqual(
      warnings.filter(({ name }) => name === "MaxListenersExceededWarning"),
      [],
    );
  });

  it("make one report of one event, however many they are", async () => {
    await bench.load([
      modemNode(server.port, { transport: "serial", serialPort: "/dev/not-there" }),
      sendNode(),
      { ...sendNode(), id: "send2" },
      { ...sendNode(), id: "send3" },
      { id: "all", type: "catch", z: "tab", scope: null, wires: [["caught"]] },
      ...["sent", "failed", "caught"].map(helperNode),
    ]);
    for (const id of ["send", "send2", "send3"]) await bench.showsStatus(id, "port missing");
    await bench.received("caught");
    assert.equal(bench.count("caught"), 1);
  });

  describe("at a module that says nothing", () => {
    let silent: Server;
    let asked: number;

    beforeEach(async () => {
      asked = 0;
      silent = createServer((socket) => {
        socket.on("error", () => undefined);
        socket.on("data", () => void asked++);
      }).listen(0, "127.0.0.1");
      await once(silent, "listening");
    });

    afterEach(async () => {
      silent.close();
    });

    it("are not green although the connection stands", async () => {
      const address = silent.address();
      assert(typeof address === "object" && address !== null);
      await load({ transport: "tcp", tcpHost: "127.0.0.1", tcpPort: String(address.port) });
      await waitFor("a question", () => asked > 0);
      assert.deepEqual(
        shown().map(({ fill, text }) => [fill, text]),
        [["yellow", "connecting"]],
      );
    });
  });

  it("show that settings are missing before anything else, and connect nowhere", async () => {
    await load({ senderAddress: "" });
    await bench.showsStatus("send", "not set up");
    assert.deepEqual(
      shown().map(({ fill }) => fill),
      ["red"],
    );
  });
});

describe("A failed mail with output 2 and a Catch node wired", () => {
  const bench = new FlowBench();
  let server: MailServer;

  beforeEach(async () => {
    server = await MailServer.start();
    server.refuse = { rcpt: 550 };
  });

  afterEach(async () => {
    await bench.end();
    await server.stop();
  });

  for (const emit of ["whenSent", "whenQueued"] as const) {
    for (const errorTo of ["both", "output", "catch"] as const) {
      it(`goes to ${errorTo} as chosen, once, when results are told ${emit}`, async () => {
        await bench.load([
          modemNode(server.port),
          sendNode({ emit, errorTo }),
          { id: "catch", type: "catch", z: "tab", scope: ["send"], wires: [["caught"]] },
          { id: "complete", type: "complete", z: "tab", scope: ["send"], wires: [["completed"]] },
          ...["sent", "failed", "caught", "completed"].map(helperNode),
        ]);
        const former = { message: "an earlier fault", source: { id: "send" } };
        bench.inject("send", {
          to: "gone@example.com",
          payload: "text",
          error: former,
          mark: { of: "flow" },
        });
        const failed = errorTo === "catch" ? undefined : await bench.received("failed");
        const caught = errorTo === "output" ? undefined : await bench.received("caught");
        if (failed !== undefined) {
          assert.equal(failed.error.code, "SMTP_MAILBOX_UNAVAILABLE");
          assert.deepEqual(failed.error.source, { id: "send", type: "quectel-smtp-send", name: "alarm" });
        }
        if (caught !== undefined) {
          // Written by Node-RED: it has moved no earlier error aside, and counts no loop.
          assert.equal(caught["_error"], undefined);
          assert.equal(caught.error.code, "SMTP_MAILBOX_UNAVAILABLE");
          assert.deepEqual([caught.error.source.id, caught.error.source.count], ["send", 1]);
          assert.deepEqual(caught["mark"], { of: "flow" });
        }
        // A mail that follows shows that nothing more comes of the first.
        server.refuse = {};
        bench.inject("send", { to: "duty@example.com", payload: "next" });
        await bench.received("completed");
        await waitFor("the second mail", () => server.received.length === 1);
        assert.deepEqual(
          [bench.count("failed"), bench.count("caught")],
          [errorTo === "catch" ? 0 : 1, errorTo === "output" ? 0 : 1],
        );
      });
    }
  }
});
