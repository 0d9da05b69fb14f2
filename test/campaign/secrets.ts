/**
 * Part "secrets": a real Node-RED whose modem has a canary in each credential, with everything logged; mails that go
 * out, that are refused, that wait, a refused login and a deploy. Then all that anybody can read is searched.
 *
 * The parts "faults" and "hostile" search log, trace, results, spool and answers of the endpoints for canaries too.
 */
import type { EventEmitter } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { Gateway } from "../system/deploy/gateway";
import { modem, outbox, sender, statusOf, tab, type FlowNode } from "../system/deploy/parts";
import { systemClock } from "../../lib/clock";
import { change, simCard, SimulatedModem } from "../../lib/simulator";
import { serveTcp } from "../../lib/simulator/serve/tcp-server";
import { MailServer } from "../support/mail-server";
import { waitFor } from "../support/wait-for";
import { CANARIES, leaksIn } from "./fault/canaries";
import { none, shown, type Figure, type Part } from "./part";
import { liveByToken } from "./secrets-by-token";

const RED = createRequire(__filename).resolve("node-red/red.js");
const REFUSED = "refused@example.com";
const PATIENCE = 120_000;
/** What the sidebar and the dialogs ask. */
const ENDPOINTS = ["flows", "nodes", "settings"] as const;
/** Where Node-RED gives the editor what a dialog shows again: the names of the users, no password. */
const DIALOG = "credentials/quectel-modem/modem";
const DIALOG_ANSWER = "answer of Node-RED to the dialog, user names left out";

export const secrets: Part = {
  name: "secrets",
  full: 50,
  unit: "mails of a Node-RED",
  async run(size, { say }) {
    const { smtpUser: user, smtpPassword: password } = CANARIES;
    const server = await MailServer.start({
      auth: { user, password },
      refuse: { rcpt: { [REFUSED]: 550 } },
    });
    const module = new SimulatedModem({ clock: systemClock });
    change(module, simCard, { pin: CANARIES.simPin });
    const port = await serveTcp(module, { tcpPort: 0 });
    const userDir = await mkdtemp(join(tmpdir(), "campaign-secrets-"));
    const seen = new Map<string, string>();
    try {
      const place = { userDir, server, module, modemPort: port.tcpPort };
      await live(place, Math.max(4, size), seen);
      seen.set("files of Node-RED's user directory", await filesOf(userDir));
    } finally {
      module.powerOff();
      await port.close();
      await server.stop();
      await rm(userDir, { recursive: true, force: true });
    }
    const leaks = [...seen].map(([where, text]) => {
      const isShown = (leak: string): boolean =>
        where === DIALOG_ANSWER && [CANARIES.smtpUser, CANARIES.apnUser].some((user) => leak.endsWith(user));
      const found = leaksIn(text).filter((leak) => !isShown(leak));
      for (const leak of found) say(`secrets: ${leak} in ${where}`);
      return none(`secrets in the ${where}`, found.length);
    });
    const byToken = await searchedByToken(Math.max(2, Math.round(size / 10)), say);
    const characters = [...seen.values()].reduce((sum, text) => sum + text.length, 0);
    return [
      shown("logins with the canary", server.received.length),
      shown("characters searched", characters),
      ...leaks,
      ...byToken,
    ];
  },
};

/** Client secret, private key and tokens. */
async function searchedByToken(mails: number, say: (line: string) => void): Promise<readonly Figure[]> {
  const userDir = await mkdtemp(join(tmpdir(), "campaign-tokens-"));
  try {
    const { seen, logins, leaksIn } = await liveByToken(userDir, mails);
    const texts = new Map([...seen, ["files of Node-RED's user directory", await filesOf(userDir)] as const]);
    const leaks = [...texts].map(([where, text]) => {
      const found = leaksIn(text);
      for (const leak of found) say(`secrets: ${leak.slice(0, 30)} in ${where} (login by token)`);
      return none(`client secrets, keys and tokens in the ${where}`, found.length);
    });
    return [shown("logins by token", logins), ...leaks];
  } finally {
    await rm(userDir, { recursive: true, force: true });
  }
}

/** What is around the gateway. */
interface Place {
  readonly userDir: string;
  readonly server: MailServer;
  readonly module: SimulatedModem;
  readonly modemPort: number;
}

/** Notes all that is told while a gateway lives. */
async function live(
  { userDir, server, module, modemPort }: Place,
  mails: number,
  seen: Map<string, string>,
): Promise<void> {
  const gateway = await Gateway.start({
    version: { name: "own", node: process.execPath, red: RED },
    userDir,
    flows: [tab()],
    settings: { logging: { console: { level: "trace", metrics: true, audit: true } } },
  });
  const told = listen(gateway.url);
  const flow = flowWith(server.port, modemPort);
  await gateway.deploy(flow, "full");
  for (let number = 0; number < mails; number++) {
    const to = number % 5 === 4 ? REFUSED : "duty@example.com";
    await gateway.inject("send-in", { topic: `Mail ${number}`, payload: "Level too high", to });
  }
  await ended(gateway, mails);
  // It asks for the PIN again.
  module.restart("powerLoss");
  // From here on every mail waits, with the refused login as its reason.
  server.refuse = { auth: 535 };
  await gateway.inject("send-in", {
    topic: "Waits",
    payload: "Level too high",
    to: "duty@example.com",
  });
  await waitFor("the refused login", () => gateway.log.some((line) => line.includes("password")), PATIENCE);
  await gateway.inject("outbox-in", { action: "list" });
  await waitFor("the list", async () => (await gateway.outcomes("listed")).length > 0, PATIENCE);
  seen.set("answers of the admin API", await answersOf(gateway.url));
  seen.set(DIALOG_ANSWER, await (await fetch(new URL(DIALOG, gateway.url))).text());
  await gateway.deploy(flow, "full");
  await gateway.stop();
  seen.set("log at level trace", gateway.log.join("\n"));
  seen.set("messages and statuses of the flow", JSON.stringify(await gateway.outcomes()));
  seen.set("events of the editor", told.join("\n"));
}

function flowWith(smtpPort: number, modemPort: number): FlowNode[] {
  const account = modem("", smtpPort, {
    transport: "tcp",
    tcpHost: "127.0.0.1",
    tcpPort: String(modemPort),
    apn: "iot.example",
    apnAuth: "pap",
    credentials: CANARIES,
  });
  return [tab(), account, ...sender(), ...statusOf("send"), ...outbox()];
}

async function ended(gateway: Gateway, mails: number): Promise<void> {
  const count = async (): Promise<number> =>
    (await gateway.outcomes("send:sent")).length + (await gateway.outcomes("send:failed")).length;
  await waitFor("the end of the mails", async () => (await count()) >= mails, PATIENCE);
}

/** What the runtime tells the editor by its websocket. */
function listen(url: string): readonly string[] {
  const told: string[] = [];
  const WebSocket = createRequire(__filename)("ws") as new (
    url: URL,
  ) => EventEmitter & { send(text: string): void };
  const socket = new WebSocket(new URL("comms", url.replace(/^http/, "ws")));
  socket.on("open", () => socket.send(JSON.stringify({ subscribe: "#" })));
  socket.on("message", (text: Buffer) => told.push(String(text)));
  socket.on("error", (error: Error) => told.push(String(error)));
  return told;
}

async function answersOf(url: string): Promise<string> {
  const paths = [
    ...ENDPOINTS,
    ...["ports", "roots", "advice", "modems", "modems/modem"].map((name) => `quectel-modem/${name}`),
  ];
  const texts = await Promise.all(paths.map(async (path) => (await fetch(new URL(path, url))).text()));
  return texts.join("\n");
}

async function filesOf(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true });
  const own = names.filter((name) => !name.split(sep).includes("node_modules"));
  const texts = await Promise.all(own.map((name) => readFile(join(folder, name), "latin1").catch(() => "")));
  return texts.join("\n");
}
