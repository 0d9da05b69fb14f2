/**
 * The examples whose effect is more than one mail, run as users get them: schedule, monitoring, relay, mail storm.
 *
 * Only what leaves the flow is another: what a debug node would show is kept, the modem is a simulated module that the
 * test can unplug, and waits of the flow's own nodes are shorter. What the others send is shown in test/system/editor,
 * the broker's example in test/system/relay.
 */
import assert from "node:assert/strict";
import { cell, change, SimulatedModem } from "../../lib/simulator";
import { serveTcp } from "../../lib/simulator/serve/tcp-server";
import { systemClock } from "../../lib/clock";
import { readJson } from "../support/editor-files";
import { MailServer } from "../support/mail-server";
import { waitFor } from "../support/wait-for";
import { coreNodes } from "./support/core-nodes";
import { FlowBench, helperNode, type FlowNode, type Message } from "./support/flow-bench";
import { LeapingClock } from "./support/leaping-clock";

const CORE = ["inject", "comment", "function", "switch", "exec", "trigger", "rbe", "join", "batch"] as const;

describe("The example", function () {
  this.timeout(30_000);
  const bench = new FlowBench(coreNodes(CORE));
  let server: MailServer;
  let module: SimulatedModem;
  let port: Awaited<ReturnType<typeof serveTcp>>;
  let example: readonly FlowNode[];

  /**
   * Loads an example.
   *
   * @param changes by the names of its nodes, or their types where they have none.
   * @param modems by the names of its modems, which else share one module and the mail server.
   */
  const load = async (
    name: string,
    changes: Readonly<Record<string, object>> = {},
    modems: Readonly<Record<string, object>> = {},
  ): Promise<void> => {
    const modem = {
      transport: "tcp",
      tcpHost: "127.0.0.1",
      tcpPort: String(port.tcpPort),
      smtpHost: "127.0.0.1",
    };
    const nodes: FlowNode[] = readJson(`examples/${name}.json`);
    const nameOf = (node: FlowNode): string =>
      typeof node["name"] === "string" && node["name"] !== "" ? node["name"] : node.type;
    const names = new Set(nodes.map(nameOf));
    for (const changed of Object.keys(changes)) assert.ok(names.has(changed), `the example has ${changed}`);
    example = nodes.map((node) => {
      if (node.type === "quectel-modem")
        return { ...node, ...modem, smtpPort: String(server.port), ...modems[nameOf(node)] };
      if (node.type === "debug") return { ...node, type: "helper" };
      return { ...node, ...changes[nameOf(node)] };
    });
    await bench.load(example);
  };
  const idOf = (name: string): string => {
    const found = example.find((node) => node["name"] === name || node.type === name);
    assert.ok(found, `the example has ${name}`);
    return found.id;
  };
  const press = (button: string): void => bench.inject(idOf(button), {});
  const shown = (debug: string, count = 1): Promise<Message> => bench.received(idOf(debug), count);
  /** A node that sends, beside the example. */
  const addSender = async (): Promise<void> => {
    const send = {
      id: "send",
      type: "quectel-smtp-send",
      z: idOf("tab"),
      modem: idOf("quectel-modem"),
      wires: [[], ["failed"]],
    };
    await bench.deploy([...example, send, helperNode("failed")], "nodes");
  };

  beforeEach(async () => {
    server = await MailServer.start();
    module = new SimulatedModem();
    port = await serveTcp(module, { tcpPort: 0 });
  });
  afterEach(async () => {
    await bench.end();
    await port.close();
    await server.stop();
  });

  describe("06 Data connection by schedule", () => {
    const NAME = "06 Data connection by schedule";
    const EVERY_SECOND = { crontab: "* * * * * *" };

    it("is told to be on at 6 and off at 22 every day", () => {
      const nodes: FlowNode[] = readJson(`examples/${NAME}.json`);
      const times = nodes.filter(({ crontab }) => crontab !== undefined && crontab !== "");
      assert.deepEqual(
        times.map(({ name, crontab }) => [name, crontab]),
        [
          ["on at 6", "00 06 * * *"],
          ["off at 22", "00 22 * * *"],
        ],
      );
    });

    it("deactivates at its time, so that mails wait, and activates at its time, so that they go out", async () => {
      await load(NAME, { "off at 22": EVERY_SECOND });
      assert.equal((await shown("data connection")).pdp.active, false);
      await addSender();
      bench.inject("send", { to: "duty@example.com", payload: "of the night" });
      await bench.showsStatus("send", "data connection off · 1 ✉");
      await bench.unload();
      assert.equal(server.received.length, 0);

      await load(NAME, { "on at 6": EVERY_SECOND });
      assert.equal((await shown("data connection")).pdp.active, true);
      const mail = await server.waitForMail();
      assert.equal(mail.parsed.text?.trim(), "of the night");
    });

    it("says how it is", async () => {
      await load(NAME);
      await bench.showsStatus(idOf("quectel-pdp-context"), "ready");
      press("how is it?");
      assert.equal((await shown("data connection")).pdp.contextId, 1);
    });
  });

  describe("07 Watch signal and outbox", () => {
    it("tells the state when asked, and names a signal that is weak", async () => {
      await load("07 Watch signal and outbox");
      await bench.showsStatus(idOf("quectel-modem-status"), "ready");
      const before = bench.count(idOf("state of the modem"));
      press("now");
      const { payload } = await shown("state of the modem", before + 1);
      assert.equal(payload.state, "ready");
      assert.ok(payload.rssiDbm > -100);
      assert.equal(payload.queue.depth, 0);
      assert.equal(bench.count(idOf("weak signal")), 0);
      change(module, cell, { rssi: 2 });
      press("now");
      assert.ok((await shown("weak signal")).payload.rssiDbm < -100);
    });

    it("holds, lists and retries mails at the press of its buttons", async () => {
      await load("07 Watch signal and outbox");
      await addSender();
      await bench.showsStatus("send", "ready");
      press("pause");
      assert.equal((await shown("mails")).payload.hold.kind, "paused");
      bench.inject("send", { to: "duty@example.com", topic: "Level", payload: "94 %" });
      await bench.showsStatus("send", "paused · 1 ✉");
      press("waiting mails");
      assert.deepEqual(subjects(await shown("mails", 2)), ["Level"]);
      server.refuse = { rcpt: 550 };
      press("resume");
      await bench.received("failed");
      // The record is filed when the flow has the result.
      await waitFor("the failed mail", async () => {
        press("failed mails");
        const { payload } = await shown("mails", bench.count(idOf("mails")) + 1);
        return payload.rows?.[0]?.subject === "Level";
      });
      server.refuse = {};
      press("retry failed mails");
      assert.equal((await server.waitForMail()).parsed.subject, "Level");
    });
  });

  describe("08 Power-cycle a dead modem", () => {
    it("switches a module off and on that no longer answers, and the mail that waited goes out", async () => {
      const clock = new LeapingClock();
      try {
        await load("08 Power-cycle a dead modem", { "off for 10 s, then on": { duration: "0.1" } });
        await addSender();
        await bench.showsStatus("send", "ready");
        const relay: unknown[] = [];
        // The relay in the module's supply.
        bench.node(idOf("relay (put your GPIO node here)")).on("input", ({ payload }) => {
          relay.push(payload);
          if (payload === 0) module.unplug();
          if (payload === 1) module.plug();
        });
        module.hang();
        bench.inject("send", { to: "duty@example.com", topic: "Level", payload: "94 %" });
        await waitFor("the mail", () => {
          // The time in which the module is told to restart twice, and looked for.
          clock.leap(relay.length === 0 ? 10_000 : 500);
          return server.received.length > 0;
        });
        assert.deepEqual(relay, [0, 1]);
        assert.equal(server.received[0]?.parsed.subject, "Level");
      } finally {
        clock.restore();
      }
    });

    it("lets its relay be tried by hand", async () => {
      await load("08 Power-cycle a dead modem", { "off for 10 s, then on": { duration: "0.1" } });
      press("try the relay");
      assert.equal((await shown("relay (put your GPIO node here)")).payload, 0);
      assert.equal((await shown("relay (put your GPIO node here)", 2)).payload, 1);
    });
  });

  describe("09 Tame a mail storm", () => {
    it("makes one mail of a hundred alarms, each alarm once", async () => {
      const nodes: FlowNode[] = readJson("examples/09 Tame a mail storm.json");
      const batch = nodes.findIndex(({ type }) => type === "batch");
      assert.equal(nodes[batch]?.["interval"], "5");
      await load("09 Tame a mail storm", { batch: { interval: "1" } });
      for (let count = 0; count < 50; count++) for (const button of ["pump", "door"]) press(button);
      const mail = await server.waitForMail();
      assert.equal(mail.parsed.subject, "Alarms");
      assert.deepEqual(mail.parsed.text?.trim().split(/\r?\n/), ["Pump 1 stopped", "Door is open"]);
      assert.equal((await shown("sent")).smtp.status, "sent");
      assert.equal(server.received.length, 1);
    });
  });

  describe("12 Only the current state", () => {
    it("sends one mail, the last, of those that were raised while none could go out", async () => {
      await load("12 Only the current state");
      await bench.showsStatus(idOf("quectel-smtp-send"), "ready");
      press("pause");
      assert.equal((await shown("outbox")).payload.hold.kind, "paused");
      for (const level of ["60 %", "80 %", "95 %"]) press(level);
      assert.equal((await shown("superseded", 2)).error.code, "OUTBOX_SUPERSEDED");
      press("resume");
      assert.equal((await server.waitForMail()).parsed.subject, "Tank 2: 95 %");
      assert.equal((await shown("sent")).smtp.status, "sent");
      assert.deepEqual([server.received.length, bench.count(idOf("not sent"))], [1, 0]);
    });
  });

  describe("10 Second modem as fallback", () => {
    it("sends by modem B as soon as nobody waits for modem A any longer", async () => {
      await load(
        "10 Second modem as fallback",
        {},
        {
          "Modem A (simulated)": { transport: "simulator", smtpHost: "not-there.simulated" },
          "Modem B (simulated)": { transport: "simulator" },
        },
      );
      press("alarm");
      await waitFor("the mail that waits", async () => {
        press("do not wait");
        return bench.count(idOf("sent")) > 0;
      });
      assert.equal((await server.waitForMail()).parsed.subject, "Level high in tank 2");
    });
  });

  describe("13 Mails of devices in the LAN", () => {
    it("sends what a device has mailed, with its name in the subject", async () => {
      await load("13 Mails of devices in the LAN");
      press("mail of the UPS");
      const first = await server.waitForMail();
      assert.deepEqual(
        [first.parsed.subject, first.to],
        ["ups@cabinet7.lan: On battery", ["duty@example.com"]],
      );
      press("mail of the PLC");
      assert.equal((await server.waitForMail(2)).parsed.subject, "plc@line2.lan: no subject");
      assert.deepEqual((await shown("sent", 2)).smtp.warnings, []);
    });
  });

  describe("14 Heartbeat", () => {
    it("is sent every day at 8, and a newer one replaces one that still waits", async () => {
      const nodes: FlowNode[] = readJson("examples/14 Heartbeat.json");
      assert.equal(nodes.find(({ type }) => type === "inject")?.["crontab"], "00 08 * * *");
      await load("14 Heartbeat", { "every day at 8": { crontab: "" } });
      press("every day at 8");
      assert.match((await server.waitForMail()).parsed.text ?? "", /^Alive at /);
      assert.equal((await shown("sent")).smtp.status, "sent");
    });
  });

  describe("15 Escalation until acknowledged", () => {
    it("mails one person more each time, and stops when somebody acknowledges", async () => {
      await load("15 Escalation until acknowledged", {
        "every 15 min until reset": { duration: "-0.3", units: "s" },
      });
      press("alarm");
      const first = await server.waitForMail();
      assert.deepEqual([first.parsed.subject, first.to], ["Tank 2", ["duty@example.com"]]);
      const third = await server.waitForMail(3);
      assert.equal(third.parsed.subject, "Tank 2 (reminder 2, not acknowledged)");
      assert.deepEqual(third.to, ["duty@example.com", "deputy@example.com", "manager@example.com"]);
      press("acknowledged");
      press("alarm");
      await waitFor("an alarm that begins with one person", () =>
        server.received.slice(3).some(({ parsed, to }) => parsed.subject === "Tank 2" && to.length === 1),
      );
    });
  });

  describe("16 HTML with a picture", () => {
    it("shows its chart in the text, and says in words what it shows", async () => {
      await load("16 HTML with a picture", { "every day at 7": { crontab: "" } });
      press("every day at 7");
      const { parsed } = await server.waitForMail();
      const [chart] = parsed.attachments;
      assert.deepEqual([chart?.cid, chart?.related, chart?.contentType], ["levels", true, "image/gif"]);
      assert.equal(chart?.content.toString("latin1", 0, 6), "GIF87a");
      assert.match(parsed.html || "", /<h1>Tank 2 is at 94 %<\/h1>\s*<p><img src="data:image\/gif;base64,/);
      assert.match(parsed.text ?? "", /Tank 2 is at 94 %[^]*62, 64, 70, 69, 75, 83, 94 %/);
      assert.deepEqual((await shown("sent")).smtp.warnings, []);
    });
  });

  describe("17 Alarm and all-clear in one thread", () => {
    it("sends the all-clear as an answer to its alarm, and the next alarm as none", async () => {
      await load("17 Alarm and all-clear in one thread");
      press("level 95 %");
      press("level 95 %");
      const alarm = await server.waitForMail();
      await shown("sent");
      press("level 75 %");
      const clear = await server.waitForMail(2);
      assert.equal(clear.parsed.subject, `Re: ${alarm.parsed.subject}`);
      assert.deepEqual(
        [clear.parsed.inReplyTo, clear.parsed.references],
        [alarm.parsed.messageId, alarm.parsed.messageId],
      );
      await shown("sent", 2);
      press("level 95 %");
      const next = await server.waitForMail(3);
      assert.deepEqual([next.parsed.subject, next.parsed.inReplyTo], ["ALARM: tank 2 is high", undefined]);
    });
  });

  describe("18 Set the clock of the host", () => {
    const NAME = "18 Set the clock of the host";
    const AT_START = { once: false, repeat: "" };
    /** The same form, and nothing is set: what it was given comes out at its first output. */
    const ECHO = { command: "echo date -u -s" };

    it("may run one command, which needs a right of its own: that of ten digits and nothing else", () => {
      const nodes: FlowNode[] = readJson(`examples/${NAME}.json`);
      const exec: Partial<FlowNode> = nodes.find(({ type }) => type === "exec") ?? {};
      assert.deepEqual(
        [exec["command"], exec["addpay"], exec["append"], exec["useSpawn"]],
        ["sudo -n /usr/bin/date -u -s", "payload", "", "true"],
        "no shell reads it",
      );
      const info = String(nodes.find(({ type }) => type === "comment")?.["info"]);
      const [, allowed = ""] = /NOPASSWD: (.*)/.exec(info) ?? [];
      assert.equal(allowed, `/usr/bin/date -u -s @${"[0-9]".repeat(10)}`);
    });

    it("gives the network's time to a host whose clock is wrong", async () => {
      await port.close();
      const network = Date.UTC(2031, 4, 6, 7, 8, 9);
      module = new SimulatedModem({ clock: { ...systemClock, wall: () => network } });
      port = await serveTcp(module, { tcpPort: 0 });
      await load(NAME, { "at start and every hour": AT_START, "set the clock": ECHO });
      await bench.showsStatus(idOf("quectel-modem-status"), "ready");
      press("at start and every hour");
      assert.equal((await shown("result")).payload, `date -u -s @${network / 1000}\n`);
    });

    it("passes on digits only, whatever the time of the modem looks like", async () => {
      await load(NAME, { "at start and every hour": AT_START, "set the clock": ECHO });
      const hostile = [
        "2031-05-06T07:08:09Z; reboot",
        "$(reboot)",
        "@1935817689 -f /etc/shadow",
        "+275760-09-13T00:00:00.000Z",
        "1970-01-01T00:00:00.000Z",
        "",
        1935817689000,
        ["2031-05-06T07:08:09.000Z"],
        { toString: "x" },
        null,
      ];
      for (const network of hostile)
        bench.inject(idOf("if it is wrong"), { payload: { clock: { network } } });
      for (const payload of [
        "x",
        null,
        {},
        { clock: null },
        { clock: { plausible: true, time: "2031-05-06T07:08:09.000Z" } },
      ])
        bench.inject(idOf("if it is wrong"), { payload });
      const time = "2031-05-06T07:08:09.000Z";
      const now = new Date().toISOString();
      for (const one of [now, time])
        bench.inject(idOf("if it is wrong"), { payload: { clock: { network: one } } });
      // What comes first is that of the only good one that the host does not know.
      assert.equal((await shown("result")).payload, "date -u -s @1935817689\n");
    });
  });

  function subjects({ payload }: Message): string[] {
    return payload.rows.map(({ subject }: { subject: string }) => subject);
  }
});
