/**
 * Letters beyond ASCII before the @ (RFC 6531): what a server without SMTPUTF8 is given. Pure.
 */
import { ModemError } from "../../errors";
import { needsUtf8, recipientsOf } from "../outgoing";
import type { Transaction } from "../mailer";

export const OTHER_SENDER =
  "The mail server does not accept letters beyond ASCII before the @ (SMTPUTF8); the mail was sent from the modem's own address.";

/**
 * The transaction as a server without SMTPUTF8 takes it: from the modem's own address where it does not take that of the message.
 *
 * @throws ModemError SMTP_UTF8_UNSUPPORTED where it takes no recipient of the transaction, or of no mail the sender
 */
export function inAscii(transaction: Transaction, senderAddress: string): Transaction {
  const { mail, envelope } = transaction;
  if (needsUtf8(...recipientsOf(envelope))) throw new ModemError("SMTP_UTF8_UNSUPPORTED");
  if (!needsUtf8(mail.from?.address ?? senderAddress)) return transaction;
  if (mail.from === undefined || needsUtf8(senderAddress))
    throw new ModemError("SMTP_UTF8_UNSUPPORTED", { class: "setup" });
  return { envelope, mail: { ...mail, from: { name: mail.from.name, address: senderAddress } } };
}
