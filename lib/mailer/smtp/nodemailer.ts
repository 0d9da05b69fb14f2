/** nodemailer, of which three parts are used, each loaded when it is first needed: together they take 30 ms and 11 MB. */
import type SMTPConnection from "nodemailer/lib/smtp-connection";
import type MailComposer from "nodemailer/lib/mail-composer";

/** The dialogue with a server. */
export function loadConnection(): typeof SMTPConnection {
  const module: typeof import("nodemailer/lib/smtp-connection") = require("nodemailer/lib/smtp-connection");
  return module.default;
}

/** Messages in the form of MIME. */
export function loadMailComposer(): typeof MailComposer {
  const module: typeof import("nodemailer/lib/mail-composer") = require("nodemailer/lib/mail-composer");
  return module.default;
}

/** The media type of a file by the ending of its name. */
export function mimeTypeOf(filename: string): string {
  const module: typeof import("nodemailer/lib/mime-funcs") = require("nodemailer/lib/mime-funcs");
  return module.detectMimeType(filename);
}
