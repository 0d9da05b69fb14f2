/**
 * Recovery: reads the ladder of `recovery-table.ts`. `nextStep` says what to do about a failure, `RestartPacing` how
 * often the module may be restarted. Carrying the steps out is the business of who sends the mail.
 */
import { delay, type Clock } from "../../clock";
import { isModemError, ModemError } from "../../errors";
import type { Modem } from "../connection/modem";
import { RECOVERY_LADDER, RESTART_WAITS, SILENCE_SECONDS, type RecoveryStep } from "./recovery-table";

export type { RecoveryStep } from "./recovery-table";

/** What has been done for the mail so far, and what may be done at all. */
export interface RecoveryHistory {
  readonly taken: ReadonlySet<RecoveryStep>;
  /** The context also serves another data link, which neither a new context nor a restart may cut. */
  readonly shared: boolean;
  /** False where restarting is not allowed, or its waiting time runs. */
  readonly restartDue: boolean;
}

/** The next step about `error`; undefined when the outbox has to deal with it. Pure. */
export function nextStep(error: unknown, history: RecoveryHistory): RecoveryStep | undefined {
  if (!isModemError(error)) return undefined;
  return ladderOf(error).find((step) => isOpen(step, history));
}

/** Stages at which an error of the mail client concerns the whole mail; before them it concerns one value. */
const MAIL_STAGES: ReadonlySet<string | undefined> = new Set(["send", "attachments"]);

/** Steps for an error in their order; none for what the mail server or a command has refused for good. */
function ladderOf(error: ModemError): readonly RecoveryStep[] {
  if (error.smtpCode !== undefined) return [];
  if (error.code.startsWith("SMTP_") && error.code !== "SMTP_BUSY" && !MAIL_STAGES.has(error.stage))
    return [];
  if (error.code === "MODEM_TIMEOUT") return callsForRestart(error.command) ? ["restart"] : [];
  return RECOVERY_LADDER[error.code] ?? [];
}

function isOpen(step: RecoveryStep, { taken, shared, restartDue }: RecoveryHistory): boolean {
  switch (step) {
    case "nextRoot":
      // There may be more than two certificates; who tries them knows when there is no further one.
      return true;
    case "renewContext":
      return !shared && !taken.has(step);
    case "restart":
      return restartDue && !taken.has(step);
    case "awaitOther":
    case "startOver":
    case "resend":
      return !taken.has(step);
  }
}

/** True for commands whose time limit is the manual's; the last entry stands for all others. */
function callsForRestart(command: string | undefined): boolean {
  return SILENCE_SECONDS.slice(0, -1).some(({ line }) => command?.startsWith(line) === true);
}

const MINUTE = 60_000;

/** When the module may be restarted once more: at once, then after 10, 30 and 60 minutes, until a mail went out. */
export class RestartPacing {
  private count = 0;
  private last = 0;

  constructor(private readonly clock: Clock) {}

  /** True when the waiting time since the last restart is over. */
  get isDue(): boolean {
    return this.count === 0 || this.clock.now() - this.last >= waitMinutes(this.count) * MINUTE;
  }

  /** The module is being restarted. */
  restarted(): void {
    this.count++;
    this.last = this.clock.now();
  }

  /** A mail went out, so the next trouble is a new one. */
  succeeded(): void {
    this.count = 0;
  }
}

function waitMinutes(restarts: number): number {
  return RESTART_WAITS[Math.min(restarts, RESTART_WAITS.length - 1)] ?? 0;
}

/** Longest time, in milliseconds, that a module out of step is waited for, and that a restart may take. */
const ANSWER_TIME = 60_000;
const RESTART_TIME = 180_000;

/**
 * Restarts the module for a mail that cannot go out; the caller holds the mail lock.
 *
 * Resolves when the module is ready again. Rejects with `MODEM_NOT_READY` when it does not come back within three
 * minutes, or with the reason of `signal`.
 */
export async function restartForMail(
  modem: Modem,
  pacing: RestartPacing,
  signal?: AbortSignal,
): Promise<void> {
  await within(modem, ANSWER_TIME, signal, (limited) => modem.whenReady(limited));
  pacing.restarted();
  modem.log.warn("the module is restarted, because mails do not go out");
  await within(modem, RESTART_TIME, signal, (limited) => modem.restart(limited));
}

async function within(
  modem: Modem,
  ms: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const over = new AbortController();
  const late = new ModemError("MODEM_NOT_READY", { detail: `not within ${ms / 1000} s` });
  const limit = new AbortController();
  void delay(modem.clock, ms, over.signal).then(
    () => limit.abort(late),
    () => undefined,
  );
  try {
    await work(outer === undefined ? limit.signal : AbortSignal.any([outer, limit.signal]));
  } finally {
    over.abort();
  }
}
