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
import type { Command } from "../at/command";
import type { Timer } from "../clock";
import { ModemError } from "../errors";
import { contextDefinition, reportsDeactivation, type ActiveContext, type IpType } from "./commands/pdp";
import { ifRefused, type Execute } from "./init-steps";
import type { LockOptions } from "./mail-lock";
import type { Modem } from "./modem";
import { bringUp, findActive, takeDown } from "./pdp-activation";
import type { NetworkSettings } from "./settings";

/** What a person is told of the context. */
export interface PdpStatus {
  readonly contextId: number;
  readonly active: boolean;
  readonly ip?: string;
  readonly ip6?: string;
  readonly ipType: IpType;
  readonly apn: string;
}

type PdpState =
  | { readonly kind: "unknown" }
  | { readonly kind: "inactive" }
  /** Seen active at `provenAt` (ms of the clock). */
  | { readonly kind: "active"; readonly provenAt: number; readonly activatedBy: "us" | "others" }
  /** The network took it away. */
  | { readonly kind: "lost" };

export interface PdpEvents {
  /** The context is known to be active or inactive now. */
  changed: [active: boolean];
}

export interface PdpOptions extends LockOptions {
  /** Does not wait for the mail on the air, which then fails. */
  readonly force?: boolean;
}

/** So long an activity once seen counts as proof, in milliseconds. */
const PROOF_TIME = 60_000;
const MINUTE = 60_000;

export class PdpContext extends EventEmitter<PdpEvents> {
  private state: PdpState = { kind: "unknown" };
  private lastUse = 0;
  private idleTimer: Timer | undefined;
  private readonly onStarted = (): void => this.enter({ kind: "unknown" });
  private readonly onLine = (line: string): void => {
    if (reportsDeactivation(line, this.settings.contextId)) this.enter({ kind: "lost" });
  };

  constructor(
    private readonly modem: Modem,
    private readonly settings: NetworkSettings,
  ) {
    super();
    modem.on("started", this.onStarted);
    modem.on("unsolicited", this.onLine);
  }

  /** Ends the timer and listens no more. */
  close(): void {
    this.modem.off("started", this.onStarted);
    this.modem.off("unsolicited", this.onLine);
    this.idleTimer?.clear();
  }

  /** As far as is known without asking; undefined before the first question. */
  get active(): boolean | undefined {
    return this.state.kind === "unknown" ? undefined : this.state.kind === "active";
  }

  /**
   * Before a mail: makes sure that the context is active. Asks nothing when it was seen active within 60 s.
   *
   * The caller holds the mail lock. Rejects with a `PDP_*` error, or what ended the dialogue.
   */
  async ensure(signal?: AbortSignal): Promise<void> {
    const { state } = this;
    const isProven = state.kind === "active" && this.modem.clock.now() - state.provenAt <= PROOF_TIME;
    if (!isProven) await this.bringUp(signal);
    this.startIdleTime();
  }

  /** A mail went out over the context just now, which proves it active. */
  used(): void {
    if (this.state.kind === "active") this.state = { ...this.state, provenAt: this.modem.clock.now() };
    this.startIdleTime();
  }

  /** Activates the context; resolves when QIACT? shows it. */
  activate(options: PdpOptions = {}): Promise<PdpStatus> {
    return this.locked(options, async () => {
      const context = await this.bringUp(options.signal);
      this.startIdleTime();
      return this.status(context, options.signal);
    });
  }

  /** Deactivates the context after the mail on the air. Rejects with `PDP_SHARED`, `PDP_DEACTIVATION_FAILED`. */
  deactivate(options: PdpOptions = {}): Promise<PdpStatus> {
    return this.locked(options, async () => {
      await this.takeDown(options.signal);
      return this.status(undefined, options.signal);
    });
  }

  /** Deactivates and activates after the mail on the air: the cure for a context that carries nothing any more. */
  reset(options: PdpOptions = {}): Promise<PdpStatus> {
    return this.locked(options, async () => {
      if (this.settings.shared) throw new ModemError("PDP_SHARED");
      // A context that was taken away is given up as part of its activation.
      if (this.state.kind !== "lost") await this.takeDown(options.signal);
      const context = await this.bringUp(options.signal);
      this.startIdleTime();
      return this.status(context, options.signal);
    });
  }

  /** Asks the module; changes nothing. */
  async query(signal?: AbortSignal): Promise<PdpStatus> {
    const context = await findActive(this.executor(signal), this.settings.contextId);
    if (context === undefined) {
      if (this.state.kind !== "lost") this.enter({ kind: "inactive" });
    } else {
      this.enterActive("others");
    }
    return this.status(context, signal);
  }

  private async bringUp(signal: AbortSignal | undefined): Promise<ActiveContext> {
    const lost = this.state.kind === "lost";
    const { context, activated } = await bringUp(this.executor(signal), this.settings, lost);
    this.enterActive(activated ? "us" : "others");
    return context;
  }

  private async takeDown(signal: AbortSignal | undefined): Promise<void> {
    if (this.settings.shared) throw new ModemError("PDP_SHARED");
    await takeDown(this.executor(signal), this.settings.contextId);
    this.enter({ kind: "inactive" });
    this.idleTimer?.clear();
  }

  /** @param activatedBy counts only where it was not known to be active before. */
  private enterActive(activatedBy: "us" | "others"): void {
    const before = this.state;
    this.enter({
      kind: "active",
      provenAt: this.modem.clock.now(),
      activatedBy: before.kind === "active" && activatedBy === "others" ? before.activatedBy : activatedBy,
    });
  }

  private enter(state: PdpState): void {
    const before = this.active;
    this.state = state;
    if (this.active !== undefined && this.active !== before) this.emit("changed", this.active);
  }

  private startIdleTime(): void {
    const { idleMinutes, shared } = this.settings;
    this.lastUse = this.modem.clock.now();
    this.idleTimer?.clear();
    if (idleMinutes === 0 || shared) return;
    this.idleTimer = this.modem.clock.after(idleMinutes * MINUTE, () => this.onIdle());
  }

  private onIdle(): void {
    if (this.state.kind !== "active" || this.state.activatedBy !== "us") return;
    if (this.modem.lock.held) {
      this.startIdleTime();
      return;
    }
    const { lastUse } = this;
    this.locked({}, async () => {
      if (lastUse === this.lastUse) await this.takeDown(undefined);
    }).catch((error: unknown) => {
      // Idle is a thrift, not a duty: the module may be away just now.
      this.modem.log.debug(`the idle context stays active: ${String(error)}`);
    });
  }

  private locked<T>(options: PdpOptions, work: () => Promise<T>): Promise<T> {
    return options.force === true ? work() : this.modem.lock.run(work, options);
  }

  private async status(
    context: ActiveContext | undefined,
    signal: AbortSignal | undefined,
  ): Promise<PdpStatus> {
    const ip = context?.addresses.find((address) => !address.includes(":"));
    const ip6 = context?.addresses.find((address) => address.includes(":"));
    return {
      contextId: this.settings.contextId,
      active: context !== undefined,
      ...(ip === undefined ? {} : { ip }),
      ...(ip6 === undefined ? {} : { ip6 }),
      ipType: context?.ipType ?? this.settings.ipType,
      apn: this.settings.apn === "" ? await this.definedApn(signal) : this.settings.apn,
    };
  }

  private async definedApn(signal: AbortSignal | undefined): Promise<string> {
    const definition = await ifRefused(
      this.executor(signal)(contextDefinition(this.settings.contextId)),
      async () => undefined,
    );
    return definition?.apn ?? "";
  }

  private executor(signal: AbortSignal | undefined): Execute {
    const options = signal === undefined ? {} : { signal };
    return <T>(command: Command<T>) => this.modem.execute(command, options);
  }
}
