/**
 * nodemailer, of which three parts are used: together they take 30 ms and 11 MB. A modem that sends by socket alone loads them
 * when it is started; else each is loaded when it is first needed.
 */
import type SMTPConnection from "nodemailer/lib/smtp-connection";
import type MailComposer from "nodemailer/lib/mail-composer";
import { lateCode } from "../../late-code";

// Of class `transient`: the mail that comes next may find the file, or need it not.
const connection = lateCode(
  (): typeof import("nodemailer/lib/smtp-connection") => require("nodemailer/lib/smtp-connection"),
  "transient",
);
const composer = lateCode(
  (): typeof import("nodemailer/lib/mail-composer") => require("nodemailer/lib/mail-composer"),
  "transient",
);
const mimeFunctions = lateCode(
  (): typeof import("nodemailer/lib/mime-funcs") => require("nodemailer/lib/mime-funcs"),
  "transient",
);

/** To be called when mails are to be expected that need it. @throws ModemError PACKAGE_UPDATED of class `transient` */
export function loadNodemailer(): void {
  connection();
  composer();
  mimeFunctions();
}

/** The dialogue with a server. */
export function loadConnection(): typeof SMTPConnection {
  return connection().default;
}

/** Messages in the form of MIME. */
export function loadMailComposer(): typeof MailComposer {
  return composer().default;
}

/** The media type of a file by the ending of its name. */
export function mimeTypeOf(filename: string): string {
  return mimeFunctions().detectMimeType(filename);
}
