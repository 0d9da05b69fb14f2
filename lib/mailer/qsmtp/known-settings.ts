/**
 * KnownSettings: what the module is known to hold of its volatile settings, so that only differences are sent.
 *
 * A restart of the module voids everything, and so does any error, because then nobody knows what was taken.
 */
import type { Command } from "../../at/command";
import { delay } from "../../clock";
import { isModemError } from "../../errors";
import { isRefusal } from "../../quectel/execute";
import type { Modem } from "../../quectel/connection/modem";

/** A command that sets one thing; `key` tells settings of the same thing apart from others. */
export interface Setting extends Command<void> {
  readonly key: string;
}

/** A module was seen that refused its first settings after a start and took them some seconds later. */
const ATTEMPTS = 5;
const PAUSE_MS = 3_000;

export class KnownSettings {
  private readonly known = new Map<string, string>();
  private epoch: number | undefined;

  constructor(private readonly modem: Pick<Modem, "execute" | "epoch" | "clock">) {}

  /** Sends a setting if the module is not known to hold it; a refusal is tried again some times. */
  async apply(setting: Setting, signal: AbortSignal): Promise<void> {
    if (this.holds(setting)) return;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.send(setting, signal);
        return;
      } catch (error) {
        this.forget();
        if (attempt === ATTEMPTS || !mayPass(error)) throw error;
      }
      await delay(this.modem.clock, PAUSE_MS, signal);
    }
  }

  /**
   * Sends a setting that older firmware does not know, once for each start of the module. A refusal is believed only
   * when it comes twice, because the line may have damaged the command.
   *
   * @returns false when the module refused it, now or before.
   */
  async applyIfKnown(setting: Setting, signal: AbortSignal): Promise<boolean> {
    for (let attempt = 1; !this.holds(setting); attempt++) {
      if (this.known.get(setting.key) === REFUSED) return false;
      try {
        await this.send(setting, signal);
      } catch (error) {
        if (!isRefusal(error) || isModemError(error, "SMTP_BUSY")) {
          this.forget();
          throw error;
        }
        // A key that the module does not know has changed nothing of the others.
        if (attempt === 2) this.known.set(setting.key, REFUSED);
      }
    }
    return true;
  }

  /** Nothing is known any more. */
  forget(): void {
    this.known.clear();
  }

  private holds(setting: Setting): boolean {
    if (this.epoch !== this.modem.epoch) this.forget();
    this.epoch = this.modem.epoch;
    return this.known.get(setting.key) === setting.line;
  }

  private async send(setting: Setting, signal: AbortSignal): Promise<void> {
    const { epoch } = this.modem;
    await this.modem.execute(setting, { signal });
    if (epoch === this.modem.epoch) this.known.set(setting.key, setting.line);
  }
}

/** Stands for the command line of a setting that the module does not know; no command line is empty. */
const REFUSED = "";

/** A value out of range stays out of range, and a module that sends a mail does so for minutes. */
function mayPass(error: unknown): boolean {
  return isRefusal(error) && !isModemError(error, "SMTP_PARAMETER") && !isModemError(error, "SMTP_BUSY");
}
