/**
 * The form in which the module puts a mail on the wire (fact base 2.11): headers, one text part, attachments.
 *
 * Neither Date nor Message-ID is written, and Bcc stands in a header that every recipient can read: that is how the
 * module is, and a client has to live with it. All text is latin1: one character per byte.
 */

/** Character set number of QSMTPSUB and QSMTPBODY, and its name in headers. */
export const charsetNames = ["us-ascii", "utf-8", "gb2312", "big5"] as const;
export type CharsetNumber = 0 | 1 | 2 | 3;

export interface EncodedText {
  readonly charset: CharsetNumber;
  /** The text in that character set, hex coding already undone. */
  readonly bytes: Buffer;
}

export interface MimeAttachment {
  /** File name as given to QSMTPATT, with its storage prefix. */
  readonly fileName: string;
  /** Gives the content when the mail on the air has come so far; what it throws ends the mail. */
  readonly read: () => Buffer;
}

export interface MimeMail {
  readonly senderName: string;
  readonly senderAddress: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly subject: EncodedText;
  readonly body: EncodedText;
  readonly attachments: readonly MimeAttachment[];
}

/** Where firmware may differ. */
export interface MimeForm {
  /** Between two addresses of a header. */
  readonly separator: ", " | "; ";
  readonly bccHeader: boolean;
  /** An ASCII subject as plain text instead of an encoded word. */
  readonly plainSubject: boolean;
  /** Text of a Date header, or undefined for none. */
  readonly date: string | undefined;
}

export const usualForm: MimeForm = {
  separator: ", ",
  bccHeader: true,
  plainSubject: false,
  date: undefined,
};

/** `_` never occurs in base64, so no content can hold the boundary. */
const BOUNDARY = "----=_Quectel_Mail_Boundary_7E1D_0001";
const LINE_CHARACTERS = 76;
const LINE_BYTES = (LINE_CHARACTERS / 4) * 3;
/** Lines handed over at once; keeps the memory of a large attachment small. */
const LINES_PER_CHUNK = 512;

/** The mail as a sequence of chunks, ending with CR LF, without the final dot of DATA. */
export function* mimeMessage(mail: MimeMail, form: MimeForm = usualForm): Generator<Buffer> {
  yield latin1(headers(mail, form));
  yield latin1(
    `--${BOUNDARY}\r\n` +
      `Content-Type: text/plain; charset=${charsetNames[mail.body.charset]}\r\n` +
      "Content-Transfer-Encoding: base64\r\n\r\n",
  );
  yield* base64Lines(mail.body.bytes);
  for (const attachment of mail.attachments) {
    yield latin1(attachmentHeaders(attachment.fileName));
    yield* base64Lines(attachment.read());
  }
  yield latin1(`\r\n--${BOUNDARY}--\r\n`);
}

/** The date of a Date header (RFC 5322 3.3). @param time milliseconds since 1970. */
export function mailDate(time: number): string {
  return new Date(time).toUTCString().replace("GMT", "+0000");
}

/** The name a mail program shows: what follows the last `:` or `/`. */
export function shownName(fileName: string): string {
  return fileName.slice(Math.max(fileName.lastIndexOf(":"), fileName.lastIndexOf("/")) + 1);
}

function headers(mail: MimeMail, form: MimeForm): string {
  const list = (addresses: readonly string[]): string =>
    addresses.map((address) => `<${address}>`).join(form.separator);
  return [
    `From: "${mail.senderName}" <${mail.senderAddress}>`,
    `To: ${list(mail.to)}`,
    ...(mail.cc.length === 0 ? [] : [`Cc: ${list(mail.cc)}`]),
    ...(mail.bcc.length === 0 || !form.bccHeader ? [] : [`Bcc: ${list(mail.bcc)}`]),
    ...(form.date === undefined ? [] : [`Date: ${form.date}`]),
    "MIME-Version: 1.0",
    `Subject: ${subject(mail.subject, form)}`,
    `Content-Type: multipart/mixed;\r\n\tboundary="${BOUNDARY}"`,
    "\r\n",
  ].join("\r\n");
}

function subject({ charset, bytes }: EncodedText, form: MimeForm): string {
  if (bytes.length === 0) return "";
  if (charset === 0 && form.plainSubject) return bytes.toString("latin1");
  return `=?${charsetNames[charset]}?B?${bytes.toString("base64")}?=`;
}

function attachmentHeaders(fileName: string): string {
  const name = shownName(fileName);
  const type = /\.(txt|TXT)$/.test(name) ? "text/plain" : "application/octet-stream";
  return (
    `\r\n--${BOUNDARY}\r\n` +
    `Content-Type: ${type}; name="${name}"\r\n` +
    "Content-Transfer-Encoding: base64\r\n" +
    `Content-Disposition: attachment; file_name="${name}"\r\n\r\n`
  );
}

function* base64Lines(content: Buffer): Generator<Buffer> {
  const step = LINE_BYTES * LINES_PER_CHUNK;
  for (let start = 0; start < content.length; start += step) {
    const digits = content.subarray(start, start + step).toString("base64");
    let text = "";
    for (let at = 0; at < digits.length; at += LINE_CHARACTERS) {
      text += `${digits.slice(at, at + LINE_CHARACTERS)}\r\n`;
    }
    yield latin1(text);
  }
}

function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
