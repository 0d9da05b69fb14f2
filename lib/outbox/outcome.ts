/**
 * What an outcome of the mailer makes of one transaction. Pure; part of the lifecycle, which alone calls it.
 */
import { ModemError } from "../errors";
import type { Delivery } from "../mail/mail";
import { storeError, type StoredError } from "./spool/stored-error";
import { recipientsOf } from "../mailer/envelope";
import type { Ended, Envelope, Outcome, RecipientOutcome, Unknown } from "../mailer/mailer";
import type { Lesson, MailLife, TransactionLife } from "./life";

/** After so many unknown outcomes a transaction is not sent again. */
const MOST_UNKNOWN = 2;

/** Milliseconds until the second copy of a mail whose result was lost. */
const SECOND_COPY_MS = 3_000;

/** Milliseconds. */
export const SHORTEST_WAIT_MS = 30_000;
export const LONGEST_WAIT_MS = 30 * 60_000;

/** Steps of a transaction that hand over what is the same for every mail. */
const STAGES_OF_SETTINGS: ReadonlySet<string | undefined> = new Set(["network", "settings", "tls"]);

interface When {
  /** Wall-clock time of the host, ISO 8601. */
  readonly at: string;
  /** Running time. */
  readonly now: number;
  /** 0 to 1. */
  readonly random: number;
}

/**
 * Milliseconds until the next try after `tries` failures (1 or more): doubles from 1 min to 30 min, of which chance
 * takes away up to half, so that many gateways behind one server that was down do not come back together.
 *
 * @param random 0 to 1.
 */
export function backOff(tries: number, random: number): number {
  const full = Math.min(LONGEST_WAIT_MS, 2 * SHORTEST_WAIT_MS * 2 ** Math.min(tries - 1, 16));
  return Math.round(full * (1 - random / 2));
}

/** True when its recipients may have it although that is not known. */
export function isInDoubt({ unknown, open }: Pick<TransactionLife, "unknown" | "open">): boolean {
  return unknown > 0 || open === true;
}

/** The transaction with this outcome counted. */
export function attempted(one: TransactionLife, outcome: Outcome): TransactionLife {
  return isInterruption(outcome) ? one : { ...one, attempts: one.attempts + 1 };
}

/** What takes the place of a transaction: those served, those refused, those left over. */
export function successors(
  one: TransactionLife,
  outcome: Outcome,
  delivery: Delivery,
  when: When,
): readonly TransactionLife[] {
  const base = isInterruption(outcome) ? one : { ...one, interruptions: undefined };
  const accepted = addressesOf(outcome, "accepted");
  const refused = outcome.recipients.filter(({ state }) => state === "refused");
  const certain = new Set([...accepted, ...refused.map(({ address }) => address)]);
  const served = kept(base.envelope, (address) => accepted.has(address));
  const rest = kept(base.envelope, (address) => !certain.has(address));
  return [
    ...(isEmpty(served) ? [] : [done({ ...base, envelope: served }, outcome, when)]),
    ...refused.map((recipient) => refusedOne(base, recipient, outcome)),
    ...(isEmpty(rest) ? [] : leftOver({ ...base, envelope: rest }, outcome, delivery, when)),
  ];
}

/** Nobody can say any more what became of it. */
export function lost(envelope: Envelope): Unknown {
  return {
    kind: "unknown",
    recipients: recipientsOf(envelope).map((address) => ({ address, state: "unknown" })),
    error: new ModemError("MODEM_RESULT_UNKNOWN"),
    open: true,
    recoverable: false,
    warnings: [],
  };
}

/** What the outcome of one mail says about all. */
export function lessonsOf(outcome: Outcome, wasSent: boolean): readonly Lesson[] {
  if (outcome.kind === "unknown") return [{ kind: "lost", error: outcome.error }];
  const known: readonly Lesson[] = wasSent ? [{ kind: "known" }] : [];
  const { error, recipients } = outcome;
  if (error === undefined || recipients.some(({ state }) => state === "accepted")) {
    return [...known, { kind: "passed" }];
  }
  if (isFaultOfSetup(error)) return [...known, { kind: "hold", error }];
  return error.class === "message" && error.smtpCode !== undefined ? [...known, { kind: "passed" }] : known;
}

/** The mail after its transaction `index` stayed without a result. */
export function afterUnknown<M extends MailLife>(mail: M, index: number, error: ModemError, now: number): M {
  const before = mail.transactions[index];
  if (before === undefined) return mail;
  const one = { ...before, attempts: before.attempts + 1 };
  return {
    ...mail,
    attempts: Math.max(mail.attempts, one.attempts),
    transactions: mail.transactions.flatMap((other, at) =>
      at === index ? [withoutResult(one, storeError(error), mail.delivery, now)] : [other],
    ),
  };
}

function done(one: TransactionLife, outcome: Outcome, { at }: When): TransactionLife {
  const { sendMs, bytes } = outcome.kind === "ended" ? outcome : {};
  const report = { ...(sendMs !== undefined && { sendMs }), ...(bytes !== undefined && { bytes }) };
  return { ...one, ...(outcome.kind === "ended" && opened(outcome)), state: { kind: "done", at, ...report } };
}

function refusedOne(
  one: TransactionLife,
  { address, modemCode, smtpCode }: RecipientOutcome,
  { error }: Outcome,
): TransactionLife {
  const stored: StoredError = storeError(error ?? new ModemError("INVALID_RECIPIENT"));
  const codes = {
    ...(modemCode !== undefined && { modemCode }),
    ...(smtpCode !== undefined && { smtpCode }),
  };
  return {
    ...one,
    envelope: kept(one.envelope, (other) => other === address),
    state: { kind: "failed", error: { ...stored, ...codes } },
  };
}

function leftOver(
  one: TransactionLife,
  outcome: Outcome,
  delivery: Delivery,
  when: When,
): readonly TransactionLife[] {
  if (outcome.kind === "unknown") {
    return [withoutResult(one, storeError(outcome.error), delivery, when.now)];
  }
  const { error, split } = outcome;
  if (error === undefined) return [];
  const failed: TransactionLife = { ...one, ...opened(outcome) };
  const lastError = storeError(error);
  if (delivery === "atMostOnce" && isInDoubt(failed)) {
    return [{ ...failed, lastError, state: { kind: "failed", error: lastError } }];
  }
  if (split !== undefined) {
    return split.map((envelope) => ({
      ...failed,
      envelope,
      lastError,
      state: { kind: "queued", due: when.now },
    }));
  }
  return [afterFailure({ ...failed, lastError }, outcome, error, when)];
}

/** One more copy, marked as such, unless there was one or it must not be; soon, but behind what is due already. */
function withoutResult(
  one: TransactionLife,
  lastError: StoredError,
  delivery: Delivery,
  now: number,
): TransactionLife {
  const unknown = one.unknown + 1;
  const isLast = delivery === "atMostOnce" || unknown >= MOST_UNKNOWN;
  return isLast
    ? { ...one, unknown, state: { kind: "failed", error: lastError } }
    : { ...one, unknown, lastError, state: { kind: "queued", due: now + SECOND_COPY_MS } };
}

function afterFailure(
  one: TransactionLife,
  { retry }: Ended,
  error: ModemError,
  { now, random }: When,
): TransactionLife {
  // The hold decides when; the mail itself has no reason to wait.
  if (isFaultOfSetup(error)) return { ...one, state: { kind: "queued", due: now } };
  switch (error.class) {
    case "message":
      return { ...one, state: { kind: "failed", error: storeError(error) } };
    case "setup":
    case "transient":
    case "unknown":
      break;
  }
  switch (retry.kind) {
    case "whenAvailable":
      return afterInterruption(one, now, random);
    case "atOnce":
      return { ...one, state: { kind: "queued", due: now } };
    case "backOff":
      return afterTry(one, retry.atLeastMs, now, random);
  }
}

/** Due when the way out is back; but a mail that interrupts it again and again must let the others pass. */
function afterInterruption(one: TransactionLife, now: number, random: number): TransactionLife {
  const interruptions = (one.interruptions ?? 0) + 1;
  const due = interruptions === 1 ? now : now + backOff(interruptions - 1, random);
  return { ...one, interruptions, state: { kind: "queued", due } };
}

function afterTry(one: TransactionLife, atLeastMs: number, now: number, random: number): TransactionLife {
  const tries = one.tries + 1;
  const due = now + Math.max(atLeastMs, backOff(tries, random));
  return { ...one, tries, state: { kind: "queued", due } };
}

/** A setting that cannot be carried never ends a mail, though its error would be the fault of a message elsewhere. */
function isFaultOfSetup({ class: kind, code, stage }: ModemError): boolean {
  return kind === "setup" || (code === "INVALID_ARGUMENT" && STAGES_OF_SETTINGS.has(stage));
}

function isInterruption(outcome: Outcome): boolean {
  return outcome.kind === "ended" && outcome.error !== undefined && outcome.retry.kind === "whenAvailable";
}

function opened({ open }: Ended | Unknown): { readonly open?: true } {
  return open ? { open: true } : {};
}

function addressesOf({ recipients }: Outcome, wanted: RecipientOutcome["state"]): ReadonlySet<string> {
  return new Set(recipients.flatMap(({ address, state }) => (state === wanted ? [address] : [])));
}

function kept({ to, cc, bcc }: Envelope, isKept: (address: string) => boolean): Envelope {
  return { to: to.filter(isKept), cc: cc.filter(isKept), bcc: bcc.filter(isKept) };
}

function isEmpty({ to, cc, bcc }: Envelope): boolean {
  return to.length + cc.length + bcc.length === 0;
}
