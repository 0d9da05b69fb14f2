/** The properties and credentials of a `quectel-modem` node, checked and in the form that the library takes. */
import { isModemError } from "../../../lib/errors";
import { readBareAddress } from "../../../lib/mail/message/addresses";
import { unusableSetting } from "../../../lib/mailer/qsmtp/smtp-settings";
import type { NetworkSettings, RootCertificate, SmtpSettings } from "../../../lib/quectel/settings";
import { type ConnectionOptions, readConnection } from "./connection-options";
import { ModemOptions } from "./modem-options";
import { invalid, type RawOptions } from "./options";
import { readTokenLogin } from "./token-login";

/** What the editor keeps apart from the flow, encrypted. */
export interface ModemCredentials {
  readonly simPin?: string;
  readonly apnUser?: string;
  readonly apnPassword?: string;
  readonly smtpUser?: string;
  readonly smtpPassword?: string;
  readonly clientSecret?: string;
  /** The key file of a service account, JSON. */
  readonly serviceAccount?: string;
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
  readonly network: NetworkSettings;
  /** Who speaks SMTP: the module's own client, this package over a TCP connection of the module, or whichever fits. */
  readonly mailer: "module" | "socket" | "auto";
  readonly smtp: SmtpSettings;
  readonly text: TextSettings;
  readonly queue: QueueSettings;
}

/** @throws INVALID_CONFIG for the first property that cannot be used. */
export function readModemSettings(raw: RawOptions, credentials: ModemCredentials): ModemSettings {
  const options = new ModemOptions(raw);
  return {
    connection: readConnection(options),
    network: readNetwork(options, credentials),
    mailer: options.choice("mailer"),
    smtp: readSmtp(options, credentials),
    text: {
      allowFrom: options.flag("allowFrom"),
      charset: options.choice("charset"),
      bccMode: options.choice("bccMode"),
      lateNote: options.integer("lateNote"),
    },
    queue: {
      maxAge: options.integer("maxAge"),
      maxQueued: options.integer("maxQueued"),
      maxSpoolMB: options.integer("maxSpoolMB"),
      keepFailedDays: options.integer("keepFailedDays"),
      ratePerHour: options.integer("ratePerHour"),
    },
  };
}

function readNetwork(options: ModemOptions, credentials: ModemCredentials): NetworkSettings {
  const apnAuth = options.choice("apnAuth");
  const simPin = (credentials.simPin ?? "").trim();
  // 3GPP TS 31.101 section 9.5.1: a PIN has 4 to 8 digits. A wrong one costs one of three tries, so it is checked here.
  if (simPin !== "" && !/^\d{4,8}$/.test(simPin)) throw invalid("simPin", "must have 4 to 8 digits");
  return {
    contextId: options.integer("contextId"),
    apn: options.text("apn"),
    apnAuth,
    apnUser: apnAuth === "none" ? "" : (credentials.apnUser ?? ""),
    apnPassword: apnAuth === "none" ? "" : (credentials.apnPassword ?? ""),
    ipType: options.choice("ipType"),
    simPin,
    shared: options.flag("shared"),
    idleMinutes: options.integer("idleMinutes"),
    allowReset: options.flag("allowReset"),
  };
}

function readSmtp(options: ModemOptions, credentials: ModemCredentials): SmtpSettings {
  const tokens = readTokenLogin(options, credentials);
  const isLoggedIn = options.choice("login") !== "none";
  const smtp: SmtpSettings = {
    host: options.text("smtpHost"),
    port: options.integer("smtpPort"),
    security: options.choice("smtpSecurity"),
    user: isLoggedIn ? (credentials.smtpUser ?? "") : "",
    password: isLoggedIn && tokens === undefined ? (credentials.smtpPassword ?? "") : "",
    ...(tokens !== undefined && { tokens }),
    senderName: options.text("senderName"),
    senderAddress: readSenderAddress(options),
    tls: {
      verify: options.flag("tlsVerify"),
      root: readRoot(options),
      contextId: options.integer("tlsContextId"),
    },
    encoding: options.choice("encoding"),
    sendTimeout: options.integer("sendTimeout"),
  };
  // Over a socket the login is coded, and no part of a command line.
  const isCoded = options.choice("mailer") !== "module";
  const fault = unusableSetting(isCoded ? { ...smtp, user: "", password: "" } : smtp);
  if (fault !== undefined) throw invalid(fault.setting, fault.why);
  return smtp;
}

function readSenderAddress(options: ModemOptions): string {
  try {
    const letters = options.choice("mailer") === "module" ? "ascii" : "any";
    return readBareAddress(options.text("senderAddress"), "INVALID_SENDER", letters);
  } catch (error) {
    if (!isModemError(error) || error.code === "INVALID_CONFIG") throw error;
    throw invalid("senderAddress", "must be an address such as name@example.com");
  }
}

function readRoot(options: ModemOptions): RootCertificate {
  const root = options.text("tlsRoot");
  switch (root) {
    case "auto":
      return { from: "auto" };
    case "pem": {
      const pem = options.text("tlsCa");
      if (!pem.includes("-----BEGIN CERTIFICATE-----")) {
        throw invalid("tlsCa", "must contain a certificate that begins with -----BEGIN CERTIFICATE-----");
      }
      return { from: "pem", pem };
    }
    default:
      return { from: "name", name: root };
  }
}
