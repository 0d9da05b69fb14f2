/**
 * Envelopes: who gets one mail in which transactions, and what became of them.
 *
 * The module writes every recipient it is given into a header, Bcc too, and gives a mail up when the server refuses a
 * single recipient. So one mail may need several transactions, each with its own state in the spool. The plan depends
 * on nothing but the lists and the setting: made once, when the mail is accepted, it is kept with it.
 */
import { knownFields, ModemError, type ErrorCode } from "../../../errors";
import type { Passage } from "../../../mail/mail";
import { isAscii } from "../../../mail/message/text";
import { recipientsOf } from "../../outgoing";
import type { Ended, Envelope, RecipientOutcome, Retry, Unknown } from "../../mailer";
import { LIMITS } from "./mail-transaction";

/** `private`: every Bcc address is served alone; `module`: Bcc goes in the one transaction, readable by all. */
export type BccMode = "private" | "module";

/**
 * The transactions of a new mail, in the order of sending.
 *
 * A private Bcc recipient is the only `To` of his own transaction: a Bcc header would tell him no more, and programs
 * that sort or score mail by a missing To find one. He sees no other address, and no one sees his. The others
 * go in as few transactions as the module's lists allow.
 */
export function planEnvelopes({ to, cc, bcc }: Envelope, bccMode: BccMode): readonly Envelope[] {
  const isPrivate = bccMode === "private";
  const open = inPartsOf(LIMITS.recipients, { to, cc, bcc: isPrivate ? [] : bcc });
  return [...open, ...(isPrivate ? bcc.map(alone) : [])];
}

/** Of a mail that was accepted for a socket. @throws ModemError INVALID_RECIPIENT, INVALID_SENDER */
export function refuseBeyondAscii(sender: string, envelope: Envelope): void {
  const detail = "the module's mail client takes no letters beyond ASCII before the @";
  if (!recipientsOf(envelope).every(isAscii)) throw new ModemError("INVALID_RECIPIENT", { detail });
  if (!isAscii(sender)) throw new ModemError("INVALID_SENDER", { detail });
}

/** One transaction for each recipient, after the server has refused one among several. */
export function splitEnvelope(envelope: Envelope): readonly Envelope[] {
  return recipientsOf(envelope).map(alone);
}

/** Two transactions of one, when it has more recipients than the module or the server takes at a time. */
export function halveEnvelope(envelope: Envelope): readonly Envelope[] {
  return inPartsOf(Math.ceil(recipientsOf(envelope).length / 2), envelope);
}

function alone(address: string): Envelope {
  return { to: [address], cc: [], bcc: [] };
}

/** Envelopes of at most `most` recipients, each in the list where he was. */
function inPartsOf(most: number, envelope: Envelope): readonly Envelope[] {
  const all = (["to", "cc", "bcc"] as const).flatMap((list) =>
    envelope[list].map((address) => ({ address, list })),
  );
  const parts: Envelope[] = [];
  for (let at = 0; at < all.length; at += most) {
    const part: Record<keyof Envelope, string[]> = { to: [], cc: [], bcc: [] };
    for (const { address, list } of all.slice(at, at + most)) part[list].push(address);
    parts.push(part);
  }
  return parts;
}

/* Which failures may concern a single recipient, and how those of a transaction are then served. */

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

/** The transactions in place of one that failed; undefined: it stays as it is. */
export function splitAfter(error: ModemError, envelope: Envelope): readonly Envelope[] | undefined {
  if (recipientsOf(envelope).length < 2 || !isOfOneRecipient(error)) return undefined;
  return isOfTheirNumber(error) ? halveEnvelope(envelope) : splitEnvelope(envelope);
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

/* Outcomes from what the module reported; when a mail is retried is decided by the mailer. */

const PASSAGE: Passage = { via: "module" };

/** What is known of a copy in addition to its result. */
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
    ...knownFields({ modemCode, smtpCode }),
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
