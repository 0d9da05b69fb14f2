/**
 * BusyWatch: the module's mail client has stayed busy (652) to the end of all patience, and the module may not be
 * restarted, so only its power switch helps.
 *
 * No mail is tried meanwhile. The module is asked once a minute all the same, because it may have been a very long mail
 * of another program after all. How long to be patient is decided by who waits.
 */
import type { Timer } from "../../clock";
import { ModemError } from "../../errors";
import type { Modem } from "../../quectel/connection/modem";

type WatchedModem = Pick<Modem, "clock" | "log" | "on" | "off" | "restartAllowed">;

const ASK_EVERY_MS = 60_000;

export class BusyWatch {
  /** `MODEM_STUCK` until the module says that it is free, or has restarted. */
  trouble: ModemError | undefined;
  private timer: Timer | undefined;

  /**
   * @param isFree asks the module; false also where it cannot be asked now. Never rejects.
   * @param changed called whenever `trouble` has changed.
   */
  constructor(
    private readonly modem: WatchedModem,
    private readonly isFree: () => Promise<boolean>,
    private readonly changed: () => void,
  ) {}

  /** The module was busy to the end; where it may be restarted, that is done when it is due, and nothing is wrong. */
  begin(): void {
    if (this.trouble !== undefined || this.modem.restartAllowed) return;
    this.trouble = new ModemError("MODEM_STUCK");
    this.modem.log.warn(this.trouble.message);
    this.modem.on("started", this.end);
    this.askLater();
    this.changed();
  }

  close(): void {
    this.trouble = undefined;
    this.timer?.clear();
    this.modem.off("started", this.end);
  }

  private readonly end = (): void => {
    this.close();
    this.changed();
  };

  private askLater(): void {
    this.timer = this.modem.clock.after(ASK_EVERY_MS, () => void this.ask());
  }

  private async ask(): Promise<void> {
    const { trouble } = this;
    const isFree = await this.isFree();
    // Closed, or ended by a start of the module meanwhile.
    if (this.trouble !== trouble || trouble === undefined) return;
    if (isFree) this.end();
    else this.askLater();
  }
}
