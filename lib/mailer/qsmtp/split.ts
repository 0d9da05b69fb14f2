/** Which failures may concern a single recipient, and how those of a transaction are then served. */
import type { ErrorCode, ModemError } from "../../errors";
import { recipientsOf } from "../envelope";
import type { Envelope } from "../mailer";
import { halveEnvelope, splitEnvelope } from "./compose/envelopes";

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
