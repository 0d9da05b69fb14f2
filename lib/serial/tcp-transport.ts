/**
 * TcpTransport: raw serial-over-IP, as ser2net's `raw` mode or a device server speak it; no telnet, no retry.
 *
 * A server that begins with a telnet negotiation (RFC 854) is not used: its escapes would change the bytes of
 * attachments. One that says nothing at first cannot be told from a raw one: a question in telnet would reach the module
 * through the latter. No text of a mail holds the byte 255, so alarms pass it; what it changes of an attachment or of a
 * TLS record shows in checksum or MAC, so nothing passes for sent that was not. A peer that disappears without a word is noticed by TCP keep-alive, and sooner by the idle probe of the
 * layers above.
 */
import { connect, type Socket } from "node:net";
import { Deferred, within } from "../async";
import { systemClock, type Clock } from "../clock";
import { ModemError, type ErrorCode } from "../errors";
import { BaseTransport, readInPieces } from "./base-transport";
import type { Transport } from "./transport";

export interface TcpOptions {
  readonly host: string;
  readonly port: number;
  /** Milliseconds for the connection to come up; default 10 s. */
  readonly connectTimeoutMs?: number;
  /** Default: the clock of the host. */
  readonly clock?: Clock;
}

const CONNECT_TIMEOUT_MS = 10_000;

/** Milliseconds without traffic before the first keep-alive. */
const KEEP_ALIVE_MS = 15_000;

/** RFC 854: IAC, and the range of WILL, WONT, DO and DONT, one of which a telnet server says before anything else. */
const IAC = 0xff;
const NEGOTIATION = { min: 0xfb, max: 0xfe } as const;

export class TcpTransport extends BaseTransport implements Transport {
  readonly label: string;
  /** The rate of the line behind the server is not known here. */
  readonly bitRate = undefined;
  readonly flowControlled = true;
  private socket: Socket | undefined;
  private lastWrite: Promise<void> = Promise.resolve();
  /** The first two bytes of the server, as far as they have come. */
  private greeting = Buffer.alloc(0);

  constructor(private readonly options: TcpOptions) {
    super();
    const host = options.host.includes(":") ? `[${options.host}]` : options.host;
    this.label = `tcp://${host}:${options.port}`;
  }

  /** Rejects with `PORT_REFUSED`, `PORT_NOT_FOUND` (unknown host), `PORT_FAILED`, or `PORT_CLOSED`. */
  async open(): Promise<void> {
    this.beginOpening();
    try {
      await this.during("opening", () => this.connect());
    } catch (error) {
      this.ended(undefined);
      this.socket?.destroy();
      throw error;
    }
    this.opened();
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.during("open", () => {
      this.lastWrite = new Promise((resolve, reject) => {
        this.socket?.write(bytes, (error) => (error instanceof Error ? reject(lost(error)) : resolve()));
      });
      return this.lastWrite;
    });
  }

  drain(): Promise<void> {
    return this.during("open", () => this.lastWrite);
  }

  set(): Promise<void> {
    return this.during("open", () => Promise.resolve());
  }

  close(): Promise<void> {
    this.ended(undefined);
    const { socket } = this;
    return new Promise((resolve) => {
      if (socket === undefined || socket.closed) {
        resolve();
        return;
      }
      socket.once("close", () => resolve());
      socket.destroy();
    });
  }

  private greetsInTelnet(bytes: Buffer): boolean {
    if (this.greeting.length === 2) return false;
    this.greeting = Buffer.concat([this.greeting, bytes.subarray(0, 2 - this.greeting.length)]);
    const [first, second = 0] = this.greeting;
    return first === IAC && second >= NEGOTIATION.min && second <= NEGOTIATION.max;
  }

  private async connect(): Promise<void> {
    const { host, port, connectTimeoutMs = CONNECT_TIMEOUT_MS, clock = systemClock } = this.options;
    const socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    });
    this.socket = socket;
    const connected = new Deferred<void>();
    socket.once("connect", () => connected.resolve());
    socket.once("error", (error) => connected.reject(connectError(error)));
    await within(clock, connectTimeoutMs, connected.promise, () => {
      throw new ModemError("PORT_FAILED", { detail: "the server does not answer" });
    });
    readInPieces(socket, (bytes) => {
      if (!this.isOpen) return;
      if (this.greetsInTelnet(bytes)) {
        this.ended(new ModemError("PORT_TELNET"));
        socket.destroy();
      } else {
        this.emit("data", bytes);
      }
    });
    socket.on("error", (error) => this.ended(lost(error)));
    // The server may only have ended its own direction; half a connection is of no use.
    socket.on("end", () => socket.destroy());
    socket.on("close", () => this.ended(lost(undefined)));
  }
}

/** Why a connection does not come up, by errno name; everything else is `PORT_FAILED`. */
const CONNECT_ERRORS: ReadonlyMap<string, ErrorCode> = new Map([
  ["ECONNREFUSED", "PORT_REFUSED"],
  ["ENOTFOUND", "PORT_NOT_FOUND"],
  ["EAI_AGAIN", "PORT_NOT_FOUND"],
]);

function connectError(error: Error & { code?: string }): ModemError {
  const code = CONNECT_ERRORS.get(error.code ?? "") ?? "PORT_FAILED";
  return new ModemError(code, { cause: error, detail: error.message });
}

function lost(cause: Error | undefined): ModemError {
  return new ModemError("PORT_UNPLUGGED", { cause, detail: "the server ended the connection" });
}
