/** The mailbox of all simulated modems of this runtime: the last mails, in memory, for a person who tries the package. */
import type { InboxMail } from "../../../lib/simulator/delivery/inbox";
import type { ModemSettings } from "../settings/modem-settings";

/** The mail server that stands for it; a name that no real network knows. */
export const INBOX_HOST = "inbox.simulated";

export interface SimulatedMail extends InboxMail {
  /** ISO 8601. */
  readonly at: string;
}

const MOST_MAILS = 10;
/** Characters of a text; a mail that is tried out is short. */
const MOST_TEXT = 4000;

class SimulatedInbox {
  private mails: readonly SimulatedMail[] = [];

  /** @param at ms since 1970. */
  add(mail: InboxMail, at: number): void {
    const kept = { ...mail, text: mail.text.slice(0, MOST_TEXT), at: new Date(at).toISOString() };
    this.mails = [kept, ...this.mails].slice(0, MOST_MAILS);
  }

  /** Newest first. */
  list(): readonly SimulatedMail[] {
    return this.mails;
  }
}

export const simulatedInbox = new SimulatedInbox();

export function sendsToSimulatedInbox({
  connection,
  smtp,
}: Pick<ModemSettings, "connection" | "smtp">): boolean {
  return connection.kind === "simulator" && smtp.host.toLowerCase() === INBOX_HOST;
}
