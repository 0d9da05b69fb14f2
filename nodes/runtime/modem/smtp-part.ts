/** The code of mails over a socket, a file of its own in the package: most modems send by their own client. */
import { lateCode } from "../../../lib/late-code";

/** @throws ModemError PACKAGE_UPDATED of class `setup`; each further call looks for the file again. */
export const smtpPart = lateCode((): typeof import("../../../lib/mailer/smtp") => ({
  // A file that was written in part may run to its end; what it lacks is met here, and by no mail.
  ...require("../../../lib/mailer/smtp"),
}));
