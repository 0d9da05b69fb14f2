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
  /** Gives the content when the mail in flight has come so far; what it throws ends the mail. */
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
  /** An empty To header, or none. */
  readonly emptyToHeader: boolean;
  /** Usual length of a base64 line; with 96 the parts look as those of Quectel's RTOS family do. */
  readonly lines: 76 | 96;
  /** An ASCII subject as plain text instead of an encoded word. */
  readonly plainSubject: boolean;
  /** Text of a Date header, or undefined for none. */
  readonly date: string | undefined;
}

export const usualForm: MimeForm = {
  separator: ", ",
  bccHeader: true,
  emptyToHeader: false,
  lines: 76,
  plainSubject: false,
  date: undefined,
};

/** How the parts of a mail are set. `_` never occurs in base64, so no content can hold a boundary. */
interface PartStyle {
  readonly boundary: string;
  readonly preamble: string;
  /** Between two parameters of a part's header. */
  readonly fold: string;
  readonly quote: string;
  /** Before each boundary but the first. */
  readonly gap: string;
  /** Lengths of the lines that one buffer of content gives; keeps the memory of a large attachment small. */
  readonly lineCharacters: readonly number[];
}

const styles: Readonly<Record<MimeForm["lines"], PartStyle>> = {
  76: {
    boundary: "----=_Quectel_Mail_Boundary_7E1D_0001",
    preamble: "",
    fold: " ",
    quote: "",
    gap: "\r\n",
    lineCharacters: Array<number>(512).fill(76),
  },
  96: {
    boundary: "===Quectel_000_0001_7E1D0001.00000001===",
    preamble: "These are the parts of a mail.\r\n",
    fold: "\r\n\t",
    quote: '"',
    gap: "",
    lineCharacters: [...Array<number>(27).fill(96), 120],
  },
};

/** The mail as a sequence of chunks, ending with CR LF, without the final dot of DATA. */
export function* mimeMessage(mail: MimeMail, form: MimeForm = usualForm): Generator<Buffer> {
  const style = styles[form.lines];
  const { boundary, preamble, fold, quote, gap } = style;
  yield latin1(headers(mail, form) + preamble);
  yield latin1(
    `--${boundary}\r\n` +
      `Content-Type: text/plain;${fold}charset=${quote}${charsetNames[mail.body.charset]}${quote}\r\n` +
      "Content-Transfer-Encoding: base64\r\n\r\n",
  );
  yield* base64Lines(mail.body.bytes, style);
  for (const attachment of mail.attachments) {
    yield latin1(attachmentHeaders(attachment.fileName, style));
    yield* base64Lines(attachment.read(), style);
  }
  yield latin1(`${gap}--${boundary}--\r\n`);
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
    ...(mail.to.length === 0 && !form.emptyToHeader ? [] : [`To: ${list(mail.to)}`]),
    ...(mail.cc.length === 0 ? [] : [`Cc: ${list(mail.cc)}`]),
    ...(mail.bcc.length === 0 || !form.bccHeader ? [] : [`Bcc: ${list(mail.bcc)}`]),
    ...(form.date === undefined ? [] : [`Date: ${form.date}`]),
    "MIME-Version: 1.0",
    `Subject: ${subject(mail.subject, form)}`,
    `Content-Type: multipart/mixed;\r\n\tboundary="${styles[form.lines].boundary}"`,
    "\r\n",
  ].join("\r\n");
}

function subject({ charset, bytes }: EncodedText, form: MimeForm): string {
  if (bytes.length === 0) return "";
  if (charset === 0 && form.plainSubject) return bytes.toString("latin1");
  return `=?${charsetNames[charset]}?B?${bytes.toString("base64")}?=`;
}

function attachmentHeaders(fileName: string, { boundary, fold, gap }: PartStyle): string {
  const name = shownName(fileName);
  const type = /\.(txt|TXT)$/.test(name) ? "text/plain" : "application/octet-stream";
  return (
    `${gap}--${boundary}\r\n` +
    `Content-Type: ${type};${fold}name="${name}"\r\n` +
    "Content-Transfer-Encoding: base64\r\n" +
    `Content-Disposition: attachment;${fold}file_name="${name}"\r\n\r\n`
  );
}

function* base64Lines(content: Buffer, { lineCharacters }: PartStyle): Generator<Buffer> {
  const step = (lineCharacters.reduce((sum, characters) => sum + characters, 0) / 4) * 3;
  for (let start = 0; start < content.length; start += step) {
    const digits = content.subarray(start, start + step).toString("base64");
    let text = "";
    let at = 0;
    for (const characters of lineCharacters) {
      if (at < digits.length) text += `${digits.slice(at, at + characters)}\r\n`;
      at += characters;
    }
    yield latin1(text);
  }
}

function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
