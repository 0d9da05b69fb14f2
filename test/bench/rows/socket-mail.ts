/**
 * A mail by this package over a socket of the module: what it costs on the serial line, and how often it waits for the
 * network.
 *
 * Both are counted on a virtual clock, in which the host takes no time. The network between module and server delays
 * each byte by half a round trip; the lookup of the server's name is no part of it.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { certificate } from "../../support/certificates";
import { MailServer } from "../../support/mail-server";
import { MemorySmtp } from "../../support/memory-smtp";
import { socketHost } from "../../support/socket-mailer";
import { TokenServer } from "../../support/token-server";
import { VirtualClock } from "../../support/virtual-clock";
import type { Transaction } from "../../../lib/mailer/mailer";
import type { Figure } from "../figure";
import { inRounds, type Row } from "../row";
import { distant } from "../support/distant";
import { ALERT, report } from "../support/mails";

const ROUND_TRIP_MS = 400;
const PASSWORD = "long-password-of-a-relay";

const WAYS = [
  { security: "tls", tls: "implicit", roundTrips: 7.7 },
  { security: "starttls", tls: "starttls", roundTrips: 8.5 },
] as const;

export const socketMail: Row = {
  name: "socket-mail",
  about:
    "A mail over a socket, TLS 1.3 and login included. `socket-bytes`: bytes to the module on the serial line, from AT+QIOPEN to the server's acceptance, over those of the MIME message, for a report of 10 KiB text and 100 KiB attached. `socket-round-trips`: the time of an alert from AT+QIOPEN to the acceptance over the round trip of the network, with a module that takes no time; the greeting of the server is underway when the connection is open. Token requests: of a login by OAuth 2, counted at the endpoint.",
  async measure(rounds) {
    const figures: Figure[] = [];
    for (const { security, tls, roundTrips } of WAYS) {
      figures.push({
        what: `socket-bytes, ${security}`,
        unit: "x",
        samples: await inRounds(rounds, async (round) => {
          const { bytes, message } = await sent(report(round), { security, tls, roundTripMs: 0 });
          return bytes / message;
        }),
        goal: { kind: "atMost", limit: 1.03 },
      });
      figures.push({
        what: `socket-round-trips, ${security}`,
        unit: "",
        samples: await inRounds(rounds, async () => {
          const { ms } = await sent(ALERT, { security, tls, roundTripMs: ROUND_TRIP_MS });
          return ms / ROUND_TRIP_MS;
        }),
        goal: { kind: "atMost", limit: roundTrips },
      });
    }
    figures.push({
      what: "memory added by nodemailer, loaded with the first modem that sends by socket (RSS)",
      unit: "MB",
      samples: await inRounds(rounds, nodemailerMemory),
    });
    figures.push({
      what: "token requests for a second mail, with the token of the first at hand",
      unit: "",
      samples: await inRounds(rounds, tokenRequests),
      goal: { kind: "exactly", value: 0 },
    });
    return figures;
  },
};

/** Of a process of its own, after garbage collections. */
async function nodemailerMemory(): Promise<number> {
  const program = `
    require("node:tls"); require("node:http");
    const rss = () => { gc(); gc(); return process.memoryUsage().rss; };
    const before = rss();
    require("nodemailer/lib/smtp-connection"); require("nodemailer/lib/mail-composer");
    console.log(rss() - before);`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", "--eval", program]);
  return Number(stdout) / 1e6;
}

/** To real servers on loopback, in real time. */
async function tokenRequests(): Promise<number> {
  const tokens = await TokenServer.start();
  const user = "pump7@example.com";
  const server = await MailServer.start(tokens.mailServer(user));
  const host = socketHost();
  const { mailer, send } = host.mailer({
    smtp: {
      port: server.port,
      security: "starttls",
      user,
      tls: { verify: true, root: { from: "pem", pem: certificate("ca").cert }, contextId: 1 },
      tokens: {
        kind: "oauth2",
        tokenUrl: `https://localhost:${tokens.port}/token`,
        clientId: "app",
        clientSecret: "secret",
        scope: "",
      },
    },
  });
  await host.ready;
  const asked: number[] = [];
  for (const id of ["first", "second"]) {
    const { mail, envelope } = ALERT;
    const outcome = await send({ mail: { ...mail, id }, envelope });
    if (outcome.error !== undefined) throw outcome.error;
    asked.push(tokens.asked.length);
  }
  mailer.close();
  await host.close();
  await Promise.all([server.stop(), tokens.stop()]);
  return (asked[1] ?? 0) - (asked[0] ?? 0);
}

interface How {
  readonly security: (typeof WAYS)[number]["security"];
  readonly tls: (typeof WAYS)[number]["tls"];
  readonly roundTripMs: number;
}

/** The first mail of a mailer. */
async function sent(
  mail: Transaction,
  { security, tls, roundTripMs }: How,
): Promise<{ readonly bytes: number; readonly message: number; readonly ms: number }> {
  const clock = new VirtualClock(Date.UTC(2026, 5, 1));
  const user = "pump7@example.com";
  const auth = Buffer.from(`\0${user}\0${PASSWORD}`).toString("base64");
  const server = new MemorySmtp({ tls, auth });
  const host = socketHost({
    module: { clock, busy: (work) => clock.busy(work), timing: { roundTripMs } },
    serve: (peer) => server.serve(roundTripMs === 0 ? peer : distant(clock, peer, roundTripMs / 2)),
  });
  const root = { from: "pem", pem: certificate("ca").cert } as const;
  const { mailer, send } = host.mailer({
    smtp: {
      host: "mail.example.com",
      security,
      user,
      password: PASSWORD,
      tls: { verify: true, root, contextId: 1 },
    },
  });
  await clock.until(host.ready);
  await clock.until(host.pdp.activate());
  const { log } = host.module;
  log.clear();
  await clock.until(send(mail));
  const [accepted] = server.received;
  const opened = log.entries.findIndex(
    (entry) => entry.kind === "line" && entry.text.startsWith("AT+QIOPEN"),
  );
  const opening = log.entries[opened];
  if (accepted === undefined || opening === undefined) throw new Error("the mail was not sent");
  const ms = clock.now() - opening.at;
  let bytes = 0;
  // The command line itself was received before it was understood.
  for (const entry of log.entries.slice(opened)) if (entry.kind === "received") bytes += entry.bytes.length;
  mailer.close();
  await clock.run(() => !host.modem.lock.held);
  await clock.until(host.close());
  return { bytes, message: accepted.text.length, ms };
}
