/**
 * TraceRecording: the trace of a modem, switched on by a person for a while.
 *
 * It ends automatically, and what it has recorded stays until the next start or until the modem is closed. How much it
 * holds is bounded by the trace, which drops the oldest.
 */
import type { Clock, Timer } from "../../../lib/clock";
import type { Trace, TraceEntry } from "../../../lib/serial/trace";

/** Milliseconds until a recording ends automatically: time for a start of the module and a mail that is slow. */
export const LONGEST_RECORDING_MS = 15 * 60_000;

export class TraceRecording {
  private timer: Timer | undefined;
  private endsAt = 0;
  private trace: Trace | undefined;

  /** @param changed called when it ends automatically. */
  constructor(
    private readonly clock: Clock,
    private readonly changed: () => void,
  ) {}

  /** Milliseconds until it ends; undefined while nothing is recorded. */
  get endsIn(): number | undefined {
    return this.timer === undefined ? undefined : Math.max(0, this.endsAt - this.clock.now());
  }

  /** Oldest first. */
  get entries(): readonly TraceEntry[] {
    return this.trace?.entries ?? [];
  }

  /** Begins anew; what was recorded before is gone. */
  start(trace: Trace): void {
    this.stop();
    this.trace = trace;
    trace.clear();
    trace.enabled = true;
    this.endsAt = this.clock.now() + LONGEST_RECORDING_MS;
    this.timer = this.clock.after(LONGEST_RECORDING_MS, () => {
      this.stop();
      this.changed();
    });
  }

  stop(): void {
    this.timer?.clear();
    this.timer = undefined;
    if (this.trace !== undefined) this.trace.enabled = false;
  }

  /** The modem with this trace is closed. */
  drop(): void {
    this.stop();
    this.trace = undefined;
  }
}
