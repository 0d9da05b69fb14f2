/**
 * SmtpCarrier: the module's client in one call for each mail, for callers that do not yet work in two phases.
 *
 * The dialogue itself is in `transaction.ts`, what is done about a failure in `delivery.ts`.
 */
import { isModemError, ModemError } from "../../errors";
import { BODY_LENGTH } from "../../quectel/commands/smtp";
import type { MailCarrier, MailTransaction, RecoveredResult, SendOptions, SendReport } from "./carrier";
import { QsmtpClient } from "./client";
import { deliverMail } from "./delivery";
import { putError } from "./put-result";
import { mailState, runningMailResult } from "./running-mail";
import { SecondChances } from "./second-chance";

/** Seconds on top of the send timeout that a mail of a former connection may still take. */
const LONGEST_FOREIGN_MAIL = 3_600;

export class SmtpCarrier extends QsmtpClient implements MailCarrier {
  async send(transaction: MailTransaction, options: SendOptions = {}): Promise<SendReport> {
    const { length } = transaction.body.bytes;
    if (length > BODY_LENGTH.max) {
      throw new ModemError("LIMIT_BODY", { detail: `${length} bytes`, stage: "body" });
    }
    const { modem, pdp } = this.client;
    return this.exclusively(options.signal, async (signal, lease) => {
      this.stray.forget();
      try {
        const report = await deliverMail(
          this.work,
          new SecondChances(this.work, this.recovery, this.busy),
          transaction,
          {
            signal,
            lease,
            onProgress: options.onProgress ?? (() => undefined),
            beforePut: options.beforePut ?? (() => Promise.resolve()),
            beforeRepeat: options.beforeRepeat ?? (() => Promise.resolve(transaction)),
          },
        );
        pdp.used();
        await this.recovery.succeeded();
        this.last = { kind: "sent", at: modem.clock.now() };
        return report;
      } catch (error) {
        if (isModemError(error) && !signal.aborted) {
          this.last = { kind: "failed", error, at: modem.clock.now() };
          await this.recovery.failed(error);
        }
        throw error;
      } finally {
        this.stray.forget();
        this.tidyLater();
      }
    });
  }

  async recover(signal?: AbortSignal): Promise<RecoveredResult> {
    return this.exclusively(signal, (signal) => this.recoverResult(signal).finally(() => this.tidyLater()));
  }

  private async recoverResult(signal: AbortSignal): Promise<RecoveredResult> {
    const { modem, settings } = this.client;
    if ((await mailState(modem, signal)) === "absent") throw new ModemError("MODEM_NOT_READY");
    const limit = (settings.sendTimeout + LONGEST_FOREIGN_MAIL) * 1000;
    const result = await runningMailResult(modem, this.stray, limit, signal);
    this.stray.forget();
    if (result === undefined) return { kind: "unknown" };
    const error = putError(result);
    if (error === undefined) return { kind: "sent" };
    return error.class === "unknown" ? { kind: "unknown" } : { kind: "refused", error };
  }
}
