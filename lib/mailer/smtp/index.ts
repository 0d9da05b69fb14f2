/**
 * Mails by this package over a socket of the module: a file of its own in the package, loaded when a modem first needs it. What
 * is needed before (limits, plan) is in `socket-plan.ts`, what takes its place where it cannot be loaded in `absent-mailer.ts`.
 */
export { loadNodemailer } from "./nodemailer";
export { ServerCheck } from "./server-check";
export { SmtpMailer } from "./smtp-mailer";
