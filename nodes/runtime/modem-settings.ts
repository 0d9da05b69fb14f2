/** The properties and credentials of a `quectel-modem` node, checked and in the form that the library takes. */
import { isModemError } from "../../lib/errors";
import { readBareAddress } from "../../lib/mail/message/addresses";
import type { NetworkSettings, RootCertificate, SmtpSettings } from "../../lib/quectel/settings";
import { type ConnectionOptions, readConnection } from "./connection-options";
import { migrate } from "./migrations";
import { invalid, OptionReader, type RawOptions } from "./options";

/** What the editor keeps apart from the flow, encrypted. */
export interface ModemCredentials {
  readonly simPin?: string;
  readonly apnUser?: string;
  readonly apnPassword?: string;
  readonly smtpUser?: string;
  readonly smtpPassword?: string;
}

/** How messages become mails of this modem. */
export interface TextSettings {
  /** `msg.from` may replace the sender. */
  readonly allowFrom: boolean;
  readonly charset: "auto" | "utf-8" | "gb2312" | "big5";
  readonly bccMode: "private" | "module";
  /** Minutes after which a mail says in its text when it was raised; 0 = never. */
  readonly lateNote: number;
}

/** How long and how many mails wait. */
export interface QueueSettings {
  /** Minutes a mail is tried. */
  readonly maxAge: number;
  /** Mails. */
  readonly maxQueued: number;
  /** Megabytes. */
  readonly maxSpoolMB: number;
  /** Days a failed mail is kept. */
  readonly keepFailedDays: number;
  /** Mails an hour; 0 = no limit. */
  readonly ratePerHour: number;
}

export interface ModemSettings {
  readonly connection: ConnectionOptions;
  /** Milliseconds from the module's answer to the next command. */
  readonly commandPause: number;
  readonly network: NetworkSettings;
  readonly smtp: SmtpSettings;
  readonly text: TextSettings;
  readonly queue: QueueSettings;
}

const MINUTES = { min: 0, max: 525_600 } as const;

/** @throws INVALID_CONFIG for the first property that cannot be used. */
export function readModemSettings(raw: RawOptions, credentials: ModemCredentials): ModemSettings {
  const options = new OptionReader(migrate("quectel-modem", raw));
  return {
    connection: readConnection(options),
    commandPause: options.integer("commandPause", { min: 0, max: 1000 }, 0),
    network: readNetwork(options, credentials),
    smtp: readSmtp(options, credentials),
    text: {
      allowFrom: options.flag("allowFrom", false),
      charset: options.choice("charset", ["auto", "utf-8", "gb2312", "big5"], "auto"),
      bccMode: options.choice("bccMode", ["private", "module"], "private"),
      lateNote: options.integer("lateNote", MINUTES, 10),
    },
    queue: {
      maxAge: options.integer("maxAge", { ...MINUTES, min: 1 }, 1440),
      maxQueued: options.integer("maxQueued", { min: 1, max: 100_000 }, 1000),
      maxSpoolMB: options.integer("maxSpoolMB", { min: 1, max: 1_000_000 }, 100),
      keepFailedDays: options.integer("keepFailedDays", { min: 0, max: 3650 }, 7),
      ratePerHour: options.integer("ratePerHour", { min: 0, max: 100_000 }, 0),
    },
  };
}

function readNetwork(options: OptionReader, credentials: ModemCredentials): NetworkSettings {
  const apnAuth = options.choice("apnAuth", ["none", "pap", "chap", "either"], "none");
  const simPin = (credentials.simPin ?? "").trim();
  // 3GPP TS 31.101 section 9.5.1: a PIN has 4 to 8 digits. A wrong one costs one of three tries, so it is checked here.
  if (simPin !== "" && !/^\d{4,8}$/.test(simPin)) throw invalid("simPin", "must have 4 to 8 digits");
  return {
    contextId: options.integer("contextId", { min: 1, max: 16 }, 1),
    apn: options.text("apn"),
    apnAuth,
    apnUser: apnAuth === "none" ? "" : (credentials.apnUser ?? ""),
    apnPassword: apnAuth === "none" ? "" : (credentials.apnPassword ?? ""),
    ipType: options.choice("ipType", ["ipv4", "ipv6", "ipv4v6"], "ipv4"),
    simPin,
    shared: options.flag("shared", false),
    idleMinutes: options.integer("idleMinutes", MINUTES, 30),
    allowReset: options.flag("allowReset", true),
  };
}

function readSmtp(options: OptionReader, credentials: ModemCredentials): SmtpSettings {
  return {
    host: options.requiredText("smtpHost"),
    port: options.requiredInteger("smtpPort", { min: 1, max: 65535 }),
    security: options.choice("smtpSecurity", ["none", "tls", "starttls"], "tls"),
    user: credentials.smtpUser ?? "",
    password: credentials.smtpPassword ?? "",
    senderName: options.text("senderName"),
    senderAddress: readSenderAddress(options),
    tls: {
      verify: options.flag("tlsVerify", true),
      root: readRoot(options),
      contextId: options.integer("tlsContextId", { min: 0, max: 5 }, 1),
    },
    encoding: options.choice("encoding", ["auto", "raw", "hex"], "auto"),
    sendTimeout: options.integer("sendTimeout", { min: 60, max: 65535 }, 300),
  };
}

function readSenderAddress(options: OptionReader): string {
  try {
    return readBareAddress(options.requiredText("senderAddress"), "INVALID_SENDER");
  } catch (error) {
    if (!isModemError(error) || error.code === "INVALID_CONFIG") throw error;
    throw invalid("senderAddress", "must be an address such as name@example.com");
  }
}

function readRoot(options: OptionReader): RootCertificate {
  const root = options.text("tlsRoot", "auto");
  switch (root) {
    case "auto":
      return { from: "auto" };
    case "pem": {
      const pem = options.text("tlsCa");
      if (!pem.includes("-----BEGIN CERTIFICATE-----")) {
        throw invalid("tlsCa", "must hold a certificate that begins with -----BEGIN CERTIFICATE-----");
      }
      return { from: "pem", pem };
    }
    default:
      return { from: "name", name: root };
  }
}
