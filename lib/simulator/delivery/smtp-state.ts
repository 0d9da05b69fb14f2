/** What the SMTP client of the module keeps: settings, the mail being made, and what it is doing (fact base 2). */
import type { CharsetNumber } from "./mime";
import { stateKey, type Device } from "../device/device";

/** Settings of QSMTPCFG. */
export interface SmtpSettings {
  user: string;
  password: string;
  senderName: string;
  senderAddress: string;
  host: string;
  /** 1..65535. */
  port: number;
  /** 1..16. */
  contextId: number;
  /** 0..5. */
  sslContextId: number;
  /** 0 plain, 1 TLS, 2 STARTTLS. */
  sslType: number;
  /** 1: a body is taken as it is also for charset 1..3. */
  bodyOriginal: number;
  /** 0 comma, 1 semicolon between addresses. */
  addressSeparator: number;
}

/** 1 To, 2 Cc, 3 Bcc. */
export type RecipientType = 1 | 2 | 3;

/** Subject and body are kept as bytes, hex coding undone. */
export interface MailContent {
  recipients: readonly { readonly type: RecipientType; readonly address: string }[];
  subject: { readonly charset: CharsetNumber; readonly bytes: Buffer };
  body: { readonly charset: CharsetNumber; readonly bytes: Buffer };
  /** File names by index. */
  readonly attachments: Map<number, string>;
}

/** Everything but `idle` makes all SMTP commands end with 652. */
export type ClientActivity = "idle" | "takingBody" | "sending";

interface SmtpClient {
  activity: ClientActivity;
  content: MailContent;
  /** How often the account was set since the start. */
  accountAttempts: number;
}

const factorySettings = (): SmtpSettings => ({
  user: "",
  password: "",
  senderName: "",
  senderAddress: "",
  host: "",
  port: 25,
  contextId: 1,
  sslContextId: 1,
  sslType: 0,
  bodyOriginal: 0,
  addressSeparator: 0,
});

const volatileSettings = stateKey("start", "SMTP settings", factorySettings);
const storedSettings = stateKey("flash", "stored SMTP settings", factorySettings);
const client = stateKey<SmtpClient>("start", "SMTP client", () => ({
  activity: "idle",
  content: emptyContent(),
  accountAttempts: 0,
}));

export function smtpSettings(modem: Device): SmtpSettings {
  return modem.state(modem.variants["smtp-after-restart"] === "kept" ? storedSettings : volatileSettings);
}

export function smtpClient(modem: Device): SmtpClient {
  return modem.state(client);
}

/** A mail without anything, as after a start or QSMTPCLR. */
export function emptyContent(): MailContent {
  const nothing = { charset: 0, bytes: Buffer.alloc(0) } as const;
  return { recipients: [], subject: nothing, body: nothing, attachments: new Map() };
}
