/** What a flow is told about the end of a mail: `msg.smtp` and `msg.error`, from its record. Pure. */
import { ModemError } from "../errors";
import { recipientsOf } from "../mailer/envelope";
import type { MailFailure, RejectedRecipient, SmtpResult } from "../mail/mail";
import type { SpoolRecord, StoredTransaction } from "./spool/record";
import { isInDoubt } from "./lifecycle";
import { restoreError, type StoredError, storeError } from "./spool/stored-error";

export interface ResultFlags {
  readonly queuedMs: number;
  readonly recovered: boolean;
  readonly simulated: boolean;
}

/** True when no transaction waits any more. */
export function isComplete({ transactions }: SpoolRecord): boolean {
  return transactions.every(({ state }) => state.kind === "done" || state.kind === "failed");
}

/** Why not all recipients have the mail; undefined when they have. To be asked of a complete record. */
function errorOf({ transactions, unreadable = [] }: SpoolRecord): StoredError | undefined {
  const errors = transactions.flatMap(({ state }) => ("error" in state ? [state.error] : []));
  const error = errors.find((error) => error.class === "unknown") ?? errors.at(-1);
  const [first] = unreadable;
  if (error !== undefined || first === undefined) return error;
  const detail = unreadable.map(({ address }) => JSON.stringify(address)).join(", ");
  return storeError(new ModemError(first.code, { detail }));
}

export function resultOf(record: SpoolRecord, flags: ResultFlags): SmtpResult {
  const { transactions } = record;
  const sent = transactions.flatMap(({ state }) => (state.kind === "done" ? [state] : []));
  const error = errorOf(record);
  const at = sent.at(-1)?.at;
  const sendMs = total(sent.map((one) => one.sendMs));
  const bytes = total(sent.map((one) => one.bytes));
  const isRepeated = transactions.some((one) => one.state.kind === "done" && isInDoubt(one));
  return {
    status: statusOf(record),
    id: record.id,
    accepted: transactions.flatMap((one) => (one.state.kind === "done" ? recipientsOf(one.envelope) : [])),
    rejected: [...(record.unreadable ?? []), ...transactions.flatMap(rejectedOf)],
    attempts: record.attempts,
    ...(at !== undefined && { acceptedAt: at }),
    queuedMs: Math.max(0, Math.round(flags.queuedMs)),
    ...(sent.length > 0 && sendMs !== undefined && { sendMs: Math.round(sendMs) }),
    ...(bytes !== undefined && { bytes }),
    warnings: record.warnings,
    ...(isRepeated && { possibleDuplicate: true }),
    ...(flags.recovered && { recovered: true }),
    ...(flags.simulated && { simulated: true }),
    ...(error?.modemCode !== undefined && { modemCode: error.modemCode }),
    ...(error?.smtpCode !== undefined && { smtpCode: error.smtpCode }),
  };
}

/** The failure of a complete record; undefined when all recipients have the mail. */
export function failureOf(record: SpoolRecord): { failure: MailFailure; error: ModemError } | undefined {
  const stored = errorOf(record);
  if (stored === undefined) return undefined;
  return {
    failure: { ...stored, outcome: outcomeOf(record), attempts: record.attempts },
    error: restoreError(stored),
  };
}

/** `partial` when some recipients have the mail and some never will. */
export function statusOf(record: SpoolRecord): "sent" | "partial" | "failed" {
  if (isAllSent(record)) return (record.unreadable ?? []).length === 0 ? "sent" : "partial";
  return record.transactions.some(({ state }) => state.kind === "done") ? "partial" : "failed";
}

/** True when a retry would find nobody to serve. */
export function isAllSent({ transactions }: SpoolRecord): boolean {
  return transactions.every(({ state }) => state.kind === "done");
}

function outcomeOf(record: SpoolRecord): MailFailure["outcome"] {
  if (statusOf(record) === "partial") return "partial";
  return record.transactions.some(isInDoubt) ? "unknown" : "notSent";
}

function rejectedOf({ envelope, state }: StoredTransaction): RejectedRecipient[] {
  if (state.kind !== "failed") return [];
  const { modemCode, smtpCode } = state.error;
  return recipientsOf(envelope).map((address) => ({
    address,
    ...(modemCode !== undefined && { modemCode }),
    ...(smtpCode !== undefined && { smtpCode }),
  }));
}

/** The sum; undefined when one of the numbers is not known. */
function total(numbers: readonly (number | undefined)[]): number | undefined {
  let sum = 0;
  for (const number of numbers) {
    if (number === undefined) return undefined;
    sum += number;
  }
  return sum;
}
