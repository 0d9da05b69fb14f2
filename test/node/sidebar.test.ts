/** The endpoints of the sidebar, and what every viewer of the editor is told. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { MailServer } from "../support/mail-server";
import { waitFor } from "../support/wait-for";
import { FlowBench, type FlowNode, helperNode, modemNode, sendNode } from "./support/flow-bench";
import { ServedModem } from "./support/served-modem";

const MODEM = "/quectel-modem/modems/modem";
/** What nobody may read in the sidebar. */
const CANARIES = {
  smtpUser: "canary-user-7f3a",
  smtpPassword: "canary-password-91bc",
  simPin: "7391",
  apnUser: "canary-apn-5511",
  apnPassword: "canary-apn-password-22",
};
const SUBJECT = "canary subject";
const TEXT = "canary text of the mail";

describe("The sidebar's endpoints", () => {
  const bench = new FlowBench();
  let server: MailServer;
  let open: MailServer | undefined;

  beforeEach(async () => {
    server = await MailServer.start({
      auth: { user: CANARIES.smtpUser, password: CANARIES.smtpPassword },
    });
  });

  afterEach(async () => {
    await bench.end();
    await server.stop();
    await open?.stop();
    open = undefined;
  });

  const load = (modem: object = {}, ...more: FlowNode[]): Promise<void> =>
    bench.load(
      [modemNode(server.port, modem), sendNode(), ...more, helperNode("sent"), helperNode("failed")],
      { modem: { smtpUser: CANARIES.smtpUser, smtpPassword: CANARIES.smtpPassword } },
    );
  const view = async (): Promise<ReturnType<JSON["parse"]>> => (await bench.ask(MODEM)).body;
  const act = (action: string, mail?: string) => bench.ask(MODEM, { action, mail });
  const send = (change: object = {}): void =>
    bench.inject("send", { to: "duty@example.com", topic: SUBJECT, payload: TEXT, ...change });
  /** The view as soon as it is as wanted. */
  const shows = (what: string, probe: (shown: ReturnType<JSON["parse"]>) => boolean) =>
    waitFor(what, async () => {
      const shown = await view();
      return probe(shown) ? shown : undefined;
    });

  it("list the modems of the flows and tell of each what its nodes show, and the network", async () => {
    await load({ name: "Pump 7" });
    await bench.showsStatus("send", "SIMULATED ready");
    const list = await bench.ask("/quectel-modem/modems");
    assert.deepEqual(list.body, [{ id: "modem", name: "Pump 7" }]);
    const shown = await shows("a sample", ({ samples }) => samples.length > 0);
    assert.deepEqual([shown.status.text, shown.status.fill], ["SIMULATED ready", "green"]);
    assert.equal(shown.network.technology, "FDD LTE");
    assert(shown.network.operator.length > 0);
    assert.equal(shown.samples[0].rssiDbm, shown.network.rssiDbm);
    assert.equal(shown.module.model, "EC25");
    assert.deepEqual(shown.queue, { waiting: 0, failed: 0, rows: [] });
  });

  it("tell when a modem that is away is tried again, and take the wish to try it at once", async () => {
    const modem = await ServedModem.start();
    await modem.stop();
    await bench.load([modem.node(server.port), sendNode(), helperNode("sent"), helperNode("failed")]);
    const { nextConnectInMs } = await shows("the countdown", (shown) => shown.nextConnectInMs > 0);
    assert.ok(nextConnectInMs <= 15_000);
    assert.equal((await act("connect")).status, 200);
  });

  it("show no countdown for a modem that is connected, or that no node uses", async () => {
    await load();
    await bench.showsStatus("send", "SIMULATED ready");
    assert.equal((await view()).nextConnectInMs, undefined);
    assert.equal((await act("connect")).status, 200);
    await bench.deploy([modemNode(server.port)], "full");
    assert.equal((await view()).nextConnectInMs, undefined);
    assert.equal((await act("connect")).status, 409);
  });

  it("show the mails of a modem that was deleted, let another send them, or discard them", async () => {
    // Deployed without credentials.
    open = await MailServer.start();
    const other = { ...modemNode(open.port), id: "other" };
    const helpers = [helperNode("sent"), helperNode("failed")];
    const left = async () => (await bench.ask("/quectel-modem/left")).body;
    await load();
    assert.deepEqual(await left(), []);
    await act("pause");
    const flow = [other, sendNode({ modem: "other" }), ...helpers];
    for (const end of ["adopt", "discard"]) {
      send();
      await shows("the mail", ({ queue }) => queue.waiting === 1);
      await bench.deploy(flow, "full");
      const [shown, ...others] = await left();
      assert.deepEqual(others, []);
      const { modem, waiting, failed, rows } = shown;
      assert.deepEqual([modem, waiting, failed, rows.length], ["modem", 1, 0, 1]);
      assert.deepEqual(
        [rows[0].state, rows[0].subject, rows[0].recipients],
        ["waiting", SUBJECT, ["d•••@example.com"]],
      );
      for (const hidden of [TEXT, "duty@", ...Object.values(CANARIES)]) {
        assert(!JSON.stringify(shown).includes(hidden), hidden);
      }
      for (const body of [{ action: end }, { action: end, modem: "gone" }, { action: "send", modem }]) {
        assert.ok((await bench.ask("/quectel-modem/left", { into: "other", ...body })).status >= 400);
      }
      assert.equal(
        (await bench.ask("/quectel-modem/left", { action: "adopt", modem, into: "none" })).status,
        409,
      );
      const done = await bench.ask("/quectel-modem/left", { action: end, modem, into: "other" });
      assert.deepEqual([done.status, done.body], [200, []]);
      if (end === "adopt") await bench.received("sent");
      await bench.deploy([modemNode(server.port), sendNode(), ...helpers], "full");
      await shows("an empty outbox", ({ queue }) => queue.waiting === 0 && queue.hold?.kind === "paused");
    }
    assert.equal(open.received.length, 1);
  });

  it("tell nothing of the network once the modem is away", async () => {
    const modem = await ServedModem.start();
    try {
      await bench.load([modem.node(server.port), sendNode(), helperNode("sent"), helperNode("failed")]);
      await shows("the network", ({ network }) => network?.operator !== undefined);
      await modem.stop();
      const shown = await shows("the loss", ({ status }) => status.state === "offline");
      assert.equal(shown.network, undefined);
      assert.equal(shown.module.model, "EC25");
    } finally {
      await modem.stop();
    }
  });

  it("try all that waits when a person wants it, and one alone only by its name", async () => {
    await load();
    server.refuse = { mail: 451 };
    send();
    send();
    const waits = ({ queue }: { queue: { rows: { state: string; nextTryInMs?: number }[] } }): boolean =>
      queue.rows.length === 2 && queue.rows.every(({ nextTryInMs = 0 }) => nextTryInMs > 1000);
    await shows("both waiting for a retry", waits);
    server.refuse = {};
    assert.equal((await act("flush")).status, 400);
    assert.equal((await act("flushAll")).status, 200);
    await bench.received("sent", 2);
  });

  it("show a mail that waits under a hold, and let it out when a person resumes", async () => {
    await load();
    await bench.showsStatus("send", "SIMULATED ready");
    assert.equal((await act("pause")).body.queue.hold.kind, "paused");
    send({ to: "duty@example.com, boss@example.com" });
    const { queue } = await shows("the mail", ({ queue }) => queue.waiting === 1);
    const [row] = queue.rows;
    assert.deepEqual(
      [row.state, row.subject, row.recipients],
      ["waiting", SUBJECT, ["d•••@example.com", "b•••@example.com"]],
    );
    assert.equal((await act("resume")).status, 200);
    await bench.received("sent");
    const { ended } = await shows("the end", ({ ended }) => ended.length === 1);
    assert.deepEqual([ended[0].status, ended[0].subject, ended[0].attempts], ["sent", SUBJECT, 1]);
    assert(Math.abs(Date.parse(ended[0].at) - Date.now()) < 60_000);
  });

  it("show a failed mail with code and hint, and retry or discard it", async () => {
    await load();
    server.refuse = { rcpt: 550 };
    send();
    await bench.received("failed");
    const shown = await shows("the failed mail", ({ queue }) => queue.failed === 1);
    const [row] = shown.queue.rows;
    assert.equal(row.error.code, "SMTP_MAILBOX_UNAVAILABLE");
    assert.match(row.error.hint, /address/);
    assert.equal(shown.ended[0].error.code, row.error.code);
    server.refuse = {};
    assert.equal((await act("retry", row.id)).status, 200);
    await bench.received("sent");
    server.refuse = { rcpt: 550 };
    send();
    await bench.received("failed", 2);
    const { queue } = await shows("the next", ({ queue }) => queue.failed === 1);
    assert.equal((await act("discard", queue.rows[0].id)).body.queue.failed, 0);
    assert.equal((await act("discard", queue.rows[0].id)).status, 404);
  });

  for (const mailer of ["module", "socket"]) {
    it(`name the server and port that refuse a connection, and the fields of the dialog, by ${mailer}`, async () => {
      // Nothing listens there.
      await load({ mailer, smtpPort: "1" });
      send();
      const shown = await shows("the reason", ({ queue }) => queue.rows[0]?.error !== undefined);
      const { code, message, hint } = shown.queue.rows[0].error;
      assert.match(code, /SMTP_NETWORK|SOCKET_CONNECT_FAILED/);
      assert.ok(message.endsWith(": 127.0.0.1:1"), message);
      assert.match(hint, /Server and Port on the modem's Mail server tab/);
    });
  }

  it("show the last mails after a deploy, too, until their modem is removed", async () => {
    await load();
    const ended = async (): Promise<string[]> =>
      ((await view()).ended as { subject: string }[]).map(({ subject }) => subject);
    for (const subject of ["first", "second"]) {
      send({ topic: subject });
      await bench.received("sent", subject === "first" ? 1 : 2);
    }
    // The test's deploys carry no credentials.
    const flow = [modemNode(server.port), sendNode(), helperNode("sent"), helperNode("failed")];
    await bench.deploy(flow, "full");
    assert.deepEqual(await ended(), ["second", "first"]);
    await bench.deploy([helperNode("sent")], "full");
    await bench.deploy(flow, "full");
    assert.deepEqual(await ended(), []);
  });

  it("record a trace only while a person wants it, without contents, addresses and credentials", async () => {
    await load();
    await bench.showsStatus("send", "SIMULATED ready");
    assert.deepEqual((await view()).trace, { hasEntries: false });
    const { trace } = (await act("startTrace")).body;
    assert(trace.endsInMs > 60_000);
    send();
    await bench.received("sent");
    const lines = (await bench.ask(`${MODEM}/trace`)).body.lines.join("\n");
    for (const wanted of [/> AT\+QSMTPDST=1,1,"•••"/, /> <\d+ bytes>/, /< \+QSMTPPUT: 0,0/]) {
      assert.match(lines, wanted);
    }
    for (const hidden of [...Object.values(CANARIES), SUBJECT, TEXT, "duty@", "pump7@"]) {
      assert(!lines.includes(hidden), hidden);
    }
    assert.deepEqual((await act("stopTrace")).body.trace, { hasEntries: true });
  });

  it("make a report for strangers: versions, module, settings, errors and trace, and nothing private", async () => {
    await load();
    await bench.showsStatus("send", "SIMULATED ready");
    await act("startTrace");
    server.refuse = { rcpt: 550 };
    send();
    await bench.received("failed");
    const { text } = (await bench.ask(`${MODEM}/report`)).body;
    for (const wanted of [
      /- package: \d+\.\d+\.\d+/,
      /- Node\.js: \d+/,
      /EC25, mail commands: manual/,
      /- IMEI: •••/,
      /"security":"none"/,
      /smtpPassword|password yes/,
      /SMTP_MAILBOX_UNAVAILABLE/,
      /\+QSMTPPUT: 678,550/,
    ]) {
      assert.match(text, wanted);
    }
    for (const hidden of [...Object.values(CANARIES), SUBJECT, TEXT, "duty@", "pump7@"]) {
      assert(!text.includes(hidden), hidden);
    }
    assert.doesNotMatch(text, /\d{15}/);
  });

  it("refuse what is no action, what names no mail, and what another web page could send", async () => {
    await load();
    assert.equal((await act("explode")).status, 400);
    assert.equal((await act("discard")).status, 400);
    assert.equal((await act("retry", "no-such-mail")).status, 404);
    assert.equal((await bench.ask(MODEM, "action=pause")).status, 400);
    assert.equal((await view()).queue.hold, undefined);
    for (const path of ["", "/trace", "/report"]) {
      assert.equal((await bench.ask(`/quectel-modem/modems/other${path}`)).status, 404);
    }
  });

  it("say of a modem that no node uses that it is not in use, and open nothing for it", async () => {
    await bench.load([modemNode(server.port)]);
    assert.equal((await view()).status.text, "SIMULATED not in use");
    assert.equal((await act("pause")).status, 409);
    assert.equal((await act("startTrace")).status, 409);
    assert.match((await bench.ask(`${MODEM}/report`)).body.text, /not in use/);
  });

  it("say of settings that cannot be used what is wrong with them", async () => {
    await load({ smtpHost: "" });
    assert.equal((await view()).status.text, "not set up");
    assert.match(
      (await bench.ask(`${MODEM}/report`)).body.text,
      /not usable: .*"Server" on the Mail server tab is empty/,
    );
  });

  it("forget a modem that was removed", async () => {
    await load();
    await bench.deploy([helperNode("sent")], "full");
    assert.deepEqual((await bench.ask("/quectel-modem/modems")).body, []);
  });

  it("list a modem in a subflow for each instance, with the names of both", async () => {
    const modem = { ...modemNode(server.port), z: "template" };
    await bench.load([
      { id: "template", type: "subflow", name: "Mail", in: [], out: [] },
      modem,
      { ...sendNode({ z: "template", wires: [[], []] }) },
      { id: "first", type: "subflow:template", z: "tab" },
      { id: "second", type: "subflow:template", z: "tab" },
    ] as never);
    const { body } = await bench.ask("/quectel-modem/modems");
    assert.deepEqual(
      body.map(({ template, instance }: { template: string; instance: string }) => [template, instance]),
      [
        ["modem", "first"],
        ["modem", "second"],
      ],
    );
    const shown = await bench.ask(`/quectel-modem/modems/${body[0].id}`);
    assert.equal(shown.status, 200);
  });

  it("show the last mails of a modem in a subflow until its instance is removed", async () => {
    const template = (instances: readonly string[]): FlowNode[] => [
      {
        id: "template",
        type: "subflow",
        name: "Mail",
        in: [{ x: 0, y: 0, wires: [{ id: "send" }] }],
        out: [],
      },
      { ...modemNode(server.port, { smtpHost: "inbox.simulated" }), z: "template" },
      sendNode({ z: "template", wires: [[], []] }),
      ...instances.map((id) => ({ id, type: "subflow:template", z: "tab" })),
    ];
    const ended = async (): Promise<number> =>
      (await bench.ask("/quectel-modem/modems/first-modem")).body.ended.length;
    await bench.load(template(["first", "second"]));
    bench.inject("first", { to: "duty@example.com", topic: "alarm", payload: "high" });
    await waitFor("its end", async () => (await ended()) === 1);
    await bench.deploy(template(["first"]), "full");
    assert.equal(await ended(), 1);
    await bench.deploy(template(["second"]), "full");
    await bench.deploy(template(["first"]), "full");
    assert.equal(await ended(), 0);
  });

  it("tell every viewer figures only: no address, no subject, no credential, nothing retained", async () => {
    const told = bench.published();
    await load();
    await bench.showsStatus("send", "SIMULATED ready");
    await act("startTrace");
    server.refuse = { rcpt: { "boss@example.com": 550 } };
    send();
    send({ to: "boss@example.com" });
    await bench.received("sent");
    await bench.received("failed");
    const ticks = () => told.filter(({ topic }) => topic.startsWith("quectel-modem/"));
    const isLast = ({ failed, waiting }: { failed: number; waiting: number }): boolean =>
      failed === 1 && waiting === 0;
    await waitFor("the last tick", () => ticks().some(({ data }) => isLast(data)));
    const last = ticks().findLast(({ data }) => isLast(data));
    assert.equal(last?.topic, "quectel-modem/modem");
    assert.deepEqual(
      { ...last?.data, rssiDbm: 0 },
      {
        fill: "green",
        shape: "dot",
        text: "SIMULATED ready",
        state: "ready",
        waiting: 0,
        failed: 1,
        rssiDbm: 0,
      },
    );
    assert(ticks().every(({ retain }) => !retain));
    const all = JSON.stringify(told);
    for (const hidden of [...Object.values(CANARIES), SUBJECT, TEXT, "@example.com"]) {
      assert(!all.includes(hidden), hidden);
    }
    assert(told.length > 0 && !isDeepStrictEqual(told[0], last));
  });
});
