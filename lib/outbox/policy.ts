/**
 * Policy: whether anything may go out now, and if not, why: holds, rate and the disk; and the outbox's time.
 *
 * All of it but the disk is kept together in one durable file. Which mail goes out is not its business.
 */
import type { Clock } from "../clock";
import { ModemError } from "../errors";
import type { Host } from "./spool/host";
import { Holds } from "./holds";
import { readState, STATE_FORMAT, writeState, type OutboxState } from "./state";
import { OutboxTime } from "./time";
import type { Lesson } from "./life";
import type { Fingerprint, HoldReason, OutboxSettings } from "./outbox-types";
import { SendRate } from "./send-rate";
import { sealFits, sealSettings, type SettingsSeal } from "./settings-seal";
import { ALL_CONCERNS, concernsOf } from "./setup-errors";
import type { Spool } from "./spool/spool";

/** So many unknown outcomes without a known one between them hold the outbox. */
const UNKNOWN_HOLDS = 2;
const DISK_PAUSE_MS = 30_000;

export interface PolicyEvents {
  readonly hold: (reason: HoldReason | undefined) => void;
  readonly trouble: (error: ModemError) => void;
}

export class Policy {
  readonly time: OutboxTime;
  readonly holds: Holds;
  readonly rate: SendRate;
  /** Some setting is another than in the last run. */
  readonly settingsChanged: boolean;
  private unknownInRow: number;
  /** Monotonic time before which nothing is tried, because the disk takes no mark. */
  private diskPause = -Infinity;
  private readonly settings: SettingsSeal;
  private saving: Promise<void> = Promise.resolve();

  private constructor(
    private readonly spool: Spool,
    private readonly clock: Clock,
    host: Host,
    private readonly fingerprint: Fingerprint,
    ratePerHour: number,
    stored: OutboxState | undefined,
    private readonly events: PolicyEvents,
  ) {
    this.holds = new Holds(stored?.holds ?? {});
    this.time = new OutboxTime(clock, host, stored?.time, this.holds.any);
    this.rate = new SendRate(ratePerHour, stored?.sent ?? []);
    this.unknownInRow = stored?.unknownInRow ?? 0;
    this.settingsChanged = stored?.settings !== undefined && !sealFits(stored.settings, fingerprint);
    const isKept = stored?.settings !== undefined && !this.settingsChanged;
    this.settings = isKept ? stored.settings : sealSettings(ALL_CONCERNS, fingerprint);
  }

  /** Reads what is kept. Rejects with the error of the disk. */
  static async open(
    spool: Spool,
    clock: Clock,
    host: Host,
    settings: OutboxSettings,
    events: PolicyEvents,
  ): Promise<Policy> {
    const read = await readState(spool);
    if (read.kind === "damaged") {
      events.trouble(
        new ModemError("OUTBOX_DAMAGED", { detail: `state.json: ${read.reason}; ages begin anew` }),
      );
    }
    const stored = read.kind === "state" ? read.state : undefined;
    const { fingerprint, ratePerHour } = settings;
    const policy = new Policy(spool, clock, host, fingerprint, ratePerHour, stored, events);
    policy.endHoldOfOldSettings();
    // The name of the clock must be on the disk before a record refers to it.
    await writeState(spool, policy.state());
    return policy;
  }

  /** Writes it all; never rejects. */
  async save(): Promise<void> {
    this.saving = this.saving.then(async () => {
      try {
        await writeState(this.spool, this.state());
      } catch (cause) {
        this.events.trouble(new ModemError("OUTBOX_DISK", { detail: "state.json", cause }));
      }
    });
    await this.saving;
  }

  /** Resolves with true when this hold is new. */
  async hold(kind: "pdp" | "paused"): Promise<boolean> {
    const isNew = this.holds.store()[kind] === undefined;
    await this.change(() => this.holds.begin(kind, this.today()));
    return isNew;
  }

  async release(...kinds: readonly ("pdp" | "paused" | "setup")[]): Promise<void> {
    if (kinds.includes("setup")) this.unknownInRow = 0;
    await this.change(() => this.holds.end(...kinds));
  }

  /** A setup error was met, by a mail or by the modem itself. Resolves with true when none held before. */
  async meet(error: ModemError): Promise<boolean> {
    const isNew = this.holds.setup === undefined;
    const seal = (): SettingsSeal => sealSettings(concernsOf(error.code), this.fingerprint);
    await this.change(() => this.holds.meet(error, this.time.now().time, this.today(), seal));
    return isNew;
  }

  /** Milliseconds for which a hold, the rate or the disk lets nothing out; 0 = something may go, infinite = until an event. */
  wait(): number {
    const { time } = this.time.now();
    return Math.max(this.holds.wait(time), this.rate.wait(time), this.diskPause - this.clock.now(), 0);
  }

  /** What the outcome of one mail says about all. */
  async learn(lesson: Lesson): Promise<void> {
    switch (lesson.kind) {
      case "known":
        return this.known();
      case "passed":
        return this.holds.setup === undefined ? undefined : this.release("setup");
      case "lost":
        return this.lost(lesson.error);
      case "hold":
        await this.meet(lesson.error);
    }
  }

  /** The disk takes no mark; nothing is tried for a while. */
  pauseForDisk(): void {
    this.diskPause = this.clock.now() + DISK_PAUSE_MS;
  }

  /** A transaction is about to be tried under a setup hold. */
  async probe(): Promise<void> {
    this.holds.probe(this.time.now().time);
    await this.save();
  }

  /** A transaction is about to be put on the air. */
  async countPut(): Promise<void> {
    if (!this.rate.limited) return;
    this.rate.count(this.time.now().time);
    await this.save();
  }

  /** The outcome of a mail was told: results reach this port. */
  private async known(): Promise<void> {
    if (this.unknownInRow === 0) return;
    this.unknownInRow = 0;
    if (this.holds.setup?.error.code === "MODEM_RESULT_MISSING") await this.release("setup");
    else await this.save();
  }

  /** The outcome of a mail stayed unknown; the second in a row holds the outbox. */
  private async lost(cause: ModemError): Promise<void> {
    this.unknownInRow++;
    if (this.unknownInRow >= UNKNOWN_HOLDS)
      await this.meet(new ModemError("MODEM_RESULT_MISSING", { cause }));
    else await this.save();
  }

  private async change(step: () => void): Promise<void> {
    const before = this.holds.reason();
    step();
    this.time.hold(this.holds.any);
    const after = this.holds.reason();
    if (nameOf(before) !== nameOf(after)) this.events.hold(after);
    await this.save();
  }

  private endHoldOfOldSettings(): void {
    const { setup } = this.holds;
    if (setup === undefined || sealFits(setup.seal, this.fingerprint)) return;
    this.holds.end("setup");
    this.unknownInRow = 0;
    this.time.hold(this.holds.any);
    this.events.hold(this.holds.reason());
  }

  private state(): OutboxState {
    return {
      format: STATE_FORMAT,
      time: this.time.store(),
      holds: this.holds.store(),
      sent: this.rate.store(),
      unknownInRow: this.unknownInRow,
      settings: this.settings,
    };
  }

  private today(): string {
    return new Date(this.clock.wall()).toISOString();
  }
}

/** What tells one reason from another. */
function nameOf(reason: HoldReason | undefined): string | undefined {
  return reason?.kind === "setup" ? reason.code : reason?.kind;
}
