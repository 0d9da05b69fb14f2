/** Every example as a user gets it: all in one Node-RED, their buttons pressed, their mails read, and what debug shows. */
import assert from "node:assert/strict";
import type { NodeRedProcess } from "../../../scripts/demo/node-red.mjs";
import { filesIn, readJson } from "../../support/editor-files";
import { MailServer, type ReceivedMail } from "../../support/mail-server";
import { nodeRedVersions } from "../../support/node-red-versions";
import { waitFor } from "../../support/wait-for";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startBroker, type Broker } from "../relay/broker";

/** The WebSocket that Node-RED itself uses. */
const WebSocket: new (url: URL) => NodeJS.EventEmitter & { send(text: string): void; close(): void } =
  createRequire(require.resolve("@node-red/editor-api"))("ws");

interface ExampleNode {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
  readonly smtpHost?: string;
  /** Of a trigger or a delay; less than 0 where it repeats. */
  readonly duration?: string;
  readonly units?: string;
  readonly timeout?: string;
  readonly timeoutUnits?: string;
  /** Of a batch. */
  readonly mode?: string;
  readonly interval?: string;
}

/** What Node-RED tells an editor. */
interface Told {
  readonly topic: string;
  readonly data: { readonly id?: string };
}

/** The button that is pressed in each example, and the mail that follows. */
const MAILS = [
  { example: "01 First mail", button: "Send a mail", subject: "Level high in tank 2", files: [] },
  {
    example: "02 Alarm with hysteresis and all-clear",
    button: "level 95 %",
    subject: "ALARM: tank 2 is high",
    files: [],
  },
  {
    example: "02 Alarm with hysteresis and all-clear",
    button: "level 75 %",
    subject: "All clear: tank 2",
    files: [],
  },
  {
    example: "03 Daily report as CSV",
    button: "every day at 7",
    subject: "Daily report",
    files: [/^report-[\d-]+\.csv$/],
  },
  {
    example: "04 Camera picture as attachment",
    button: "motion",
    subject: "Somebody is at the gate",
    files: [/^gate\.gif$/],
  },
  {
    example: "05 Modem when the internet fails",
    button: "alarm",
    subject: "Level high in tank 2",
    files: [],
  },
  {
    example: "06 Data connection by schedule",
    button: "a mail",
    subject: "Level",
    files: [],
  },
  { example: "07 Watch signal and outbox", button: "a mail", subject: "Level", files: [] },
  {
    example: "13 Mails of devices in the LAN",
    button: "mail of the UPS",
    subject: "ups@cabinet7.lan: On battery",
    files: [],
  },
  { example: "09 Tame a mail storm", button: "pump", subject: "Alarms", files: [] },
  {
    example: "11 Mails for many gateways by MQTT",
    button: "alert",
    subject: "Level high in tank 2",
    files: [],
  },
  { example: "12 Only the current state", button: "95 %", subject: "Tank 2: 95 %", files: [] },
  {
    example: "14 Heartbeat",
    button: "every day at 8",
    subject: "Pump station 7 is alive",
    to: "heartbeat@example.com",
    files: [],
  },
  { example: "15 Escalation until acknowledged", button: "alarm", subject: "Tank 2", files: [] },
  {
    example: "16 HTML with a picture",
    button: "every day at 7",
    subject: "Tank 2: 94 %",
    files: [/^levels\.gif$/],
  },
  {
    example: "17 Alarm and all-clear in one thread",
    button: "level 95 %",
    subject: "ALARM: tank 2 is high",
    files: [],
  },
] as const;

/** What a debug node shows after a button, where it is not `sent` after a button of a mail. */
const SHOWN = [
  { example: "06 Data connection by schedule", button: "how is it?", debug: "data connection" },
  { example: "07 Watch signal and outbox", button: "now", debug: "state of the modem" },
  { example: "07 Watch signal and outbox", button: "waiting mails", debug: "mails" },
  {
    example: "08 Power-cycle a dead modem",
    button: "try the relay",
    debug: "relay (put your GPIO node here)",
  },
  { example: "12 Only the current state", button: "resume", debug: "outbox" },
] as const;

/** Debug nodes of mails that are named otherwise. */
const SENT: Readonly<Record<string, string>> = {
  "05 Modem when the internet fails": "sent by modem",
  "11 Mails for many gateways by MQTT": "confirmed by a gateway",
};

/** What is told of the mail that is given up in example 10. */
const GIVEN_UP = "[quectel-smtp-send:by modem A] Error: The mail was discarded";

/** How long a person looks at the debug sidebar after a button, unless the title says that something comes later. */
const PATIENCE_MS = 10_000;
/** A wait that a title names: "5 s later". */
const NAMED_WAIT = /(\d+) s\b/g;
/** It shows something only where the clock of the host is wrong. */
const SHOWS_NOTHING = "18 Set the clock of the host";

const read = (name: string): ExampleNode[] => readJson(`examples/${name}.json`);
const NAMES = filesIn("examples").map((file) => file.replace(/\.json$/, ""));

/** Milliseconds of a duration in one of the units of Node-RED. */
function msOf(amount: string | number, unit: string): number {
  const factors = new Map([
    ["ms", 1],
    ["milliseconds", 1],
    ["s", 1000],
    ["seconds", 1000],
    ["min", 60_000],
    ["minutes", 60_000],
    ["hr", 3_600_000],
    ["hours", 3_600_000],
  ]);
  const factor = factors.get(unit);
  assert(factor !== undefined, unit);
  return Number(amount) * factor;
}

/** The longest wait that the titles of an example name. */
function namedWaitMs(example: string): number {
  const titles = read(example).flatMap(({ type, name }) => (type === "comment" ? [name ?? ""] : []));
  const waits = titles
    .flatMap((title) => [...title.matchAll(NAMED_WAIT)])
    .map(([, seconds]) => Number(seconds) * 1000);
  return Math.max(0, ...waits);
}

/** How long a node of the flow holds a message back. A trigger that repeats sends at once. */
function ownWaitMs(node: ExampleNode): number {
  switch (node.type) {
    case "trigger":
      return Number(node.duration) < 0 ? 0 : msOf(node.duration ?? 0, node.units ?? "ms");
    case "delay":
      return msOf(node.timeout ?? 0, node.timeoutUnits ?? "s");
    case "batch":
      return node.mode === "interval" ? msOf(node.interval ?? 0, "s") : 0;
    default:
      return 0;
  }
}

describe("The title of an example", () => {
  for (const example of NAMES) {
    it(`says how long to wait, where "${example}" makes one wait`, () => {
      const longest = Math.max(...read(example).map(ownWaitMs));
      if (longest >= PATIENCE_MS / 2) assert.ok(namedWaitMs(example) >= longest, `waits ${longest} ms`);
    });
  }

  it("promises nothing that is not looked at below", () => {
    const looked = new Set<string>([...MAILS, ...SHOWN].map(({ example }) => example));
    assert.deepEqual(
      NAMES.filter((name) => !looked.has(name)),
      ["10 Second modem as fallback", SHOWS_NOTHING],
    );
  });
});

for (const version of nodeRedVersions()) {
  describe(`The examples in Node-RED ${version.name}`, () => {
    let server: MailServer;
    let nodeRed: NodeRedProcess;
    let broker: Broker;
    let folder: string;
    let comms: InstanceType<typeof WebSocket>;
    const log: string[] = [];
    /** Ids of the debug nodes that have shown something, one for each message. */
    const shown: string[] = [];

    const idOf = (example: string, type: string, name: string): string => {
      const found = read(example).find((node) => node.type === type && node.name === name);
      assert(found !== undefined, `${example} has ${type} ${name}`);
      return found.id;
    };
    const press = async (example: string, button: string): Promise<void> => {
      const url = new URL(`inject/${idOf(example, "inject", button)}`, nodeRed.url);
      assert.equal((await fetch(url, { method: "POST" })).status, 200);
    };
    const timesOf = (id: string): number => shown.filter((one) => one === id).length;
    /** Resolves when the debug node shows one message more than `before`. */
    const shows = (id: string, before: number): Promise<unknown> =>
      waitFor(`debug node ${id}`, () => timesOf(id) > before);
    /** What was pressed at `start` was seen in the time that a person waits for it. */
    const wasSoon = (example: string, start: number): void => {
      const took = performance.now() - start;
      const limit = PATIENCE_MS + namedWaitMs(example);
      assert.ok(took <= limit, `seen after ${Math.round(took)} ms, not ${limit}`);
    };

    before(async () => {
      server = await MailServer.start();
      folder = await mkdtemp(join(tmpdir(), "examples-"));
      broker = await startBroker(folder);
      const { startNodeRed, linkPackage } = await import("../../../scripts/demo/node-red.mjs");
      const { freePorts } = await import("../../../scripts/demo/ports.mjs");
      const [port] = await freePorts(1);
      assert(port !== undefined);
      const flows = NAMES.flatMap(read).map((node) => {
        if (node.type === "quectel-modem" && node.smtpHost === "inbox.simulated")
          return { ...node, smtpHost: "127.0.0.1", smtpPort: String(server.port) };
        return node.type === "mqtt-broker" ? { ...node, port: String(broker.port) } : node;
      });
      nodeRed = await startNodeRed({
        ...version,
        port,
        flows,
        prepare: linkPackage(resolve(__dirname, "../../..")),
        onLine: (line) => log.push(line),
      });
      const address = new URL("comms", nodeRed.url);
      address.protocol = "ws:";
      comms = new WebSocket(address);
      comms.on("message", (data: Buffer) => {
        for (const { topic, data: told } of JSON.parse(data.toString()) as readonly Told[]) {
          if (topic === "debug" && told.id !== undefined) shown.push(told.id);
        }
      });
      await once(comms, "open");
      comms.send(JSON.stringify({ subscribe: "debug" }));
      await waitFor("the connection to the broker", () =>
        log.some((line) => /Connected to broker/.test(line)),
      );
    });

    after(async () => {
      comms?.close();
      await nodeRed?.stop();
      await broker?.stop();
      await server?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    it("need no node that Node-RED does not bring along", () => {
      assert.deepEqual(
        log.filter((line) => /missing types|unknown/i.test(line)),
        [],
      );
    });

    for (const { example, button, subject, files, ...rest } of MAILS) {
      it(`send the mail of "${example}" at the press of "${button}"`, async () => {
        const count = server.received.length;
        const debug = idOf(example, "debug", SENT[example] ?? "sent");
        const before = timesOf(debug);
        const start = performance.now();
        await press(example, button);
        const mail: ReceivedMail = await waitFor(`the mail of ${example}`, () => server.received[count]);
        assert.equal(mail.parsed.subject, subject);
        assert.deepEqual(mail.to, ["to" in rest ? rest.to : "duty@example.com"]);
        const names = mail.parsed.attachments.map(({ filename }) => filename ?? "");
        assert.equal(names.length, files.length);
        files.forEach((pattern, index) => assert.match(names[index] ?? "", pattern));
        await shows(debug, before);
        wasSoon(example, start);
      });
    }

    it(`send by the other modem what "10 Second modem as fallback" gives up`, async () => {
      const example = "10 Second modem as fallback";
      const [givenUp, sent] = [idOf(example, "debug", "given up by modem A"), idOf(example, "debug", "sent")];
      const before = [timesOf(givenUp), timesOf(sent)] as const;
      const count = server.received.length;
      const start = performance.now();
      await press(example, "alarm");
      // It gives up what waits, and the alarm waits once it is on the disk.
      await waitFor("the mail that is given up", async () => {
        await press(example, "do not wait");
        return timesOf(givenUp) > before[0];
      });
      await shows(sent, before[1]);
      wasSoon(example, start);
      const mail = await waitFor("the mail", () => server.received[count]);
      assert.equal(mail.parsed.subject, "Level high in tank 2");
    });

    for (const { example, button, debug } of SHOWN) {
      it(`show "${debug}" of "${example}" at the press of "${button}"`, async () => {
        const id = idOf(example, "debug", debug);
        const before = timesOf(id);
        const start = performance.now();
        await press(example, button);
        await shows(id, before);
        wasSoon(example, start);
      });
    }

    it("end without an error in the log", () => {
      const errors = log.filter((line) => /\[error\]|uncaught/i.test(line) && !line.includes(GIVEN_UP));
      assert.deepEqual(errors, []);
    });
  });
}
