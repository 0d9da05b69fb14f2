/**
 * Collects the bytes of one data-mode phase and finds its end: length, time, `+++` with silences, DTR.
 *
 * Fact base 2.4, 3.5 and 4. Bytes go in as they arrive; the outcome comes out once.
 */
import type { Clock, Timer } from "../clock";
import type { Collected, CollectEnd, CollectOptions } from "./data-mode";

const PLUS = 0x2b;
/** The three characters of the escape come within this time, ms (fact base 4). */
const escapeWithin = 1000;
const defaultBlock = 1024;

export class DataCollector {
  private readonly pieces: Buffer[] = [];
  private size = 0;
  /** Plus signs that may be an escape; not counted until the silence after them decides. */
  private held = 0;
  private heldSince = 0;
  private lastByteAt: number;
  private readonly blockSize: number;
  private guardTimer: Timer | undefined;
  private timeLimit: Timer;
  private ended = false;

  /**
   * @param guard silence before and after `+++`, ms.
   * @param finish called once, synchronously, at the end.
   */
  constructor(
    private readonly clock: Clock,
    private readonly options: CollectOptions,
    private readonly guard: number,
    private readonly finish: (collected: Collected) => void,
  ) {
    this.blockSize = options.blockSize ?? defaultBlock;
    this.lastByteAt = clock.now();
    this.timeLimit = this.startTimeLimit();
  }

  /** Takes bytes; those behind the length are dropped. */
  push(bytes: Buffer): void {
    const now = this.clock.now();
    if (this.options.timeFrom === "lastByte") {
      this.timeLimit.clear();
      this.timeLimit = this.startTimeLimit();
    }
    for (const byte of bytes) {
      if (this.ended) return;
      this.take(byte, now);
      this.lastByteAt = now;
    }
  }

  /** DTR went off under AT&D1 or AT&D2. */
  dtrDropped(): void {
    this.end("dtr");
  }

  /** Ends without an outcome: the module restarts. */
  cancel(): void {
    this.ended = true;
    this.timeLimit.clear();
    this.guardTimer?.clear();
  }

  private take(byte: number, now: number): void {
    this.guardTimer?.clear();
    const silent = this.held > 0 || now - this.lastByteAt >= this.guard;
    if (
      byte === PLUS &&
      this.held < 3 &&
      silent &&
      (this.held === 0 || now - this.heldSince <= escapeWithin)
    ) {
      if (this.held++ === 0) this.heldSince = now;
      if (this.held === 3) this.guardTimer = this.clock.after(this.guard, () => this.end("escape"));
      return;
    }
    this.releaseHeld();
    if (!this.ended) this.add(Buffer.of(byte));
  }

  /** The held plus signs were payload after all. */
  private releaseHeld(): void {
    const { held } = this;
    this.held = 0;
    for (let count = 0; count < held && !this.ended; count++) this.add(Buffer.of(PLUS));
  }

  private add(byte: Buffer): void {
    this.pieces.push(byte);
    this.size++;
    if (this.size % this.blockSize === 0) this.options.onBlock?.(this.size);
    if (this.size === this.options.length) this.end("length");
  }

  private startTimeLimit(): Timer {
    return this.clock.after(this.options.timeMs, () => {
      this.releaseHeld();
      this.end("time");
    });
  }

  private end(end: CollectEnd): void {
    if (this.ended) return;
    this.cancel();
    this.finish({ bytes: Buffer.concat(this.pieces), end });
  }
}
