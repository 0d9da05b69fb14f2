/**
 * Second chances: what is done at once about a transaction that failed, before the outbox hears of it.
 *
 * Each has its place in one call of `send` only once, so a mail that cannot go blocks the others for a limited time.
 */
import { isModemError, type ErrorCode, type ModemError } from "../errors";
import type { Lease } from "./mail-lock";
import type { PdpContext } from "./pdp";
import { ResultListener, runningMailResult } from "./running-mail";
import type { Workshop } from "./transaction";

/** What can be done before the transaction is repeated. */
type Remedy =
  /** Nothing of what was set and uploaded is taken for granted any more. */
  | "startOver"
  /** The next root certificate is tried. */
  | "nextRoot"
  /** The module is busy with another mail; its end is awaited. */
  | "awaitOther"
  /** It is only sent again. */
  | "repeat"
  /** QIDEACT, QIACT. */
  | "renewContext";

/** Remedies of an error by its code, in the order in which they are tried; errors of the server have none. */
const REMEDIES: Partial<Record<ErrorCode, readonly Remedy[]>> = {
  SMTP_BUSY: ["awaitOther"],
  SMTP_TLS_FAILED: ["nextRoot"],
  // The module misses what it was given: it has lost it without saying so.
  SMTP_NO_RECIPIENT: ["startOver"],
  SMTP_PARAMETER: ["startOver"],
  SMTP_FILE_OPEN_FAILED: ["startOver"],
  // Manual, error handling: send again, then deactivate and activate the context and send again.
  SMTP_UNKNOWN: ["repeat", "renewContext"],
  SMTP_DNS_FAILED: ["renewContext"],
  SMTP_NETWORK: ["repeat", "renewContext"],
  SMTP_CLOSED_BY_SERVER: ["repeat"],
  SMTP_PDP_DEACTIVATED: ["renewContext"],
  SMTP_SEND_FAILED: ["repeat", "renewContext"],
  SMTP_ATTACHMENT_SAVE_FAILED: ["startOver"],
};

export class SecondChances {
  private readonly taken = new Set<Remedy>();

  constructor(
    private readonly work: Workshop,
    private readonly pdp: PdpContext,
    private readonly lease: Lease,
  ) {}

  /** Does what there is to do about the failure; false when the outbox has to deal with it. */
  async take(error: unknown, signal: AbortSignal): Promise<boolean> {
    if (!isModemError(error) || signal.aborted) return false;
    const remedy = remediesOf(error).find((candidate) => !this.taken.has(candidate));
    if (remedy === undefined) return false;
    this.work.modem.log.info(`${error.message}; ${remedy}`);
    // There may be more than two certificates to try.
    if (remedy !== "nextRoot") this.taken.add(remedy);
    return this.apply(remedy, signal);
  }

  /** True when the transaction may be repeated. */
  private async apply(remedy: Remedy, signal: AbortSignal): Promise<boolean> {
    const { known, files, tls, settings } = this.work;
    switch (remedy) {
      case "repeat":
        return true;
      case "startOver":
        known.forget();
        files.forget();
        return true;
      case "nextRoot":
        return tls.nextRoot(settings);
      case "awaitOther":
        await this.awaitOther(signal);
        return true;
      case "renewContext":
        if (this.work.modem.options.network.shared) return false;
        await this.pdp.reset({ borrowed: this.lease, signal });
        return true;
    }
  }

  private async awaitOther(signal: AbortSignal): Promise<void> {
    const { modem, settings } = this.work;
    const listener = new ResultListener(modem);
    try {
      await runningMailResult(modem, listener, settings.sendTimeout * 1000, signal);
    } finally {
      listener.close();
    }
  }
}

/** A refusal by the server is final for now, and so is a value that was refused before sending. */
function remediesOf(error: ModemError): readonly Remedy[] {
  if (error.smtpCode !== undefined) return [];
  if (error.code === "SMTP_BUSY" || error.stage === "send" || error.stage === "attachments") {
    return REMEDIES[error.code] ?? [];
  }
  return [];
}
