/**
 * Delivery: the tries of one mail within one call of `SmtpCarrier.send`, and which of their errors is its answer.
 *
 * For callers that do not yet work in two phases; `qsmtp-mailer.ts` does the same with both phases told apart.
 */
import { isModemError, ModemError } from "../../errors";
import type { Lease } from "../../quectel/connection/mail-lock";
import type { MailTransaction, SendOptions, SendReport } from "./carrier";
import { endsDialogue, mayHaveArrived, putError } from "./put-result";
import type { SecondChances } from "./second-chance";
import { fillMail, putMail, type FillOptions, type Workshop } from "./transaction";

export type DeliveryOptions = FillOptions &
  Required<Pick<SendOptions, "beforePut" | "beforeRepeat">> & { readonly lease: Lease };

/** What the module said of the mail when it was in flight last. */
type Verdict =
  | { readonly kind: "none" }
  /** It may be tried again just like this, so it stays the answer when a further try does not get so far. */
  | { readonly kind: "failed"; readonly error: unknown }
  /**
   * It would end the mail or hold all. That a further try is made says that it is in doubt, so it is not the answer;
   * but certain is that nothing is in flight any more.
   */
  | { readonly kind: "refused" };

/** Tries until the mail is sent or there is nothing left to do; rejects with a ModemError. */
export async function deliverMail(
  work: Workshop,
  chances: SecondChances,
  first: MailTransaction,
  options: DeliveryOptions,
): Promise<SendReport> {
  const { signal, lease } = options;
  let verdict: Verdict = { kind: "none" };
  let transaction = first;
  for (;;) {
    let isPut = false;
    try {
      const filled = await fillMail(work, transaction, options);
      await options.beforePut();
      isPut = true;
      const { result, sendMs } = await putMail(work, filled, options);
      const error = putError(result);
      if (error !== undefined) throw error;
      return { sendMs, bytes: filled.bytes, warnings: filled.warnings };
    } catch (error) {
      if (isPut) verdict = verdictOf(error);
      const before = verdict;
      const step = signal.aborted ? undefined : await chances.next(error);
      const isWorthAnother =
        step !== undefined &&
        (await chances.apply(step, error, lease, signal).catch((trouble: unknown) => {
          throw answer(before, trouble, signal);
        }));
      if (!isWorthAnother) throw isPut && before.kind === "refused" ? error : answer(before, error, signal);
      if (isPut && mayHaveArrived(error)) {
        transaction = await options.beforeRepeat().catch(() => {
          throw error;
        });
      }
    }
  }
}

function verdictOf(error: unknown): Verdict {
  const isFinal = isModemError(error) && (error.class === "message" || error.class === "setup");
  return isFinal ? { kind: "refused" } : { kind: "failed", error };
}

/** The error of the mail, when its last try, or what was done for a further one, ended with `trouble`. */
function answer(verdict: Verdict, trouble: unknown, signal: AbortSignal): unknown {
  switch (verdict.kind) {
    case "none":
      return trouble;
    case "failed":
      return verdict.error;
    case "refused":
      // It must not read as if a result had been lost.
      return signal.aborted || !endsDialogue(trouble)
        ? trouble
        : new ModemError("MODEM_NOT_READY", { cause: trouble, detail: "it could not be tried once more" });
  }
}
