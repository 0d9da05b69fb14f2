/**
 * Second chances: carries out the steps of the recovery ladder, of the mail's own and of the module's.
 *
 * Each step is taken once for a mail until its next back-off, so a mail that cannot go holds up the others for a
 * limited time only.
 */
import { isModemError, type ModemError } from "../../errors";
import type { Lease } from "../../quectel/connection/mail-lock";
import type { ModuleRecovery } from "../../quectel/recovery/module-recovery";
import { nextStep, type RecoveryStep } from "../../quectel/recovery/recovery";
import type { BusyWatch } from "./busy-watch";
import type { SendHistory } from "./compose/compose";
import { atStage } from "./guarded-modem";
import { mailState, ResultListener, runningMailResult } from "./put";
import type { TransactionParts } from "./transaction";
import { MailMemories } from "../outgoing";

/** What was done for one mail since its last back-off. */
interface ChancesTaken {
  readonly taken: Set<RecoveryStep>;
  rootsTried: boolean;
}

interface ChanceParts {
  readonly work: TransactionParts;
  readonly recovery: ModuleRecovery;
  readonly busy: BusyWatch;
  /** The mail is a test, whose sender waits: nothing in flight is waited for long, or restarted away. */
  readonly isTestMail: boolean;
}

/** Milliseconds that a test mail waits for a mail in flight. */
const TEST_MAIL_WAIT_MS = 60_000;

export class SecondChances {
  /** @param memory grows with each step. */
  constructor(
    private readonly parts: ChanceParts,
    private readonly memory: ChancesTaken,
  ) {}

  /**
   * The step to be taken about a failure, noted as taken; undefined when the outbox has to deal with it, or the error by
   * which it has to where more is known.
   */
  async next(error: unknown, signal: AbortSignal): Promise<RecoveryStep | ModemError | undefined> {
    const step = this.isLoginInDoubt(error) ? "startOver" : await this.ladderStep(error);
    const known = await this.parts.recovery.causeElsewhere(error, step, signal);
    if (step === undefined || known !== undefined) return known;
    this.parts.work.modem.log.info(`${String(error)}; next step: ${step}`);
    this.memory.taken.add(step);
    return step;
  }

  private async ladderStep(error: unknown): Promise<RecoveryStep | undefined> {
    const { recovery, isTestMail } = this.parts;
    const outlook = await recovery.outlook();
    const isNeeded = isTestMail && isModemError(error, "SMTP_BUSY");
    return nextStep(error, { ...outlook, restartDue: outlook.restartDue && !isNeeded, ...this.memory });
  }

  /**
   * A refused login holds all mails until a person acts, so where a UART may have damaged the password on its way it
   * is sent to the module a second time.
   */
  private isLoginInDoubt(error: unknown): boolean {
    const { bitRate } = this.parts.work.modem.line;
    return (
      isModemError(error, "SMTP_AUTH_FAILED") && bitRate !== undefined && !this.memory.taken.has("startOver")
    );
  }

  /** Carries a step out; true when the mail may be tried again. The caller holds the lock. */
  async apply(step: RecoveryStep, error: unknown, lease: Lease, signal: AbortSignal): Promise<boolean> {
    const { work, recovery } = this.parts;
    const { known, files, tls, settings } = work;
    switch (step) {
      case "resend":
        return true;
      case "startOver":
        known.forget();
        files.forget();
        return true;
      case "nextRoot":
        this.memory.rootsTried = !(await atStage("tls", () => tls.nextRoot(settings, signal)));
        return !this.memory.rootsTried;
      case "awaitOther":
        await this.awaitOther(isModemError(error) && error.stage !== "clear", signal);
        return true;
      case "renewContext":
        await atStage("network", () => recovery.renewContext(lease, signal));
        return true;
      case "restart":
        await atStage("network", () => recovery.restart(signal));
        return true;
    }
  }

  /**
   * A result that comes meanwhile belongs to a mail whose outcome was given up before.
   *
   * @param silently not every command says that the module is busy, so the result is all there is to go by.
   */
  private async awaitOther(silently: boolean, signal: AbortSignal): Promise<void> {
    const { work, busy, isTestMail } = this.parts;
    const { modem, settings } = work;
    const listener = new ResultListener(modem);
    const limit = isTestMail ? TEST_MAIL_WAIT_MS : settings.sendTimeout * 1000;
    try {
      if (silently) {
        await listener.within(limit, modem, signal);
        return;
      }
      const end = modem.clock.now() + limit;
      const result = await runningMailResult(modem, listener, limit, signal);
      const isOver = !isTestMail && result === undefined && modem.clock.now() >= end;
      if (isOver && (await mailState(modem, signal)) === "sending") busy.begin();
    } finally {
      listener.close();
    }
  }
}

export interface MailMemory extends ChancesTaken {
  /** The step that the next `prepare` begins with, and the failure that it is about. */
  pending: { readonly step: RecoveryStep; readonly error: unknown } | undefined;
  /** What the module has refused of it. */
  changes: Pick<SendHistory, "shortSubject" | "mostAttachments">;
  /** Times in a row that the module said "network error" and no more, until a back-off. */
  networkErrors: number;
}

export function mailMemories(): MailMemories<MailMemory> {
  return new MailMemories(() => ({
    taken: new Set(),
    rootsTried: false,
    pending: undefined,
    changes: { shortSubject: false },
    networkErrors: 0,
  }));
}

/** "Network error" so many times is what a module says that hides every refusal of the server behind it. */
const MOST_NETWORK_ERRORS = 3;

/**
 * To be called before the back-off of a mail, after which every step may be taken again. True when this failure is one of
 * a module that hides refusals. @param open the mail may have arrived all the same
 */
export function hidesRefusals(memory: MailMemory, error: ModemError, open: boolean): boolean {
  memory.taken.clear();
  memory.rootsTried = false;
  const isHidden = isModemError(error, "SMTP_NETWORK") && open;
  memory.networkErrors = isHidden ? memory.networkErrors + 1 : 0;
  return memory.networkErrors >= MOST_NETWORK_ERRORS;
}

/**
 * True where the mail may go out in another form than the one that the module has refused, which is noted.
 *
 * @param attachments those of that form; 0 where they are not to be fewer
 */
export function mayShorten(memory: MailMemory, error: unknown, attachments: number): boolean {
  const { changes } = memory;
  if (isModemError(error, "LIMIT_SUBJECT") && !changes.shortSubject) {
    memory.changes = { ...changes, shortSubject: true };
    return true;
  }
  if (!isModemError(error, "LIMIT_ATTACHMENTS") || attachments < 2) return false;
  memory.changes = { ...changes, mostAttachments: attachments - 1 };
  return true;
}
