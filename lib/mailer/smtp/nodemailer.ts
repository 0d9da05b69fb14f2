/** nodemailer, of which three parts are used, each loaded when it is first needed: together they take 30 ms and 11 MB. */
import type SMTPConnection from "nodemailer/lib/smtp-connection";
import type MailComposer from "nodemailer/lib/mail-composer";
import { copyOf } from "../../errors";
import { lateCode, notLoaded } from "../../late-code";

const connection = part((): typeof import("nodemailer/lib/smtp-connection") =>
  require("nodemailer/lib/smtp-connection"),
);
const composer = part((): typeof import("nodemailer/lib/mail-composer") =>
  require("nodemailer/lib/mail-composer"),
);
const mimeFunctions = part((): typeof import("nodemailer/lib/mime-funcs") =>
  require("nodemailer/lib/mime-funcs"),
);

/** Throws PACKAGE_UPDATED of class `transient`: the mail that comes next may find it, or need it not. */
function part<T>(load: () => T): () => T {
  return lateCode(load, (cause) => copyOf(notLoaded(cause), { class: "transient" }));
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
