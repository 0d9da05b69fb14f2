/**
 * The SMTP session of the module (fact base 2.11): a mail to the configured server, and what came of it.
 *
 * It speaks SMTP by hand instead of through a library, because the order of commands, the single refused recipient
 * that ends everything and the choice of AUTH are what a client of the module has to live with.
 */
import type { Duplex } from "node:stream";
import { resolveHost, type HostNameOptions } from "./host-names";
import {
  delivered,
  DeliveryFailure,
  localFailure,
  refusalOf,
  resultOf,
  type DeliveryResult,
} from "./smtp-codes";
import type { SmtpRefusal, SmtpStep } from "../device/fault-points";
import { limited, SmtpConnection, type Environment, type Reply } from "./smtp-connection";
import type { TlsSettings } from "./tls-client";

export interface Delivery {
  readonly host: string;
  readonly port: number;
  /** `ssltype` 0, 1, 2. */
  readonly security: "none" | "tls" | "starttls";
  /** Used for `tls` and `starttls`. */
  readonly tls: TlsSettings;
  readonly user: string;
  readonly password: string;
  /** Name in EHLO and HELO. */
  readonly clientName: string;
  readonly habits: ClientHabits;
  readonly sender: string;
  /** To, Cc and Bcc in the order of their RCPT commands. */
  readonly recipients: readonly string[];
  /** The mail in chunks, ending with CR LF; no line begins with a dot. */
  readonly message: Iterable<Buffer>;
  /** Asked before each step; a refusal is taken as the server's reply. */
  readonly before: (step: SmtpStep) => Promise<SmtpRefusal | DeliveryResult | undefined>;
}

/** Where the module's client may differ (fact base, mail client). */
export interface ClientHabits {
  /** STARTTLS not offered or refused: `clear` goes on in clear text, with login and mail. */
  readonly starttlsMissing: "error" | "clear";
  /** Mechanisms that a server announces in lower case are taken for none. */
  readonly upperCaseLogin: boolean;
  /** AUTH PLAIN is begun, and its response never sent. */
  readonly silentPlain: boolean;
}

export const usualHabits: ClientHabits = {
  starttlsMissing: "error",
  upperCaseLogin: false,
  silentPlain: false,
};

/** Where the mail client finds servers. */
export interface MailNetwork extends HostNameOptions {
  /** Takes its connections instead of a server on a socket; undefined for one that goes to a socket. */
  readonly smtpServer?: (host: string, port: number) => Duplex | undefined;
}

/** Longest time a name service may take (fact base 6, QIDNSGIP). */
const NAME_SERVICE_MS = 60_000;

/**
 * Delivers a mail and returns the numbers of the result line.
 *
 * Rejects only with the reason of an aborted signal that is no DeliveryFailure.
 */
export async function deliver(
  delivery: Delivery,
  network: MailNetwork,
  environment: Environment,
): Promise<DeliveryResult> {
  let connection: SmtpConnection | undefined;
  try {
    const address = await find(delivery.host, network, environment);
    await allowed(delivery, "connect");
    const inside = network.smtpServer?.(delivery.host, delivery.port);
    connection =
      inside === undefined
        ? await SmtpConnection.open(address, delivery.port, environment)
        : SmtpConnection.over(inside, environment);
    await send(delivery, connection);
    await connection.quit();
    return delivered;
  } catch (error) {
    if (!(error instanceof DeliveryFailure)) throw error;
    if (error.result.protocolError === 0) connection?.destroy();
    else connection?.leave();
    return error.result;
  } finally {
    if (environment.signal.aborted) connection?.destroy();
  }
}

async function find(host: string, network: HostNameOptions, environment: Environment): Promise<string> {
  const found = await limited(resolveHost(host, network), NAME_SERVICE_MS, "dnsFailed", environment);
  if (found.kind === "found") return found.address;
  throw found.kind === "unknown"
    ? localFailure("dnsFailed", `no address for ${host}`)
    : localFailure("network", `${host} cannot be reached from here`);
}

async function send(delivery: Delivery, connection: SmtpConnection): Promise<void> {
  if (delivery.security === "tls") await connection.secure(delivery.host, delivery.tls);
  await allowed(delivery, "greeting");
  expect(await connection.reply(), 220);
  let abilities = await hello(delivery, connection);
  if (delivery.security === "starttls") {
    const isSecured = await startTls(delivery, abilities, connection);
    if (isSecured) abilities = await hello(delivery, connection);
  }
  await authenticate(delivery, abilities, connection);
  await allowed(delivery, "mail");
  expect(await connection.command(`MAIL FROM:<${delivery.sender}>`), 250);
  for (const recipient of delivery.recipients) {
    await allowed(delivery, "rcpt");
    expect(await connection.command(`RCPT TO:<${recipient}>`), 250, 251);
  }
  await allowed(delivery, "data");
  expect(await connection.command("DATA"), 354);
  for (const chunk of delivery.message) await connection.write(chunk);
  await allowed(delivery, "end");
  expect(await connection.command("."), 250);
}

/** @returns false when the client goes on in clear text. */
async function startTls(
  delivery: Delivery,
  abilities: readonly string[],
  connection: SmtpConnection,
): Promise<boolean> {
  const isTried = delivery.habits.starttlsMissing === "clear";
  if (isTried && !abilities.some((ability) => /^STARTTLS$/i.test(ability))) return false;
  await allowed(delivery, "starttls");
  const reply = await connection.command("STARTTLS");
  if (isTried && reply.code !== 220) return false;
  expect(reply, 220);
  await connection.secure(delivery.host, delivery.tls);
  return true;
}

/** EHLO, or HELO for a server that knows no EHLO. Returns what the server offers. */
async function hello(delivery: Delivery, connection: SmtpConnection): Promise<readonly string[]> {
  await allowed(delivery, "ehlo");
  const reply = await connection.command(`EHLO ${delivery.clientName}`);
  if (reply.code === 250) return reply.lines.slice(1);
  if (reply.code === 421) throw refusalOf(reply.code);
  expect(await connection.command(`HELO ${delivery.clientName}`), 250);
  return [];
}

/** LOGIN before PLAIN; nothing when the server offers no AUTH or no account is configured. */
async function authenticate(
  delivery: Delivery,
  abilities: readonly string[],
  connection: SmtpConnection,
): Promise<void> {
  const { user, password } = delivery;
  const offers = abilities
    .map((ability) => /^AUTH[ =](.*)$/i.exec(ability)?.[1])
    .filter((offer) => offer !== undefined);
  if (offers.length === 0 || user === "") return;
  await allowed(delivery, "auth");
  const { upperCaseLogin, silentPlain } = delivery.habits;
  const words = offers.join(" ");
  const mechanisms = (upperCaseLogin ? words : words.toUpperCase()).split(" ");
  if (mechanisms.includes("LOGIN")) {
    expect(await connection.command("AUTH LOGIN"), 334);
    expect(await connection.command(base64(user)), 334);
    expect(await connection.command(base64(password)), 235);
  } else if (mechanisms.includes("PLAIN") && silentPlain) {
    expect(await connection.command("AUTH PLAIN"), 334);
    throw refusalOf((await connection.reply()).code);
  } else if (mechanisms.includes("PLAIN")) {
    expect(await connection.command(`AUTH PLAIN ${base64(`\0${user}\0${password}`)}`), 235);
  } else {
    throw localFailure("authenticationType", `the server offers only ${mechanisms.join(" ")}`);
  }
}

/** @throws DeliveryFailure when a refusal is to be taken as the server's. */
async function allowed(delivery: Delivery, step: SmtpStep): Promise<void> {
  const refusal = await delivery.before(step);
  if (refusal === undefined) return;
  throw new DeliveryFailure(resultOf(refusal), `a fault plan ends the mail before ${step}`);
}

/** @throws DeliveryFailure for any other reply than the ones expected. */
function expect(reply: Reply, ...codes: readonly number[]): void {
  if (!codes.includes(reply.code)) throw refusalOf(reply.code);
}

function base64(text: string): string {
  return Buffer.from(text, "latin1").toString("base64");
}
