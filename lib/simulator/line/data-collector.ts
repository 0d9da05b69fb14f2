/**
 * Collects the bytes of one data-mode phase and finds its end: length, time, `+++` with silences, DTR.
 *
 * Fact base 2.4, 3.5 and 4. Bytes go in as they arrive; the outcome comes out once.
 */
import type { Clock, Timer } from "../../clock";
import type { Collected, CollectEnd, CollectOptions } from "../device/data-mode";

const PLUS = 0x2b;
/** The three characters of the escape come within this time, ms (fact base 4). */
const escapeWithinMs = 1000;
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
  private timeLimit: Timer | undefined;
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
    const { terminators } = this.options;
    const isEnd = (byte: number): boolean => byte === terminators?.end || byte === terminators?.cancel;
    const at = terminators === undefined ? -1 : bytes.findIndex(isEnd);
    this.take(at < 0 ? bytes : bytes.subarray(0, at));
    if (at >= 0) this.end(bytes[at] === terminators?.cancel ? "cancel" : "length");
  }

  private take(bytes: Buffer): void {
    const now = this.clock.now();
    if (this.options.timeFrom === "lastByte") {
      this.timeLimit?.clear();
      this.timeLimit = this.startTimeLimit();
    }
    for (let at = 0; at < bytes.length && !this.ended; at++) {
      this.guardTimer?.clear();
      if (this.mayEscape(bytes.readUInt8(at), now)) {
        this.hold(now);
        this.lastByteAt = now;
        continue;
      }
      this.releaseHeld();
      // No silence lies within bytes that come together, so none of the rest can begin an escape.
      this.add(bytes.subarray(at));
      this.lastByteAt = now;
      return;
    }
  }

  /** DTR went off under AT&D1 or AT&D2. */
  dtrDropped(): void {
    if (this.options.escapable !== false) this.end("dtr");
  }

  /** Ends without an outcome: the module restarts. */
  cancel(): void {
    this.ended = true;
    this.timeLimit?.clear();
    this.guardTimer?.clear();
  }

  private mayEscape(byte: number, now: number): boolean {
    if (this.options.escapable === false || byte !== PLUS || this.held === 3) return false;
    return this.held === 0 ? now - this.lastByteAt >= this.guard : now - this.heldSince <= escapeWithinMs;
  }

  private hold(now: number): void {
    if (this.held++ === 0) this.heldSince = now;
    if (this.held === 3) this.guardTimer = this.clock.after(this.guard, () => this.end("escape"));
  }

  /** The held plus signs were payload after all. */
  private releaseHeld(): void {
    const { held } = this;
    this.held = 0;
    this.add(Buffer.alloc(held, PLUS));
  }

  /** Takes payload, block by block; what comes behind the length is dropped. */
  private add(bytes: Buffer): void {
    for (let rest = bytes; rest.length > 0 && !this.ended;) {
      const room = Math.min(this.toBlockEnd(), this.toEnd());
      const piece = rest.subarray(0, room);
      rest = rest.subarray(piece.length);
      this.pieces.push(piece);
      this.size += piece.length;
      this.options.onBytes?.(piece);
      if (this.size % this.blockSize === 0) this.options.onBlock?.(this.size);
      if (this.toEnd() === 0) this.end("length");
    }
  }

  private toBlockEnd(): number {
    return this.blockSize - (this.size % this.blockSize);
  }

  private toEnd(): number {
    return (this.options.length ?? Number.POSITIVE_INFINITY) - this.size;
  }

  private startTimeLimit(): Timer | undefined {
    if (this.options.timeMs === undefined) return undefined;
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
