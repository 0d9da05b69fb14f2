/**
 * Who a message says it is from, and who is to get the answers.
 *
 * Devices of the LAN and many flows name a sender that the mail server would not take. Such a mail goes out all the
 * same: from the sender of the settings, with the other address as Reply-To where the way out carries one.
 */
import { isModemError } from "../../errors";
import type { Mail, Mailbox } from "../mail";
import { readAddresses } from "./addresses";
import { isBlank } from "./foreign";

type Warn = (warning: string) => void;

/** @param allowFrom `msg.from` may replace the sender of the settings */
export function readSender(
  given: { readonly from: unknown; readonly replyTo: unknown },
  allowFrom: boolean,
  warn: Warn,
): Pick<Mail, "from" | "replyTo"> {
  const from = readFrom(given.from, warn);
  const wished = mailboxesOf(given.replyTo, "msg.replyTo", warn);
  if (from === undefined || allowFrom) return { from, ...(wished.length > 0 && { replyTo: wished }) };
  warn("msg.from was not used: the settings of the modem do not let a message replace the sender.");
  return { from: undefined, replyTo: wished.length > 0 ? wished : [from] };
}

function readFrom(value: unknown, warn: Warn): Mailbox | undefined {
  const [from, ...more] = mailboxesOf(value, "msg.from", warn);
  if (more.length > 0) warn("msg.from names several senders; the first one was taken.");
  return from;
}

function mailboxesOf(value: unknown, property: string, warn: Warn): readonly Mailbox[] {
  if (isBlank(value)) return [];
  try {
    const { mailboxes, unreadable } = readAddresses(value, "INVALID_SENDER");
    if (unreadable.length > 0) warn(`${property} is not a valid e-mail address and was left out.`);
    return mailboxes;
  } catch (error) {
    // A flood of addresses; what cannot be read at all is refused by the caller.
    if (!isModemError(error, "LIMIT_RECIPIENTS")) throw error;
    warn(`${property} names too many addresses and was left out.`);
    return [];
  }
}
