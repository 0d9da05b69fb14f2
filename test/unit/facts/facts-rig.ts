/** Facts asked of a simulated module in the same process, and what the module holds before and after. */
import assert from "node:assert/strict";
import { duplexPair, type Duplex } from "node:stream";
import type { Clock } from "../../../lib/clock";
import { Link } from "../../../lib/facts/link";
import { askFacts, QUESTIONS, type FactsOptions, type FactsReport } from "../../../lib/facts";
import { Trace } from "../../../lib/serial/trace";
import {
  cell,
  change,
  internet,
  moduleTime,
  simulatorTransport,
  type SimulatedModem,
  type SimulatedModemOptions,
  type VariantChoice,
} from "../../../lib/simulator";
import { storageOf } from "../../../lib/simulator/module/file-store";
import { activeContexts, definitions } from "../../../lib/simulator/module/pdp-contexts";
import { smtpClient, smtpSettings } from "../../../lib/simulator/delivery/smtp-state";
import { sslContext } from "../../../lib/simulator/delivery/ssl-contexts";
import { sockets } from "../../../lib/simulator/sockets/socket-table";
import { urcPort } from "../../../lib/simulator/line/urc-port";
import { MemoryMailServer } from "../../support/memory-mail-server";
import { VirtualClock } from "../../support/virtual-clock";
import { Dialogue } from "../simulator/dialogue";

/** Values that no report and no transcript may show. */
export const PRIVATE = {
  user: "pump7@example.com",
  password: "s3cret-word",
  senderName: "Pump seven",
  server: "mail.example.com",
  recipient: "duty@example.com",
  subject: "Water too high",
  apnUser: "card-user",
  apnPassword: "card-secret",
} as const;

export interface FactsRigOptions {
  readonly variants?: VariantChoice;
  readonly module?: Partial<SimulatedModemOptions>;
  readonly network?: "lte" | "none";
  /** A mail server that takes mails, but not for these recipients. Left out: a mail goes to the sockets of the host. */
  readonly refuse?: Readonly<Record<string, number>>;
  /** Whether the server of sockets closes its side of a connection when the module does. */
  readonly peer?: "closes" | "staysOpen";
}

export type FactsRig = Awaited<ReturnType<typeof factsRig>>;

/** A module in use: settings, a mail half made, files of others, an active context. */
export async function factsRig({
  variants = {},
  module: options = {},
  network = "lte",
  refuse,
  peer = "closes",
}: FactsRigOptions = {}) {
  const clock = new VirtualClock();
  const heard: string[] = [];
  // Another program on another port of the same module.
  const other = new Dialogue({ ...options, variants, clock }, undefined, "usbmodem");
  const { modem: module } = other;
  await prepare(module, other);
  module.state(internet).tcpServer = (_host, port) => (port === 25 ? greetingServer(peer, heard) : undefined);
  if (network === "none") change(module, cell, { rssi: 99, registration: 2 });
  if (refuse !== undefined) {
    const server = new MemoryMailServer();
    server.refuse = refuse;
    module.state(internet).mailServer = server.take;
  }
  await clock.advance(1000);
  const trace = new Trace(clock, 8 * 1024 * 1024);
  const link = await clock.until(Link.open(simulatorTransport(module), clock, trace));
  return {
    clock,
    module,
    other,
    trace,
    link,
    /** What the server of sockets was told in each connection. */
    heard,
    ask: (how: Partial<FactsOptions> = {}): Promise<FactsReport> =>
      clock.until(askFacts(link, { clock, trace, ...how })),
    close: () => clock.until(link.close()),
  };
}

/** A mail server that greets, and answers EHLO, NOOP and QUIT. @param heard gets what it is told, as another entry. */
export function greetingServer(
  peer: "closes" | "staysOpen",
  heard: string[],
  abilities: readonly string[] = [],
): Duplex {
  const [near, far] = duplexPair({ allowHalfOpen: true });
  near.on("error", () => undefined);
  far.on("error", () => undefined);
  far.write("220 mail.example.com ready\r\n");
  const connection = heard.push("") - 1;
  far.on("data", (bytes: Buffer) => {
    heard[connection] += bytes.toString("latin1");
    for (const line of bytes.toString().split("\r\n")) {
      if (line.startsWith("EHLO")) {
        const lines = ["mail.example.com", ...abilities];
        far.write(lines.map((text, at) => `250${at < lines.length - 1 ? "-" : " "}${text}\r\n`).join(""));
      }
      if (line === "NOOP") far.write("250 OK\r\n");
      if (line === "QUIT") far.end("221 bye\r\n");
    }
  });
  if (peer === "closes") far.on("end", () => far.end());
  return near;
}

async function prepare(module: SimulatedModem, other: Dialogue): Promise<void> {
  const account = `AT+QSMTPCFG="account","${PRIVATE.user}","${PRIVATE.password}"`;
  for (let attempt = 1; (await other.command(account)) !== "OK" && attempt < 4; attempt++);
  await other.configure(
    `AT+QICSGP=1,1,"internet","${PRIVATE.apnUser}","${PRIVATE.apnPassword}",1`,
    "AT+QIACT=1",
    `AT+QSMTPCFG="sender","${PRIVATE.senderName}","${PRIVATE.user}"`,
    `AT+QSMTPCFG="smtpserver","${PRIVATE.server}",465`,
    'AT+QSMTPCFG="ssltype",1',
    'AT+QSMTPCFG="sslctxid",2',
    `AT+QSMTPDST=1,1,"${PRIVATE.recipient}"`,
    'AT+QSMTPDST=1,3,"archive@example.com"',
    `AT+QSMTPSUB=0,"${PRIVATE.subject}"`,
    'AT+QSSLCFG="cacert",2,"UFS:ca.pem"',
    'AT+QSSLCFG="negotiatetime",2,60',
  );
  storageOf(module, "UFS").create("ca.pem").content = Buffer.from("certificate");
  storageOf(module, "RAM").create("theirs.csv", 100).content = Buffer.from("1;2;3");
  await other.configure('AT+QSMTPATT=1,1,"RAM:theirs.csv"');
}

/** All that a run could have changed, in a form to compare. */
export function snapshot(module: SimulatedModem, clock: Clock) {
  const files = (name: "RAM" | "UFS") =>
    storageOf(module, name)
      .all()
      .map((file) => `${name}:${file.name} ${file.reserved} ${file.content.toString("latin1")}`);
  const { recipients, subject, attachments } = smtpClient(module).content;
  return structuredClone({
    settings: smtpSettings(module),
    recipients,
    subject: { charset: subject.charset, text: subject.bytes.toString("latin1") },
    attachments: [...attachments],
    tls: [0, 1, 2, 3, 4, 5].map((id) => {
      const context = sslContext(module, id);
      return { numbers: [...(context?.numbers ?? [])], texts: [...(context?.texts ?? [])] };
    }),
    definitions: [...definitions(module)],
    active: activeContexts(module).map(([id]) => id),
    urcPort: urcPort(module),
    sockets: sockets(module).map(({ parameters }) => parameters.id),
    files: [...files("RAM"), ...files("UFS")],
    clockOffset: moduleTime(module) - clock.now(),
  });
}

/** Answers by question; those not known have their kind. */
export function answersOf({ facts }: FactsReport): Readonly<Record<string, string>> {
  return Object.fromEntries(
    facts.map(({ id, answer }) => [
      id,
      answer.kind === "known" ? answer.value : `${answer.kind}: ${answer.why}`,
    ]),
  );
}

/** Checks that what is answered is the same as on a quiet module; what is unclear or not asked says nothing wrong. */
export function checkAnswers(
  answers: Readonly<Record<string, string>>,
  quiet: Readonly<Record<string, string>>,
  where = "",
): void {
  for (const { id } of QUESTIONS) {
    const answer = answers[id] ?? "";
    if (!/^(unclear|notAsked)/.test(answer)) assert.equal(answer, quiet[id], `${where}${id}`);
  }
}
