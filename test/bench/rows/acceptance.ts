/**
 * Time from the message to the server's acceptance: smtp-send with the built-in simulated module, which takes no time
 * of its own, by the module's client and over a socket, against node-red-node-email, in one runtime and on one server.
 *
 * smtp-send keeps the mail on the disk first and goes through the module's commands; the other speaks SMTP itself.
 * What the server takes is the same for all.
 */
import { createRequire } from "node:module";
import type { NodeInitializer } from "node-red";
import helper from "node-red-node-test-helper";
import { delay, systemClock } from "../../../lib/clock";
import { MailServer } from "../../support/mail-server";
import { type FlowNode, helperNode, modemNode, NODES, sendNode } from "../../node/support/flow-bench";
import { inRounds, type Row } from "../row";
import { median } from "../statistics";
import { withFolder } from "../support/disk-outbox";

/** Mails of each node in a round, alternately. */
const COUNT = 5;
/** Milliseconds after a mail in which the runtime finishes what follows it. */
const REST = 100;

const register: NodeInitializer = createRequire(__filename)("node-red-node-email/61-email.js");

export const acceptance: Row = {
  name: "acceptance",
  about:
    "From the message at the node to the mail's last byte at the server, spool on the disk, module without thinking time; about 100 ms of each is the greeting of the server.",
  measure: (rounds) =>
    withFolder(async (folder) => {
      const server = await MailServer.start();
      await load(server.port, folder);
      for (const sender of SENDERS) await timed(server, sender);
      const results = await inRounds(rounds, async () => {
        const times: Record<Sender, number[]> = { send: [], bySocket: [], email: [] };
        for (let count = 0; count < COUNT; count++) {
          for (const sender of SENDERS) times[sender].push(await timed(server, sender));
        }
        return times;
      });
      await helper.unload();
      await server.stop();
      const samplesOf = (sender: Sender): number[] => results.map((times) => median(times[sender]));
      const peer = { name: "node-red-node-email", samples: samplesOf("email") };
      return [
        { what: "message to acceptance by the server", unit: "ms", samples: samplesOf("send"), peer },
        { what: "message to acceptance, over a socket", unit: "ms", samples: samplesOf("bySocket"), peer },
      ];
    }),
};

/** The nodes that are compared, by the id of the node that takes the message. */
const SENDERS = ["send", "bySocket", "email"] as const;
type Sender = (typeof SENDERS)[number];

const MAIL = {
  from: "pump7@example.com",
  to: "duty@example.com",
  topic: "Level high",
  payload: "Level 94 % at pump 7",
};

async function load(port: number, spool: string): Promise<void> {
  helper.settings({ quectelModemSpoolDir: spool } as object);
  const place = { x: 100, y: 100 };
  const flow = [
    { id: "tab", type: "tab", label: "Mails" },
    modemNode(port),
    { ...place, ...sendNode() },
    modemNode(port, { id: "modem2", mailer: "socket" }),
    { ...place, ...sendNode({ id: "bySocket", modem: "modem2" }) },
    { ...place, ...helperNode("sent") },
    { ...place, ...helperNode("failed") },
    { ...place, ...emailNode(port) },
  ];
  await helper.load([...NODES, register], flow);
}

function emailNode(port: number): FlowNode {
  return {
    id: "email",
    type: "e-mail",
    z: "tab",
    name: "",
    server: "127.0.0.1",
    port: String(port),
    authtype: "NONE",
    secure: false,
    tls: false,
    wires: [],
  };
}

/** Milliseconds until the server has the mail; the runtime is at rest again when it resolves. */
async function timed(server: MailServer, sender: Sender): Promise<number> {
  const known = server.received.length;
  const started = performance.now();
  helper.getNode(sender).receive({ ...MAIL });
  await server.waitForStage("data");
  const took = performance.now() - started;
  await server.waitForMail(known + 1);
  await delay(systemClock, REST);
  return took;
}
