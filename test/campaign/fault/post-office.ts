/**
 * The mail servers of the campaign: plain, TLS and STARTTLS on real sockets, and one in memory for speed.
 *
 * All of them keep what has arrived, can be down, hang up in the middle, and can lose the reply that a mail was
 * accepted, which is when a mail arrives although its sender is told otherwise.
 */
import { once } from "node:events";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { PromptSmtpServer } from "../../support/prompt-smtp-server";
import {
  DeliveryFailure,
  delivered,
  localFailure,
  refusalOf,
  resultOf,
  type DeliveryResult,
} from "../../../lib/simulator/delivery/smtp-codes";
import type { Delivery } from "../../../lib/simulator/delivery/smtp-delivery";
import type { SmtpStep } from "../../../lib/simulator";
import { certificate, type CertificateName } from "../../support/certificates";

export type Counter = "memory" | "plain" | "tls" | "starttls";

export const COUNTERS: readonly Counter[] = ["memory", "plain", "tls", "starttls"];

/** A mail that a server has taken. */
export interface Arrival {
  /** `socket`: that behind the sockets of the module. */
  readonly counter: Counter | "socket";
  readonly recipients: readonly string[];
  readonly sender: string;
  readonly user: string;
  readonly raw: Buffer;
}

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** What is wrong with the TLS of a server. */
export type TlsTrouble = "none" | "wrong name" | "nonsense" | "hangs up";

/** First byte of a TLS record with a part of the handshake (RFC 8446 5.1). */
const HANDSHAKE = 0x16;

/** What happens between acceptance and its reply. */
export type AtAcceptance = (arrival: Arrival) => "reply" | "hang up";

const STEPS_TO_DATA: readonly SmtpStep[] = ["connect", "greeting", "ehlo", "auth", "mail"];

export class PostOffice {
  /** Every mail accepted, oldest first. */
  arrivals: Arrival[] = [];
  /** Nobody answers. */
  isDown = false;
  tlsTrouble: TlsTrouble = "none";
  atAcceptance: AtAcceptance = () => "reply";
  login: Login = { user: "", password: "" };
  /** Recipients that are refused, with the reply code. */
  refused: (recipient: string) => number | undefined = () => undefined;
  private readonly servers: PromptSmtpServer[] = [];
  private readonly doors = new Map<Counter, Server>();
  private readonly sockets = new Set<Duplex>();

  static async open(): Promise<PostOffice> {
    const office = new PostOffice();
    for (const counter of ["plain", "tls", "starttls"] as const) await office.start(counter);
    return office;
  }

  /** Forgets all; to be called between two episodes. */
  reset(): void {
    this.hangUp();
    this.arrivals = [];
    this.isDown = false;
    this.tlsTrouble = "none";
    this.atAcceptance = () => "reply";
    this.refused = () => undefined;
  }

  /** Port of a server; any number will do for the one in memory. */
  port(counter: Counter): number {
    const door = this.doors.get(counter);
    return door === undefined ? 25 : portOf(door);
  }

  /** Ends all connections at once, as a crash does. */
  hangUp(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.hangUp();
    for (const door of this.doors.values()) door.close();
    for (const server of this.servers) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** The server in memory; to be set as `mailServer` of the simulated internet. */
  readonly take = async (delivery: Delivery): Promise<DeliveryResult> => {
    try {
      for (const step of STEPS_TO_DATA) await this.pass(delivery, step);
      if (delivery.user !== this.login.user || delivery.password !== this.login.password)
        throw refusalOf(535);
      for (const recipient of delivery.recipients) {
        await this.pass(delivery, "rcpt");
        const code = this.refused(recipient);
        if (code !== undefined) throw refusalOf(code);
      }
      await this.pass(delivery, "data");
      const raw = Buffer.concat([...delivery.message]);
      await this.pass(delivery, "end");
      const { recipients, sender, user } = delivery;
      if (this.accept({ counter: "memory", recipients, sender, user, raw }) === "hang up")
        throw localFailure("closedByPeer", "the server has crashed");
      return delivered;
    } catch (error) {
      if (error instanceof DeliveryFailure) return error.result;
      throw error;
    }
  };

  private async pass(delivery: Delivery, step: SmtpStep): Promise<void> {
    const refusal = await delivery.before(step);
    if (refusal !== undefined) throw new DeliveryFailure(resultOf(refusal), `refused before ${step}`);
    if (this.isDown)
      throw localFailure(step === "connect" ? "network" : "closedByPeer", "the server is down");
  }

  /** A connection that ends with all others when the server crashes. */
  admit(connection: Duplex): void {
    this.sockets.add(connection);
    connection.once("close", () => this.sockets.delete(connection));
  }

  /** A server has a mail. */
  accept(arrival: Arrival): "reply" | "hang up" {
    this.arrivals.push(arrival);
    return this.atAcceptance(arrival);
  }

  private async start(counter: "plain" | "tls" | "starttls"): Promise<void> {
    const right = await this.serve(counter, "server");
    const wrong = counter === "plain" ? right : await this.serve(counter, "other-name");
    const door = createServer((socket) =>
      this.enter(socket, this.tlsTrouble === "wrong name" ? wrong : right, counter !== "plain"),
    );
    this.doors.set(counter, door.listen(0, "127.0.0.1"));
    await once(door, "listening");
  }

  /** Returns its port. */
  private async serve(counter: "plain" | "tls" | "starttls", name: CertificateName): Promise<number> {
    const { cert, key } = certificate(name);
    const server = new PromptSmtpServer({
      secure: counter === "tls",
      cert,
      key,
      authMethods: ["PLAIN", "LOGIN"],
      allowInsecureAuth: true,
      disableReverseLookup: true,
      disabledCommands: counter === "starttls" ? [] : ["STARTTLS"],
      closeTimeout: 50,
      onAuth: ({ username, password }, _session, callback) => {
        const isKnown = username === this.login.user && password === this.login.password;
        if (isKnown) callback(null, { user: username });
        else callback(replying(535));
      },
      onRcptTo: ({ address }, _session, callback) => {
        const code = this.refused(address);
        callback(code === undefined ? null : replying(code));
      },
      onData: (stream, session, callback) => {
        const chunks: Buffer[] = [];
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => {
          const { mailFrom, rcptTo } = session.envelope;
          const end = this.accept({
            counter,
            recipients: rcptTo.map(({ address }) => address),
            sender: mailFrom === false ? "" : mailFrom.address,
            user: typeof session.user === "string" ? session.user : "",
            raw: Buffer.concat(chunks),
          });
          if (end === "hang up") this.hangUp();
          else callback();
        });
      },
    });
    // Clients that break off are what the campaign is about.
    server.on("error", () => undefined);
    this.servers.push(server);
    const inner: Server = server.listen(0, "127.0.0.1");
    if (!inner.listening) await once(inner, "listening");
    return portOf(inner);
  }

  /** A connection to a server; cut at the door, because a server of this process must not be torn down in its TLS. */
  private enter(socket: Socket, port: number, usesTls: boolean): void {
    socket.on("error", () => undefined);
    if (this.isDown) {
      socket.destroy();
      return;
    }
    const inside = createConnection({ host: "127.0.0.1", port, noDelay: true });
    inside.on("error", () => undefined);
    socket.setNoDelay(true);
    this.sockets.add(socket);
    socket.on("close", () => {
      this.sockets.delete(socket);
      inside.end();
    });
    inside.on("close", () => socket.end());
    socket.pipe(inside);
    if (usesTls) inside.on("data", (bytes: Buffer) => this.passSecured(socket, bytes));
    else inside.pipe(socket);
  }

  /** Spoils the server's side of a handshake while TLS is in trouble. */
  private passSecured(socket: Socket, bytes: Buffer): void {
    if (bytes[0] !== HANDSHAKE || this.tlsTrouble === "none" || this.tlsTrouble === "wrong name")
      socket.write(bytes);
    else if (this.tlsTrouble === "nonsense") socket.write(Buffer.alloc(bytes.length, "?"));
    else socket.destroy();
  }
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the mail server is not running");
  return address.port;
}

function replying(code: number): Error {
  return Object.assign(new Error("refused"), { responseCode: code });
}
