/**
 * The canonical mails: what the module's own client is told for each, recorded in `lines/<name>.txt`.
 *
 * Each starts on a fresh module and a fresh host.
 */
import type { CanonicalMail } from "./canonical-mail";
import { MAIL_FORMS } from "./mail-forms";
import { MAIL_SURROUNDINGS } from "./mail-surroundings";

export const CANONICAL_MAILS: readonly CanonicalMail[] = [...MAIL_FORMS, ...MAIL_SURROUNDINGS];
