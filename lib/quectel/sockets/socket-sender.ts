/**
 * SocketSender: bytes into the module in blocks, each exactly once.
 *
 * `SEND OK` means that the module has a block, not that the peer has it. After `SEND FAIL` or an error the module's
 * count of bytes says what it took, so nothing is repeated blindly; and while its buffer is full, the next block waits
 * until the peer has acknowledged some of it. Without any acknowledgement for two minutes the connection counts as
 * broken: no line tells of a network that is gone, or of a NAT that has forgotten it.
 */
import { delay, type Timer } from "../../clock";
import { ModemError } from "../../errors";
import { LONGEST_SEND, sendBlock, sentCounts, type SendResult, type SentCounts } from "../commands/sockets";
import { isRefusal } from "../execute";
import type { SocketLine } from "./socket-line";

/** Milliseconds without an acknowledgement after which the connection is broken (the manual: 90 to 120 s). */
const NO_PROGRESS_MS = 120_000;
/** Milliseconds between two questions while nothing is sent (the manual: 5 s). */
const WATCH_MS = 5_000;
/** First and longest pause of questions that somebody waits for, in milliseconds. */
const PAUSE_MS = { first: 50, longest: 2_000 } as const;
/** Refusals of one block in a row: a damaged command line is refused once, a socket that is closing always. */
const MOST_REFUSALS = 3;
/** Bytes after which the module is asked what of them has been acknowledged, because somebody watches: 16 blocks. */
const ASK_AFTER_BYTES = 16 * LONGEST_SEND;

export interface SocketSenderListener {
  /** Told of a connection that broke while nothing was being sent. */
  onBroken(error: unknown): void;
  /** Called after each block. */
  onSent(): void;
  /** Told of the bytes that the peer has acknowledged since the socket was opened, whenever they have become more. */
  onAcknowledged(bytes: number): void;
}

export class SocketSender {
  /** Bytes that the module has taken. */
  sent = 0;
  private acknowledged = 0;
  /** Bytes sent when the module was asked last. */
  private askedAt = 0;
  /** Bytes that the module keeps until they are acknowledged: known from the first time that it was full. */
  private room = Number.POSITIVE_INFINITY;
  /** When the last acknowledgement came, or the first byte that waits for one was sent. */
  private progressAt = 0;
  private sending = false;
  private watch: Timer | undefined;

  constructor(
    private readonly line: SocketLine,
    private readonly listener: SocketSenderListener,
  ) {}

  /**
   * Resolves when the module has all of `bytes`. One call at a time.
   *
   * Rejects with `SOCKET_STALLED`, `SOCKET_CLOSED`, `SOCKET_DAMAGED`, or as `SocketLine.execute`.
   */
  async send(bytes: Uint8Array): Promise<void> {
    this.sending = true;
    try {
      for (let at = 0; at < bytes.length;) {
        at += await this.sendBlock(bytes.subarray(at, at + LONGEST_SEND));
        this.listener.onSent();
        if (this.sent - this.askedAt >= ASK_AFTER_BYTES) await this.counts();
      }
    } finally {
      this.sending = false;
      this.watchOver();
    }
  }

  /** Resolves when the peer has acknowledged all that was sent but at most `outstanding` bytes. Rejects as `send`. */
  async drained(outstanding = 0): Promise<void> {
    await this.acknowledgedUpTo(this.sent - outstanding, 0);
  }

  /** Asks nothing more. */
  end(): void {
    this.watch?.clear();
  }

  /** Sends one block; the result is how many of its bytes the module took, 1 at least. */
  private async sendBlock(block: Uint8Array): Promise<number> {
    const { clock } = this.line;
    const begun = clock.now();
    let refusals = 0;
    for (let pause: number = PAUSE_MS.first; ; pause = Math.min(2 * pause, PAUSE_MS.longest)) {
      await this.acknowledgedUpTo(this.sent + block.length - this.room);
      const result = await this.attempt(block);
      if (result === "taken") return this.taken(block.length);
      const counts = await this.counts(block.length);
      const took = counts.total - this.sent;
      if (took > 0) return this.taken(took);
      if (result === "refused" && ++refusals === MOST_REFUSALS) throw new ModemError("SOCKET_CLOSED");
      if (result === "refused") continue;
      this.room = Math.max(LONGEST_SEND, this.sent - counts.acknowledged);
      if (this.acknowledged !== this.sent) continue;
      // Full although nothing waits for the peer.
      if (clock.now() - begun > NO_PROGRESS_MS) throw new ModemError("SOCKET_STALLED");
      await this.rest(pause);
    }
  }

  private async attempt(block: Uint8Array): Promise<SendResult | "refused"> {
    try {
      return await this.line.execute(sendBlock(this.line.id, block));
    } catch (error) {
      if (isRefusal(error)) return "refused";
      throw error;
    }
  }

  private taken(count: number): number {
    if (this.acknowledged === this.sent) this.progressAt = this.line.clock.now();
    this.sent += count;
    return count;
  }

  /** Resolves when the peer has acknowledged so many bytes; no more than were sent. */
  private async acknowledgedUpTo(count: number, first: number = PAUSE_MS.first): Promise<void> {
    for (let pause = first; ; pause = Math.min(Math.max(2 * pause, PAUSE_MS.first), PAUSE_MS.longest)) {
      if (this.acknowledged >= count) return;
      await this.rest(pause);
      await this.counts();
    }
  }

  /**
   * The module's own count, checked against ours.
   *
   * @param open bytes of a block of which it is not known whether the module took them.
   */
  private async counts(open = 0): Promise<SentCounts> {
    const counts = await this.ask();
    if (counts.total < this.sent || counts.total > this.sent + open) {
      throw new ModemError("SOCKET_DAMAGED", {
        detail: `the module has ${counts.total} of ${this.sent} bytes`,
      });
    }
    const { clock } = this.line;
    const hasProgress = counts.acknowledged > this.acknowledged;
    if (hasProgress) this.progressAt = clock.now();
    this.acknowledged = Math.min(counts.acknowledged, this.sent);
    this.askedAt = this.sent;
    if (hasProgress) this.listener.onAcknowledged(this.acknowledged);
    const isWaiting = this.acknowledged !== this.sent;
    if (isWaiting && clock.now() - this.progressAt > NO_PROGRESS_MS) throw new ModemError("SOCKET_STALLED");
    return counts;
  }

  /** A question damaged on its way is refused too, so it is asked again. */
  private async ask(): Promise<SentCounts> {
    for (let refusals = 1; ; refusals++) {
      try {
        return await this.line.execute(sentCounts(this.line.id));
      } catch (error) {
        if (!isRefusal(error)) throw error;
        if (refusals === MOST_REFUSALS) throw new ModemError("SOCKET_CLOSED", { cause: error });
      }
    }
  }

  private rest(ms: number): Promise<void> {
    return delay(this.line.clock, ms, this.line.signal);
  }

  /** Looks for acknowledgements from time to time, as long as any is missing. */
  private watchOver(): void {
    this.watch?.clear();
    if (this.line.signal.aborted || this.acknowledged === this.sent) return;
    this.watch = this.line.clock.after(WATCH_MS, () => {
      if (this.sending) return;
      this.counts().then(
        () => {
          if (!this.sending) this.watchOver();
        },
        (error: unknown) => {
          if (!this.line.signal.aborted) this.listener.onBroken(error);
        },
      );
    });
  }
}
