/**
 * Composes one transaction of a kept mail: texts in the charset that the module takes, notes, attachments.
 *
 * Called just before sending, because notes depend on the age of the mail and the coding on the module. Pure; the
 * same arguments give the same transaction. It is not the place where a message is checked: see message.ts.
 */
import { LIMITS, type MailTransaction, type TextSupport } from "./mail-transaction";
import type { TransactionAttachment } from "../../../quectel/files/file-store";
import { foldToAscii } from "../../../mail/message/ascii-fold";
import { MOST_ATTACHMENTS } from "../../../mail/message/attachments";
import { type CharsetWish, codeBody, codeSubject } from "./coded-text";
import { notesOf, recipientsOf } from "../../outgoing";
import type { Envelope, OutgoingAttachment, OutgoingMail } from "../../mailer";
import { isAscii, paragraphs, shown, type Warn } from "../../../mail/message/text";
import type { CharsetName } from "../../../quectel/commands/smtp";

/** What the modem's settings say about the text of mails. */
export interface ComposeSettings {
  readonly senderName: string;
  readonly senderAddress: string;
  /** Charset for text that is not ASCII; `auto` is UTF-8. */
  readonly charset: CharsetWish;
  /** Minutes after which a mail says when it was raised; 0 = never. */
  readonly lateNote: number;
}

/** What has happened to this transaction so far. */
export interface SendHistory {
  /** Milliseconds since acceptance, of a monotonic clock. */
  readonly ageMs: number;
  /** A former try of this transaction may have reached the recipients. */
  readonly possibleDuplicate: boolean;
  /** The module has refused the subject for its length (LIMIT_SUBJECT): cut it and give it whole in the text. */
  readonly shortSubject: boolean;
  /** The module has refused more attachments (LIMIT_ATTACHMENTS): so many go, the text before the files. 1 or more. */
  readonly mostAttachments?: number;
}

interface ComposeOptions {
  readonly settings: ComposeSettings;
  /** How the module takes text; `ASCII_ONLY` will do where `needsTextSupport` is false. */
  readonly support: TextSupport;
  readonly history: SendHistory;
}

export interface Composed {
  readonly transaction: MailTransaction;
  /** What the reader of the mail does not get as the flow gave it, for `msg.smtp.warnings`. */
  readonly warnings: readonly string[];
}

/** What a person can do about what the module's client does not carry, in the words of the modem's dialog. */
const WHOLE = 'With "Sent by" set to this package, the mail goes out as it is.';

/** True when the mail goes out better if the module was asked how it takes text. */
export function needsTextSupport(mail: Pick<OutgoingMail, "subject" | "text">): boolean {
  return !isAscii(mail.subject + mail.text) || mail.subject.includes('"');
}

/** One transaction of the mail, for one of the envelopes that `planEnvelopes` or `splitEnvelope` made of it. */
export function compose(mail: OutgoingMail, envelope: Envelope, options: ComposeOptions): Composed {
  const { settings, support, history } = options;
  const warnings = new Set<string>();
  const warn: Warn = (warning) => void warnings.add(warning);
  const subject = codeSubject(
    mail.subject,
    {
      support: support.subject,
      charset: settings.charset,
      short: history.shortSubject,
      isInText: mail.isSubjectInText === true,
    },
    warn,
  );
  // The name of the settings belongs to their address and to no other.
  const sender = senderNameOf(mail.from?.name ?? settings.senderName);
  if (sender.remark !== undefined) warn(sender.remark);
  const senderAddress = mail.from?.address ?? settings.senderAddress;
  warnOfLost(mail, [senderAddress, ...recipientsOf(envelope)], warn);
  const preface = [
    ...notesOf(mail, history, settings.lateNote),
    ...(subject.whole || mail.isSubjectInText === true ? [] : [`Subject: ${mail.subject}`]),
  ];
  const { body, files } = bodyAndFiles(mail, preface, options, warn);
  const attachments: TransactionAttachment[] = [];
  const taken = new Set<string>();
  for (const file of [...body.files, ...files]) attachments.push(safelyNamed(file, taken, warn));
  return {
    transaction: {
      senderName: sender.carried,
      senderAddress,
      to: envelope.to,
      cc: envelope.cc,
      bcc: envelope.bcc,
      subject: subject.coded,
      body: body.coded,
      ...(body.plain !== undefined && { plainBody: body.plain }),
      attachments,
    },
    warnings: [...warnings],
  };
}

interface BodyAndFiles {
  readonly body: ReturnType<typeof codeBody>;
  readonly files: readonly OutgoingAttachment[];
}

/** The body with what stands above the text, and the files of the flow that go with it. */
function bodyAndFiles(
  mail: Pick<OutgoingMail, "text" | "attachments">,
  preface: readonly string[],
  { settings: { charset }, support, history: { mostAttachments } }: ComposeOptions,
  warn: Warn,
): BodyAndFiles {
  const all = mail.attachments.filter(({ size }) => size > 0);
  const empty = mail.attachments.filter(({ size }) => size === 0);
  for (let most = mostAttachments ?? all.length; ; most--) {
    const files = all.slice(0, most);
    const warnings: string[] = [];
    const tell: Warn = (warning) => void warnings.push(warning);
    const above = most < all.length ? [...preface, leftOut("refused", all.slice(most), tell)] : preface;
    const below = empty.length > 0 ? leftOut("empty", empty, tell) : "";
    const text = paragraphs(above.join("\r\n"), mail.text, below);
    const roomForFile = mostAttachments !== undefined || files.length < MOST_ATTACHMENTS;
    const body = codeBody(text, { support, charset, roomForFile }, tell);
    // The text may need the place of a file.
    const isTooMany = mostAttachments !== undefined && body.files.length + files.length > mostAttachments;
    if (isTooMany && most > 0) continue;
    for (const warning of warnings) warn(warning);
    return { body, files };
  }
}

/**
 * Why a file does not go: the module has refused so many, or it has no bytes. Quectel's client was seen to send an empty mail
 * for one without, and not every firmware has a command that makes an empty file.
 */
const LEFT_OUT = {
  refused: {
    line: "the module takes no more",
    warning: "was left out; the module takes no more in one mail",
  },
  empty: { line: "empty", warning: "is empty and was left out; the module cannot send it" },
} as const;

/** The line about files that do not go. In ASCII, so that it changes nothing of the text's coding. */
function leftOut(why: keyof typeof LEFT_OUT, files: readonly OutgoingAttachment[], warn: Warn): string {
  const { line, warning } = LEFT_OUT[why];
  const names = files.map(({ filename }) => shown(filename));
  for (const name of names) warn(`The attachment ${name} ${warning}. ${WHOLE}`);
  return `Left out because ${line}: ${names.map(foldToAscii).join(", ")}`;
}

/** Warns of what the module's client does not carry: it shows text alone, and takes few header fields. */
function warnOfLost(mail: OutgoingMail, addresses: readonly string[], warn: Warn): void {
  for (const address of addresses) {
    if (address.length > LIMITS.addressBytes) {
      warn(
        `The address ${shown(address)} is longer than ${LIMITS.addressBytes} bytes; the module may refuse or cut it. ${WHOLE}`,
      );
    }
  }
  if (mail.replyTo !== undefined)
    warn(`The module's mail client does not support Reply-To: replies go to the sender. ${WHOLE}`);
  for (const property of ["inReplyTo", "references", "headers", "dsn"] as const) {
    if (mail.fields?.[property] !== undefined)
      warn(`msg.${property} is not supported by the module's mail client. ${WHOLE}`);
  }
  for (const { place, filename } of mail.attachments) {
    if (place?.kind === "html") {
      warn(
        `The HTML is attached as message.html${place.isSource ? "; the text is an extract of it" : ""}. ${WHOLE}`,
      );
    }
    if (place?.kind === "inline") {
      warn(
        `The attachment ${shown(filename)} is attached as a file: the module's mail client does not support inline pictures. ${WHOLE}`,
      );
    }
  }
}

function safelyNamed(file: OutgoingAttachment, taken: Set<string>, warn: Warn): TransactionAttachment {
  const { filename, size, sha256 } = file;
  const name = safeFileName(filename, taken);
  if (name !== filename) warn(`The attachment ${shown(filename)} is sent as ${shown(name)}.`);
  return { name, size, sha256, open: () => file.open() };
}

/** The charset of a mail's body, or of its subject where only that needs one, and how its bytes are written. */
export interface TextForm {
  readonly charset: CharsetName;
  readonly coding: TextSupport["body"];
}

export function textFormOf(mail: OutgoingMail, settings: ComposeSettings, support: TextSupport): TextForm {
  const { to, cc, bcc } = mail;
  const history = { ageMs: 0, possibleDuplicate: false, shortSubject: false };
  const { subject, body } = compose(mail, { to, cc, bcc }, { settings, support, history }).transaction;
  return { charset: body.charset === "ascii" ? subject.charset : body.charset, coding: support.body };
}

/*
 * The display name of the sender as the module's client can carry it.
 *
 * The module puts it between quotation marks into the From header as it is: neither a charset nor an escape is known.
 */

/** Printable ASCII without quotation marks and backslashes. */
const PLAIN_NAME = /^[ !#-[\]-~]*$/;

interface SenderName {
  /** ASCII without quotation marks, backslashes and control characters; may be empty. */
  readonly carried: string;
  /** What the reader sees otherwise than it was written, one sentence; undefined: nothing that matters. */
  readonly remark?: string;
}

export function senderNameOf(name: string): SenderName {
  if (PLAIN_NAME.test(name)) return { carried: name.slice(0, LIMITS.senderNameBytes) };
  const folded = foldToAscii(name);
  const lost = count(folded, "?") > count(name.normalize("NFKD"), "?") + count(name, "¿");
  if (lost) {
    return {
      carried: "",
      remark: "The module does not support the letters of the sender name; the mail is sent without it.",
    };
  }
  // In a quoted string a backslash takes the next character away, and the last one the end (RFC 5322 section 3.2.4).
  const carried = folded
    .replaceAll('"', "'")
    .replaceAll("\\", "/")
    .replace(/\p{Cc}+/gu, " ")
    .slice(0, LIMITS.senderNameBytes);
  return folded.includes("\\")
    ? {
        carried,
        remark: "The module does not support the backslash in the sender name; it was replaced by a slash.",
      }
    : { carried };
}

function count(text: string, sign: string): number {
  return text.split(sign).length - 1;
}

/*
 * Names of attachments that the module, its flash file system and every mail program take.
 *
 * Rules of the FILE manual: at most 80 bytes; letters, digits, dot, dash and underscore are safe.
 */

const LONGEST_EXTENSION = 16;

/** A safe name for a file, its extension kept. @param taken names of the same mail in lower case; grows by this one */
export function safeFileName(name: string, taken = new Set<string>()): string {
  const parts = safeParts(name);
  let number = 1;
  let unique = joined(parts, "");
  while (taken.has(unique.toLowerCase())) {
    number += 1;
    unique = joined(parts, `-${number}`);
  }
  taken.add(unique.toLowerCase());
  return unique;
}

interface NameParts {
  readonly stem: string;
  /** With its dot, or empty. */
  readonly extension: string;
}

function safeParts(name: string): NameParts {
  const last = name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1);
  // No name needs more; a longer one would only be folded to be cut.
  const safe = foldToAscii(last.length > 512 ? last.slice(0, 256) + last.slice(-256) : last)
    .replace(/[^A-Za-z0-9._-]+/g, "_")
    .replace(/\.{2,}/g, ".");
  const dot = safe.lastIndexOf(".");
  const tail = dot === -1 ? "" : safe.slice(dot + 1);
  const isExtension = tail !== "" && tail.length < LONGEST_EXTENSION && /[A-Za-z0-9]/.test(tail);
  const stem = trimmed(isExtension ? safe.slice(0, dot) : safe);
  return {
    stem: /[A-Za-z0-9]/.test(stem) ? stem : "attachment",
    extension: isExtension ? `.${tail}` : "",
  };
}

/** Without the dots, dashes and underscores at its ends that a shell or a file system would take for something else. */
function trimmed(stem: string): string {
  let end = stem.length;
  while (end > 0 && "._".includes(stem.charAt(end - 1))) end--;
  return stem.slice(0, end).replace(/^[._-]+/, "");
}

function joined({ stem, extension }: NameParts, number: string): string {
  return stem.slice(0, LIMITS.fileNameBytes - extension.length - number.length) + number + extension;
}
