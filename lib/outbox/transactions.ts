/**
 * What an outcome makes of the transactions of a mail. Pure: record in, record out.
 *
 * Each transaction has its own state, so a retry serves only those who have nothing yet.
 */
import type { ErrorCode, ModemError } from "../errors";
import { mayHaveArrived } from "../mailer/qsmtp/put-result";
import { halveEnvelope, splitEnvelope } from "../mailer/qsmtp/compose/envelopes";
import { recipientsOf } from "../mailer/envelope";
import type { Envelope } from "../mailer/mailer";
import { backOff } from "./schedule";
import type { SpoolRecord, StoredTransaction } from "../mail/spool/record";
import { storeError } from "../mail/spool/stored-error";

/** What became of one transaction. */
export type Outcome =
  | {
      readonly kind: "sent";
      /** Wall-clock time of the host, ISO 8601. */
      readonly at: string;
      readonly sendMs?: number;
      readonly bytes?: number;
      readonly warnings: readonly string[];
      /** It had been put on the air before and may have arrived then too. */
      readonly isRepeat: boolean;
    }
  | {
      readonly kind: "failed";
      readonly error: ModemError;
      /** The modem went away meanwhile: no fault of the mail. */
      readonly away: boolean;
      /** An earlier try of the same attempt may have arrived, whatever this error says. */
      readonly isRepeat: boolean;
    }
  /** Nobody can say any more whether it was sent. */
  | { readonly kind: "unknown"; readonly error: ModemError };

/** After so many unknown outcomes a transaction is not sent again. */
const MOST_UNKNOWN = 2;

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

/** A new transaction, due at once. */
export function newTransaction(envelope: Envelope, due: number): StoredTransaction {
  return {
    envelope,
    state: { kind: "waiting" },
    tries: 0,
    attempts: 0,
    due,
    unknown: 0,
    shortSubject: false,
  };
}

/** True when its recipients may have it although that is not known. */
export function isInDoubt({ unknown, open }: StoredTransaction): boolean {
  return unknown > 0 || open === true;
}

/** Running time at which the next waiting transaction is due; infinite when none waits. */
export function nextDue({ transactions }: Pick<SpoolRecord, "transactions">): number {
  return Math.min(...transactions.map((one) => (one.state.kind === "waiting" ? one.due : Infinity)));
}

/** The waiting transaction that is to be sent next; -1 when none waits. */
export function nextTransaction({ transactions }: SpoolRecord): number {
  let next = -1;
  let due = Infinity;
  for (const [index, one] of transactions.entries()) {
    if (one.state.kind !== "waiting" || one.due >= due) continue;
    next = index;
    due = one.due;
  }
  return next;
}

/**
 * The record after an outcome of its transaction `index`.
 *
 * @param time running time.
 * @param random 0 to 1.
 */
export function afterOutcome(
  record: SpoolRecord,
  index: number,
  outcome: Outcome,
  time: number,
  random: number,
): SpoolRecord {
  const before = record.transactions[index];
  if (before === undefined) return record;
  const counts = outcome.kind !== "failed" || !outcome.away;
  const attempts = (before.attempts ?? record.attempts) + (counts ? 1 : 0);
  const transaction = { ...before, attempts };
  return {
    ...record,
    attempts: Math.max(record.attempts, attempts),
    warnings:
      outcome.kind === "sent" ? [...new Set([...record.warnings, ...outcome.warnings])] : record.warnings,
    transactions: record.transactions.flatMap((one, at) =>
      at === index ? successors(record, transaction, outcome, time, random) : [one],
    ),
  };
}

/** The record after a try that may have arrived and whose repeat was not put on the air. */
export function withOpenTry(record: SpoolRecord, index: number): SpoolRecord {
  return {
    ...record,
    transactions: record.transactions.map((one, at) =>
      at === index ? { ...one, open: true as const } : one,
    ),
  };
}

/** The record with all that waits given up for this error. */
export function givenUp(record: SpoolRecord, error: ModemError): SpoolRecord {
  const stored = storeError(error);
  return {
    ...record,
    transactions: record.transactions.map((one) =>
      one.state.kind === "waiting" ? { ...one, state: { kind: "refused", error: stored } } : one,
    ),
  };
}

/** The record with all that was given up waiting again, from now on. */
export function revived(record: SpoolRecord, time: number): SpoolRecord {
  const { end: _told, ...rest } = record;
  return {
    ...rest,
    transactions: record.transactions.map((one) =>
      one.state.kind === "sent"
        ? one
        : {
            ...newTransaction(one.envelope, time),
            attempts: one.attempts ?? record.attempts,
            unknown: Math.min(one.unknown, MOST_UNKNOWN - 1),
            ...(one.open === true && { open: true }),
            shortSubject: one.shortSubject,
          },
    ),
  };
}

function successors(
  record: SpoolRecord,
  transaction: StoredTransaction,
  outcome: Outcome,
  time: number,
  random: number,
): readonly StoredTransaction[] {
  switch (outcome.kind) {
    case "sent": {
      const { kind, at, sendMs, bytes } = outcome;
      const report = { ...(sendMs !== undefined && { sendMs }), ...(bytes !== undefined && { bytes }) };
      return [{ ...transaction, ...(outcome.isRepeat && { open: true }), state: { kind, at, ...report } }];
    }
    case "unknown": {
      const lastError = storeError(outcome.error);
      const unknown = transaction.unknown + 1;
      const isLast = record.delivery === "atMostOnce" || unknown >= MOST_UNKNOWN;
      if (isLast) return [{ ...transaction, unknown, state: { kind: "unknown", error: lastError } }];
      return [{ ...transaction, unknown, lastError, due: time + backOff(1, random) }];
    }
    case "failed": {
      const { error, away, isRepeat } = outcome;
      const isOpen = isRepeat || mayHaveArrived(error);
      const failed: StoredTransaction = { ...transaction, ...(isOpen && { open: true }) };
      if (record.delivery === "atMostOnce" && isInDoubt(failed)) {
        const lastError = storeError(error);
        return [{ ...failed, lastError, state: { kind: "unknown", error: lastError } }];
      }
      return afterFailure(failed, error, away, time, random);
    }
  }
}

function afterFailure(
  transaction: StoredTransaction,
  error: ModemError,
  away: boolean,
  time: number,
  random: number,
): readonly StoredTransaction[] {
  const lastError = storeError(error);
  const isPlural = recipientsOf(transaction.envelope).length > 1;
  if (isPlural && isOfOneRecipient(error)) {
    const { envelope, ...rest } = transaction;
    const parts = isOfTheirNumber(error) ? halveEnvelope(envelope) : splitEnvelope(envelope);
    return parts.map((part) => ({ ...rest, envelope: part, lastError, due: time }));
  }
  switch (error.class) {
    case "setup":
      // The hold decides when; the mail itself has no reason to wait.
      return [{ ...transaction, lastError, due: time }];
    case "message":
      if (error.code === "LIMIT_SUBJECT" && !transaction.shortSubject) {
        return [{ ...transaction, lastError, due: time, shortSubject: true }];
      }
      return [{ ...transaction, state: { kind: "refused", error: lastError } }];
    case "transient":
    case "unknown": {
      const tries = transaction.tries + (away ? 0 : 1);
      return [{ ...transaction, tries, lastError, due: time + backOff(Math.max(1, tries), random) }];
    }
  }
}

/** Too many at a time: RFC 5321 section 4.5.3.1.10 has the client send to the rest in another transaction. */
function isOfTheirNumber({ code, smtpCode }: ModemError): boolean {
  return smtpCode === 452 || (code === "LIMIT_RECIPIENTS" && smtpCode === undefined);
}

function isOfOneRecipient({ code, smtpCode, modemCode, stage }: ModemError): boolean {
  if (smtpCode !== undefined) return OF_ONE_RECIPIENT_REPLIES.has(smtpCode);
  if (code === "SMTP_PARAMETER") return stage === "recipients";
  return OF_ONE_RECIPIENT.has(code) || OF_ONE_RECIPIENT_NUMBERS.has(modemCode ?? 0);
}
