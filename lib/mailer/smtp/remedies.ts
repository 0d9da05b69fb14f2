/**
 * Remedies: what is tried about a mail that did not go out over a socket, before it waits.
 *
 * Each remedy is taken once for a mail until its next back-off. What is done to the module is the business of
 * `quectel/recovery`, whose history all mails share.
 */
import type { ModemError } from "../../errors";
import type { Lease } from "../../quectel/connection/mail-lock";
import type { Modem } from "../../quectel/connection/modem";
import type { ModuleRecovery } from "../../quectel/recovery/module-recovery";
import { nextStep, type RecoveryStep } from "../../quectel/recovery/recovery";
import type { SmtpSettings } from "../../quectel/settings";
import { MailMemories } from "../outgoing";

export interface RemediesOptions {
  readonly modem: Modem;
  readonly recovery: ModuleRecovery;
  readonly settings: Pick<SmtpSettings, "security">;
}

/** What is remembered of a mail from one try to the next. */
interface Memory {
  readonly taken: Set<RecoveryStep>;
  pending: RecoveryStep | undefined;
}

export class Remedies {
  private readonly memories = new MailMemories<Memory>(() => ({ taken: new Set(), pending: undefined }));

  constructor(private readonly options: RemediesOptions) {}

  /** Notes the next remedy about a failure, which `apply` carries out; the error to be told where none is left. */
  async next(id: string, error: ModemError, signal: AbortSignal): Promise<ModemError | undefined> {
    const { recovery, modem } = this.options;
    await recovery.failed(error);
    const memory = this.memories.of(id);
    const { taken } = memory;
    const step = this.mayBeDamage(error, taken)
      ? "resend"
      : nextStep(error, { ...(await recovery.outlook()), taken, rootsTried: true });
    const known = await recovery.causeElsewhere(error, step, signal);
    if (step === undefined || known !== undefined) {
      taken.clear();
      return known ?? error;
    }
    modem.log.info(`${String(error)}; next step: ${step}`);
    taken.add(step);
    memory.pending = step;
    return undefined;
  }

  /** Carries out what was noted last; the caller holds the lock. Rejects as `ModuleRecovery` does. */
  async apply(id: string, lease: Lease, signal: AbortSignal): Promise<void> {
    const memory = this.memories.of(id);
    const { pending } = memory;
    memory.pending = undefined;
    if (pending === "renewContext") await this.options.recovery.renewContext(lease, signal);
    // All others are but another try here.
    if (pending === "restart") await this.options.recovery.restart(signal);
  }

  /** The mail has gone out. */
  forget(id: string): void {
    this.memories.forget(id);
  }

  /**
   * A refusal that holds all mails, or ends this one, may be that of a damaged byte: a serial line has no checksum, and
   * a handshake that fails for it cannot be told from one with a wrong server. So it is asked once more.
   */
  private mayBeDamage({ code, class: kind }: ModemError, taken: ReadonlySet<RecoveryStep>): boolean {
    const { modem, settings } = this.options;
    if (taken.has("resend") || (kind !== "setup" && kind !== "message")) return false;
    const isClear = settings.security === "none" || code === "SMTP_TLS_FAILED";
    return isClear && modem.line.bitRate !== undefined;
  }
}

/** What mails go by, without secrets: with the same, a mail that went out before should go out again. */
export function wayOf({ host, port, security, user, tls: { verify, root } }: SmtpSettings): string {
  return JSON.stringify({ via: "socket", host, port, security, user, verify, root });
}

/** The module, its port or its network went away, which says nothing about the mail. */
export function isOfTheWay({ code, smtpCode }: ModemError): boolean {
  return (
    smtpCode === undefined && /^(?:PORT|MODEM|SOCKET|PDP|SIM|NETWORK)_|^SMTP_(?:CLOSED|TIMEOUT)/.test(code)
  );
}
