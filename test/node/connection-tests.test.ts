/** The test buttons of the modem's dialog, as its browser uses them: endpoints of a real runtime. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import helper from "node-red-node-test-helper";
import { SimulatedModem, type FaultRule } from "../../lib/simulator";
import { serveTcp } from "../../lib/simulator/serve/tcp-server";
import { MailServer } from "../support/mail-server";
import { waitFor } from "../support/wait-for";
import { LeapingClock } from "./support/leaping-clock";
import { FlowBench, helperNode, modemNode, sendNode } from "./support/flow-bench";

type Loose = ReturnType<JSON["parse"]>;

/** Milliseconds without a look after which a test ends. */
const ATTENTION = 90_000;

describe("A test of a modem's settings", () => {
  const bench = new FlowBench();
  let server: MailServer;

  before(async () => {
    await new Promise<void>((started) => helper.startServer(started));
  });

  after(async () => {
    await new Promise<void>((stopped) => helper.stopServer(stopped));
  });

  beforeEach(async () => {
    server = await MailServer.start({ auth: { user: "pump7", password: "s3cret-word" } });
  });

  afterEach(async () => {
    await bench.end();
    await server.stop();
  });

  const properties = (change: object = {}): object => {
    const { id: _, type: __, ...saved } = modemNode(server.port);
    return { ...saved, ...change };
  };
  const order = (change: object = {}): object => ({
    kind: "diagnosis",
    modem: "modem",
    flow: "",
    properties: properties(),
    credentials: { smtpUser: "pump7", smtpPassword: "s3cret-word" },
    ...change,
  });
  const post = async (body: object): Promise<{ status: number; body: Loose }> =>
    helper.request().post("/quectel-modem/connection-tests").send(body);
  const look = async (id: string): Promise<Loose> =>
    (await helper.request().get(`/quectel-modem/connection-tests/${id}`)).body;
  /** Starts a test and resolves with how it ended. */
  const run = async (body: object): Promise<Loose> => {
    const { status, body: answer } = await post(body);
    assert.equal(status, 200, JSON.stringify(answer));
    return waitFor("the end of the test", async () => {
      const view = await look(answer.id);
      assert.doesNotMatch(JSON.stringify(view), /s3cret-word/);
      return view.phase === "ended" ? view : undefined;
    });
  };
  const statuses = ({ steps }: Loose): Record<string, string> =>
    Object.fromEntries(steps.map((step: Loose) => [step.name, step.status]));

  it("walks the ladder with the values just typed, of a modem that is not deployed", async () => {
    await bench.load([helperNode("other")]);
    const view = await run(order());
    assert.deepEqual(view.end, { kind: "done" });
    assert.deepEqual(Object.keys(statuses(view)), view.ladder);
    assert.deepEqual(
      view.steps.filter(({ status }: Loose) => status === "failed"),
      [],
    );
  });

  it("shows a mail as it lies in the mailbox of the simulated modem, which needs no server", async () => {
    await bench.load([helperNode("other")]);
    const simulated = { transport: "simulator", smtpHost: "inbox.simulated", smtpSecurity: "none" };
    const view = await run(
      order({ kind: "mail", recipient: "duty@example.com", properties: properties(simulated) }),
    );
    assert.deepEqual(view.end, { kind: "done" });
    assert.equal(view.mail.received.subject, view.mail.subject);
    assert.match(view.mail.received.text, /温度过高/);
    assert.equal(server.received.length, 0);
  });

  it("reaches no other computer with a simulated modem", async () => {
    await bench.load([helperNode("other")]);
    const simulated = { transport: "simulator", smtpHost: "192.0.2.1", smtpSecurity: "none" };
    const view = await run(
      order({ kind: "mail", recipient: "duty@example.com", properties: properties(simulated) }),
    );
    assert.equal(view.steps.at(-1).code, "SMTP_NETWORK");
  });

  it("sends a mail outside the outbox, and the diagnosis after it knows that the login works", async () => {
    await bench.load([modemNode(server.port), sendNode(), helperNode("sent"), helperNode("failed")]);
    const view = await run(order({ kind: "mail", recipient: "duty@example.com" }));
    assert.deepEqual(view.end, { kind: "done" });
    const mail = await server.waitForMail();
    assert.deepEqual(mail.to, ["duty@example.com"]);
    assert.equal(mail.user, "pump7");
    assert.equal(mail.parsed.subject, view.mail.subject);
    assert.match(mail.parsed.text ?? "", new RegExp(`${view.mail.accents}[^]+${view.mail.chinese}`));
    const after = await run(order());
    assert.equal(statuses(after)["login"], "ok");
    const { body: modem } = await bench.ask("/quectel-modem/modems/modem");
    assert.deepEqual([modem.queue.rows, modem.ended], [[], []]);
    assert.equal(bench.count("sent") + bench.count("failed"), 0);
    // Its result must never pass for that of a mail of the outbox.
    assert.equal(await bench.note("test-mails"), "1");
  });

  it("sends letters that the chosen charset has", async () => {
    await bench.load([helperNode("other")]);
    for (const charset of ["gb2312", "big5"]) {
      const change = { kind: "mail", recipient: "duty@example.com", properties: properties({ charset }) };
      const view = await run(order(change));
      assert.equal(view.mail.charset, charset);
      assert.deepEqual(view.mail.warnings, []);
    }
  });

  it("tells a refused login as the step that failed, with its hint", async () => {
    await bench.load([helperNode("other")]);
    const credentials = { smtpUser: "pump7", smtpPassword: "wrong-word" };
    const view = await run(order({ kind: "mail", recipient: "duty@example.com", credentials }));
    const last = view.steps.at(-1);
    assert.deepEqual([last.name, last.status, last.hintKey], ["sending", "failed", "SMTP_AUTH_FAILED"]);
    assert.match(last.hint, /app password/);
    const after = await run(order({ credentials }));
    assert.equal(statuses(after)["login"], "failed");
  });

  it("refuses a second one at the same port, and stops at once when it is told to", async () => {
    await bench.load([helperNode("other")]);
    const release = server.hold("data");
    const { body } = await post(order({ kind: "mail", recipient: "duty@example.com" }));
    await server.waitForStage("data");
    const second = await post(order());
    assert.deepEqual([second.status, second.body.code], [409, "PORT_UNDER_TEST"]);
    const cancelled = await helper.request().delete(`/quectel-modem/connection-tests/${body.id}`);
    assert.equal(cancelled.status, 200);
    const view = await waitFor("the end", async () => {
      const seen = await look(body.id);
      return seen.phase === "ended" ? seen : undefined;
    });
    assert.deepEqual(view.end, { kind: "stopped", why: "cancelled" });
    release();
    assert.equal((await run(order())).end.kind, "done");
  });

  it("runs beside others at other ports, but at most eight at a time", async () => {
    await bench.load([helperNode("other")]);
    const silent = createServer((socket) => socket.on("error", () => undefined)).listen(0, "0.0.0.0");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const at = (host: number): object =>
      order({
        properties: properties({ transport: "tcp", tcpHost: `127.0.0.${host}`, tcpPort: String(port) }),
      });
    const started = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((host) => post(at(host))));
    try {
      assert.deepEqual(new Set(started.map(({ status }) => status)), new Set([200]));
      const ninth = await post(at(9));
      assert.deepEqual([ninth.status, ninth.body.code], [409, "PORT_UNDER_TEST"]);
      assert.match(ninth.body.message, /8 tests/);
    } finally {
      for (const { body } of started)
        await helper.request().delete(`/quectel-modem/connection-tests/${body.id}`);
    }
    await waitFor("a free place", async () => (await post(at(9))).status === 200);
    silent.close();
  });

  it("ends by itself when nobody looks at it any more, as when the browser has gone", async () => {
    const clock = new LeapingClock();
    try {
      await bench.load([helperNode("other")]);
      const release = server.hold("data");
      const { body } = await post(order({ kind: "mail", recipient: "duty@example.com" }));
      await server.waitForStage("data");
      for (let looks = 0; looks < 3; looks++) {
        await clock.leapOnly(ATTENTION, ATTENTION / 2);
        assert.equal((await look(body.id)).phase, "running");
      }
      await clock.leapOnly(ATTENTION, ATTENTION);
      const view = await waitFor("the end", async () => {
        const seen = await look(body.id);
        return seen.phase === "ended" ? seen : undefined;
      });
      assert.deepEqual(view.end, { kind: "stopped", why: "left" });
      release();
    } finally {
      clock.restore();
    }
  });

  it("is forgotten ten minutes after its end, and its report holds no address", async () => {
    const clock = new LeapingClock();
    try {
      await bench.load([helperNode("other")]);
      const view = await run(order());
      assert.match(view.report, /Node-RED/);
      assert.doesNotMatch(view.report, /pump7|127\.0\.0\.1|10\.20\.30/);
      clock.leap(11 * 60_000);
      assert.equal((await helper.request().get(`/quectel-modem/connection-tests/${view.id}`)).status, 404);
    } finally {
      clock.restore();
    }
  });

  it("is nowhere to be found under another id", async () => {
    await bench.load([helperNode("other")]);
    assert.equal((await helper.request().get("/quectel-modem/connection-tests/none")).status, 404);
    assert.equal((await helper.request().delete("/quectel-modem/connection-tests/none")).status, 404);
  });

  it("knows the variables of the runtime", async () => {
    await bench.load([helperNode("other")]);
    process.env["TEST_HOST"] = "127.0.0.1";
    try {
      const change = { kind: "mail", recipient: "duty@example.com" };
      const view = await run(order({ ...change, properties: properties({ smtpHost: "${TEST_HOST}" }) }));
      assert.equal(view.mail.recipient, "duty@example.com");
    } finally {
      delete process.env["TEST_HOST"];
    }
  });

  it("is refused in the template of a subflow", async () => {
    await bench.load([helperNode("other"), { id: "alarm", type: "subflow", name: "Alarm", in: [], out: [] }]);
    const { status, body } = await post(order({ flow: "alarm" }));
    assert.deepEqual([status, body.property], [400, "flow"]);
  });

  it("names the field of a setting that is missing, and starts nothing", async () => {
    await bench.load([helperNode("other")]);
    const change = { kind: "mail", recipient: "duty@example.com" };
    const { status, body } = await post(order({ ...change, properties: properties({ smtpHost: "" }) }));
    assert.deepEqual([status, body.code, body.property], [400, "INVALID_CONFIG", "smtpHost"]);
  });

  describe("with a stored password", () => {
    const stored = { modem: { smtpUser: "pump7", smtpPassword: "s3cret-word" } };
    const untouched = (change: object = {}): object =>
      order({ kind: "mail", recipient: "duty@example.com", credentials: { smtpUser: "pump7" }, ...change });

    it("uses it for the server that it was stored for", async () => {
      await bench.load([modemNode(server.port)], stored);
      await run(untouched());
      assert.equal((await server.waitForMail()).user, "pump7");
    });

    it("wants it typed again for another server, and sends it nowhere", async () => {
      await bench.load([modemNode(server.port)], stored);
      const { status, body } = await post(untouched({ properties: properties({ smtpHost: "localhost" }) }));
      assert.deepEqual([status, body.code, body.property], [400, "INVALID_CREDENTIAL", "smtpPassword"]);
      assert.equal(server.connections, 0);
    });
  });

  describe("at the port of a modem of the flows", () => {
    let module: SimulatedModem;
    let served: Awaited<ReturnType<typeof serveTcp>>;

    beforeEach(async () => {
      module = new SimulatedModem({});
      served = await serveTcp(module, { tcpPort: 0 });
    });

    afterEach(async () => {
      await served.close();
    });

    const overTcp = (change: object = {}): object => ({
      transport: "tcp",
      tcpHost: "127.0.0.1",
      tcpPort: String(served.tcpPort),
      ...change,
    });
    const login = { modem: { smtpUser: "pump7", smtpPassword: "s3cret-word" } };
    const load = (): Promise<void> =>
      bench.load(
        [modemNode(server.port, overTcp()), sendNode(), helperNode("sent"), helperNode("failed")],
        login,
      );
    const lines = (start: string): string[] => module.log.lines().filter((line) => line.startsWith(start));

    it("borrows the port and gives it back, and the next mail sets its own settings again", async () => {
      await load();
      await bench.showsStatus("send", "ready");
      bench.inject("send", { to: "duty@example.com", payload: "first" });
      await bench.received("sent");
      const view = await run(
        order({
          kind: "mail",
          recipient: "duty@example.com",
          properties: properties(overTcp({ apn: "test.example", senderAddress: "test@example.com" })),
        }),
      );
      assert.deepEqual(view.end, { kind: "done" });
      assert.equal((await server.waitForMail(2)).from, "test@example.com");
      const [tried, putBack] = lines("AT+QICSGP=1,");
      assert.match(tried ?? "", /test\.example/);
      assert.match(putBack ?? "", /^AT\+QICSGP=1,1,""/);
      await bench.showsStatus("send", /^(ready|sent, )/);
      bench.inject("send", { to: "duty@example.com", payload: "second" });
      await bench.received("sent", 2);
      assert.equal((await server.waitForMail(3)).from, "pump7@example.com");
    });

    it("waits for the mail on the air, and mails wait for it", async () => {
      await load();
      await bench.showsStatus("send", "ready");
      const release = server.hold("data");
      bench.inject("send", { to: "duty@example.com", payload: "alarm" });
      await server.waitForStage("data");
      const { body } = await post(order({ properties: properties(overTcp()) }));
      assert.equal((await look(body.id)).phase, "waiting");
      release();
      await bench.received("sent");
      await bench.showsStatus("send", "tested in editor");
      bench.inject("send", { to: "duty@example.com", payload: "next" });
      const view = await waitFor("the end", async () => {
        const seen = await look(body.id);
        return seen.phase === "ended" ? seen : undefined;
      });
      assert.deepEqual(view.end, { kind: "done" });
      await bench.received("sent", 2);
    });

    it("ends when flows are deployed, and the port goes to the new modem", async () => {
      await load();
      await bench.showsStatus("send", "ready");
      const { body } = await post(order({ kind: "facts", properties: properties(overTcp()) }));
      await waitFor("a fact", async () => (await look(body.id)).steps.length > 0);
      await bench.deploy(
        [
          modemNode(server.port, overTcp({ senderAddress: "new@example.com" })),
          sendNode(),
          helperNode("sent"),
          helperNode("failed"),
        ],
        "full",
      );
      assert.deepEqual((await look(body.id)).end, { kind: "stopped", why: "deployed" });
      await bench.showsStatus("send", "ready");
    });

    /** Something that each kind of test does after its first step and before its last. */
    const amid = (run: () => void): Readonly<Record<"diagnosis" | "mail" | "facts", FaultRule>> => ({
      diagnosis: { at: { socket: "open" }, fault: { kind: "run", run } },
      mail: { at: { smtp: "connect" }, fault: { kind: "run", run } },
      facts: { at: { command: "+QFUPL" }, fault: { kind: "run", run } },
    });

    for (const kind of ["diagnosis", "mail", "facts"] as const) {
      it(`gives the port to the new flows within 5 s, also of a module that has fallen silent (${kind})`, async () => {
        await load();
        await bench.showsStatus("send", "ready");
        let isSilent = false;
        const hang = (): void => {
          isSilent = true;
          module.hang();
        };
        module.faults.set([amid(hang)[kind]]);
        const change = { kind, recipient: "duty@example.com", properties: properties(overTcp()) };
        const { body } = await post(order(change));
        await waitFor("a module that falls silent", () => isSilent);
        assert((await look(body.id)).steps.length > 0);
        const begun = performance.now();
        await bench.deploy([helperNode("sent")], "full");
        assert(performance.now() - begun < 5000);
        assert.deepEqual((await look(body.id)).end, { kind: "stopped", why: "deployed" });
      });
    }
  });
});
