/**
 * BaseTransport: what every transport has in common, the states of one connection, and that nothing waits beyond its end.
 *
 *   new ──open──> opening ──opened──> open ──end──> closed
 *    └──────────────┴───────── end ──────────────────┘
 */
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
