/**
 * SocketReceiver: bytes out of the module, in order and without a gap.
 *
 * The module says once that data wait, and not again before its buffer has been read empty. A lost line would stall the
 * connection for ever, so it is also asked from time to time. Reading stops while no one wants the data: they wait in
 * the module, whose window then holds back the peer.
 */
import type { Timer } from "../../clock";
import { isModemError, ModemError } from "../../errors";
import { readBlock, readCounts, socketInfo, type ReadCounts } from "../commands/sockets";
import { isRefusal } from "../execute";
import { isUncertain, type SocketLine } from "./socket-line";

/** Milliseconds between two looks while an answer is owed, and while none is. */
const OWED_MS = 2_000;
const QUIET_MS = 10_000;
/** Looks in vain after which the module is asked whether the connection still stands. */
const LOOKS_BEFORE_STATE = 5;
/** Failures of a read in a row, each of which the module has shown to have taken no byte. */
const MOST_FAILURES = 3;

export interface SocketReceiverListener {
  /** Bytes have come; the result is false when no more are wanted for now. */
  push(bytes: Buffer): boolean;
  /** The peer has ended, and all that it sent has been passed on. */
  onEnd(): void;
  onBroken(error: unknown): void;
}

export class SocketReceiver {
  private received = 0;
  private wanted = false;
  /** Something may wait in the module. */
  private mayWait = false;
  /** In most protocols the peer speaks first. */
  private isOwed = true;
  private isReading = false;
  private isEnded = false;
  private looksInVain = 0;
  private look: Timer | undefined;
  /** True once the peer or the network has closed the connection. */
  isClosed = false;

  constructor(
    private readonly line: SocketLine,
    private readonly framing: "line" | "comma",
    private readonly listener: SocketReceiverListener,
  ) {}

  /** Data are wanted. */
  want(): void {
    this.wanted = true;
    this.start();
  }

  /** The module says that data wait. */
  onData(): void {
    this.mayWait = true;
    this.start();
  }

  /** The module says that the connection has been closed; what it still holds can be read. */
  onClosed(): void {
    this.isClosed = true;
    this.onData();
  }

  /** Something was sent, to which the peer will answer. */
  onSent(): void {
    this.isOwed = true;
  }

  /** Asks nothing more. */
  end(): void {
    this.isEnded = true;
    this.look?.clear();
  }

  private start(): void {
    if (this.isReading || this.isEnded) return;
    this.isReading = true;
    this.look?.clear();
    this.readAll()
      .catch((error: unknown) => {
        if (!this.isEnded) this.listener.onBroken(error);
      })
      .finally(() => {
        this.isReading = false;
        this.lookLater();
      });
  }

  /** Reads until nothing waits or nothing is wanted. */
  private async readAll(): Promise<void> {
    while (this.wanted && this.mayWait && !this.isEnded) {
      // Whether this read includes what is reported from here on is unknown.
      this.mayWait = false;
      const wasClosed = this.isClosed;
      const bytes = await this.read();
      if (this.isEnded) return;
      if (bytes.length > 0) {
        this.received += bytes.length;
        this.mayWait = true;
        this.isOwed = false;
        this.looksInVain = 0;
        this.wanted = this.listener.push(bytes);
      } else if (wasClosed) {
        await this.assertNothingLost();
        if (this.isEnded) return;
        this.isEnded = true;
        this.listener.onEnd();
      }
    }
  }

  /** What waits in the module, up to one block; nothing when it has forgotten a socket that it had told closed. */
  private async read(): Promise<Buffer> {
    for (let failures = 1; ; failures++) {
      try {
        return await this.line.execute(readBlock(this.line.id, this.framing));
      } catch (error) {
        if (!isRefusal(error) && !isUncertain(error)) throw error;
        const counts = await this.counts();
        if (counts === undefined && isRefusal(error) && this.isClosed) return Buffer.alloc(0);
        if (counts === undefined) throw new ModemError("SOCKET_CLOSED", { cause: error });
        // It has given bytes out that never arrived.
        if (counts.read !== this.received) throw damaged(error);
        if (failures === MOST_FAILURES) throw error;
      }
    }
  }

  /**
   * The module's own counts show whether a damaged number has cut off what came behind it, and whether the module has
   * thrown away what waited when the connection was closed.
   */
  private async assertNothingLost(): Promise<void> {
    const counts = await this.counts();
    if (counts === undefined || counts.total === this.received) return;
    throw damaged(undefined, `${this.received} of ${counts.total} bytes arrived`);
  }

  private async counts(): Promise<ReadCounts | undefined> {
    for (let failures = 1; ; failures++) {
      try {
        return await this.line.execute(readCounts(this.line.id));
      } catch (error) {
        if (!isRefusal(error)) throw error;
        if (failures === MOST_FAILURES) return undefined;
      }
    }
  }

  private lookLater(): void {
    this.look?.clear();
    if (this.isEnded || !this.wanted || this.isReading) return;
    this.look = this.line.clock.after(this.isOwed ? OWED_MS : QUIET_MS, () => {
      this.lookNow().catch((error: unknown) => {
        if (!this.isEnded) this.listener.onBroken(error);
      });
    });
  }

  private async lookNow(): Promise<void> {
    this.looksInVain++;
    if (this.looksInVain % LOOKS_BEFORE_STATE === 0) {
      const info = await this.line.execute(socketInfo(this.line.id)).catch((error: unknown) => {
        // Not every firmware may know the question.
        if (isModemError(error) && isRefusal(error)) return { state: "connected" } as const;
        throw error;
      });
      if (info?.state === "closing") this.isClosed = true;
    }
    this.mayWait = true;
    this.start();
  }
}

function damaged(cause: unknown, detail = "what the module sent did not arrive"): ModemError {
  return new ModemError("SOCKET_DAMAGED", { cause, detail });
}
