/** The outcome of a transaction whose caller does not wait any more. */
import { isModemError, ModemError } from "../errors";
import { recipientsOf } from "./envelope";
import type { Ended, Envelope } from "./mailer";

/** Nothing was sent. */
export function calledOff(envelope: Envelope, cause: unknown): Ended {
  return {
    kind: "ended",
    recipients: recipientsOf(envelope).map((address) => ({ address, state: "deferred" })),
    error: isModemError(cause, "MODEM_ABORTED") ? cause : new ModemError("MODEM_ABORTED", { cause }),
    retry: { kind: "whenAvailable" },
    open: false,
    warnings: [],
  };
}
