/** What an envelope says, whoever carries it, and its outcome where the caller does not wait any more. */
import { isModemError, ModemError } from "../errors";
import { isAscii } from "../mail/ascii-fold";
import type { Ended, Envelope } from "./mailer";

/** All recipients: To, then Cc, then Bcc. */
export function recipientsOf(envelope: Envelope): readonly string[] {
  return [...envelope.to, ...envelope.cc, ...envelope.bcc];
}

/** True where an address has letters beyond ASCII, for which a server must offer SMTPUTF8 (RFC 6531). */
export function needsUtf8(...addresses: readonly string[]): boolean {
  return !addresses.every(isAscii);
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

/**
 * What a way sends in one transaction, or the outcome that divides it: nothing was tried yet, the parts are due at once, and
 * none of it counts as a try. @param parts as the way plans it
 */
export function undivided(envelope: Envelope, parts: readonly Envelope[]): Envelope | Ended {
  const [only = envelope, ...more] = parts;
  if (more.length === 0) return only;
  const detail = "it is sent in several transactions by the module's own mail client";
  return { ...calledOff(envelope, new ModemError("MODEM_ABORTED", { detail })), split: parts };
}
