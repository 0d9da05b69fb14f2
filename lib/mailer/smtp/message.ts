/**
 * The message of a mail in the form of RFC 5322 and MIME, made by nodemailer while it is sent.
 *
 * Contents are streamed: nothing but a piece of each is in memory. To and Cc show all whom the mail names, whoever is
 * served by this transaction; Bcc is never shown. Files and addresses of the web are not opened, whatever a name says.
 */
import { randomBytes } from "node:crypto";
import { finished } from "node:stream/promises";
import { Readable } from "node:stream";
import type { MailComposerOptions } from "nodemailer/lib/mail-composer";
import type { SMTPEnvelope } from "nodemailer/lib/smtp-connection";
import { PACKAGE_DATE } from "../../clock";
import type { DsnRequest, Mailbox } from "../../mail/mail";
import { htmlNote } from "../../mail/message/missing-attachments";
import { bytePieces, isAscii } from "../../mail/message/text";
import { needsUtf8, notesOf, recipientsOf } from "../outgoing";
import type { OutgoingAttachment, OutgoingMail, Transaction } from "../mailer";
import { loadMailComposer, mimeTypeOf } from "./nodemailer";

export interface MessageSettings {
  readonly senderName: string;
  readonly senderAddress: string;
  /** Minutes after which a mail says when it was raised; 0 = never. */
  readonly lateNote: number;
}

export interface MessageHistory {
  /** Milliseconds since acceptance, of a monotonic clock. */
  readonly ageMs: number;
  /** A former copy may have reached these recipients. */
  readonly possibleDuplicate: boolean;
  /** When it was raised, milliseconds since 1970: its Date. */
  readonly raisedAt: number;
}

/**
 * The history as the time of the network tells it where the host's clock is not set.
 *
 * That clock was set when a mail was raised that has waited since before the host was started; it may have been ahead.
 */
export function byTime(history: MessageHistory, network: number): MessageHistory {
  const byAge = network - history.ageMs;
  const raisedAt = history.raisedAt < PACKAGE_DATE ? byAge : Math.min(history.raisedAt, byAge);
  return { ...history, raisedAt, ageMs: network - raisedAt };
}

export interface Message {
  /** In angle brackets (RFC 5322 section 3.6.4). */
  readonly messageId: string;
  /** For the server, with the request for reports. */
  envelopeTo(recipients: string[]): SMTPEnvelope & { readonly to: string[] };
  /** Bytes on the wire but for dots that are doubled; exact within some bytes for each attachment. */
  readonly size: number;
  /** Payload: text and attachments. */
  readonly payloadBytes: number;
  /** Reads it from the start, once. */
  open(): Readable;
}

/** Characters of a text that nodemailer may look through and code in one turn. */
const SHORT_TEXT = 16_384;
/** U+FEFF in UTF-8. */
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;
/** RFC 2045 section 6.8: characters of a line of base64. */
const BASE64_LINE = 76;
/** Attachments that must not be encoded in MIME (RFC 2046 section 5.2.1): their bytes would be at the server's mercy. */
const UNCODED = /^(?:message|multipart)\//i;

/** Rejects when nodemailer cannot make the message. */
export async function makeMessage(
  { mail, envelope }: Transaction,
  settings: MessageSettings,
  history: MessageHistory,
): Promise<Message> {
  const sender: Mailbox = mail.from ?? { name: settings.senderName, address: settings.senderAddress };
  // Its header may hold addresses beyond ASCII as they are (RFC 6532) where its envelope has some.
  const isUtf8 = needsUtf8(sender.address, ...recipientsOf(envelope));
  const notes = notesOf({ ...mail, raisedAt: history.raisedAt }, history, settings.lateNote);
  const text = [notes.join("\r\n"), mail.text].filter((part) => part !== "");
  const whole = text.join("\r\n\r\n");
  const messageId = `<${mail.unique}@${domainOf(sender.address)}>`;
  const boundary = randomBytes(16).toString("hex");
  const attached = mail.attachments.filter(({ place }) => place?.kind !== "html");
  const source = mail.attachments.find(({ place }) => place?.kind === "html");
  const html = source === undefined ? undefined : await htmlOf(source, notes);
  const compose = (contents: (attachment: OutgoingAttachment) => Readable): Readable => {
    const MailComposer = loadMailComposer();
    return new MailComposer({
      from: named(sender),
      ...recipientsShown(mail, isUtf8),
      ...(mail.replyTo !== undefined && { replyTo: mail.replyTo.map(named) }),
      subject: mail.subject,
      date: new Date(history.raisedAt),
      messageId,
      ...threadOf(mail),
      headers: [
        // RFC 3834 section 5: out-of-office notes are not sent to a machine.
        { key: "Auto-Submitted", value: "auto-generated" },
        ...(mail.fields?.headers ?? []).map(({ name, value }) => ({ key: name, value })),
      ],
      ...textOf(whole),
      ...(html !== undefined && { html: html() }),
      attachments: attached.map((one) => ({
        filename: fileNameOf(one.filename),
        ...(html !== undefined && one.place?.kind === "inline" && { cid: one.place.cid }),
        ...(UNCODED.test(mimeTypeOf(one.filename)) && { contentType: "application/octet-stream" }),
        contentTransferEncoding: "base64",
        content: contents(one),
      })),
      newline: "win",
      baseBoundary: boundary,
      disableFileAccess: true,
      disableUrlAccess: true,
    })
      .compile()
      .createReadStream();
  };
  const frame = await lengthOf(compose(() => Readable.from([])));
  const files = attached.reduce((sum, { size }) => sum + base64Bytes(size), 0);
  const size = frame + files;
  const dsn = mail.fields?.dsn === undefined ? {} : { dsn: reportsOf(mail.fields.dsn, mail.id) };
  return {
    messageId,
    envelopeTo: (to) => ({ from: sender.address, to, size, ...dsn }),
    size,
    payloadBytes: Buffer.byteLength(whole) + mail.attachments.reduce((sum, { size }) => sum + size, 0),
    open: () => compose((one) => Readable.from(one.open(), { objectMode: false })),
  };
}

/** The same mail, but no reports of its delivery are asked for. */
export function withoutReports(mail: OutgoingMail): OutgoingMail {
  const { dsn: _dsn, ...fields } = mail.fields ?? {};
  return { ...mail, fields };
}

/** RFC 3461 section 4. The id comes back with the report. */
function reportsOf({ notify, isWhole }: DsnRequest, id: string): NonNullable<SMTPEnvelope["dsn"]> {
  const events = notify.length === 0 ? ["NEVER"] : notify.map((event) => event.toUpperCase());
  return { ret: isWhole ? "FULL" : "HDRS", envid: id, notify: events };
}

/** What mail programs sort by: the mail that is answered is the last of its thread (RFC 5322 section 3.6.4). */
function threadOf({ fields = {} }: OutgoingMail): Pick<MailComposerOptions, "inReplyTo" | "references"> {
  const { inReplyTo, references = [] } = fields;
  const isNamed = inReplyTo === undefined || references.includes(inReplyTo);
  const all = isNamed ? references : [...references, inReplyTo];
  return { ...(inReplyTo !== undefined && { inReplyTo }), ...(all.length > 0 && { references: [...all] }) };
}

/**
 * RFC 5322 section 3.6.3 wants no To; programs that score mail do. An address that the header cannot hold is the name of an
 * empty group, as RFC 6857 section 3.1.7 has it: readers see it, and no program takes it for an address.
 */
function recipientsShown(
  { to, cc }: Pick<OutgoingMail, "to" | "cc">,
  isUtf8: boolean,
): Pick<MailComposerOptions, "to" | "cc"> {
  if (to.length + cc.length === 0) return { to: "undisclosed-recipients:;" };
  const bare = (address: string): string | { name: string; address: string } =>
    isUtf8 || isAscii(address) ? { name: "", address } : `"${address}":;`;
  return { to: to.map(bare), ...(cc.length > 0 && { cc: cc.map(bare) }) };
}

function named({ name, address }: Mailbox): { name: string; address: string } {
  return { name, address };
}

/** A long text is coded piece by piece; its form is then chosen here and not by nodemailer, which would look at it all. */
function textOf(text: string): Pick<MailComposerOptions, "text"> {
  if (text.length <= SHORT_TEXT) return { text };
  return {
    text: {
      content: Readable.from(bytePieces(text, SHORT_TEXT), { objectMode: false }),
      contentTransferEncoding: isAscii(text) ? "quoted-printable" : "base64",
    },
  };
}

/**
 * The text in HTML, with the notes above it, to be made again for each reading.
 */
async function htmlOf(
  source: OutgoingAttachment,
  notes: readonly string[],
): Promise<() => NonNullable<MailComposerOptions["html"]>> {
  const above = htmlNote(notes);
  if (source.size <= SHORT_TEXT) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of source.open()) chunks.push(chunk);
    const html =
      above +
      Buffer.concat(chunks)
        .toString()
        .replace(/^\uFEFF/, "");
    return () => html;
  }
  // What has no byte order mark is ASCII.
  const hasMark = await beginsWithMark(source);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(above);
    let skip = hasMark ? BYTE_ORDER_MARK.length : 0;
    for await (const chunk of source.open()) {
      yield chunk.subarray(skip);
      skip = Math.max(0, skip - chunk.length);
    }
  }
  return () => ({
    content: Readable.from(pieces(), { objectMode: false }),
    contentTransferEncoding: hasMark ? "base64" : "quoted-printable",
  });
}

async function beginsWithMark(source: OutgoingAttachment): Promise<boolean> {
  const head: number[] = [];
  for await (const chunk of source.open()) {
    head.push(...chunk.subarray(0, BYTE_ORDER_MARK.length));
    if (head.length >= BYTE_ORDER_MARK.length) break;
  }
  return BYTE_ORDER_MARK.every((byte, index) => head[index] === byte);
}

/** Without folders, and without characters that would end a header or turn the direction of reading round. */
function fileNameOf(name: string): string {
  const last = name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1);
  const clean = last.replace(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, "").trim();
  return /^\.*$/.test(clean) ? "attachment" : clean;
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1);
}

function base64Bytes(size: number): number {
  const characters = 4 * Math.ceil(size / 3);
  return characters + 2 * Math.ceil(characters / BASE64_LINE);
}

async function lengthOf(stream: Readable): Promise<number> {
  let length = 0;
  stream.on("data", (chunk: Buffer) => (length += chunk.length));
  await finished(stream);
  return length;
}
