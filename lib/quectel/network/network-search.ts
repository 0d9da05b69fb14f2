/**
 * NetworkSearch: restarts a module that has long found no network, because some stop looking for good.
 *
 * First after 30 minutes, then every hour until it is registered; never where restarting is not allowed. A SIM card
 * that is missing or locked is no reason: only a person can help there.
 */
import type { EventEmitter } from "node:events";
import type { Timer } from "../../clock";
import type { Modem, ModemEvents } from "../connection/modem";
import type { ModemState } from "../connection/modem-state";

const MINUTE = 60_000;
const FIRST_WAIT = 30 * MINUTE;
const FURTHER_WAIT = 60 * MINUTE;

export type SearchingModem = Pick<
  Modem,
  "state" | "clock" | "log" | "lock" | "restartAllowed" | "orderRestart"
> &
  Pick<EventEmitter<ModemEvents>, "on" | "off">;

export class NetworkSearch {
  private timer: Timer | undefined;
  private wait = FIRST_WAIT;
  private readonly closing = new AbortController();

  constructor(private readonly modem: SearchingModem) {
    modem.on("state", this.onState);
  }

  /** Ends the timer and listens no more. */
  close(): void {
    this.modem.off("state", this.onState);
    this.closing.abort();
    this.stop();
  }

  private readonly onState = (state: ModemState): void => {
    switch (state.name) {
      case "ready":
        this.wait = FIRST_WAIT;
        this.stop();
        return;
      case "registering":
        if (state.waitingFor === "network") this.start();
        else this.stop();
        return;
      case "offline":
      case "needsPowerCycle":
        this.stop();
        return;
      case "connecting":
        // On the way to one of the others.
        return;
    }
  };

  private start(): void {
    this.timer ??= this.modem.clock.after(this.wait, () => void this.restart());
  }

  private stop(): void {
    this.timer?.clear();
    this.timer = undefined;
  }

  /** Never rejects. */
  private async restart(): Promise<void> {
    const { modem, wait } = this;
    const { signal } = this.closing;
    this.timer = undefined;
    if (!modem.restartAllowed) return;
    this.wait = FURTHER_WAIT;
    try {
      await modem.lock.run(
        async () => {
          if (modem.state.name === "ready") return;
          modem.log.warn(`no network for ${wait / MINUTE} minutes; the module is restarted`);
          await modem.orderRestart(signal);
        },
        { signal },
      );
    } catch (error) {
      modem.log.debug(`the module was not restarted: ${String(error)}`);
    }
    if (!signal.aborted) this.onState(modem.state);
  }
}
