/** Mails by this package over a socket of the module. A file of its own in the package, loaded when a modem first needs it. */
export { ServerCheck } from "./server-check";
export { SmtpMailer } from "./smtp-mailer";
