/**
 * The QSMTP commands of the module: settings, recipients, subject, body, attachments, clear and send.
 *
 * Source: Quectel EC2x&EG9x&EM05 SMTP AT Commands Manual V1.0, chapter 2. Nothing here knows in which order they are
 * used or how text is coded: that is the business of `lib/mailer/qsmtp`. Limits that the manual does not state are not checked:
 * the module decides.
 */
import {
  type Command,
  type Payload,
  fileName,
  firstNumber,
  nothing,
  num,
  parseParameters,
  str,
} from "../../at/command";
import { ModemError } from "../../errors";
import { TIMEOUT_MS } from "./common";

/** `<charset>` of QSMTPSUB and QSMTPBODY. */
export type CharsetName = "ascii" | "utf-8" | "gb2312" | "big5";

/** A QSMTPCFG command and the key it sets. */
export interface MailSetting extends Command<void> {
  readonly key: MailSettingValue["key"];
}

/** `<type>` of QSMTPDST. */
export const RECIPIENT_TYPES = { to: 1, cc: 2, bcc: 3 } as const;
/** `<charset>` of QSMTPSUB and QSMTPBODY. */
export const CHARSETS: Readonly<Record<CharsetName, number>> = { ascii: 0, "utf-8": 1, gb2312: 2, big5: 3 };
/** `<ssltype>`: plain, TLS from the first byte, STARTTLS. */
export const SSL_TYPES = { none: 0, tls: 1, starttls: 2 } as const;

/** `<body_length>` of QSMTPBODY in bytes. */
export const BODY_LENGTH = { min: 1, max: 10_240 } as const;
/** `<timeout>` of QSMTPPUT in seconds. */
export const PUT_SECONDS = { min: 60, max: 65_535 } as const;

/** Printable ASCII without blanks, quotation marks and angle brackets (RFC 5321 section 4.1.2). */
const IN_ANGLES = /^[!#-;=?-~]+$/;

/** One setting of the mail client and its value. */
export type MailSettingValue =
  /** User name and password; both empty: no login. */
  | { readonly key: "account"; readonly user: string; readonly password: string }
  /** Display name and address of the sender. */
  | { readonly key: "sender"; readonly name: string; readonly address: string }
  | { readonly key: "smtpserver"; readonly host: string; readonly port: number }
  /** PDP context 1..16, which is to be active before a mail is sent. */
  | { readonly key: "contextid"; readonly id: number }
  /** SSL context 0..5 of connections with TLS. */
  | { readonly key: "sslctxid"; readonly id: number }
  | { readonly key: "ssltype"; readonly security: keyof typeof SSL_TYPES }
  /** True: the body is taken byte by byte in every charset. Unknown to older firmware. */
  | { readonly key: "bodyoriginal"; readonly original: boolean };

/** @throws ModemError `INVALID_ARGUMENT` for a value that the command line cannot carry, or out of its range. */
export function mailSetting(setting: MailSettingValue): MailSetting {
  const { key } = setting;
  const carrying = (value: string): MailSetting => ({
    key,
    line: `AT+QSMTPCFG=${str(key)},${value}`,
    headers: [],
    timeoutMs: TIMEOUT_MS.short,
    parse: nothing,
  });
  switch (setting.key) {
    case "account": {
      const { user, password } = setting;
      return { ...carrying(`${str(user)},${str(password)}`), secrets: [user, password] };
    }
    case "sender":
      return carrying(`${str(setting.name)},${str(setting.address)}`);
    case "smtpserver":
      return carrying(`${str(setting.host)},${num(setting.port, { min: 1, max: 65_535 })}`);
    case "contextid":
      return carrying(num(setting.id, { min: 1, max: 16 }));
    case "sslctxid":
      return carrying(num(setting.id, { min: 0, max: 5 }));
    case "ssltype":
      return carrying(num(SSL_TYPES[setting.security]));
    case "bodyoriginal":
      return carrying(setting.original ? "1" : "0");
  }
}

/**
 * The settings that this firmware knows, as its test command lists them. ERROR until the application processor, which
 * serves files, TCP/IP and mail, has started.
 */
export function listSettings(): Command<readonly string[]> {
  return {
    line: "AT+QSMTPCFG=?",
    headers: ["+QSMTPCFG"],
    timeoutMs: TIMEOUT_MS.short,
    parse: ({ lines }) => lines.map((line) => parseParameters(line).text(0) ?? ""),
  };
}

/** Clears recipients, subject, body and attachment list; settings and files stay. */
export function clearMail(): Command<void> {
  return { line: "AT+QSMTPCLR", headers: [], timeoutMs: TIMEOUT_MS.short, parse: nothing };
}

/** @throws ModemError `INVALID_RECIPIENT` of what would not stay one address between the < and > of SMTP. */
export function addRecipient(type: keyof typeof RECIPIENT_TYPES, address: string): Command<void> {
  const at = address.indexOf("@", 1);
  if (!IN_ANGLES.test(address) || at === -1 || at === address.length - 1)
    throw new ModemError("INVALID_RECIPIENT");
  return {
    line: `AT+QSMTPDST=1,${num(RECIPIENT_TYPES[type])},${str(address)}`,
    headers: [],
    timeoutMs: TIMEOUT_MS.short,
    parse: nothing,
  };
}

/** The addresses that the module holds. Without side effect, so it also tells whether a mail is running (652). */
export function queryRecipients(): Command<readonly string[]> {
  return {
    line: "AT+QSMTPDST?",
    headers: ["+QSMTPDST"],
    timeoutMs: TIMEOUT_MS.short,
    parse: ({ lines }) => lines.map((line) => parseParameters(line).text(1) ?? ""),
  };
}

/** Sets the subject; `text` is what stands between the quotes, one character per byte. */
export function setSubject(charset: CharsetName, text: string): Command<void> {
  return {
    line: `AT+QSMTPSUB=${num(CHARSETS[charset])},${str(text)}`,
    headers: [],
    timeoutMs: TIMEOUT_MS.short,
    parse: nothing,
  };
}

/** The subject as the module would write it into the command. */
export function querySubject(): Command<string | undefined> {
  return {
    line: "AT+QSMTPSUB?",
    headers: ["+QSMTPSUB"],
    timeoutMs: TIMEOUT_MS.short,
    parse: ({ lines }) => (lines[0] === undefined ? undefined : parseParameters(lines[0]).text(1)),
  };
}

export interface Body extends Payload {
  readonly charset: CharsetName;
  /** Seconds that the module waits for the bytes, counted from CONNECT; 1..65535. */
  readonly seconds: number;
}

const bytesTaken = firstNumber("number of bytes taken");

/** Sends the body in data mode; the result is the number of bytes that the module has taken. */
export function sendBody(body: Body): Command<number> {
  const { charset, seconds, ...payload } = body;
  const length = num(payload.size, BODY_LENGTH);
  return {
    line: `AT+QSMTPBODY=${num(CHARSETS[charset])},${length},${num(seconds, { min: 1, max: 65_535 })}`,
    headers: ["+QSMTPBODY"],
    // The module may wait so long for a byte that was lost, and says then how many have come.
    timeoutMs: seconds * 1000 + TIMEOUT_MS.short,
    payload,
    parse: bytesTaken,
  };
}

/** Attaches a file of the module; index 1 and up is the order in the mail. */
export function attachFile(index: number, name: string): Command<void> {
  return {
    line: `AT+QSMTPATT=1,${num(index, { min: 1 })},${fileName(name)}`,
    headers: [],
    timeoutMs: TIMEOUT_MS.short,
    parse: nothing,
  };
}

/** Starts sending; OK means accepted, the result comes later as `+QSMTPPUT`. */
export function putMail(seconds: number): Command<void> {
  return {
    line: `AT+QSMTPPUT=${num(seconds, PUT_SECONDS)}`,
    headers: [],
    timeoutMs: TIMEOUT_MS.short,
    parse: nothing,
  };
}

export interface PutResult {
  /** 0 sent, 651..682 failed. */
  readonly error: number;
  /** Reply code of the mail server, 0 where it said nothing; undefined: the line broke off before it. */
  readonly smtpCode: number | undefined;
}

/** Reads `+QSMTPPUT: <err>,<protocol_error>`; undefined for any other line. */
export function readPutResult(line: string): PutResult | undefined {
  const match = /^\+QSMTPPUT:\s*(\d{1,5})(?:\s*,\s*(\d{1,5}))?\s*$/.exec(line);
  if (match === null) return undefined;
  const [, error, smtpCode] = match;
  return { error: Number(error), smtpCode: smtpCode === undefined ? undefined : Number(smtpCode) };
}
