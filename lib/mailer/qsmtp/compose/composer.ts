/** Composer: what the outbox calls to compose, for one modem and its settings. */
import type { MailCarrier } from "../carrier";
import type { Envelope, OutgoingMail } from "../../mailer";
import {
  ASCII_ONLY,
  compose,
  needsTextSupport,
  type Composed,
  type ComposeSettings,
  type SendHistory,
} from "./compose";

/**
 * Composes with what the carrier says about text; it is asked only for a mail that needs the answer.
 *
 * The composer rejects as `MailCarrier.textSupport` does.
 */
export function composerFor(
  settings: ComposeSettings,
  carrier: Pick<MailCarrier, "textSupport">,
): (mail: OutgoingMail, envelope: Envelope, history: SendHistory) => Promise<Composed> {
  return async (mail, envelope, history) => {
    const support = needsTextSupport(mail) ? await carrier.textSupport() : ASCII_ONLY;
    return compose(mail, envelope, { settings, support, history });
  };
}
