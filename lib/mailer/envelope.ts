/** What an envelope says, whoever carries it. */
import type { Envelope } from "./mailer";

/** All recipients: To, then Cc, then Bcc. */
export function recipientsOf(envelope: Envelope): readonly string[] {
  return [...envelope.to, ...envelope.cc, ...envelope.bcc];
}
