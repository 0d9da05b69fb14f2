/**
 * LifecycleReports: what is wrong with the modem as such, told to a person once for each change.
 *
 * What usually goes away by itself after a start is told only when it has not. Errors of mails are not told here.
 */
import type { Clock, Timer } from "../../../lib/clock";
import type { ErrorCode, ModemError } from "../../../lib/errors";
import type { ModemState } from "../../../lib/quectel/connection/modem-state";

/**
 * Milliseconds that a module may take to find card and network before a person is told: after a start each is missing
 * for a while. 90 s is the longest time that the manual's error chapter gives the registration.
 */
const PATIENCE = 90_000;

export class LifecycleReports {
  private reported: ErrorCode | undefined;
  /** The obstacle that a person is to hear of, should it still be there when the time is over. */
  private obstacle: ModemError | undefined;
  private patience: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly tell: (error: ModemError) => void,
  ) {}

  /** Tells an error unless it was the last one told. */
  report(error: ModemError): void {
    if (error.code === this.reported) return;
    this.reported = error.code;
    this.tell(error);
  }

  /** Takes the modem's new state: reports its error now, later or never. */
  follow(state: ModemState): void {
    if (state.name === "ready") this.reported = undefined;
    const error = "error" in state ? state.error : undefined;
    if (state.name !== "registering" || error?.class !== "transient") {
      this.endPatience();
      if (error !== undefined) this.report(error);
      return;
    }
    this.obstacle = error;
    this.patience ??= this.clock.after(PATIENCE, () => {
      if (this.obstacle !== undefined) this.report(this.obstacle);
    });
  }

  /** Nothing is reported late any more. */
  endPatience(): void {
    this.patience?.clear();
    this.patience = undefined;
    this.obstacle = undefined;
  }
}
