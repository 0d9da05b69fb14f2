/**
 * LifecycleReports: what is wrong with the modem as such, reported once until it is over: each code with each text and
 * hint, because a later one may name the reason better. It is over when the modem is ready again, when whoever reported
 * it says so, or when an hour has passed without it: a modem that stays ready for months must not keep silent about the
 * second full disk.
 *
 * What usually disappears after a start is reported only when it has not. Errors of single mails are not reported here,
 * only what keeps all of them waiting.
 */
import type { Clock, Timer } from "../../../lib/clock";
import type { ErrorCode, ModemError } from "../../../lib/errors";
import type { ModemState } from "../../../lib/quectel/connection/modem-state";

/**
 * Milliseconds that a module may take to find card and network before a person is told: after a start each is missing
 * for a while. 90 s is the longest time that the manual's error chapter gives the registration.
 */
const PATIENCE_MS = 90_000;

/** So many different reports at a time; a text that differs each time is no news any more. */
const MOST_TOLD = 20;

/** Milliseconds without it after which an error is a new one. */
const OVER_MS = 60 * 60_000;

interface Told {
  readonly code: ErrorCode;
  /** When it was last reported, to a person or not; time of the clock. */
  at: number;
}

/** What says the same again, a second later. */
const SAME_AS: Readonly<Partial<Record<ErrorCode, ErrorCode>>> = { PORT_NOT_FOUND: "PORT_UNPLUGGED" };

export class LifecycleReports {
  private readonly told = new Map<string, Told>();
  /** The obstacle that a person is to hear of, should it still be there when the time is over. */
  private obstacle: ModemError | undefined;
  private patience: Timer | undefined;
  /** The time is over, and what was missing still is. */
  private isOver = false;

  constructor(
    private readonly clock: Clock,
    private readonly tell: (error: ModemError) => void,
  ) {}

  /** Tells an error unless the same was told and is not over. */
  report(error: ModemError): void {
    const { code, message, hint } = error;
    const at = this.clock.now();
    for (const [news, told] of this.told) if (at - told.at > OVER_MS) this.told.delete(news);
    const same = SAME_AS[code];
    const news = JSON.stringify([code, message, hint]);
    const before = this.told.get(news) ?? [...this.told.values()].find((told) => told.code === same);
    if (before !== undefined) before.at = at;
    if (before !== undefined || this.told.size >= MOST_TOLD) return;
    this.told.set(news, { code, at });
    this.tell(error);
  }

  /** What was told with this code is over: the next time it is news. */
  over(code: ErrorCode): void {
    for (const [news, told] of this.told) if (told.code === code) this.told.delete(news);
  }

  /** Takes the modem's new state: reports its error now, later or never. */
  follow(state: ModemState): void {
    if (state.name === "ready") this.told.clear();
    const error = "error" in state ? state.error : undefined;
    if (state.name !== "registering" || error?.class !== "transient") {
      this.endPatience();
      if (error !== undefined) this.report(error);
      return;
    }
    this.obstacle = error;
    if (this.isOver) this.report(error);
    this.patience ??= this.clock.after(PATIENCE_MS, () => {
      this.isOver = true;
      if (this.obstacle !== undefined) this.report(this.obstacle);
    });
  }

  /** Nothing is reported late any more. */
  endPatience(): void {
    this.patience?.clear();
    this.patience = undefined;
    this.isOver = false;
    this.obstacle = undefined;
  }
}
