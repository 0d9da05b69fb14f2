/** How long an outbox has been there, and how long of that it was not held: the times that the limits of mails count. */
import type { FastClock } from "../../support/fast-clock";
import type { Gateway } from "./gateway";

/** Looks at the outbox this often, ms. */
const STEP = 10_000;
const MINUTE = 60_000;

/** Times of an outbox, milliseconds. */
export interface Instant {
  readonly running: number;
  /** Without holds. */
  readonly active: number;
}

/** Over all lives of an outbox. */
export class OutboxAge {
  private running = 0;
  private active = 0;

  constructor(clock: FastClock, gateway: Gateway) {
    const look = (): void => {
      if (gateway.outbox !== undefined) {
        this.running += STEP;
        if (gateway.outbox.summary().hold === undefined) this.active += STEP;
      }
      clock.after(STEP, look);
    };
    clock.after(STEP, look);
  }

  now(): Instant {
    return { running: this.running, active: this.active };
  }

  /** Age of a mail, by the time that its limit counts. */
  since(begun: Instant): Instant {
    return { running: this.running - begun.running, active: this.active - begun.active };
  }
}

/**
 * Milliseconds beyond the maximum age. A limit of the mail's own goes on under a hold, the modem's does not.
 *
 * @param ownLimit minutes. @param limit minutes, the modem's
 */
export function overdue(ownLimit: number | undefined, limit: number, { running, active }: Instant): number {
  return ownLimit === undefined ? active - limit * MINUTE : running - ownLimit * MINUTE;
}
