/**
 * What the outbox asks of mails over a socket when it accepts one: the limits, and who is served together. Pure.
 *
 * It needs nothing of the code that sends them (`smtp/`), which is loaded when it is first needed.
 */
import { MOST_ATTACHMENTS } from "../mail/message/attachments";
import { needsUtf8, recipientsOf } from "./outgoing";
import type { Envelope, MailerLimits } from "./mailer";

/** Bytes; no server and no reader of mails sets a limit to a text or a subject that a flow would exceed. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;

export const SOCKET_LIMITS: MailerLimits = {
  attachments: MOST_ATTACHMENTS,
  textBytes: UNLIMITED,
  subjectBytes: UNLIMITED,
};

/**
 * Recipients with letters beyond ASCII before the @ (RFC 6531) get a transaction of their own: a server on the way that does not know them would refuse all
 * the others too.
 */
export function dividedByLetters({ to, cc, bcc }: Envelope): readonly Envelope[] {
  const parts = [false, true].map((isBeyondAscii) => {
    const isOne = (address: string): boolean => needsUtf8(address) === isBeyondAscii;
    return { to: to.filter(isOne), cc: cc.filter(isOne), bcc: bcc.filter(isOne) };
  });
  return parts.filter((part) => recipientsOf(part).length > 0);
}
