/**
 * An HTML mail with a login by OAuth 2: smtp-send over a socket of the built-in simulated module, which takes no time of
 * its own, against what a user whose host has an IP route would take instead, node-red-node-email, in one runtime and on one server.
 *
 * smtp-send asks the endpoint for its token itself; the other node is given that token in the message, as its flow would
 * have to. Both encrypt by STARTTLS; only smtp-send checks the certificate, because the other has no field for a root.
 */
import { createRequire } from "node:module";
import type { NodeInitializer } from "node-red";
import helper from "node-red-node-test-helper";
import { delay, systemClock } from "../../../lib/clock";
import { helperNode, modemNode, NODES, sendNode, tokenLogin } from "../../node/support/flow-bench";
import { MailServer } from "../../support/mail-server";
import { TokenServer } from "../../support/token-server";
import { inRounds, type Row } from "../row";
import { median } from "../statistics";
import { withFolder } from "../support/disk-outbox";

/** Mails of each node in a round, alternately. */
const COUNT = 5;
/** Milliseconds after a mail in which the runtime finishes what follows it. */
const REST = 100;
const USER = "pump7@example.com";
const MAIL = {
  from: USER,
  to: "duty@example.com",
  topic: "Level high",
  payload:
    "<h1>Pump 7</h1><p>Level <b>94 %</b>, limit 90 %</p><table><tr><td>Since</td><td>14:03</td></tr></table>",
};
const SENDERS = ["send", "email"] as const;
type Sender = (typeof SENDERS)[number];

const register: NodeInitializer = createRequire(__filename)("node-red-node-email/61-email.js");

export const tokenMail: Row = {
  name: "token-mail",
  about:
    "From an HTML message at the node to the mail's last byte at the server, login by OAuth 2 with a token at hand, STARTTLS, module without thinking time, against node-red-node-email over the host's network; about 100 ms of each is the greeting of the server.",
  measure: (rounds) =>
    withFolder(async (folder) => {
      const tokens = await TokenServer.start();
      const server = await MailServer.start(tokens.mailServer(USER));
      helper.settings({ quectelModemSpoolDir: folder } as object);
      const place = { x: 100, y: 100 };
      const email = {
        id: "email",
        type: "e-mail",
        z: "tab",
        name: "",
        server: "localhost",
        port: String(server.port),
        secure: false,
        tls: false,
        authtype: "XOAUTH2",
        saslformat: false,
        token: "token",
        wires: [],
      };
      const flow = [
        { id: "tab", type: "tab", label: "Mails" },
        modemNode(server.port, { mailer: "socket", ...tokenLogin(tokens) }),
        ...[sendNode(), helperNode("sent"), helperNode("failed"), email].map((node) => ({
          ...place,
          ...node,
        })),
      ];
      const stored = { modem: { smtpUser: USER, clientSecret: "secret" }, email: { userid: USER } };
      await helper.load([...NODES, register], flow, stored);
      const timed = async (sender: Sender): Promise<number> => {
        const known = server.received.length;
        const started = performance.now();
        helper.getNode(sender).receive({ ...MAIL, token: tokens.newest });
        await server.waitForStage("data");
        const took = performance.now() - started;
        await server.waitForMail(known + 1);
        await delay(systemClock, REST);
        return took;
      };
      for (const sender of SENDERS) await timed(sender);
      const results = await inRounds(rounds, async () => {
        const times: Record<Sender, number[]> = { send: [], email: [] };
        for (let count = 0; count < COUNT; count++)
          for (const sender of SENDERS) times[sender].push(await timed(sender));
        return times;
      });
      await helper.unload();
      await Promise.all([server.stop(), tokens.stop()]);
      const samplesOf = (sender: Sender): number[] => results.map((times) => median(times[sender]));
      return [
        {
          what: "HTML message to acceptance, login by OAuth 2",
          unit: "ms",
          samples: samplesOf("send"),
          peer: { name: "node-red-node-email", samples: samplesOf("email") },
        },
      ];
    }),
};
