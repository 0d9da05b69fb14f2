/** Composer: what the outbox calls to compose, for one modem and its settings. */
import type { MailCarrier } from "../../quectel/smtp/carrier";
import { ASCII_ONLY, compose, needsTextSupport, type ComposeSettings } from "./compose";
import type { Composer } from "../outbox/outbox-types";

/**
 * Composes with what the carrier says about text; it is asked only for a mail that needs the answer.
 *
 * The composer rejects as `MailCarrier.textSupport` does.
 */
export function composerFor(settings: ComposeSettings, carrier: Pick<MailCarrier, "textSupport">): Composer {
  return async (mail, envelope, history) => {
    const support = needsTextSupport(mail) ? await carrier.textSupport() : ASCII_ONLY;
    return compose(mail, envelope, { settings, support, history });
  };
}
