/** What an envelope says, whoever carries it, and its outcome where the caller does not wait any more. */
import { isModemError, ModemError } from "../errors";
import type { Ended, Envelope } from "./mailer";

/** All recipients: To, then Cc, then Bcc. */
export function recipientsOf(envelope: Envelope): readonly string[] {
  return [...envelope.to, ...envelope.cc, ...envelope.bcc];
}

/** The outcome of a transaction that was called off: nothing was sent. */
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
