/**
 * One TCP connection to a mail server: lines out, replies in, TLS; nothing of the order of SMTP commands.
 *
 * The sockets are real, the time limits run on the modem's clock. Every wait is announced with `busy`, so that a clock
 * driven by a test can stand still meanwhile.
 */
import { once } from "node:events";
import { createConnection } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../../clock";
import { localFailure, refusalOf, type smtpError } from "./smtp-codes";
import { checkServer, startHandshake, type TlsSettings } from "./tls-client";

/** What real work of the host needs from who drives the simulated modem. */
export interface Environment {
  readonly clock: Clock;
  /** Announces work on real sockets; resolves or rejects as `work` does. */
  readonly busy: <T>(work: Promise<T>) => Promise<T>;
  /** Ends the work at once; its reason is what the work then rejects with. */
  readonly signal: AbortSignal;
}

export interface Reply {
  /** Three digits. */
  readonly code: number;
  /** Text of every line, codes removed. */
  readonly lines: readonly string[];
}

/** Internal timers of the module (fact base 2.7). */
const CONNECT_MS = 120_000;
const REPLY_MS = 120_000;
const QUIT_MS = 10_000;

export class SmtpConnection {
  private received = "";
  /** Called when bytes have come or the connection has ended. */
  private wake: () => void = () => undefined;
  private ended = false;

  private constructor(
    private socket: Duplex,
    private readonly environment: Environment,
  ) {
    this.listen();
  }

  /** Connects. Rejects with DeliveryFailure 654. */
  static async open(address: string, port: number, environment: Environment): Promise<SmtpConnection> {
    // The dot that ends a mail is a packet of its own: without noDelay it waits 40 ms for the one before to be confirmed.
    const socket = createConnection({ host: address, port, noDelay: true });
    const connected = once(socket, "connect").catch((error: unknown) => {
      throw localFailure("network", String(error));
    });
    try {
      await limited(connected, CONNECT_MS, "network", environment);
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return new SmtpConnection(socket, environment);
  }

  /** On a stream that is open already. */
  static over(stream: Duplex, environment: Environment): SmtpConnection {
    return new SmtpConnection(stream, environment);
  }

  /** Secures the connection. Rejects with 665, with 656 when the server hangs up, with 658 when it says nothing. */
  async secure(serverName: string, settings: TlsSettings): Promise<void> {
    this.unlisten();
    // What came in the clear behind the reply to STARTTLS must not be taken for something said under TLS.
    this.received = "";
    const { socket } = this;
    if (socket.destroyed) throw localFailure("closedByPeer", "the server closed the connection");
    const secured = startHandshake(socket, serverName, settings);
    this.socket = secured;
    // A stream that is no socket tells nothing of its end to the TLS above it.
    socket.once("close", () => secured.destroy(connectionReset()));
    const done = once(secured, "secureConnect").catch((error: unknown) => {
      throw localFailure(isReset(error) ? "closedByPeer" : "tls", String(error));
    });
    await limited(done, settings.handshakeMs, "timeout", this.environment);
    this.listen();
    checkServer(secured, serverName, settings);
  }

  /** The next reply. Rejects with 656 when the server hangs up, 658 when it says nothing, 651 when it talks nonsense. */
  async reply(): Promise<Reply> {
    return limited(this.nextReply(), REPLY_MS, "timeout", this.environment);
  }

  /** Sends a line and returns the reply to it. */
  async command(line: string): Promise<Reply> {
    this.socket.write(`${line}\r\n`, "latin1");
    return this.reply();
  }

  /** Sends bytes of the mail; resolves when more may follow. Rejects when the server refuses before it has all. */
  async write(bytes: Buffer): Promise<void> {
    const early = this.takeReply();
    if (early !== undefined) throw refusalOf(early.code);
    if (this.ended || this.socket.write(bytes)) return;
    const drained = once(this.socket, "drain");
    drained.catch(() => undefined);
    await limited(Promise.race([drained, this.anything()]), REPLY_MS, "timeout", this.environment);
  }

  /** Says QUIT and gives the server a moment to answer; never fails, as the mail is decided already. */
  async quit(): Promise<void> {
    this.socket.write("QUIT\r\n");
    await limited(this.nextReply(), QUIT_MS, "timeout", this.environment).catch(() => undefined);
    this.destroy();
  }

  /** Says QUIT without waiting for anything. */
  leave(): void {
    this.socket.end("QUIT\r\n");
  }

  /** Ends the connection as a lost network does. */
  destroy(): void {
    this.socket.destroy();
  }

  private listen(): void {
    this.socket.on("data", this.onData);
    this.socket.on("error", this.onError);
    this.socket.on("close", this.onClose);
  }

  private unlisten(): void {
    this.socket.off("data", this.onData);
    this.socket.off("error", this.onError);
    this.socket.off("close", this.onClose);
  }

  private readonly onData = (bytes: Buffer): void => {
    this.received += bytes.toString("latin1");
    this.wake();
  };

  /** "close" follows and tells the same; without a listener the error would be thrown. */
  private readonly onError = (): void => undefined;

  private readonly onClose = (): void => {
    this.ended = true;
    this.wake();
  };

  private async nextReply(): Promise<Reply> {
    for (;;) {
      const reply = this.takeReply();
      if (reply !== undefined) return reply;
      if (this.ended) throw localFailure("closedByPeer", "the server closed the connection");
      await this.anything();
    }
  }

  /** Resolves when something has come or the connection has ended. */
  private anything(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }

  /** Takes a complete reply (RFC 5321 4.2) off what was received. */
  private takeReply(): Reply | undefined {
    const lines: string[] = [];
    for (let start = 0; ;) {
      const end = this.received.indexOf("\n", start);
      if (end < 0) return undefined;
      const line = /^(\d{3})([ -]?)(.*?)\r?$/.exec(this.received.slice(start, end));
      if (line === null) throw localFailure("unknown", "the server does not speak SMTP");
      start = end + 1;
      lines.push(line[3] ?? "");
      if (line[2] === "-") continue;
      this.received = this.received.slice(start);
      return { code: Number(line[1]), lines };
    }
  }
}

/** `work`, at most `ms` long on the modem's clock and ended by the signal. */
export function limited<T>(
  work: Promise<T>,
  ms: number,
  late: keyof typeof smtpError,
  { clock, busy, signal }: Environment,
): Promise<T> {
  return busy(
    new Promise((resolve, reject) => {
      const abort = (): void => {
        stop();
        reject(signal.reason);
      };
      const timer = clock.after(ms, () => {
        stop();
        reject(localFailure(late, `nothing happened for ${ms} ms`));
      });
      const stop = (): void => {
        timer.clear();
        signal.removeEventListener("abort", abort);
      };
      if (signal.aborted) abort();
      else signal.addEventListener("abort", abort);
      work.finally(stop).then(resolve, reject);
    }),
  );
}

function connectionReset(): Error {
  return Object.assign(new Error("the server closed the connection"), { code: "ECONNRESET" });
}

function isReset(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
}
