/** The code of mails over a socket, a file of its own in the package: most modems send by their own client. */
import { asModemError, type ModemError } from "../../../lib/errors";
import { lateCode } from "../../../lib/late-code";

type SmtpPart = typeof import("../../../lib/mailer/smtp");

const load = lateCode((): SmtpPart => require("../../../lib/mailer/smtp"));

/** Undefined `part`: why it cannot be loaded is in `error`, of class `setup`. */
export function smtpPart():
  | { readonly part: SmtpPart }
  | { readonly part: undefined; readonly error: ModemError } {
  try {
    return { part: load() };
  } catch (cause) {
    return { part: undefined, error: asModemError(cause) };
  }
}
