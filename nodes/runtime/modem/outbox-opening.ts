/**
 * OutboxOpening: takes the folder of an outbox, and tries again while it cannot be had, as when another Node-RED uses
 * it.
 */
import type { Clock, Timer } from "../../../lib/clock";
import type { ModemError } from "../../../lib/errors";
import type { Outbox } from "../../../lib/outbox/outbox";
import { asModemError } from "../status/failure-report";

/** Milliseconds between two attempts. */
const REOPEN_MS = 30_000;

export interface OutboxOpeningOptions {
  readonly clock: Clock;
  /** Told why it cannot be had, at each attempt. */
  readonly failed: (error: ModemError) => void;
  /** Told after each attempt. */
  readonly changed: () => void;
}

export class OutboxOpening {
  private trouble: ModemError | undefined;
  private timer: Timer | undefined;
  private isEnded = false;

  constructor(
    private readonly outbox: Pick<Outbox, "open" | "cancelOpen">,
    private readonly options: OutboxOpeningOptions,
  ) {}

  /** Why the outbox cannot be used now. */
  get error(): ModemError | undefined {
    return this.trouble;
  }

  /** Resolves after the first attempt, whatever came of it. */
  async begin(): Promise<void> {
    const { clock, failed, changed } = this.options;
    try {
      await this.outbox.open();
      this.trouble = undefined;
    } catch (thrown) {
      // Opened again it would keep the folder from whoever comes next.
      if (this.isEnded) return;
      this.trouble = asModemError(thrown);
      failed(this.trouble);
      this.timer = clock.after(REOPEN_MS, () => void this.begin());
    }
    changed();
  }

  /** No further attempt is made, and one that asks for a former holder of the folder ends: the port would wait for it. */
  end(): void {
    this.isEnded = true;
    this.timer?.clear();
    this.outbox.cancelOpen();
  }
}
