/** Back-off with a cap and jitter, for trying again without end. */

export interface BackoffOptions {
  /** Milliseconds before the second attempt; each further wait is twice as long. */
  readonly first: number;
  /** The longest wait in milliseconds, jitter not counted. */
  readonly cap: number;
  /** 0 (included) to 1 (excluded). */
  readonly random: () => number;
}

/** Part of a wait by which chance shortens or lengthens it, so that many gateways do not call in step. */
const JITTER = 0.2;

export class Backoff {
  private attempts = 0;

  constructor(private readonly options: BackoffOptions) {}

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const { first, cap, random } = this.options;
    const wait = Math.min(cap, first * 2 ** Math.min(this.attempts++, 30));
    return Math.round(wait * (1 - JITTER + 2 * JITTER * random()));
  }

  /** To be called when an attempt has succeeded. */
  reset(): void {
    this.attempts = 0;
  }
}
