/**
 * NetworkSearch: restarts a module that has long found no network, because some stop looking for good; and one that has
 * lost a card or a mail client that it had before, because some find them again only after their next restart.
 *
 * First after 30 minutes, then every hour until it is ready; never where restarting is not allowed. A card that was
 * never seen, or is locked, is no reason: only a person can help there, and each start may cost a try of the PIN.
 */
import type { EventEmitter } from "node:events";
import type { Timer } from "../../clock";
import type { Modem, ModemEvents } from "../connection/modem";
import { memoryStore, readJson, type KeyValueStore } from "../key-value-store";
import type { ErrorCode } from "../../errors";
import type { ModemState } from "../connection/modem-state";
import type { RegisteringStep } from "../registration/readiness";

const MINUTE_MS = 60_000;
const FIRST_WAIT_MS = 30 * MINUTE_MS;
const FURTHER_WAIT_MS = 60 * MINUTE_MS;

/** What a module says of a card that it does not see any more; all others wait for a person. */
const LOST_CARD: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["SIM_MISSING", "SIM_FAILURE", "SIM_BUSY"]);

type RegisteringState = Extract<ModemState, { readonly name: "registering" }>;

export type SearchingModem = Pick<
  Modem,
  "state" | "clock" | "log" | "lock" | "restartAllowed" | "orderRestart"
> &
  Pick<EventEmitter<ModemEvents>, "on" | "off">;

const STORE_KEY = "passed";

export class NetworkSearch {
  private timer: Timer | undefined;
  private wait = FIRST_WAIT_MS;
  /** Steps that the module was seen to pass, by this process or an earlier one. */
  private readonly passed = new Set<RegisteringStep>();
  private readonly closing = new AbortController();

  /** @param store remembers what the module was seen to have; left out: it is forgotten with the process. */
  constructor(
    private readonly modem: SearchingModem,
    private readonly store: KeyValueStore = memoryStore(),
  ) {
    modem.on("state", this.onState);
    void this.recall();
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
        this.note("sim", "application");
        this.wait = FIRST_WAIT_MS;
        this.stop();
        return;
      case "registering":
        // What comes after a step in `readiness.ts` shows that it was passed.
        if (state.waitingFor !== "sim") this.note("sim");
        if (this.mayHelp(state)) this.start();
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

  private async recall(): Promise<void> {
    const kept = await readJson(this.store, STORE_KEY, isSteps).catch(() => undefined);
    if (kept === undefined || this.closing.signal.aborted) return;
    for (const step of kept) this.passed.add(step);
    this.onState(this.modem.state);
  }

  private note(...steps: readonly RegisteringStep[]): void {
    if (steps.every((step) => this.passed.has(step))) return;
    for (const step of steps) this.passed.add(step);
    this.store
      .write(STORE_KEY, JSON.stringify([...this.passed]))
      .catch((error: unknown) =>
        this.modem.log.warn(`the steps that the module has passed could not be recorded: ${String(error)}`),
      );
  }

  /** True where a restart may bring back what is missing. */
  private mayHelp({ waitingFor, error }: RegisteringState): boolean {
    switch (waitingFor) {
      case "network":
        return true;
      case "application":
        return this.passed.has("application");
      case "sim":
        return this.passed.has("sim") && error !== undefined && LOST_CARD.has(error.code);
    }
  }

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
    this.wait = FURTHER_WAIT_MS;
    try {
      await modem.lock.run(
        async () => {
          if (modem.state.name === "ready") return;
          const { state } = modem;
          const missing = state.name === "registering" ? state.waitingFor : state.name;
          modem.log.warn(`not ready for ${wait / MINUTE_MS} minutes (${missing}); the module is restarted`);
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

function isSteps(value: unknown): value is RegisteringStep[] {
  return Array.isArray(value) && value.every((step) => step === "sim" || step === "application");
}
