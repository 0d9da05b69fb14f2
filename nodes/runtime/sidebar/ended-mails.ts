/**
 * EndedMails: the last mails of a modem and what became of them, for a person who looks.
 *
 * In memory and bounded; failed mails also stay in the outbox. No address is kept in full, and no text. A deploy creates
 * a new node of the modem, which has the same mails.
 */
import type { Clock } from "../../../lib/clock";
import { knownFields } from "../../../lib/errors";
import type { Passage, SmtpResult } from "../../../lib/mail/mail";
import type { MailEnded } from "../../../lib/outbox/outbox-types";
import { shownRecipients } from "./recipients";
import { shownError, type ShownError } from "./shown-error";

const MOST_MAILS = 50;

export interface EndedMail {
  readonly id: string;
  /** Wall-clock time of the end, ISO 8601. */
  readonly at: string;
  readonly status: SmtpResult["status"];
  readonly subject: string;
  /** Masked. */
  readonly recipients: readonly string[];
  readonly attempts: number;
  readonly queuedMs: number;
  /** Undefined where the result was not seen. */
  readonly bytes: number | undefined;
  readonly possibleDuplicate: boolean;
  /** How the last copy went; undefined where none was tried. */
  readonly via?: Passage["via"];
  /** Version of the encryption, such as `TLSv1.3`, where this package spoke SMTP. */
  readonly tls?: string;
  readonly error?: ShownError;
}

/** By the folder of the modem. */
const known = new Map<string, EndedMails>();

/** Those of this modem since Node-RED has started, whichever node stands for it now. */
export function endedMailsOf(directory: string, clock: Clock): EndedMails {
  const mails = known.get(directory) ?? new EndedMails(clock);
  known.set(directory, mails);
  return mails;
}

/** Forgets those of modems that were removed. */
export function forgetEndedMails(isThere: (directory: string) => boolean): void {
  for (const directory of known.keys()) if (!isThere(directory)) known.delete(directory);
}

export class EndedMails {
  private kept: readonly EndedMail[] = [];

  constructor(private readonly clock: Clock) {}

  add({ id, subject, result, failure }: MailEnded): void {
    // After a restart the end of a mail may be told once more.
    const others = this.kept.filter((mail) => mail.id !== id);
    const recipients = [...result.accepted, ...result.rejected.map(({ address }) => address)];
    const mail: EndedMail = {
      id,
      at: new Date(this.clock.wall()).toISOString(),
      status: result.status,
      subject,
      recipients: shownRecipients(recipients),
      attempts: result.attempts,
      queuedMs: result.queuedMs,
      bytes: result.bytes,
      possibleDuplicate: result.possibleDuplicate === true,
      ...knownFields({ via: result.via, tls: result.tls?.version }),
      ...(failure === undefined ? {} : { error: shownError(failure) }),
    };
    this.kept = [...others, mail].slice(-MOST_MAILS);
  }

  /** Newest first. */
  list(): readonly EndedMail[] {
    return this.kept.toReversed();
  }
}
