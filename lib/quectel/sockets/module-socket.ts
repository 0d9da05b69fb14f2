/**
 * ModuleSocket: a TCP connection of the module as a stream, for whatever takes a Duplex: `tls.connect({ socket })`,
 * a mail client, a pipe.
 *
 *   write ─> SocketSender ─> QISEND            SocketLine: commands and news of this one socket
 *   read  <─ SocketReceiver <─ QIRD
 *
 * It is open from the start; `ModuleSockets` opens it. It differs from a `net.Socket` in one respect: the module has no
 * half-close. After `end()` it waits until the peer has acknowledged all and then, for a few seconds, for what the peer
 * still says; then the connection is closed.
 */
import { Duplex } from "node:stream";
import type { Clock, Timer } from "../../clock";
import { copyOf, isModemError } from "../../errors";
import type { SocketNews, SocketTarget } from "../commands/sockets";
import { SocketLine, type SocketModem } from "./socket-line";
import { SocketReceiver } from "./socket-receiver";
import { SocketSender } from "./socket-sender";

/** Milliseconds without a byte from the peer after which a connection that we have ended is closed. */
const LINGER_MS = 5_000;

/** Bytes held in each direction before the writer, or the module, is told to wait. */
const HELD = 16 * 1024;
const NOTHING = Buffer.alloc(0);

export interface OpenedSocket {
  readonly id: number;
  readonly target: SocketTarget;
  /** How QIRD frames what it gives out. */
  readonly framing: "line" | "comma";
  /** What the module has said of it since it was opened. */
  readonly news: readonly SocketNews[];
  /** Called once: the stream has ended, and the module may still have the socket. */
  readonly release: (error: Error | null) => void;
}

export class ModuleSocket extends Duplex {
  /** Milliseconds without any byte after which `timeout` is emitted; 0 for never. */
  timeout = 0;
  readonly remoteHost: string;
  readonly remotePort: number;
  private readonly clock: Clock;
  private readonly line: SocketLine;
  private readonly sender: SocketSender;
  private readonly receiver: SocketReceiver;
  private readonly release: OpenedSocket["release"];
  private idle: Timer | undefined;
  private linger: Timer | undefined;

  /** @throws ModemError `MODEM_NOT_READY` when the module is gone by now. */
  constructor(modem: SocketModem, { id, target, framing, news, release }: OpenedSocket) {
    super({ allowHalfOpen: false, highWaterMark: HELD });
    this.remoteHost = target.host;
    this.remotePort = target.port;
    this.clock = modem.clock;
    this.release = release;
    const onBroken = (error: unknown): void => void this.destroy(asError(error));
    this.line = new SocketLine(modem, id, target.contextId, {
      onData: () => this.receiver.onData(),
      onClosed: () => this.receiver.onClosed(),
      onLost: onBroken,
    });
    this.sender = new SocketSender(this.line, {
      onBroken,
      onSent: () => {
        this.receiver.onSent();
        this.touch();
      },
      onAcknowledged: (bytes) => this.emit("acknowledged", bytes),
    });
    this.receiver = new SocketReceiver(this.line, framing, {
      push: (bytes) => {
        this.touch();
        return this.push(bytes);
      },
      onEnd: () => this.endReading(),
      onBroken,
    });
    if (news.length > 0) this.receiver.onData();
    if (news.includes("closed")) this.receiver.onClosed();
  }

  /** Bytes that the module has taken since the socket was opened. `acknowledged` is emitted with those the peer has. */
  get bytesWritten(): number {
    return this.sender.sent;
  }

  /**
   * Resolves when the module has every byte that was written so far and the peer has acknowledged all but at most
   * `outstanding` of them, which says nothing of what it made of them. Rejects with `SOCKET_STALLED` or what else ended
   * the connection.
   */
  async drained(outstanding = 0): Promise<void> {
    if (this.writableLength > 0) {
      await new Promise<void>((resolve, reject) => {
        this.write(NOTHING, (error) => (error ? reject(error) : resolve()));
      });
    }
    this.line.signal.throwIfAborted();
    await this.sender.drained(outstanding);
  }

  /** As that of `net.Socket`: emits `timeout` after so many milliseconds without a byte in either direction. */
  setTimeout(ms: number, onTimeout?: () => void): this {
    this.timeout = ms;
    if (onTimeout !== undefined) {
      if (ms === 0) this.off("timeout", onTimeout);
      else this.once("timeout", onTimeout);
    }
    this.touch();
    return this;
  }

  /** Without effect: the module sends each block at once. */
  setNoDelay(): this {
    return this;
  }

  /** Without effect: no connection of this package is left idle. */
  setKeepAlive(): this {
    return this;
  }

  /** Without effect: a connection in use keeps the process alive, as its port does. */
  ref(): this {
    return this;
  }

  /** As `ref`. */
  unref(): this {
    return this;
  }

  override _read(): void {
    this.receiver.want();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.sendAll(chunk, callback);
  }

  /** All that was written meanwhile goes out in full blocks. */
  override _writev(
    chunks: readonly { readonly chunk: Buffer }[],
    callback: (error?: Error | null) => void,
  ): void {
    this.sendAll(Buffer.concat(chunks.map(({ chunk }) => chunk)), callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    const done = (): void => {
      callback();
      this.lingerOn();
    };
    if (this.receiver.isClosed) {
      done();
      return;
    }
    this.sender.drained().then(done, (error: unknown) => {
      // Closed by the peer, which has all that it wants.
      if (this.receiver.isClosed) done();
      else callback(asError(error));
    });
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.idle?.clear();
    this.linger?.clear();
    this.sender.end();
    this.receiver.end();
    this.line.end();
    this.release(error);
    // Some listeners (nodemailer) write into the error they are given, and this one may be the state of the modem, too.
    callback(isModemError(error) ? copyOf(error) : error);
  }

  private sendAll(bytes: Buffer, callback: (error?: Error | null) => void): void {
    this.sender.send(bytes).then(
      () => callback(),
      (error: unknown) => callback(asError(error)),
    );
  }

  /** A byte has passed. */
  private touch(): void {
    this.idle?.clear();
    if (this.destroyed) return;
    if (this.timeout > 0) this.idle = this.clock.after(this.timeout, () => this.emit("timeout"));
    if (this.linger !== undefined) this.lingerOn();
  }

  /** The connection is closed when the peer says nothing more. */
  private lingerOn(): void {
    this.linger?.clear();
    if (!this.destroyed) this.linger = this.clock.after(LINGER_MS, () => this.endReading());
  }

  /** Nothing more comes. A reader who has stopped reading does not notice, and the connection is not kept for him. */
  private endReading(): void {
    this.receiver.end();
    this.push(null);
    this.linger?.clear();
    if (!this.destroyed && this.writableFinished)
      this.linger = this.clock.after(LINGER_MS, () => void this.destroy());
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
