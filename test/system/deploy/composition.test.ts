/**
 * Flows that put modems together: a second modem as fallback (the example of that name), modems inside subflows that
 * take their settings from the environment, errors of a modem at the Catch nodes of its users; and no secrets in what
 * can be exported.
 */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { MailServer } from "../../support/mail-server";
import { nodeRedVersions, type NodeRedVersion } from "../../support/node-red-versions";
import { waitFor } from "../../support/wait-for";
import type { Gateway } from "./gateway";
import { catcher, input, modem, sender, statusOf, tab, teller, type FlowNode } from "./parts";
import { Rig } from "./rig";

const [older, newer] = nodeRedVersions();
const FALLBACK = resolve(__dirname, "../../../examples/10 Second modem as fallback.json");

describe("The example of a second modem as fallback", function () {
  this.timeout(120_000);
  let rig: Rig;
  let firstServer: MailServer;

  /** The example with modules for its simulated modems; what leaves its nodes is told. */
  const example = async (first: object, ofFirst: object = {}): Promise<FlowNode[]> => {
    const second = {
      transport: "serial",
      serialPort: await rig.module("ttyUSB6"),
      smtpHost: "127.0.0.1",
      smtpPort: String(rig.server.port),
    };
    const nodes: FlowNode[] = JSON.parse(await readFile(FALLBACK, "utf8"));
    const z = nodes.find(({ type }) => type === "tab")?.id ?? "";
    const changed = nodes.map((node) => {
      if (node["name"] === "Modem A (simulated)") return { ...node, ...first };
      if (node["name"] === "Modem B (simulated)") return { ...node, ...second };
      if (node["name"] === "by modem A") return { ...node, ...ofFirst };
      return node.type === "debug" ? { ...node, type: "junction", wires: [[node["name"]]] } : node;
    });
    return [...changed, ...teller("sent", z), ...teller("not sent", z)];
  };
  const alarmOf = (flows: readonly FlowNode[]): string =>
    flows.find((node) => node.type === "inject" && node["name"] === "alarm")?.id ?? "";

  beforeEach(async () => {
    rig = await Rig.start();
    firstServer = await MailServer.start();
  });
  afterEach(async () => {
    await rig.end();
    await firstServer.stop();
  });

  it("sends the alarm by the second modem at once when the server of the first refuses it", async () => {
    const port = await rig.module();
    firstServer.refuse = { rcpt: 550 };
    const flows = await example({
      transport: "serial",
      serialPort: port,
      smtpHost: "127.0.0.1",
      smtpPort: String(firstServer.port),
    });
    const gateway = await rig.gateway(version(older), { flows });
    const picture = { filename: "tank.txt", content: "97 %" };
    await gateway.inject(alarmOf(flows), {
      topic: "Level high",
      payload: "Tank 2 is at 97 %.",
      attachments: [picture],
    });
    const mail = await rig.arrival("Level high");
    assert.equal(mail.parsed.attachments[0]?.content.toString(), "97 %");
    assert.equal((await gateway.outcome("sent", "Level high")).smtp?.status, "sent");
    assert.equal(rig.arrived("Level high").length + firstServer.received.length, 1);
  });

  it("sends the alarm by the second modem when the time of the first node is over", async () => {
    const flows = await example(
      { transport: "serial", serialPort: join(rig.folder, "unplugged") },
      { maxAge: "1" },
    );
    const gateway = await rig.gateway(version(newer), { flows });
    const start = performance.now();
    await gateway.inject(alarmOf(flows), { topic: "Level high", payload: "Tank 2 is at 97 %." });
    await rig.arrival("Level high", 90_000);
    assert.ok(performance.now() - start > 55_000, "the first modem has had its minute");
    assert.equal((await gateway.outcome("sent", "Level high")).smtp?.status, "sent");
  });
});

describe("Modems inside a subflow", function () {
  this.timeout(90_000);
  const PASSWORDS = { one: "heron-4711-marsh", two: "otter-8151-brook" };
  let rig: Rig;
  let servers: Record<keyof typeof PASSWORDS, MailServer>;
  let gateway: Gateway;

  const ENVIRONMENT = ["PORT", "SMTP_PORT"];
  const subflow = (): FlowNode[] => [
    {
      id: "mailer",
      type: "subflow",
      name: "mailer",
      in: [{ x: 50, y: 50, wires: [{ id: "inner" }] }],
      out: [0, 1].map((port) => ({ x: 400, y: 50 + port, wires: [{ id: "inner", port }] })),
      env: [
        ...ENVIRONMENT.map((name) => ({ name, type: "str", value: "" })),
        { name: "PASSWORD", type: "cred" },
      ],
    },
    {
      ...modem("${PORT}", 0, { z: "mailer", smtpPort: "${SMTP_PORT}" }),
      credentials: { smtpUser: "pump7", smtpPassword: "${PASSWORD}" },
    },
    { id: "inner", type: "quectel-smtp-send", z: "mailer", modem: "modem", x: 200, y: 50, wires: [[], []] },
    ...statusOf("inner", "mailer"),
  ];
  const instance = (id: keyof typeof PASSWORDS, port: string): FlowNode[] => [
    input(`${id}-in`, id),
    {
      id,
      type: "subflow:mailer",
      z: "tab",
      x: 300,
      y: 100,
      env: [
        { name: "PORT", type: "str", value: port },
        { name: "SMTP_PORT", type: "num", value: String(servers[id].port) },
        { name: "PASSWORD", type: "cred" },
      ],
      credentials: { PASSWORD: PASSWORDS[id] },
      wires: [[`${id}:sent`], [`${id}:failed`]],
    },
    ...teller(`${id}:sent`),
    ...teller(`${id}:failed`),
  ];
  const send = (id: keyof typeof PASSWORDS, topic: string): Promise<void> =>
    gateway.inject(`${id}-in`, { to: "duty@example.com", topic, payload: "Level 94 %" });
  before(async () => {
    rig = await Rig.start();
    const server = (password: string): Promise<MailServer> =>
      MailServer.start({ auth: { user: "pump7", password } });
    servers = { one: await server(PASSWORDS.one), two: await server(PASSWORDS.two) };
    const ports = [await rig.module("ttyUSB2"), await rig.module("ttyUSB6")] as const;
    gateway = await rig.gateway(version(newer), { flows: [tab()] });
    await gateway.deploy(
      [tab(), ...subflow(), ...instance("one", ports[0]), ...instance("two", ports[1]), ...catcher()],
      "full",
    );
  });
  after(async () => {
    await rig?.end();
    await servers?.one.stop();
    await servers?.two.stop();
  });

  it("take port, server and password from the environment of each instance, and send at the same time", async () => {
    const releases = [servers.one.hold("data"), servers.two.hold("data")];
    const both = Promise.all([servers.one.waitForStage("data"), servers.two.waitForStage("data")]);
    await send("one", "by one");
    await send("two", "by two");
    await both;
    for (const release of releases) release();
    assert.equal((await gateway.outcome("one:sent", "by one")).smtp?.status, "sent");
    assert.equal((await gateway.outcome("two:sent", "by two")).smtp?.status, "sent");
    assert.deepEqual(
      [servers.one, servers.two].map(({ received }) => received.map(({ parsed }) => parsed.subject)),
      [["by one"], ["by two"]],
    );
  });

  it("find the results of their mails after a kill, each at its own instance", async () => {
    const releases = [servers.one.hold("data"), servers.two.hold("data")];
    const both = Promise.all([servers.one.waitForStage("data"), servers.two.waitForStage("data")]);
    await send("one", "kill one");
    await send("two", "kill two");
    await both;
    const heard = rig.heard();
    await gateway.kill();
    gateway = await rig.restarted(gateway);
    await rig.askedSince(heard, 2);
    for (const release of releases) release();
    for (const id of ["one", "two"] as const) {
      const { smtp } = await gateway.outcome(`${id}:sent`, `kill ${id}`);
      assert.deepEqual([smtp?.status, smtp?.recovered], ["sent", true]);
      assert.equal(servers[id].received.length, 2);
    }
  });

  it("leave no password in the flows that the editor exports, nor in any file, while a mail waits", async () => {
    servers.one.refuse = { mail: 451 };
    const reached = servers.one.waitForStage("mail");
    await send("one", "waits");
    await reached;
    const exported = await gateway.flows();
    assert.match(exported, /"quectel-modem"/);
    const texts = [exported, ...(await filesBelow(gateway.userDir))];
    assert.ok(
      texts.some((text) => text.includes('"waits"')),
      "the spool was searched",
    );
    for (const password of Object.values(PASSWORDS)) {
      for (const form of [
        password,
        Buffer.from(password).toString("base64"),
        Buffer.from(password).toString("hex"),
      ]) {
        assert.ok(!texts.some((text) => text.includes(form)), `${form} found`);
      }
    }
  });
});

describe("An error of a modem that several flows use", function () {
  this.timeout(60_000);
  let rig: Rig;
  before(async () => {
    rig = await Rig.start();
  });
  after(() => rig?.end());

  it("reaches the Catch node of each flow with code and hint, once for each node that uses the modem", async () => {
    const other = [
      tab("other"),
      ...sender("send-2").map((node) => ({ ...node, z: "other" })),
      { id: "catch-2", type: "catch", z: "other", x: 1, y: 1, scope: null, wires: [["caught-2"]] },
      ...teller("caught-2", "other"),
    ];
    const missing = modem(join(rig.folder, "unplugged"), rig.server.port);
    const flows = [tab(), missing, ...sender(), ...catcher(), ...other];
    const gateway = await rig.gateway(version(older), { flows });
    for (const at of ["caught", "caught-2"]) {
      await waitFor(`an error at ${at}`, async () => (await gateway.outcomes(at)).length > 0);
      const [caught, ...more] = await gateway.outcomes(at);
      assert.equal(caught?.error?.code, "PORT_NOT_FOUND");
      assert.deepEqual([caught.error.source?.type, caught.error.source?.id], ["quectel-modem", "modem"]);
      assert.equal(more.length, 0);
    }
  });
});

function version(one: NodeRedVersion | undefined): NodeRedVersion {
  assert.ok(one);
  return one;
}

/** The texts of all files in a user directory but those of the installed package. */
async function filesBelow(folder: string): Promise<string[]> {
  const texts: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.name === "node_modules") continue;
    if (entry.isDirectory()) texts.push(...(await filesBelow(path)));
    else texts.push(await readFile(path, "latin1"));
  }
  return texts;
}
