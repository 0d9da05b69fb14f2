/**
 * PdpContext: the data connection that mails go over; active when a mail needs it, given up when none has for long.
 *
 *   unknown ── QIACT? ──> inactive ── QIACT ──> active
 *      ▲                     ▲                   │  │
 *      │                     └──── QIDEACT ──────┤  └── "pdpdeact" ──> lost ── QIDEACT, QIACT ──> active
 *      └────────── restart of the module ────────┘
 *
 * A context that serves the host's own data link as well (`shared`) may be activated, but is never defined,
 * deactivated or reset here. It does not know what a mail is; it takes the mail lock where it would disturb one.
 */
import { EventEmitter } from "node:events";
import type { Command } from "../../at/command";
import { ModemError, SPECIAL_HINTS } from "../../errors";
import type { ActiveContext } from "../commands/pdp";
import type { Execute } from "../execute";
import type { LockOptions } from "../connection/mail-lock";
import type { Modem } from "../connection/modem";
import { memoryStore, type KeyValueStore } from "../key-value-store";
import { OwnActivation } from "./own-activation";
import {
  bringUp,
  findActive,
  takeDown,
  pdpStatus,
  type PdpStatus,
  type PdpEvents,
  type PdpOptions,
  type PdpState,
} from "./pdp-activation";
import type { NetworkSettings } from "../settings";
import type { Clock, Timer } from "../../clock";

export type { PdpStatus, PdpOptions } from "./pdp-activation";

/** So long an activity once seen counts as proof, in milliseconds. */
const PROOF_TIME_MS = 60_000;

const UNWANTED = {
  detail: "a flow has deactivated its data connection",
  hint: SPECIAL_HINTS.deactivated,
} as const;

export class PdpContext extends EventEmitter<PdpEvents> {
  private state: PdpState = { kind: "unknown" };
  /** False from a deactivation on demand to the next activation on demand: no mail activates it meanwhile. */
  private wanted = true;
  /** The start of the module in which its definition was compared. */
  private comparedIn: number | undefined;
  private readonly idleTime: IdleTime;
  private readonly own: OwnActivation;
  private readonly onStarted = (): void => {
    this.enter({ kind: "unknown" });
    void this.startLeftIdleTime();
  };
  private readonly onDeactivated = (contextId: number): void => {
    if (contextId === this.settings.contextId) this.enter({ kind: "lost" });
  };

  /** @param store remembers that the context was activated here; left out: forgets it with the process. */
  constructor(
    private readonly modem: Modem,
    private readonly settings: NetworkSettings,
    store: KeyValueStore = memoryStore(),
  ) {
    super();
    const { idleMinutes, shared } = settings;
    this.idleTime = new IdleTime(modem.clock, shared ? 0 : idleMinutes, (isStill) => this.onIdle(isStill));
    this.own = new OwnActivation(store, modem, settings.contextId);
    modem.on("started", this.onStarted);
    modem.on("deactivated", this.onDeactivated);
  }

  /** Ends the timer and listens no more. */
  close(): void {
    this.modem.off("started", this.onStarted);
    this.modem.off("deactivated", this.onDeactivated);
    this.idleTime.close();
  }

  /** As far as is known without asking; undefined before the first question. */
  get active(): boolean | undefined {
    return this.state.kind === "unknown" ? undefined : this.state.kind === "active";
  }

  /**
   * Before a mail: makes sure that the context is active. Asks nothing when it was seen active within 60 s.
   *
   * The caller holds the mail lock. Rejects with a `PDP_*` error, `MODEM_NOT_READY` while it is deactivated on demand,
   * or what ended the dialogue.
   */
  async ensure(signal?: AbortSignal): Promise<void> {
    const { state } = this;
    const isProven = state.kind === "active" && this.modem.clock.now() - state.provenAt <= PROOF_TIME_MS;
    if (!isProven) await this.bringUp(signal);
    this.idleTime.begin();
  }

  /** A mail went out over the context just now, which proves it active. */
  used(): void {
    if (this.state.kind === "active") this.state = { ...this.state, provenAt: this.modem.clock.now() };
    this.idleTime.begin();
  }

  /** Activates the context; resolves when QIACT? shows it. */
  activate(options: PdpOptions = {}): Promise<PdpStatus> {
    return this.locked(options, async () => {
      this.wanted = true;
      const context = await this.bringUp(options.signal);
      this.idleTime.begin();
      return this.status(context, options.signal);
    });
  }

  /**
   * Deactivates the context after the mail in flight; no mail activates it again before `activate` or `reset`.
   * Rejects with `PDP_SHARED`, `PDP_DEACTIVATION_FAILED`.
   */
  deactivate(options: PdpOptions = {}): Promise<PdpStatus> {
    return this.locked(options, async () => {
      const before = this.wanted;
      // Told first: a mail that fails of it must not activate the context again.
      this.wanted = false;
      try {
        await this.takeDown(options.signal);
        return await this.status(undefined, options.signal);
      } catch (error) {
        this.wanted = before;
        throw error;
      }
    });
  }

  /** Deactivates and activates after the mail in flight. */
  reset(options: PdpOptions = {}): Promise<PdpStatus> {
    return this.locked(options, async () => {
      this.wanted = true;
      return this.status(await this.cycle(options.signal), options.signal);
    });
  }

  /** The cure, within a mail, for a context that carries nothing any more. Rejects as `ensure`, or with `PDP_SHARED`. */
  async renew(options: PdpOptions): Promise<void> {
    await this.locked(options, () => this.cycle(options.signal));
  }

  /** Deactivates the context if it is known to be active by us. Rejects with `PDP_DEACTIVATION_FAILED`. */
  async giveUp(options: LockOptions = {}): Promise<void> {
    if (!this.isOurs || this.settings.shared) return;
    await this.locked(options, () => this.takeDown(options.signal));
  }

  /** Asks the module; changes nothing. */
  async query(signal?: AbortSignal): Promise<PdpStatus> {
    const context = await findActive(this.executor(signal), this.settings.contextId);
    // A context that was taken away has to be given up first, whatever the module shows.
    if (this.state.kind !== "lost") {
      if (context === undefined) this.enter({ kind: "inactive" });
      else await this.enterFound(context);
    }
    return this.status(context, signal);
  }

  private async cycle(signal: AbortSignal | undefined): Promise<ActiveContext> {
    if (this.settings.shared) throw new ModemError("PDP_SHARED");
    // A context that was taken away is given up as part of its activation.
    if (this.wanted && this.state.kind !== "lost") await this.takeDown(signal);
    const context = await this.bringUp(signal);
    this.idleTime.begin();
    return context;
  }

  private async bringUp(signal: AbortSignal | undefined): Promise<ActiveContext> {
    if (!this.wanted) throw new ModemError("MODEM_NOT_READY", UNWANTED);
    const { epoch } = this.modem;
    const { context, activated } = await bringUp(this.executor(signal), this.settings, {
      lost: this.state.kind === "lost",
      compared: this.comparedIn === epoch,
    });
    this.comparedIn = epoch;
    if (!this.wanted) {
      // Deactivated by force in between, which may have been before it was activated.
      await this.takeDown(signal);
      throw new ModemError("MODEM_NOT_READY", UNWANTED);
    }
    if (!activated) await this.enterFound(context);
    else {
      this.enterActive("us");
      if (!this.settings.shared) await this.own.keep(context);
    }
    return context;
  }

  private async takeDown(signal: AbortSignal | undefined): Promise<void> {
    if (this.settings.shared) throw new ModemError("PDP_SHARED");
    await takeDown(this.executor(signal), this.settings.contextId);
    this.enter({ kind: "inactive" });
    this.idleTime.end();
  }

  private get isOurs(): boolean {
    return this.state.kind === "active" && this.state.activatedBy === "us";
  }

  /** The context was found active. Who has activated it is in the notes where it is not known here. */
  private async enterFound(context: ActiveContext): Promise<void> {
    const before = this.state;
    const isNoted = before.kind === "unknown" && (await this.own.covers(context));
    // Something has happened to it while the notes were read.
    if (this.state !== before) return;
    this.enterActive(isNoted || this.isOurs ? "us" : "others");
  }

  private enterActive(activatedBy: "us" | "others"): void {
    this.enter({ kind: "active", provenAt: this.modem.clock.now(), activatedBy });
  }

  private enter(state: PdpState): void {
    const before = this.active;
    this.state = state;
    if (this.active === false) void this.own.drop();
    if (this.active !== undefined && this.active !== before) this.emit("changed", this.active);
  }

  /** A context that was activated before the connection was lost, or the host was off, is given up as well. */
  private async startLeftIdleTime(): Promise<void> {
    if ((await this.own.exists()) && this.state.kind === "unknown") this.idleTime.begin();
  }

  private onIdle(isStill: () => boolean): void {
    if (this.state.kind !== "unknown" && !this.isOurs) return;
    if (this.modem.lock.held) {
      this.idleTime.begin();
      return;
    }
    this.locked({}, async () => {
      if (!isStill()) return;
      if (this.state.kind === "unknown") await this.query();
      if (this.isOurs) await this.takeDown(undefined);
    }).catch((error: unknown) => {
      // Idle is a thrift, not a duty: the module may be away just now.
      this.modem.log.debug(`the idle context stays active: ${String(error)}`);
    });
  }

  private locked<T>(options: PdpOptions, work: () => Promise<T>): Promise<T> {
    return options.force === true ? work() : this.modem.lock.run(work, options);
  }

  private status(context: ActiveContext | undefined, signal: AbortSignal | undefined): Promise<PdpStatus> {
    return pdpStatus(this.executor(signal), this.settings, context);
  }

  private executor(signal: AbortSignal | undefined): Execute {
    const options = signal === undefined ? {} : { signal };
    return <T>(command: Command<T>) => this.modem.execute(command, options);
  }
}

/* IdleTime: the minutes without use after which something is given up. What that is, it does not know. */

const MINUTE_MS = 60_000;

class IdleTime {
  private timer: Timer | undefined;
  private uses = 0;
  private isClosed = false;

  /**
   * @param minutes 0: never over.
   * @param over called when the time is over; `isStill` turns false with the next use.
   */
  constructor(
    private readonly clock: Clock,
    private readonly minutes: number,
    private readonly over: (isStill: () => boolean) => void,
  ) {}

  /** It was used just now: the time starts over. */
  begin(): void {
    this.timer?.clear();
    if (this.minutes === 0 || this.isClosed) return;
    const use = ++this.uses;
    this.timer = this.clock.after(this.minutes * MINUTE_MS, () => this.over(() => use === this.uses));
  }

  end(): void {
    this.timer?.clear();
  }

  /** It does not begin again. */
  close(): void {
    this.isClosed = true;
    this.end();
  }
}
