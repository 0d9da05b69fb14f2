/**
 * Many gateways behind a broker: the example of that name in two Node-RED processes with a module each, which share
 * one topic; one of them is killed while 100 alerts go out.
 */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { ReceivedMail } from "../../support/mail-server";
import { nodeRedVersions } from "../../support/node-red-versions";
import { waitFor } from "../../support/wait-for";
import type { Gateway } from "../deploy/gateway";
import { input, statusOf, teller, type FlowNode } from "../deploy/parts";
import { Rig } from "../deploy/rig";
import { startBroker, type Broker } from "./broker";

const EXAMPLE = resolve(__dirname, "../../../examples/11 Mails for many gateways by MQTT.json");
const ALERTS = 100;
/** Seconds after which a machine repeats an alert that nobody has confirmed; shorter than in the example. */
const REPEAT = 10;

describe("The example of many gateways behind a broker", function () {
  this.timeout(120_000);
  let rig: Rig;
  let broker: Broker;
  let first: Gateway;
  let second: Gateway;
  let example: readonly FlowNode[];

  const nodeOf = (type: string, name: string): FlowNode => {
    const found = example.find(
      (node) => node.type === type && (node["name"] === name || node["topic"] === name),
    );
    assert.ok(found, `the example has ${type} ${name}`);
    return found;
  };

  /** The example as a gateway of that name runs it; what its machine publishes is told as `published`. */
  const flowsOf = (name: string, serialPort: string): FlowNode[] => {
    const publishing = nodeOf("mqtt out", "mails");
    const z = String(publishing["z"]);
    const changed = example.map((node): FlowNode => {
      switch (node.type) {
        case "quectel-modem":
          return {
            ...node,
            transport: "serial",
            serialPort,
            smtpHost: "127.0.0.1",
            smtpPort: String(rig.server.port),
            senderAddress: `${name}@example.com`,
          };
        case "mqtt-broker":
          return { ...node, port: String(broker.port) };
        case "trigger":
          return { ...node, duration: String(-REPEAT), wires: [[publishing.id, "published"]] };
        default:
          return node;
      }
    });
    const { id, z: ofGateway } = nodeOf("quectel-smtp-send", "");
    return [
      ...changed,
      ...teller("published", z),
      input("stranger", publishing.id, z),
      ...statusOf(id, String(ofGateway)),
    ];
  };

  before(async () => {
    example = JSON.parse(await readFile(EXAMPLE, "utf8"));
    rig = await Rig.start();
    broker = await startBroker(rig.folder);
    const [older, newer] = nodeRedVersions();
    assert.ok(older && newer);
    first = await rig.gateway(older, { flows: flowsOf("first", await rig.module("ttyUSB2", ["--fast"])) });
    second = await rig.gateway(newer, { flows: flowsOf("second", await rig.module("ttyUSB6", ["--fast"])) });
    for (const gateway of [first, second]) await gateway.logged(/Connected to broker/);
  });
  after(async () => {
    await rig?.end();
    await broker?.stop();
  });

  it("delivers every alert although one gateway is killed on the way, and repeats none without a reason", async () => {
    const alert = nodeOf("inject", "alert").id;
    for (let number = 1; number <= ALERTS; number++) {
      await second.inject(alert, { topic: `alert ${number}`, payload: "Tank 2 is at 94 %." });
    }
    await waitFor("both gateways to be at work", async () => {
      return sentBy("first").length > 5 && sentBy("second").length > 5 && (await waitingIn(first)) > 5;
    });
    // The server keeps the mails on the air waiting, so that the kill comes between QSMTPPUT and its result.
    const release = rig.server.hold("data");
    await rig.server.waitForStage("data");
    await rig.server.waitForStage("data");
    await first.kill();
    assert.ok((await waitingIn(first)) > 1, "mails wait in the spool of the gateway that was killed");
    first = await rig.restarted(first);
    await first.shows(/^querying result/);
    release();
    await waitFor("all alerts", () => new Set(subjects()).size === ALERTS, 60_000);
    const areEmpty = async (): Promise<boolean> => (await waitingIn(first)) + (await waitingIn(second)) === 0;
    await waitFor("both outboxes to be empty", areEmpty);

    const published = (await second.outcomes("published")).map(({ payload }) =>
      String(Reflect.get(Object(payload), "topic")),
    );
    for (let number = 1; number <= ALERTS; number++) {
      const subject = `alert ${number}`;
      const times = published.filter((topic) => topic === subject).length;
      const unmarked = rig.arrived(subject).filter((mail) => !isMarked(mail));
      // An alert that its machine has published twice may be taken twice.
      assert.ok(unmarked.length <= times, `${subject}: ${unmarked.length} mails, published ${times} time(s)`);
    }
  });

  it("takes no file from a message of the network", async () => {
    await second.inject("stranger", {
      payload: {
        id: "x",
        to: "duty@example.com",
        topic: "with a path",
        text: "harmless",
        attachments: [{ filename: "passwd", path: "/etc/passwd" }],
        path: "/etc/passwd",
        filename: "/etc/passwd",
      },
    });
    const { parsed } = await rig.arrival("with a path");
    assert.equal(parsed.attachments.length, 0);
    assert.equal(parsed.text?.trim(), "harmless");
  });

  const subjects = (): string[] => rig.server.received.map(({ parsed }) => parsed.subject ?? "");
  const sentBy = (name: string): ReceivedMail[] =>
    rig.server.received.filter(({ from }) => from === `${name}@example.com`);
  const waitingIn = async ({ userDir }: Gateway): Promise<number> => {
    const spool = join(userDir, "quectel-modem", nodeOf("quectel-modem", "Simulated modem").id, "spool");
    const names = await Promise.all(["queue", "sending"].map((folder) => readdir(join(spool, folder))));
    return names.flat().length;
  };
});

function isMarked({ parsed }: ReceivedMail): boolean {
  return /Possible duplicate, id \w+\./.test(parsed.text ?? "");
}
