/**
 * One direction of a serial line: bytes arrive in order, after the time they take at the line rate.
 *
 * A fault plan may put pauses and actions between bytes. Nothing arrives before `send` has returned.
 */
import type { Clock, Timer } from "../../clock";
import type { Segment } from "../device/fault-points";

export interface WireEnd {
  bytes(bytes: Buffer): void;
  packetEnd(): void;
}

/** Bytes that a paced serial line delivers together: the size of a UART FIFO. */
const fifoSize = 32;

export class Wire {
  private queue: Segment[] = [];
  private timer: Timer | undefined;
  private pumping = false;
  /** Counts the losses, so that a pump that was interrupted by one stops. */
  private losses = 0;
  /** When the last byte has left, ms of the clock. */
  private freeAt = 0;
  private waiters: (() => void)[] = [];

  /**
   * @param rate line rate in bit/s, ten bits a byte; undefined: bytes take no time.
   * @param pieceSize bytes that a paced line delivers together.
   */
  constructor(
    private readonly clock: Clock,
    private readonly rate: () => number | undefined,
    private readonly end: WireEnd,
    private readonly pieceSize: number = fifoSize,
  ) {}

  send(segments: readonly Segment[]): void {
    this.queue.push(...segments);
    if (this.pumping) return;
    this.pumping = true;
    this.startNow();
    const { losses } = this;
    queueMicrotask(() => this.pump(losses));
  }

  /** Resolves when all that was sent has arrived. */
  drained(): Promise<void> {
    if (!this.pumping) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiters.push(resolve);
    });
  }

  /** Loses what is under way. */
  clear(): void {
    this.losses++;
    this.queue = [];
    this.timer?.clear();
    this.timer = undefined;
    this.freeAt = 0;
    this.rest();
  }

  private pump(losses: number): void {
    while (losses === this.losses) {
      const segment = this.queue.shift();
      if (segment === undefined) {
        this.rest();
        return;
      }
      switch (segment.kind) {
        case "bytes":
          if (this.transmit(segment.bytes)) break;
          return;
        case "packetEnd":
          this.end.packetEnd();
          break;
        case "pause":
          this.later(segment.ms, () => this.startNow());
          return;
        case "action":
          segment.run();
          break;
      }
    }
  }

  /** @returns true when the bytes have arrived at once, false when they take time. */
  private transmit(bytes: Buffer): boolean {
    const rate = this.rate();
    if (rate === undefined) {
      this.end.bytes(bytes);
      return true;
    }
    const piece = bytes.subarray(0, this.pieceSize);
    const rest = bytes.subarray(piece.length);
    if (rest.length > 0) this.queue.unshift({ kind: "bytes", bytes: rest });
    this.freeAt += (piece.length * 10 * 1000) / rate;
    const left = this.freeAt - this.clock.now();
    if (left > 0) {
      this.later(left, () => this.end.bytes(piece));
      return false;
    }
    // The timer of the piece before came late, as those of a host do; the line did not wait for it.
    this.end.bytes(piece);
    return true;
  }

  /** The line has been idle: the next byte begins now. */
  private startNow(): void {
    this.freeAt = Math.max(this.clock.now(), this.freeAt);
  }

  private later(ms: number, arrive: () => void): void {
    const { losses } = this;
    this.timer = this.clock.after(ms, () => {
      this.timer = undefined;
      arrive();
      this.pump(losses);
    });
  }

  private rest(): void {
    this.pumping = false;
    const { waiters } = this;
    this.waiters = [];
    for (const wake of waiters) wake();
  }
}
