/**
 * What an outcome of the mailer makes of one transaction. Pure; part of the lifecycle, which alone applies it.
 */
import { backOff } from "../async";
import { knownFields, ModemError } from "../errors";
import type { Delivery } from "../mail/mail";
import { recipientsOf } from "../mailer/outgoing";
import type { Ended, Envelope, Outcome, RecipientOutcome, Unknown } from "../mailer/mailer";
import type { SpoolRecord, StoredTransaction } from "./spool/record";
import { storeError, type StoredError } from "../stored-error";

export type TransactionLife = StoredTransaction;

/** The part of a mail that the lifecycle reads and writes. */
export type MailLife = Pick<
  SpoolRecord,
  "delivery" | "transactions" | "attempts" | "warnings" | "ending" | "end"
>;

/** What the outcome of one mail says about all. */
export type Lesson =
  /** Results reach us. */
  | { readonly kind: "known" }
  /** A server that judges mails has let us in: what held the outbox is over. */
  | { readonly kind: "passed" }
  /** A result did not reach us. */
  | { readonly kind: "lost"; readonly error: ModemError }
  /** The mail waits for another try; what was done about it at once did not help. */
  | { readonly kind: "failed"; readonly error: ModemError }
  /** Every mail would meet this. */
  | { readonly kind: "hold"; readonly error: ModemError };

/** After so many unknown outcomes a transaction is not sent again. */
const MOST_UNKNOWN = 2;

/** Milliseconds until the second copy of a mail whose result was lost. */
const SECOND_COPY_MS = 3_000;

/** Milliseconds. */
export const SHORTEST_WAIT_MS = 30_000;
export const LONGEST_WAIT_MS = 30 * 60_000;

/**
 * The wait after a failure doubles from 1 min to 30 min, of which chance takes away up to half, so that many gateways
 * behind one server that was down do not come back together.
 */
const WAITS = { firstMs: 2 * SHORTEST_WAIT_MS, capMs: LONGEST_WAIT_MS, chance: [1, 0.5] } as const;

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

/** True when its recipients may have it although that is not known. */
export function isInDoubt({ unknown, open }: Pick<TransactionLife, "unknown" | "open">): boolean {
  return unknown > 0 || open === true;
}

/**
 * What takes the place of a transaction that was tried: those served, those refused, those left over. Each is counted as
 * a try, but for an interruption.
 */
export function successors(
  before: TransactionLife,
  outcome: Outcome,
  delivery: Delivery,
  when: When,
): readonly TransactionLife[] {
  const accepted = new Set<string>();
  const refused: RecipientOutcome[] = [];
  for (const recipient of outcome.recipients) {
    if (recipient.state === "accepted") accepted.add(recipient.address);
    if (recipient.state === "refused") refused.push(recipient);
  }
  const certain = new Set([...accepted, ...refused.map(({ address }) => address)]);
  const isInterruption =
    outcome.kind === "ended" && outcome.error !== undefined && outcome.retry.kind === "whenAvailable";
  const { passage = before.passage } = outcome;
  const one: TransactionLife = isInterruption
    ? before
    : {
        ...before,
        attempts: before.attempts + 1,
        interruptions: undefined,
        ...(passage !== undefined && { passage }),
      };
  const served = kept(one.envelope, (address) => accepted.has(address));
  const rest = kept(one.envelope, (address) => !certain.has(address));
  const ended = outcome.kind === "ended" ? outcome : undefined;
  const { sendMs, bytes } = ended ?? {};
  const done: TransactionLife = {
    ...one,
    envelope: served,
    ...(ended?.open === true && { open: true }),
    state: { kind: "done", at: when.at, ...knownFields({ sendMs, bytes }) },
  };
  return [
    ...(recipientsOf(served).length === 0 ? [] : [done]),
    ...refused.map((recipient) => refusedOne(one, recipient, outcome)),
    ...(recipientsOf(rest).length === 0 ? [] : leftOver({ ...one, envelope: rest }, outcome, delivery, when)),
  ];
}

/** What became of it can no longer be found out. */
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
  if (error.class === "message" && error.smtpCode !== undefined) return [...known, { kind: "passed" }];
  const isToWait = error.class === "transient" && outcome.retry.kind === "backOff";
  return isToWait ? [...known, { kind: "failed", error }] : known;
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

function refusedOne(
  one: TransactionLife,
  { address, modemCode, smtpCode }: RecipientOutcome,
  { error }: Outcome,
): TransactionLife {
  const stored = storeError(error ?? new ModemError("INVALID_RECIPIENT"));
  const { passage } = one;
  return {
    ...one,
    // There may be a thousand of them, and what the server said stands in their error.
    ...(passage !== undefined && { passage: { via: passage.via } }),
    envelope: kept(one.envelope, (other) => other === address),
    state: { kind: "failed", error: { ...stored, ...knownFields({ modemCode, smtpCode }) } },
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
  const { error, split, retry } = outcome;
  if (error === undefined) return [];
  // Divided only: nothing was tried, so nothing that was known of it has changed.
  if (split !== undefined && retry.kind === "whenAvailable")
    return split.map((envelope) => ({ ...one, envelope, state: { kind: "queued", due: when.now } }));
  const lastError = storeError(error);
  const failed: TransactionLife = { ...one, ...(outcome.open && { open: true }), lastError };
  if (delivery === "atMostOnce" && isInDoubt(failed)) {
    return [{ ...failed, state: { kind: "failed", error: lastError } }];
  }
  if (split !== undefined) {
    return split.map((envelope) => ({ ...failed, envelope, state: { kind: "queued", due: when.now } }));
  }
  return [afterFailure(failed, outcome, error, when)];
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
  if (error.class === "message") return { ...one, state: { kind: "failed", error: storeError(error) } };
  switch (retry.kind) {
    case "whenAvailable": {
      // Due when the way out is back; but a mail that interrupts it repeatedly must let the others pass.
      const interruptions = (one.interruptions ?? 0) + 1;
      const due = interruptions === 1 ? now : now + backOff(interruptions - 1, WAITS, random);
      return { ...one, interruptions, state: { kind: "queued", due } };
    }
    case "atOnce":
      return { ...one, state: { kind: "queued", due: now } };
    case "backOff": {
      const tries = one.tries + 1;
      const due = now + Math.max(retry.atLeastMs, backOff(tries, WAITS, random));
      return { ...one, tries, state: { kind: "queued", due } };
    }
  }
}

/** A setting that cannot be carried never ends a mail, though its error would be the fault of a message elsewhere. */
function isFaultOfSetup({ class: kind, code, stage }: ModemError): boolean {
  return kind === "setup" || (code === "INVALID_ARGUMENT" && STAGES_OF_SETTINGS.has(stage));
}

function kept({ to, cc, bcc }: Envelope, isKept: (address: string) => boolean): Envelope {
  return { to: to.filter(isKept), cc: cc.filter(isKept), bcc: bcc.filter(isKept) };
}
