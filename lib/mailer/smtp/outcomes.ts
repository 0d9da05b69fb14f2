/** From what the server said of each recipient and of the whole to an outcome. Pure. */
import { asModemError, ModemError } from "../../errors";
import type { Passage } from "../../mail/mail";
import { recipientsOf } from "../outgoing";
import type { Ended, Envelope, RecipientOutcome, Retry, Unknown } from "../mailer";
import { recipientError, type Reply } from "./smtp-error";

/** A recipient whom the server has not accepted. */
export interface Refusal {
  readonly address: string;
  readonly reply: Reply;
}

const BACK_OFF: Retry = { kind: "backOff", atLeastMs: 0 };

/** What the server has refused of the envelope, for good or for now. */
export function settledBy(refusals: readonly Refusal[]): readonly RecipientOutcome[] {
  return refusals.map(({ address, reply }) => ({
    address,
    state: isForGood(reply) ? "refused" : "deferred",
    smtpCode: reply.code,
    response: reply.text,
  }));
}

/** The server has taken the mail, for all but those whom it had refused before. */
export function acceptedOutcome(
  envelope: Envelope,
  refusals: readonly Refusal[],
  copy: Pick<Ended, "passage" | "sendMs" | "bytes" | "warnings">,
): Ended {
  const error = errorOf(refusals);
  const deferred = new Set(refusals.filter(({ reply }) => !isForGood(reply)).map(({ address }) => address));
  return {
    kind: "ended",
    recipients: merged(envelope, refusals, (address) => ({ address, state: "accepted" })),
    ...(error !== undefined && { error }),
    retry: BACK_OFF,
    // The others were too many at a time, not unwelcome (RFC 5321 section 4.5.3.1.10).
    ...(refusals.some(({ reply }) => reply.code === 452) && {
      split: [
        {
          to: envelope.to.filter((address) => deferred.has(address)),
          cc: envelope.cc.filter((address) => deferred.has(address)),
          bcc: envelope.bcc.filter((address) => deferred.has(address)),
        },
      ],
    }),
    open: false,
    ...copy,
  };
}

/** Certainly not sent. */
export function failedOutcome(
  envelope: Envelope,
  error: ModemError,
  passage: Passage,
  refusals: readonly Refusal[],
  retry: Retry = BACK_OFF,
): Ended {
  const { smtpCode } = error;
  const isForAll = error.class === "message" && smtpCode !== undefined && smtpCode >= 500;
  return {
    kind: "ended",
    recipients: merged(envelope, refusals, (address) => ({
      address,
      state: isForAll ? "refused" : "deferred",
      ...(smtpCode !== undefined && { smtpCode }),
    })),
    error,
    retry,
    open: false,
    passage,
    warnings: [],
  };
}

/** The end of the message was on its way, and what the server made of it is not known. */
export function unknownOutcome(
  envelope: Envelope,
  error: ModemError,
  refusals: readonly Refusal[],
  passage: Passage,
): Unknown {
  const certain = refusals.filter(({ reply }) => isForGood(reply));
  return {
    kind: "unknown",
    recipients: merged(envelope, certain, (address) => ({ address, state: "unknown" })),
    error,
    open: true,
    recoverable: false,
    passage,
    warnings: [],
  };
}

/** Why not all have it: what can still be cured comes first, because it decides what follows. */
export function errorOf(refusals: readonly Refusal[]): ModemError | undefined {
  const errors = refusals.map(({ reply }) => recipientError(reply));
  return errors.find(({ class: kind }) => kind !== "message") ?? errors.at(-1);
}

/** A refusal that is a matter of the settings concerns no single recipient. */
function isForGood(reply: Reply): boolean {
  return recipientError(reply).class === "message";
}

function merged(
  envelope: Envelope,
  refusals: readonly Refusal[],
  others: (address: string) => RecipientOutcome,
): readonly RecipientOutcome[] {
  const refused = new Map(settledBy(refusals).map((one) => [one.address, one]));
  return recipientsOf(envelope).map((address) => refused.get(address) ?? others(address));
}

/** The server may have the mail, or not. */
export function resultUnknown(cause: unknown): ModemError {
  return new ModemError("MODEM_RESULT_UNKNOWN", {
    cause,
    stage: "commit",
    detail: "the connection was lost before the server's answer",
  });
}

/** Why a session ended, and who was refused before. */
export class SessionFailure extends Error {
  constructor(
    readonly error: ModemError,
    readonly refusals: readonly Refusal[],
    readonly passage: Passage,
  ) {
    super(error.message, { cause: error });
  }
}

export type Failure = Pick<SessionFailure, "error" | "refusals" | "passage">;

/** What is known of a failure, of whatever kind. */
export function failureOf(cause: unknown): Failure {
  if (cause instanceof SessionFailure) return cause;
  return { error: asModemError(cause), refusals: [], passage: { via: "socket" } };
}
