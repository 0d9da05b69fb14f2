/** What the modem's node tells a person about the modem as such, and when. */
import assert from "node:assert/strict";
import { cell, change, SimulatedModem } from "../../lib/simulator";
import { serveTcp } from "../../lib/simulator/serve/tcp-server";
import { MailServer } from "../support/mail-server";
import { waitFor } from "../support/wait-for";
import { FlowBench, helperNode, modemNode, sendNode } from "./support/flow-bench";
import { LeapingClock } from "./support/leaping-clock";
import { ServedModem } from "./support/served-modem";

describe("A modem that finds no network", () => {
  const bench = new FlowBench();
  let module: SimulatedModem;
  let server: Awaited<ReturnType<typeof serveTcp>>;
  let clock: LeapingClock;

  beforeEach(async () => {
    clock = new LeapingClock();
    module = new SimulatedModem();
    change(module, cell, { registration: 2 });
    server = await serveTcp(module, { tcpPort: 0 });
    await bench.load([
      modemNode(1, { transport: "tcp", tcpHost: "127.0.0.1", tcpPort: String(server.tcpPort) }),
      sendNode(),
      { id: "catch", type: "catch", z: "tab", scope: ["modem", "send"], wires: [["caught"]] },
      helperNode("caught"),
    ]);
    await bench.showsStatus("send", "no network");
  });

  afterEach(async () => {
    await bench.end();
    await server.close();
    clock.restore();
  });

  it("is no error while it may still be searching after its start", () => {
    clock.leap(60_000);
    assert.equal(bench.count("caught"), 0);
  });

  it("is reported once, with a hint, when it has searched for 90 seconds", async () => {
    clock.leap(90_000);
    const { error } = await bench.received("caught");
    assert.equal(error.code, "NETWORK_NOT_REGISTERED");
    assert.match(error.message, /antenna/);
    // Without a name of its own it is called as the dialogs list it.
    assert.match(error.message, /^Error: 127\.0\.0\.1:\d+: /);
    clock.leap(90_000);
    clock.leap(90_000);
    assert.equal(bench.count("caught"), 1);
  });

  it("is not reported when the network came in time", async () => {
    change(module, cell, { registration: 1 });
    clock.leap(30_000);
    await bench.showsStatus("send", "ready");
    clock.leap(90_000);
    assert.equal(bench.count("caught"), 0);
  });
});

describe("A modem whose mail client stays busy and that must not be restarted", () => {
  const POLL_MS = 5_000;
  const bench = new FlowBench();

  let clock: LeapingClock;
  let module: SimulatedModem;
  let server: Awaited<ReturnType<typeof serveTcp>>;
  let mails: MailServer;

  beforeEach(async () => {
    clock = new LeapingClock();
    module = new SimulatedModem();
    server = await serveTcp(module, { tcpPort: 0 });
    mails = await MailServer.start();
  });

  afterEach(async () => {
    clock.restore();
    await bench.end();
    await mails.stop();
    await server.close();
  });

  /** The client is busy until the returned function is called. */
  const isBusy = (): (() => void) =>
    module.define((context, next) =>
      context.name.startsWith("+QSMTP") && context.form !== "test" ? { kind: "cme", code: 652 } : next(),
    );
  const codes = (): Promise<string[]> =>
    Promise.all(
      Array.from({ length: bench.count("caught") }, async (_, at) => {
        const { error } = await bench.received("caught", at + 1);
        return error.code;
      }),
    );
  /** Sends a mail, and waits until the client was so many times reported to be stuck. */
  const sendUntilTold = async (times: number): Promise<void> => {
    bench.inject("send", { to: "duty@example.com", topic: "alarm", payload: "high" });
    await waitFor("its report", async () => {
      await clock.leapOnly(POLL_MS, POLL_MS);
      return (await codes()).filter((code) => code === "MODEM_STUCK").length >= times;
    });
  };

  /** A mail meets a client that is busy until the returned function is called. */
  async function meets(mailer: string): Promise<() => void> {
    await bench.load([
      modemNode(mails.port, {
        transport: "tcp",
        tcpHost: "127.0.0.1",
        tcpPort: String(server.tcpPort),
        allowReset: false,
        sendTimeout: "60",
        mailer,
      }),
      sendNode(),
      { id: "catch", type: "catch", z: "tab", scope: ["modem", "send"], wires: [["caught"]] },
      helperNode("caught"),
      helperNode("sent"),
    ]);
    await bench.showsStatus("send", "ready");
    const free = isBusy();
    await sendUntilTold(1);
    return free;
  }

  it("needs its power switched, says so once, and sends what waits when it is free", async () => {
    const free = await meets("module");
    await bench.showsStatus("send", "needs power cycle");
    assert.equal((await bench.received("caught")).error.code, "MODEM_STUCK");
    free();
    await clock.leapOnly(60_000, 60_000);
    assert.equal((await bench.received("sent")).smtp.status, "sent");
    await bench.showsStatus("send", /^sent, /);
    assert.equal(bench.count("caught"), 1);
  });

  it("says so once and in the sidebar while its mails go out by socket, and waits with none", async () => {
    const free = await meets("auto");
    const { error } = await bench.received("caught");
    assert.equal(error.code, "MODEM_STUCK");
    assert.match(error.message, /Meanwhile this package sends the mails over a socket/);
    const { smtp } = await bench.received("sent");
    assert.deepEqual([smtp.status, smtp.via], ["sent", "socket"]);
    await bench.showsStatus("send", /^sent, /);
    const trouble = async () => (await bench.ask("/quectel-modem/modems/modem")).body.trouble;
    const { code, hintKey } = await trouble();
    assert.deepEqual([code, hintKey], ["MODEM_STUCK", "sentBySocket"]);
    free();
    // Asked each minute, unless a mail has the module just then.
    await waitFor("the end of it", async () => {
      await clock.leapOnly(60_000, 60_000);
      return (await trouble()) === undefined;
    });
    assert.equal(bench.count("caught"), 1);
    // The next time is another trouble.
    isBusy();
    await sendUntilTold(2);
  });
});

describe("A login that the server refuses, accepts after a resume, and refuses again", () => {
  const bench = new FlowBench();

  it("is reported both times, though the modem was ready all along", async () => {
    const mails = await MailServer.start({ auth: { user: "pump7", password: "secret" } });
    try {
      await bench.load(
        [
          modemNode(mails.port),
          sendNode(),
          { id: "catch", type: "catch", z: "tab", scope: ["modem", "send"], wires: [["caught"]] },
          { id: "outbox", type: "quectel-outbox", z: "tab", modem: "modem", wires: [["done"], []] },
          ...["caught", "sent", "done"].map(helperNode),
        ],
        { modem: { smtpUser: "pump7", smtpPassword: "secret" } },
      );
      for (const reports of [1, 2]) {
        mails.refuse = { auth: 535 };
        bench.inject("send", { to: "duty@example.com", topic: "alarm", payload: "high" });
        const { error } = await bench.received("caught", reports);
        assert.equal(error.code, "SMTP_AUTH_FAILED");
        mails.refuse = {};
        bench.inject("outbox", { action: "resume" });
        assert.equal((await bench.received("sent", reports)).smtp.status, "sent");
      }
    } finally {
      await bench.end();
      await mails.stop();
    }
  });
});

/** Whether the first mail of the queue waits for another try. */
async function isBackingOff(bench: FlowBench): Promise<boolean> {
  const { body } = await bench.ask("/quectel-modem/modems/modem");
  const [row] = body.queue.rows;
  return row?.state === "waiting" && row.nextTryInMs > 1000;
}

describe("Mails that a server puts off again and again", function () {
  this.timeout(120_000);
  const bench = new FlowBench();
  let mails: MailServer;

  beforeEach(async () => {
    mails = await MailServer.start();
    await bench.load([
      modemNode(mails.port, { name: "Pump 7" }),
      sendNode(),
      { id: "catch", type: "catch", z: "tab", scope: ["modem", "send"], wires: [["caught"]] },
      ...["caught", "sent", "failed"].map(helperNode),
    ]);
  });

  afterEach(async () => {
    await bench.end();
    await mails.stop();
  });

  const send = (): void => bench.inject("send", { to: "duty@example.com", topic: "alarm", payload: "high" });
  /** Resolves when mails wait for another try, and so many connections to the server were made. */
  const waits = (connections: number): Promise<unknown> =>
    waitFor("the back-off", async () => (await isBackingOff(bench)) && mails.connections >= connections);
  const tryAgain = async (): Promise<void> => {
    const { connections } = mails;
    await bench.ask("/quectel-modem/modems/modem", { action: "flushAll" });
    await waits(connections + 1);
  };

  it("are told to Catch once, after three tries, and again only after one went out", async () => {
    for (const reports of [1, 2]) {
      mails.refuse = { mail: 451 };
      const { connections } = mails;
      send();
      await waits(connections + 1);
      await tryAgain();
      assert.equal(bench.count("caught"), reports - 1);
      await tryAgain();
      const { error } = await bench.received("caught", reports);
      assert.deepEqual([error.code, error.source.id], ["SMTP_LOCAL_ERROR", "modem"]);
      assert.match(error.message, /^Error: Pump 7: The mail server reported a temporary error \(451\)/);
      for (let more = 0; more < 2; more++) await tryAgain();
      assert.equal(bench.count("caught"), reports);
      mails.refuse = {};
      await bench.ask("/quectel-modem/modems/modem", { action: "flushAll" });
      await bench.received("sent", reports);
    }
    assert.equal(bench.count("failed"), 0);
  });
});

describe("A server that refuses the connection", () => {
  const bench = new FlowBench();

  for (const mailer of ["module", "socket"]) {
    it(`does not get the module restarted, by ${mailer}`, async () => {
      const modem = await ServedModem.start();
      try {
        // Nothing listens there.
        await bench.load([modem.node(1, { mailer }), sendNode(), helperNode("sent"), helperNode("failed")]);
        bench.inject("send", { to: "duty@example.com", topic: "alarm", payload: "high" });
        await waitFor("the back-off", () => isBackingOff(bench));
        assert.equal(modem.lines('AT+QIDNSGIP=1,"mail.example.com"').length, 1);
        assert.deepEqual(modem.lines("AT+CFUN=1,1"), []);
      } finally {
        await bench.end();
        await modem.stop();
      }
    }).timeout(60_000);
  }
});
