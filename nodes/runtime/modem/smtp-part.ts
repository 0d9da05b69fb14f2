/** The code of mails over a socket, a file of its own in the package: most modems send by their own client. */
import { lateCode } from "../../../lib/late-code";

/** @throws ModemError PACKAGE_UPDATED of class `setup`; each further call looks for the file again. */
export const smtpPart = lateCode((): typeof import("../../../lib/mailer/smtp") => ({
  // A file that was only partly written may still run to its end: reading all exports finds what is missing before a mail does.
  ...require("../../../lib/mailer/smtp"),
}));
