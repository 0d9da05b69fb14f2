/**
 * Reads a Node-RED message as a Mail: the vocabulary of node-red-node-email, checked before anything is kept.
 *
 * Forgiving in what it takes, and whatever a flow puts in ends as a Mail or as a ModemError with a code INVALID_* or
 * LIMIT_*. Limits that hold for every module refuse the mail; those that only some firmware is known to have become
 * warnings, and the module decides. Contents are not coded here: that depends on the module, see compose.ts.
 */
import { isModemError, ModemError } from "../../errors";
import { readAddresses, type Letters, type Unreadable } from "./addresses";
import { type Attachments, defaultName, MOST_ATTACHMENTS, readAttachments } from "./attachments";
import { readFileName } from "./file-name";
import { bytesOf, isBlank, isRecord, primitiveText, reading } from "./foreign";
import type { Mail, MailAttachment, Priority } from "../mail";
import {
  type Fields,
  readFields,
  readPriority,
  readSender,
  readSubject,
  type Subject,
} from "./header-fields";
import { isHtml } from "./html-tags";
import { htmlToText } from "./html-text";
import { jsonStart, jsonText } from "./json";
import { missingLines, warnOfMissing, withHtmlNote, withMissing } from "./missing-attachments";
import {
  CONTROLS,
  cut,
  fitPiece,
  fitText,
  inTurns,
  longTextFile,
  paragraphs,
  shown,
  textOf,
  type Warn,
  type Work,
} from "./text";

/**
 * Values chosen in the editor. A key that is present wins over the message, whatever its value; `body` takes the place
 * of `msg.payload`.
 */
export interface FixedFields {
  readonly to?: unknown;
  readonly cc?: unknown;
  readonly bcc?: unknown;
  readonly subject?: unknown;
  readonly body?: unknown;
}

/** What the administrator and the modem's settings allow a message to do. */
export interface MessagePolicy {
  /** `msg.from` may replace the sender. */
  readonly allowFrom: boolean;
  /** Folders (absolute paths) that the path of an attachment may lie in. */
  readonly attachmentPaths: readonly string[];
  /** Before the @ of recipients and sender; left out: `ascii`. */
  readonly letters?: Letters;
  /** Of a message that names none; else normal. */
  readonly priority?: Priority;
}

/** Characters of an entry that is no address, as it is told. */
const LONGEST_SHOWN = 80;

/** Header fields of `mailto:` URLs that are told. */
const MOST_SHOWN = 3;

/** Characters of what a Catch or Status node tells. */
const LONGEST_REPORT = 10_000;

/** Characters of the key in msg.replaces. */
const LONGEST_KEY = 200;

/** Properties of the e-mail node that change nothing here, whichever way the mail goes. */
const NOT_USED = ["envelope"] as const;

const NO_FIELDS: Fields = { fields: undefined, replyTo: undefined };
const NO_ATTACHMENTS: Attachments = { attachments: [], missing: [], surplus: [], unseen: 0 };

/** @throws ModemError INVALID_* or LIMIT_*, and nothing else */
export async function readMessage(
  msg: Record<string, unknown>,
  fields: FixedFields,
  policy: MessagePolicy,
): Promise<Mail> {
  const warnings = new Set<string>();
  const warn = (warning: string): void => void warnings.add(warning);

  const recipients = readRecipients(msg, fields, policy.letters, warn);
  const { fields: own, replyTo } = reading("INVALID_BODY", () => {
    const { inReplyTo, references, headers, dsn } = msg;
    const asked = { inReplyTo, references, headers, dsn };
    return Object.values(asked).every(isBlank) ? NO_FIELDS : readFields(asked, warn);
  });
  const sender = reading("INVALID_SENDER", () => {
    const from = msg["from"];
    const answers = isBlank(msg["replyTo"]) ? replyTo : msg["replyTo"];
    if (isBlank(from) && isBlank(answers)) return { from: undefined };
    return readSender({ from, replyTo: answers }, policy, warn);
  });
  const subject = reading("INVALID_SUBJECT", () =>
    readSubject("subject" in fields ? [fields.subject] : [msg["topic"], msg["title"]], warn),
  );
  const content = await readContent(msg, fields, policy, subject, warn);
  const { priority: usual = "normal" } = policy;
  const priority = reading("INVALID_PRIORITY", () => {
    const wished = msg["priority"];
    return isBlank(wished) ? usual : readPriority(wished, usual, warn);
  });
  const replaces = reading("INVALID_BODY", () => {
    const key = msg["replaces"];
    return isBlank(key) ? undefined : readReplaces(key, warn);
  });
  for (const property of NOT_USED) {
    if (!isBlank(reading("INVALID_BODY", () => msg[property]))) warn(`msg.${property} was not used.`);
  }
  return {
    ...sender,
    ...(own !== undefined && { fields: own }),
    ...recipients,
    subject: subject.line,
    ...(subject.whole !== undefined && { isSubjectInText: true }),
    ...content,
    priority,
    ...(replaces !== undefined && { replaces }),
    warnings: [...warnings],
  };
}

/** Text and attachments; what of them is missing is told in the text. A subject alone is worth more than no mail. */
async function readContent(
  msg: Record<string, unknown>,
  fields: FixedFields,
  { attachmentPaths }: MessagePolicy,
  subject: Subject,
  warn: Warn,
): Promise<Pick<Mail, "text" | "attachments" | "attachmentsOfPayload">> {
  // A body chosen in the editor takes the place of all that the message has.
  const source = reading("INVALID_BODY", () => ({
    payload: "body" in fields ? fields.body : msg["payload"],
    description: msg["description"],
    filename: msg["filename"],
    html: "body" in fields ? undefined : msg["html"],
    plaintext: msg["plaintext"],
  }));
  const body = await inTurns(readBody(source, warn));
  const given = reading("INVALID_ATTACHMENT", () => msg["attachments"]);
  const html = body.attachments.find(({ place }) => place?.kind === "html")?.content;
  const shownHtml = html?.kind === "bytes" ? html.bytes : undefined;
  // Blank, or what an expression such as `ok && picture` leaves when there is nothing to attach.
  const isNone = isBlank(given) || given === false || given === 0;
  const listed = isNone ? NO_ATTACHMENTS : await readAttachments(given, attachmentPaths, warn, shownHtml);
  const ofPayload = body.attachments.filter(
    (made) => !listed.attachments.some((one) => isSameContent(one, made)),
  );
  const all = [...ofPayload, ...listed.attachments];
  const attachments = all.slice(0, MOST_ATTACHMENTS);
  if (body.unreadable !== undefined) {
    if (attachments.length === 0 && !subject.isGiven) throw body.unreadable;
    warn(`${body.unreadable.message}; the mail is sent without it.`);
  }
  const [missing] = listed.missing;
  if (missing !== undefined && attachments.length === 0 && body.text === "" && !subject.isGiven) {
    throw new ModemError(missing.code, { detail: missing.why.replace("A", "a") });
  }
  const surplus = [...all.slice(MOST_ATTACHMENTS).map(({ filename }) => filename), ...listed.surplus];
  const { unseen } = listed;
  const isEmpty = attachments.length === 0 && body.text === "" && (!subject.isGiven || subject.line === "");
  const said = isEmpty ? reportOf(msg) : body.text;
  const subjectLines = subject.whole === undefined ? [] : [`Subject: ${subject.whole}`];
  const text = paragraphs(...subjectLines, said);
  const counted = ofPayload.length > 0 ? { attachmentsOfPayload: ofPayload.length } : {};
  const notAttached = [...listed.missing.map(({ name }) => name), ...surplus];
  if (notAttached.length + unseen + subjectLines.length === 0) return { text, attachments, ...counted };
  warnOfMissing({ ...listed, surplus }, warn);
  const lines = [...subjectLines, ...missingLines(notAttached, unseen)];
  return {
    text: withMissing(text, notAttached, unseen),
    attachments: withHtmlNote(attachments, lines),
    ...counted,
  };
}

/**
 * The text of a message that has nothing to say but what a Catch or Status node has put into it; empty for any other.
 */
function reportOf({ error, status }: Record<string, unknown>): string {
  return reading("INVALID_BODY", () => {
    const [report, text] = isRecord(error)
      ? [error, error["message"]]
      : [status, isRecord(status) ? status["text"] : undefined];
    if (!isRecord(report) || typeof text !== "string" || text === "") return "";
    const source = isRecord(report["source"]) ? report["source"] : {};
    const node = [source["name"], source["type"]].find((one) => typeof one === "string" && one !== "");
    const line = typeof node === "string" ? `${node}: ${text}` : text;
    return fitPiece(cut(line, LONGEST_REPORT)).text;
  });
}

/** True when a payload of bytes stands in the list too, as attach-file leaves it. */
function isSameContent({ content: one }: MailAttachment, { content: other }: MailAttachment): boolean {
  return one.kind === "bytes" && other.kind === "bytes" && one.bytes.equals(other.bytes);
}

/**
 * The three lists without duplicates: who stands in To is dropped from Cc and Bcc, who stands in Cc from Bcc. Whoever
 * can be read is served; entries that are no addresses are told with the result.
 *
 * @throws ModemError INVALID_RECIPIENT, INVALID_NO_RECIPIENT, LIMIT_* when there is not one address
 */
function readRecipients(
  msg: Record<string, unknown>,
  fields: FixedFields,
  letters: Letters | undefined,
  warn: Warn,
): Pick<Mail, "to" | "cc" | "bcc" | "unreadable"> {
  const seen = new Set<string>();
  const wrong: Unreadable[] = [];
  const recipients = { to: [] as string[], cc: [] as string[], bcc: [] as string[] };
  for (const list of ["to", "cc", "bcc"] as const) {
    const value = list in fields ? fields[list] : reading("INVALID_RECIPIENT", () => msg[list]);
    const { mailboxes, unreadable, unused } = readAddresses(value, "INVALID_RECIPIENT", letters);
    if (unused.length > 0)
      warn(
        `What follows the address in a mailto: URL was not used: ${unused.slice(0, MOST_SHOWN).map(shown).join(", ")}.`,
      );
    wrong.push(...unreadable);
    for (const { address } of mailboxes) {
      if (!seen.has(address)) recipients[list].push(address);
      seen.add(address);
    }
  }
  if (seen.size === 0) throw wrong[0]?.error ?? new ModemError("INVALID_NO_RECIPIENT");
  const unreadable = wrong.map(({ text, error: { code } }) => ({
    address: cut(text.replace(CONTROLS, ""), LONGEST_SHOWN),
    code,
  }));
  return { ...recipients, ...(unreadable.length > 0 && { unreadable }) };
}

/** A key that cannot be read replaces nothing: better one mail too many than an alarm that another ended. */
function readReplaces(value: unknown, warn: Warn): string | undefined {
  const key = typeof value === "number" ? String(value) : value;
  if (typeof key === "string" && key.length <= LONGEST_KEY) return key;
  warn(`msg.replaces is not a text of up to ${LONGEST_KEY} characters; the mail replaces no other.`);
  return undefined;
}

/* The payload of a message as text, and as attachment where it is not text. */

/** Characters; more than any mail server takes, and the attachment could not be uploaded either. */
const LONGEST_TEXT = 16 * 1024 * 1024;

/** Characters of a text that is longer: its beginning, which arrives soon where the signal is weak, too. */
const BEGINNING = 64 * 1024;
/** Characters of HTML that the beginning of its text is made of; it may begin with pages of styles. */
const HTML_BEGINNING = 1024 * 1024;

const ONLY_BEGINNING = `The text has more than ${LONGEST_TEXT} characters; this mail holds its beginning only.`;

interface BodySource {
  readonly payload: unknown;
  /** Text of a mail whose payload goes as attachment. */
  readonly description: unknown;
  /** Name of a payload that goes as attachment. */
  readonly filename: unknown;
  /** HTML beside a payload of text, as the nodes that receive mails leave it. */
  readonly html: unknown;
  /** Text of a mail whose payload is HTML. */
  readonly plaintext: unknown;
}

interface Body {
  /** Lines end with CR LF; empty for a mail with a subject only. */
  readonly text: string;
  readonly attachments: readonly MailAttachment[];
  /** INVALID_BODY: why there is no text. */
  readonly unreadable?: ModemError;
}

/**
 * What the payload becomes: text as it is, objects as JSON, bytes and HTML as attachment with a text beside it. Of a text
 * that is too long the mail has the beginning, because an alarm goes out.
 */
function* readBody(source: BodySource, warn: Warn): Work<Body> {
  try {
    const { attachments, text, html, isBeginning } = yield* sortOut(source, warn);
    const whole = html === undefined ? text : yield* htmlToText(html);
    const isCut = isBeginning === true || whole.length > LONGEST_TEXT;
    if (isCut) warn(ONLY_BEGINNING);
    const fit = yield* fitText(isCut ? `${ONLY_BEGINNING}\n\n${cut(whole, BEGINNING)}` : whole);
    if (fit.removed) warn("Control characters were removed from the text.");
    return { text: fit.text, attachments };
  } catch (error) {
    if (!isModemError(error, "INVALID_BODY")) throw error;
    return { text: "", attachments: [], unreadable: error };
  }
}

/** The body before its text was made fit. */
interface Sorted extends Body {
  /** What the text is still to be made of. */
  readonly html?: string;
  /** The text is too long and was left off. */
  readonly isBeginning?: boolean;
}

function* sortOut(source: BodySource, warn: Warn): Work<Sorted> {
  const { payload } = source;
  const beside = typeof source.html === "string" && source.html.trim() !== "" ? source.html : undefined;
  if (isBlank(payload)) {
    return beside === undefined
      ? { text: "", attachments: [] }
      : yield* htmlBody(beside, source.plaintext, warn);
  }
  const isText = typeof payload === "string";
  const bytes = isText ? undefined : reading("INVALID_BODY", () => bytesOf(payload));
  if (bytes !== undefined) {
    const content = { kind: "bytes", bytes } as const;
    const filename = readFileName(primitiveText(source.filename) ?? "") || defaultName(content);
    return { text: optionalText(source.description), attachments: [{ filename, content }] };
  }
  const written = isText ? payload : reading("INVALID_BODY", () => textOf(payload));
  const { text, isBeginning = false } = written === undefined ? yield* json(payload) : { text: written };
  if (isText && text.includes("<") && isHtml(text.slice(0, LONGEST_TEXT)))
    return yield* htmlBody(text, source.plaintext, warn);
  const attachments = beside === undefined ? [] : yield* htmlFile(beside, false, warn);
  return { text, attachments, isBeginning };
}

function* json(payload: unknown): Work<{ readonly text: string; readonly isBeginning: boolean }> {
  const tooLong = new Error(ONLY_BEGINNING);
  const work = jsonText(payload, LONGEST_TEXT, () => tooLong);
  try {
    for (;;) {
      const step = reading("INVALID_BODY", () => work.next());
      if (step.done !== true) yield;
      else if (step.value !== undefined) return { text: step.value, isBeginning: false };
      else throw new ModemError("INVALID_BODY", { detail: `it is a ${typeof payload}` });
    }
  } catch (error) {
    if (!isModemError(error, "INVALID_BODY") || error.cause !== tooLong) throw error;
    return { text: jsonStart(payload, BEGINNING) ?? "", isBeginning: true };
  }
}

function* htmlBody(html: string, plaintext: unknown, warn: Warn): Work<Sorted> {
  const given = optionalText(plaintext);
  const attachments = yield* htmlFile(html, given === "", warn);
  if (given !== "") return { text: given, attachments };
  const isBeginning = html.length > LONGEST_TEXT;
  return { text: "", attachments, html: isBeginning ? cut(html, HTML_BEGINNING) : html, isBeginning };
}

/** None for HTML that is too long, which would be broken where it ends. */
function* htmlFile(html: string, isSource: boolean, warn: Warn): Work<readonly MailAttachment[]> {
  if (html.length > LONGEST_TEXT) {
    warn(`The HTML is longer than ${LONGEST_TEXT} characters; the mail is sent without it.`);
    return [];
  }
  const content = { kind: "bytes", bytes: yield* longTextFile(html) } as const;
  return [{ filename: "message.html", content, place: { kind: "html", isSource } }];
}

function optionalText(value: unknown): string {
  return primitiveText(value) ?? "";
}
