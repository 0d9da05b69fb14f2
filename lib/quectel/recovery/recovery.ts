/**
 * Recovery: reads the ladder of `recovery-table.ts` and says what is next about a failure. Pure.
 *
 * What has happened to the module so far is kept by `module-recovery.ts`; carrying the steps out is the business of
 * that and of who sends the mail.
 */
import { isModemError, type ModemError } from "../../errors";
import { RECOVERY_LADDER, SILENCE_SECONDS, type RecoveryStep } from "./recovery-table";

export type { RecoveryStep } from "./recovery-table";

/** What has been done for the mail so far, and what may be done at all. */
export interface RecoveryHistory {
  readonly taken: ReadonlySet<RecoveryStep>;
  /** All root certificates have had their turn. */
  readonly rootsTried: boolean;
  /** The context also serves another data link, which neither a new context nor a restart may cut. */
  readonly shared: boolean;
  /** False where restarting is not allowed, or its waiting time runs. */
  readonly restartDue: boolean;
  /** Mails went out with these settings before, and none has for so long that only the module can be to blame. */
  readonly isOverdue: boolean;
}

/** The next step about `error`; undefined when the outbox has to deal with it. Pure. */
export function nextStep(error: unknown, history: RecoveryHistory): RecoveryStep | undefined {
  if (!isModemError(error)) return undefined;
  const cure = history.isOverdue && concernsModule(error) ? CURE : [];
  return [...ladderOf(error), ...cure].find((step) => isOpen(step, history));
}

/** For a failure that a restart alone may cure, whatever number it has. */
const CURE: readonly RecoveryStep[] = ["renewContext", "restart"];

/** Numbers from here on are replies of the server. */
const FIRST_REPLY_NUMBER = 666;

/**
 * True for a failure of which the module or its data connection may be the cause: nothing that the server said, and
 * nothing that concerns a single mail or a foreign one.
 */
export function concernsModule({ code, class: kind, smtpCode, modemCode }: ModemError): boolean {
  if (smtpCode !== undefined || kind === "message" || code === "SMTP_BUSY") return false;
  if (code.startsWith("SOCKET_")) return code !== "SOCKET_IN_USE";
  const isOfClient = modemCode !== undefined && modemCode < FIRST_REPLY_NUMBER && code.startsWith("SMTP_");
  return isOfClient || FAILED_CONNECTION.has(code);
}

const FAILED_CONNECTION: ReadonlySet<string> = new Set([
  "PDP_ACTIVATION_FAILED",
  "PDP_DEACTIVATION_FAILED",
  "PDP_LOST",
  // Of a mail over a socket, which comes without a number of the module.
  "SMTP_CLOSED_BY_SERVER",
  "SMTP_TIMEOUT",
  "FILE_TIMEOUT",
]);

/** Stages at which an error of the mail client concerns the whole mail; before them it concerns one value. */
const MAIL_STAGES: ReadonlySet<string | undefined> = new Set(["send", "attachments"]);

/** Steps for an error in their order; none for what the mail server or a command has refused for good. */
function ladderOf(error: ModemError): readonly RecoveryStep[] {
  if (error.smtpCode !== undefined) return [];
  const isOfClient = error.modemCode !== undefined && error.code.startsWith("SMTP_");
  if (isOfClient && error.code !== "SMTP_BUSY" && !MAIL_STAGES.has(error.stage)) return [];
  if (error.code === "MODEM_TIMEOUT") return callsForRestart(error.command) ? ["restart"] : [];
  return RECOVERY_LADDER[error.code] ?? [];
}

function isOpen(step: RecoveryStep, { taken, rootsTried, shared, restartDue }: RecoveryHistory): boolean {
  switch (step) {
    case "nextRoot":
      // There may be more than two certificates; who tries them knows when there is no further one.
      return !rootsTried;
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
