/**
 * Sending now: one mail by a mailer alone, without an outbox, for somebody who waits for it, as for a test mail.
 *
 * Nothing is kept. What the mailer itself can do about a failure is done; whatever would have to wait is told instead.
 */
import type { ModemError } from "../errors";
import type { Ended, Mailer, MailerProgress, Outcome, Transaction } from "./mailer";

export interface SendNowOptions {
  /** Ends it; a mail in flight is then of unknown outcome. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: MailerProgress) => void;
}

/**
 * Resolves when the server has accepted the mail for all its recipients.
 *
 * Rejects with the error of the last try; where an earlier one may have delivered the mail and the last did not get so
 * far, with that of the earlier.
 */
export async function sendNow(
  mailer: Pick<Mailer, "prepare">,
  transaction: Transaction,
  { signal, onProgress }: SendNowOptions,
): Promise<Ended> {
  let open: ModemError | undefined;
  for (;;) {
    const prepared = await mailer.prepare(transaction, {
      signal,
      ageMs: 0,
      possibleDuplicate: open !== undefined,
      ...(onProgress !== undefined && { onProgress }),
    });
    const isOut = prepared.kind === "prepared";
    const outcome: Outcome = isOut ? await prepared.commit(signal) : prepared;
    if (outcome.kind === "unknown") throw outcome.error;
    const { error, retry } = outcome;
    if (error === undefined) return outcome;
    if (retry.kind !== "atOnce" || signal.aborted) throw isOut ? error : (earlier(open, error) ?? error);
    if (outcome.open) open = error;
  }
}

/** The error of a try that may have delivered the mail, unless the last one says the same in its final form. */
function earlier(open: ModemError | undefined, last: ModemError): ModemError | undefined {
  return open?.code === last.code && open.stage === last.stage ? last : open;
}
