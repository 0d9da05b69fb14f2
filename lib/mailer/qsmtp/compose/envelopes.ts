/**
 * Envelopes: who gets one mail in which transactions.
 *
 * The module writes every recipient it is given into a header, Bcc too, and gives a mail up when the server refuses a
 * single recipient. So one mail may need several transactions, each with its own state in the spool. The plan depends
 * on nothing but the lists and the setting: made once, when the mail is accepted, it is kept with it.
 */
import { recipientsOf } from "../../envelope";
import type { Envelope } from "../../mailer";
import { LIMITS } from "./mail-transaction";
import type { ErrorCode, ModemError } from "../../../errors";

/** `private`: every Bcc address is served alone; `module`: Bcc goes in the one transaction, readable by all. */
export type BccMode = "private" | "module";

/**
 * The transactions of a new mail, in the order of sending.
 *
 * A private Bcc recipient is the only `To` of his own transaction: a Bcc header would tell him no more, and programs
 * that sort or score mail by a missing To find one. He learns nobody else's address, and nobody learns his. The others
 * go in as few transactions as the module's lists allow.
 */
export function planEnvelopes(recipients: Envelope, bccMode: BccMode): readonly Envelope[] {
  const open: Envelope = {
    to: recipients.to,
    cc: recipients.cc,
    bcc: bccMode === "module" ? recipients.bcc : [],
  };
  const hidden = bccMode === "private" ? recipients.bcc : [];
  return [...inPartsOf(LIMITS.recipients, open), ...hidden.map(alone)];
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
function inPartsOf(most: number, { to, cc, bcc }: Envelope): readonly Envelope[] {
  const all = [
    ...to.map((address) => ({ address, list: "to" })),
    ...cc.map((address) => ({ address, list: "cc" })),
    ...bcc.map((address) => ({ address, list: "bcc" })),
  ];
  return Array.from({ length: Math.ceil(all.length / most) }, (_, index) => {
    const part = all.slice(index * most, (index + 1) * most);
    const of = (list: string): string[] =>
      part.filter((one) => one.list === list).map(({ address }) => address);
    return { to: of("to"), cc: of("cc"), bcc: of("bcc") };
  });
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
