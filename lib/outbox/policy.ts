/**
 * Policy: whether anything may go out now, and if not, why: holds, rate and the disk; and the outbox's time.
 *
 * A person's pause, a deactivated PDP context and a setup error may hold at the same time; each has its own end. All of
 * it but the disk is kept together in one durable file. Which mail goes out is not its business.
 */
import type { Clock } from "../clock";
import { ModemError, type ErrorCode } from "../errors";
import type { Lesson } from "./lifecycle";
import type { Concern, Fingerprint, HoldReason, OutboxSettings, Tell } from "./outbox-types";
import type { Host } from "./spool/lock";
import { storeError } from "../stored-error";
import type { Spool } from "./spool/spool";
import {
  OutboxTime,
  readState,
  digestFits,
  digestSettings,
  STATE_FORMAT,
  writeState,
  type MinuteCount,
  type OutboxState,
  type SettingsDigest,
  type SetupHold,
  type StoredHolds,
} from "./spool/state";

/** So many unknown outcomes without a known one between them hold the outbox. */
const UNKNOWN_HOLDS = 2;
const DISK_PAUSE_MS = 30_000;
/** Between two mails that try whether a setup error is over. */
const PROBE_INTERVAL_MS = 30 * 60_000;
/** So many tries that fail alike are no accident. */
const FAILURES_TOLD = 3;
const MINUTE_MS = 60_000;
/** Minutes: a mail sent at the end of minute m is 60 minutes old at the end of minute m + 60. */
const RATE_WINDOW_MINUTES = 61;

const ALL_CONCERNS = ["port", "sim", "apn", "server", "login", "sender"] as const satisfies Concern[];

/** Which settings end a hold for a setup error, by our own judgement; a code that is not listed concerns all. */
const CONCERNS: Partial<Record<ErrorCode, readonly Concern[]>> = {
  SIM_MISSING: ["sim"],
  SIM_PIN_REQUIRED: ["sim"],
  SIM_PIN_REFUSED: ["sim"],
  SIM_PIN_LAST_TRY: ["sim"],
  SIM_PUK_REQUIRED: ["sim"],
  PDP_NO_APN: ["apn"],
  PDP_TOO_MANY: ["apn"],
  LIMIT_SERVER: ["server"],
  LIMIT_CREDENTIALS: ["login", "apn"],
  SMTP_AUTH_UNSUPPORTED: ["server", "login"],
  SMTP_TLS_FAILED: ["server"],
  SMTP_COMMAND_UNKNOWN: ["server"],
  SMTP_NOT_IMPLEMENTED: ["server", "login"],
  SMTP_BAD_SEQUENCE: ["server", "login"],
  SMTP_ARGUMENT_NOT_IMPLEMENTED: ["server", "login"],
  SMTP_HOST_ACCEPTS_NO_MAIL: ["server"],
  SMTP_ACCESS_DENIED: ["server", "login"],
  SMTP_AUTH_FAILED: ["server", "login"],
  SMTP_TOKEN_REFUSED: ["login"],
  SMTP_UTF8_UNSUPPORTED: ["server", "sender"],
};

/** Errors after which another try may do harm: it counts towards a locked account or SIM card. */
const NEVER_PROBED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "SMTP_AUTH_FAILED",
  "SIM_PIN_REFUSED",
  "SIM_PIN_LAST_TRY",
  "SIM_PUK_REQUIRED",
]);

/** What a start of Node-RED puts right; if it does not, the first mail meets it again. */
const ENDED_BY_START: ErrorCode = "PACKAGE_UPDATED";

export interface PolicyEvents {
  readonly tell: Tell;
  readonly trouble: (error: ModemError) => void;
}

export class Policy {
  readonly time: OutboxTime;
  /** Some setting is another than in the last run. */
  readonly settingsChanged: boolean;
  /** The hold to be shown: what a person did first, then what needs him. Undefined: nothing holds the outbox. */
  reason: HoldReason | undefined;
  private holds: StoredHolds;
  private sent: readonly MinuteCount[];
  private unknownInRow: number;
  /** Tries that failed, by kind, since something of them was told or a mail went out. */
  private readonly failures = new Map<ErrorCode, number>();
  /** The kind of failure that was told last, as long as a mail waits because of it. */
  private failureTold: ErrorCode | undefined;
  /** Monotonic time before which nothing is tried, because the disk takes no mark. */
  private diskPause = -Infinity;
  private readonly settings: SettingsDigest;
  /** When the probe before the one that runs was, as long as that has shown nothing. */
  private triedBefore: number | undefined;
  private saving: Promise<void> = Promise.resolve();

  private constructor(
    private readonly spool: Spool,
    private readonly clock: Clock,
    host: Host,
    private readonly fingerprint: Fingerprint,
    /** Transactions in any 60 minutes of running time; 0 = no limit. */
    readonly ratePerHour: number,
    stored: OutboxState | undefined,
    private readonly events: PolicyEvents,
  ) {
    this.holds = stored?.holds ?? {};
    this.reason = reasonOf(this.holds);
    this.time = new OutboxTime(clock, host, stored?.time, this.reason !== undefined);
    this.sent = stored?.sent ?? [];
    this.unknownInRow = stored?.unknownInRow ?? 0;
    this.settingsChanged = stored?.settings !== undefined && !digestFits(stored.settings, fingerprint);
    const isKept = stored?.settings !== undefined && !this.settingsChanged;
    this.settings = isKept ? stored.settings : digestSettings(ALL_CONCERNS, fingerprint);
  }

  /** Reads what is kept. Rejects with the error of the disk. */
  static async open(
    spool: Spool,
    clock: Clock,
    host: Host,
    { fingerprint, ratePerHour }: OutboxSettings,
    events: PolicyEvents,
  ): Promise<Policy> {
    const read = await readState(spool);
    if (read.kind === "damaged") {
      events.trouble(
        new ModemError("OUTBOX_DAMAGED", { detail: `state.json: ${read.reason}; ages are reset` }),
      );
    }
    const stored = read.kind === "state" ? read.state : undefined;
    const policy = new Policy(spool, clock, host, fingerprint, ratePerHour, stored, events);
    const { setup } = policy.holds;
    const isOver = setup?.error.code === ENDED_BY_START;
    if (setup !== undefined && (isOver || !digestFits(setup.digest, fingerprint))) {
      policy.unknownInRow = 0;
      policy.setHolds(without(policy.holds, ["setup"]), true);
    }
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

  /** The setup error that holds the outbox. */
  get setup(): SetupHold | undefined {
    return this.holds.setup;
  }

  /** Resolves with true when this hold is new. */
  async hold(kind: "pdp" | "paused"): Promise<boolean> {
    const isNew = this.holds[kind] === undefined;
    this.setHolds({ ...this.holds, [kind]: this.holds[kind] ?? { since: this.today() } });
    await this.save();
    return isNew;
  }

  async release(...kinds: readonly (keyof StoredHolds)[]): Promise<void> {
    if (kinds.includes("setup")) this.unknownInRow = 0;
    this.setHolds(without(this.holds, kinds));
    await this.save();
  }

  /** A setup error was met, by a mail or by the modem itself. Resolves with true when none held before. */
  async meet(error: ModemError): Promise<boolean> {
    this.triedBefore = undefined;
    const before = this.holds.setup;
    const tried = this.time.now().time;
    const setup =
      before?.error.code === error.code
        ? { ...before, tried }
        : {
            error: storeError(error),
            since: this.today(),
            tried,
            digest: digestSettings(CONCERNS[error.code] ?? ALL_CONCERNS, this.fingerprint),
          };
    this.setHolds({ ...this.holds, setup });
    await this.save();
    return before === undefined;
  }

  /** The modem is ready with its SIM card: that ends errors of the card. */
  async ready(): Promise<void> {
    const { setup } = this.holds;
    const concerns = setup === undefined ? ALL_CONCERNS : (CONCERNS[setup.error.code] ?? ALL_CONCERNS);
    if (concerns.every((concern) => concern === "sim")) await this.release("setup");
  }

  /** Milliseconds for which a hold, the rate or the disk lets nothing out; 0 = something may go, infinite = until an event. */
  wait(): number {
    const { paused, pdp, setup } = this.holds;
    if (paused !== undefined || pdp !== undefined) return Infinity;
    if (setup !== undefined && NEVER_PROBED.has(setup.error.code)) return Infinity;
    const probeIn = setup === undefined ? 0 : setup.tried + PROBE_INTERVAL_MS - this.time.now().time;
    const rateIn = this.rateWait();
    return Math.max(probeIn, rateIn, this.diskPause - this.clock.now(), 0);
  }

  /** Milliseconds until the rate lets a transaction start; 0 = now. */
  rateWait(): number {
    if (this.ratePerHour === 0) return 0;
    const { time } = this.time.now();
    const minute = Math.floor(time / MINUTE_MS);
    // Minutes later than now were counted by a clock that was lost.
    const counts = this.sent.filter(
      ([counted]) => counted > minute - RATE_WINDOW_MINUTES && counted <= minute,
    );
    let excess = counts.reduce((sum, [, count]) => sum + count, 0) - this.ratePerHour;
    for (const [counted, count] of counts) {
      if (excess < 0) return 0;
      excess -= count;
      if (excess < 0) return (counted + RATE_WINDOW_MINUTES) * MINUTE_MS - time;
    }
    return 0;
  }

  /** What the outcome of one mail says about all. @param isWaiting a mail waits that failed with this error last. */
  async learn(lesson: Lesson, isWaiting: (code: ErrorCode) => boolean): Promise<void> {
    if (lesson.kind !== "known") this.triedBefore = undefined;
    switch (lesson.kind) {
      case "known":
        // Results reach this port.
        if (this.unknownInRow === 0) return;
        this.unknownInRow = 0;
        if (this.holds.setup?.error.code === "MODEM_RESULT_MISSING") await this.release("setup");
        else await this.save();
        return;
      case "passed":
        this.failures.clear();
        // What still keeps another waiting has been told: a flow that mails each report would else be told of a recipient
        // who is put off, again after each of its own mails that reaches the others.
        if (this.failureTold !== undefined && !isWaiting(this.failureTold)) this.failureTold = undefined;
        if (this.holds.setup !== undefined) await this.release("setup");
        return;
      case "lost":
        this.unknownInRow++;
        if (this.unknownInRow < UNKNOWN_HOLDS) await this.save();
        else await this.meet(new ModemError("MODEM_RESULT_MISSING", { cause: lesson.error }));
        return;
      case "failed":
        if (this.isNews(lesson.error.code)) this.events.tell("failing", lesson.error);
        return;
      case "hold":
        await this.meet(lesson.error);
    }
  }

  /** The disk takes no mark; nothing is tried for a while. */
  pauseForDisk(): void {
    this.diskPause = this.clock.now() + DISK_PAUSE_MS;
  }

  /** A mail is about to be tried; under a setup hold that is a probe, counted first because a kill may end it. */
  async probe(): Promise<void> {
    const { setup } = this.holds;
    if (setup === undefined) return;
    this.triedBefore = setup.tried;
    this.holds = { ...this.holds, setup: { ...setup, tried: this.time.now().time } };
    await this.save();
  }

  /** The try is over. A mail that was only divided, interrupted or called off has shown nothing: the probe is still due. */
  async endProbe(): Promise<void> {
    const { triedBefore: tried } = this;
    this.triedBefore = undefined;
    const { setup } = this.holds;
    if (tried === undefined || setup === undefined) return;
    this.holds = { ...this.holds, setup: { ...setup, tried } };
    await this.save();
  }

  /** Counts a transaction that is about to go out under a limit; by minutes, so that what is kept stays small. */
  async countPut(): Promise<void> {
    const minute = Math.floor(this.time.now().time / MINUTE_MS);
    const same = this.sent.find(([counted]) => counted === minute);
    const others = this.sent.filter((one) => one !== same && one[0] > minute - RATE_WINDOW_MINUTES);
    this.sent = [...others, [minute, (same?.[1] ?? 0) + 1]];
    await this.save();
  }

  /**
   * Counts a failure; true when a person is to be told of it now although the mails are tried again. Each kind is told
   * once, and again only after a mail went out while none of that kind waited, or another kind was told. Tries that fail
   * now one way and now another are told once, too.
   */
  private isNews(code: ErrorCode): boolean {
    const count = (this.failures.get(code) ?? 0) + 1;
    this.failures.set(code, count);
    if (code !== this.failureTold && count < FAILURES_TOLD) return false;
    this.failures.clear();
    const isNews = code !== this.failureTold;
    this.failureTold = code;
    return isNews;
  }

  private setHolds(holds: StoredHolds, isTold = false): void {
    const before = nameOf(this.reason);
    this.holds = holds;
    this.reason = reasonOf(holds);
    this.time.hold(this.reason !== undefined);
    if (isTold || before !== nameOf(this.reason)) this.events.tell("hold", reasonOf(holds));
  }

  private state(): OutboxState {
    return {
      format: STATE_FORMAT,
      time: this.time.store(),
      holds: this.holds,
      sent: this.sent,
      unknownInRow: this.unknownInRow,
      settings: this.settings,
    };
  }

  private today(): string {
    return new Date(this.clock.wall()).toISOString();
  }
}

function reasonOf({ paused, pdp, setup }: StoredHolds): HoldReason | undefined {
  if (paused !== undefined) return { kind: "paused", since: paused.since };
  if (pdp !== undefined) return { kind: "pdp", since: pdp.since };
  if (setup === undefined) return undefined;
  return { kind: "setup", code: setup.error.code, message: setup.error.message, since: setup.since };
}

/** What tells one reason from another. */
function nameOf(reason: HoldReason | undefined): string | undefined {
  return reason?.kind === "setup" ? reason.code : reason?.kind;
}

function without(holds: StoredHolds, kinds: readonly (keyof StoredHolds)[]): StoredHolds {
  return Object.fromEntries(Object.entries(holds).filter(([kind]) => !kinds.some((one) => one === kind)));
}
