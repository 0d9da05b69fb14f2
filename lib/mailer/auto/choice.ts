/**
 * Choice: by which way a mail goes out where both may be used, and when the other way may follow. Pure.
 *
 * The module's own client takes what it certainly carries whole, because it needs the fewest bytes on the line; all else
 * goes over a socket. A way is left only for a reason of its own: what server, network or login are to blame for would
 * meet the other way as well. Never with less encryption or verification than was set.
 */
import type { ErrorCode, ModemError } from "../../errors";
import { isAscii } from "../../mail/message/text";
import { isRefusal } from "../../quectel/execute";
import type { SmtpSettings } from "../../quectel/settings";
import { WITHOUT_SOCKETS } from "../../quectel/sockets/module-sockets";
import { needsUtf8, recipientsOf } from "../outgoing";
import type { Envelope, OutgoingMail, PrepareOptions, Transaction } from "../mailer";
import { compose, needsTextSupport, type ComposeSettings } from "../qsmtp/compose/compose";
import { ASCII_ONLY, LIMITS, type CodedText } from "../qsmtp/compose/mail-transaction";
import type { WrittenCoding } from "../qsmtp/readable-codings";
import { unusableSetting } from "../qsmtp/smtp-settings";

export type Way = "module" | "socket";

/** Bytes of user name and password that every firmware is known to take. */
const CREDENTIAL_BYTES = 50;

/**
 * True where the module's client can log in at the server with the encryption that was set. STARTTLS is not among it:
 * where a server does not offer it, the client was seen to go on in clear text.
 */
export function moduleFits(smtp: SmtpSettings): boolean {
  const { security, user, password, tokens } = smtp;
  if (tokens !== undefined) return false;
  const longest = Math.max(Buffer.byteLength(user), Buffer.byteLength(password));
  const isSure = longest <= CREDENTIAL_BYTES && isAscii(user + password);
  return security !== "starttls" && isSure && unusableSetting(smtp) === undefined;
}

/** True when the module's client can be given all addresses of the transaction. */
export function moduleTakes(
  { from }: Pick<OutgoingMail, "from">,
  envelope: Envelope,
  { senderAddress }: Pick<ComposeSettings, "senderAddress">,
): boolean {
  return !needsUtf8(from?.address ?? senderAddress, ...recipientsOf(envelope));
}

/**
 * True when the reader gets all of the mail by the module's client: within its limits, and in ASCII, whatever its firmware,
 * or in the coding that a person has read.
 */
export function moduleCarries(
  { mail, envelope }: Transaction,
  { ageMs, possibleDuplicate }: Pick<PrepareOptions, "ageMs" | "possibleDuplicate">,
  settings: ComposeSettings,
  readable: WrittenCoding | undefined,
): boolean {
  if (!moduleTakes(mail, envelope, settings)) return false;
  // Of a longer text nothing needs to be looked at.
  if (mail.text.length > LIMITS.bodyBytes || mail.subject.length > LIMITS.subjectBytes) return false;
  if (recipientsOf(envelope).length > LIMITS.recipients) return false;
  if (needsTextSupport(mail) && readable === undefined) return false;
  const history = { ageMs, possibleDuplicate, shortSubject: false };
  const support = readable ?? ASCII_ONLY;
  const { transaction, warnings } = compose(mail, envelope, { settings, support, history });
  const isReadable = ({ charset }: CodedText): boolean =>
    charset === "ascii" || charset === readable?.charset;
  return warnings.length === 0 && isReadable(transaction.subject) && isReadable(transaction.body);
}

/**
 * True when the other way may carry a mail in place of `way`. The module's client checks certificates less strictly than
 * Node.js, as far as is known, so it takes the place of the socket only where there are none.
 */
export function mayReplace(way: Way, smtp: SmtpSettings): boolean {
  return way === "module" || (smtp.security === "none" && moduleFits(smtp));
}

/** True for a failure that says that the module does not offer this way, or not now. */
export function isOfTheWay(way: Way, error: ModemError): boolean {
  if (error.smtpCode !== undefined) return false;
  switch (way) {
    case "module":
      return (
        NO_ROOM.has(error.code) ||
        isBeyondModule(error) ||
        (error.code === "SMTP_AUTH_UNSUPPORTED" && error.modemCode === NO_KNOWN_LOGIN) ||
        isUnknownCommand(error)
      );
    case "socket":
      return WITHOUT_SOCKETS.has(error.code);
  }
}

/** True for what the module's client was not given because of a limit of its own: another mail may pass. */
export function isBeyondModule({ code, smtpCode }: ModemError): boolean {
  return smtpCode === undefined && BEYOND_MODULE.has(code);
}

const BEYOND_MODULE: ReadonlySet<string> = new Set([
  "LIMIT_ADDRESS",
  "LIMIT_SUBJECT",
  "LIMIT_BODY",
  "LIMIT_ATTACHMENTS",
  "LIMIT_ATTACHMENT_SIZE",
  "LIMIT_FILE_NAME",
  "FILE_NAME_INVALID",
  "FILE_TOO_LARGE",
  "INVALID_ARGUMENT",
] satisfies readonly ErrorCode[]);

/** 655: the server offers no login that the module's client knows; no password was refused. */
const NO_KNOWN_LOGIN = 655;

/** The module has no place for attachment or certificate, or does not take server or login. */
const NO_ROOM: ReadonlySet<string> = new Set([
  "FILE_DRIVE_FULL",
  "FILE_NO_SPACE",
  "FILE_CREATE_FAILED",
  "FILE_WRITE_FAILED",
  "FILE_STORE_INFO_FAILED",
  "LIMIT_SERVER",
  "LIMIT_CREDENTIALS",
] satisfies readonly ErrorCode[]);

/** The firmware has no mail client, or one without files or TLS: it refuses the command and names no reason of a mail. */
function isUnknownCommand(error: ModemError): boolean {
  const isBare = error.code === "MODEM_ERROR" || error.code === "MODEM_CME";
  return isBare && isRefusal(error) && /^AT\+Q(?:SMTP|SSLCFG|F)/.test(error.command ?? "");
}
