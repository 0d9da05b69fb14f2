/**
 * Second chances: carries out the steps of the recovery ladder (`recovery.ts`) between two attempts of one `send`.
 *
 * Each step is taken once for a mail, so a mail that cannot go holds up the others for a limited time only; what is
 * left is the outbox's business.
 */
import { isModemError } from "../../errors";
import type { Lease } from "../../quectel/connection/mail-lock";
import type { PdpContext } from "../../quectel/network/pdp";
import {
  nextStep,
  restartForMail,
  type RecoveryStep,
  type RestartPacing,
} from "../../quectel/recovery/recovery";
import { ResultListener } from "./result-listener";
import { runningMailResult } from "./running-mail";
import { atStage } from "./stage-error";
import type { Workshop } from "./transaction";

export class SecondChances {
  private readonly taken = new Set<RecoveryStep>();

  constructor(
    private readonly work: Workshop,
    private readonly pdp: PdpContext,
    private readonly pacing: RestartPacing,
    private readonly lease: Lease,
  ) {}

  /** Does what there is to do about a failure; false when the outbox has to deal with it. */
  async take(error: unknown, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    const { modem } = this.work;
    const step = this.isLoginInDoubt(error)
      ? "startOver"
      : nextStep(error, {
          taken: this.taken,
          shared: modem.options.network.shared,
          restartDue: modem.restartAllowed && this.pacing.isDue,
        });
    if (step === undefined) return false;
    modem.log.info(`${String(error)}; next step: ${step}`);
    this.taken.add(step);
    return this.apply(step, error, signal);
  }

  /**
   * A refused login holds all mails until a person acts, so where a UART may have damaged the password on its way it
   * is sent to the module a second time.
   */
  private isLoginInDoubt(error: unknown): boolean {
    const { bitRate } = this.work.modem.line;
    return isModemError(error, "SMTP_AUTH_FAILED") && bitRate !== undefined && !this.taken.has("startOver");
  }

  /** True when the transaction may be repeated. */
  private async apply(step: RecoveryStep, error: unknown, signal: AbortSignal): Promise<boolean> {
    const { modem, known, files, tls, settings } = this.work;
    switch (step) {
      case "resend":
        return true;
      case "startOver":
        known.forget();
        files.forget();
        return true;
      case "nextRoot":
        return atStage("tls", () => tls.nextRoot(settings, signal));
      case "awaitOther":
        await this.awaitOther(isModemError(error) && error.stage !== "clear", signal);
        return true;
      case "renewContext":
        await atStage("network", () => this.pdp.renew({ borrowed: this.lease, signal }));
        return true;
      case "restart":
        await atStage("network", () => restartForMail(modem, this.pacing, signal));
        return true;
    }
  }

  /**
   * A result that comes meanwhile belongs to a mail whose outcome was given up before.
   *
   * @param silently not every command says that the module is busy, so the result is all there is to go by.
   */
  private async awaitOther(silently: boolean, signal: AbortSignal): Promise<void> {
    const { modem, settings } = this.work;
    const listener = new ResultListener(modem);
    const limit = settings.sendTimeout * 1000;
    try {
      if (silently) await listener.within(limit, modem, signal);
      else await runningMailResult(modem, listener, limit, signal);
    } finally {
      listener.close();
    }
  }
}
