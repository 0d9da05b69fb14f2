/** From what the module said to an outcome. Pure; when a mail is tried again is decided by the mailer. */
import type { ModemError } from "../../errors";
import type { Passage } from "../../mail/mail";
import { recipientsOf } from "../envelope";
import type { Ended, Envelope, RecipientOutcome, Retry, Unknown } from "../mailer";
import { splitAfter } from "./compose/envelopes";

const PASSAGE: Passage = { via: "module" };

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
  readonly warnings: readonly string[];
}

export function acceptedOutcome(envelope: Envelope, copy: Copy): Ended {
  return {
    kind: "ended",
    recipients: recipientsOf(envelope).map((address) => ({ address, state: "accepted" })),
    retry: { kind: "backOff", atLeastMs: 0 },
    open: false,
    passage: PASSAGE,
    ...copy,
  };
}

export function failedOutcome(
  envelope: Envelope,
  error: ModemError,
  { retry, open, warnings }: Consequence,
): Ended {
  const { modemCode, smtpCode } = error;
  const split = splitAfter(error, envelope);
  const isRefusal = !open && split === undefined && error.class === "message" && smtpCode !== undefined;
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
    passage: PASSAGE,
    warnings,
    ...(split !== undefined && { split }),
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
  return { kind: "unknown", recipients, error, open: true, recoverable, passage: PASSAGE, warnings };
}
