/**
 * BaseTransport: what every transport has in common, the states of one connection, and that nothing waits beyond its end.
 *
 *   new ──open──> opening ──opened──> open ──end──> closed
 *    └──────────────┴───────── end ──────────────────┘
 */
import type { Readable } from "node:stream";
import { EventEmitter } from "node:events";
import { ModemError } from "../errors";
import type { TransportEvents } from "./transport";

type State = "new" | "opening" | "open" | "closed";

export abstract class BaseTransport extends EventEmitter<TransportEvents> {
  private state: State = "new";
  private readonly pending = new Set<(error: ModemError) => void>();

  get isOpen(): boolean {
    return this.state === "open";
  }

  /** new -> opening. @throws ModemError `PORT_CLOSED` when it has been opened before: each connection is a new object. */
  protected beginOpening(): void {
    if (this.state !== "new") throw new ModemError("PORT_CLOSED", { detail: "a connection is opened once" });
    this.state = "opening";
  }

  /** opening -> open. */
  protected opened(): void {
    if (this.state === "opening") this.state = "open";
  }

  /**
   * Any state -> closed, once; everything under way rejects with `error` or `PORT_CLOSED`.
   * `closed` is emitted unless nothing was opened yet: then the rejection of `open` tells.
   */
  protected ended(error: ModemError | undefined): void {
    if (this.state === "closed") return;
    const wasOpen = this.state === "open";
    this.state = "closed";
    const reason = error ?? new ModemError("PORT_CLOSED");
    for (const reject of this.pending) reject(reason);
    this.pending.clear();
    if (wasOpen) this.emit("closed", error);
  }

  /** Runs `work` in state open only, or while opening; it rejects when the connection ends before it is done. */
  protected async during<T>(phase: "opening" | "open", work: () => Promise<T>): Promise<T> {
    if (this.state !== phase) throw new ModemError("PORT_CLOSED");
    let onEnd: (error: ModemError) => void = () => undefined;
    const end = new Promise<never>((_resolve, reject) => {
      onEnd = reject;
    });
    this.pending.add(onEnd);
    try {
      return await Promise.race([work(), end]);
    } finally {
      this.pending.delete(onEnd);
    }
  }
}

/** Bytes that are handed on in one turn of the event loop; more than a module says at once. */
const PIECE = 4096;

/**
 * Hands on what `stream` reads. A flood comes in pieces, one in each turn of the event loop, and is read no faster: a line of
 * a few bytes costs some microseconds, and 64 kB of them would keep Node-RED from everything else for 100 ms.
 */
export function readInPieces(stream: Readable, take: (bytes: Buffer) => void): void {
  stream.on("data", (bytes: Buffer) => {
    if (bytes.length <= PIECE) return take(bytes);
    stream.pause();
    let at = 0;
    const next = (): void => {
      take(bytes.subarray(at, at + PIECE));
      at += PIECE;
      if (at < bytes.length) setImmediate(next);
      else stream.resume();
    };
    next();
  });
}
