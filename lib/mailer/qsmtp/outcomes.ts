/** From what the module said to an outcome. Pure; when a mail is tried again is decided by the mailer. */
import type { ErrorCode, ModemError } from "../../errors";
import { recipientsOf } from "../envelope";
import type { Ended, Envelope, RecipientOutcome, Retry, Unknown } from "../mailer";
import { splitEnvelope } from "./compose/envelopes";

/** What is known of a copy beside its result. */
export interface Copy {
  readonly sendMs?: number;
  readonly bytes?: number;
  readonly warnings: readonly string[];
}

/** What follows from a failure. */
export interface Consequence {
  readonly retry: Retry;
  /** It may have arrived all the same. */
  readonly open: boolean;
}

export function acceptedOutcome(envelope: Envelope, copy: Copy): Ended {
  return {
    kind: "ended",
    recipients: recipientsOf(envelope).map((address) => ({ address, state: "accepted" })),
    retry: { kind: "backOff", atLeastMs: 0 },
    open: false,
    ...copy,
  };
}

export function failedOutcome(
  envelope: Envelope,
  error: ModemError,
  { retry, open }: Consequence,
  { warnings }: Pick<Copy, "warnings"> = { warnings: [] },
): Ended {
  const { modemCode, smtpCode } = error;
  const split = recipientsOf(envelope).length > 1 && isOfOneRecipient(error);
  const isRefusal = !open && !split && error.class === "message" && smtpCode !== undefined;
  const recipients = recipientsOf(envelope).map((address): RecipientOutcome => ({
    address,
    state: isRefusal ? "refused" : "deferred",
    ...(modemCode !== undefined && { modemCode }),
    ...(smtpCode !== undefined && { smtpCode }),
  }));
  return {
    kind: "ended",
    recipients,
    error,
    retry,
    open,
    warnings,
    ...(split && { split: splitEnvelope(envelope) }),
  };
}

export function unknownOutcome(
  envelope: Envelope,
  error: ModemError,
  recoverable: boolean,
  warnings: readonly string[] = [],
): Unknown {
  const recipients = recipientsOf(envelope).map((address): RecipientOutcome => ({
    address,
    state: "unknown",
  }));
  return { kind: "unknown", recipients, error, open: true, recoverable, warnings };
}

/**
 * Refusals that may concern a single recipient: of several, each then gets a transaction of his own. The module gives
 * a mail up when one recipient is refused and does not say which.
 */
const OF_ONE_RECIPIENT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "INVALID_RECIPIENT",
  "LIMIT_ADDRESS",
  "LIMIT_RECIPIENTS",
]);
/** RFC 5321 section 4.2.3 (replies to RCPT), and 452 for too many recipients (section 4.5.3.1.10). */
const OF_ONE_RECIPIENT_REPLIES: ReadonlySet<number> = new Set([450, 452, 501, 550, 551, 552, 553, 554]);
/** The same by the module's number, when it names no reply code. */
const OF_ONE_RECIPIENT_NUMBERS: ReadonlySet<number> = new Set([667, 669, 671, 678, 679, 680, 681, 682]);

function isOfOneRecipient({ code, smtpCode, modemCode, stage }: ModemError): boolean {
  if (smtpCode !== undefined) return OF_ONE_RECIPIENT_REPLIES.has(smtpCode);
  if (code === "SMTP_PARAMETER") return stage === "recipients";
  return OF_ONE_RECIPIENT.has(code) || OF_ONE_RECIPIENT_NUMBERS.has(modemCode ?? 0);
}
