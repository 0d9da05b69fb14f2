/**
 * From what ended an SMTP session to the error of a mail: replies of the server, certificates, connections.
 *
 * Only the first digit of a reply is certain (RFC 5321 section 4.2.1); what a 5yz reply means for other mails depends
 * on the command that was refused. Replies are shown as one short line, and no secret of ours in it.
 */
import {
  isModemError,
  knownFields,
  ModemError,
  SPECIAL_HINTS,
  type ErrorClass,
  type ErrorCode,
} from "../../errors";
import type { SmtpSettings } from "../../quectel/settings";
import { LOGIN_REFUSED, LOGIN_WANTED } from "../login-replies";
import { withServer } from "../named-server";
import { shownWords } from "../server-words";
import type { SessionStage } from "../mailer";
import type { Broken } from "./dialogue";

/** What the error depends on in addition to the failure. */
export interface Circumstances {
  readonly stage: SessionStage;
  readonly settings: Pick<SmtpSettings, "host" | "port" | "security" | "user" | "password" | "tokens"> & {
    /** What else of the login no reply may show. */
    readonly secrets?: readonly string[];
  };
  /** The sender is that of the mail, not that of the settings. */
  readonly hasOwnSender: boolean;
  /** Wall-clock time of the host, and that of the network where it is known; milliseconds since 1970. */
  readonly hostTime: number;
  readonly networkTime: number | undefined;
}

/** A reply of the server (RFC 5321 section 4.2). */
export interface Reply {
  /** 200..599 */
  readonly code: number;
  /** The server's words in one line of at most 500 characters, code included. */
  readonly text: string;
}

const LONGEST_REPLY = 500;

/** The reply in a line of the server; undefined where it has no code of a failure or success. */
export function readReply(
  response: string,
  { user, password, secrets = [] }: Pick<Circumstances["settings"], "user" | "password" | "secrets">,
): Reply | undefined {
  const code = Number(/^[2-5]\d\d/.exec(response)?.[0] ?? Number.NaN);
  if (Number.isNaN(code)) return undefined;
  return { code, text: shownWords(response, [...secrets, ...secretsOf(user, password)], LONGEST_REPLY) };
}

/** The Message-ID that a server says it has given the mail, where it is no longer and no other than one may be. */
export function assignedId(
  messageId: string | undefined,
  settings: Circumstances["settings"],
): string | undefined {
  const reply = `250 ${messageId ?? ""}`;
  return readReply(reply, settings)?.text === reply ? messageId : undefined;
}

/** The forms in which the login stands on the wire (RFC 4616, and LOGIN). */
function secretsOf(user: string, password: string): readonly string[] {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  return password === "" ? [] : [password, base64(password), base64(`\u0000${user}\u0000${password}`)];
}

/** The error of a session that ended at `circumstances.stage`; it names the server where that is to blame. */
export function sessionError(broken: Broken, circumstances: Circumstances): ModemError {
  return withServer(endOf(broken, circumstances), circumstances.settings);
}

function endOf(broken: Broken, circumstances: Circumstances): ModemError {
  const { connection, cause, distrust } = broken;
  const { response, code, originalCode, command } = detailsOf(cause);
  const reply = response === undefined ? undefined : readReply(response, circumstances.settings);
  if (reply !== undefined && reply.code >= 400) {
    if (command === "STARTTLS") return withoutStartTls(reply, cause);
    const stage = command === "DATA" ? "data" : circumstances.stage;
    return replyError(reply, { ...circumstances, stage }, cause);
  }
  if (distrust !== undefined) return trustError(distrust, circumstances, cause);
  if (connection !== undefined) return connection;
  const encryption = encryptionError(originalCode ?? code ?? "", cause);
  if (encryption !== undefined) return encryption;
  const { stage } = circumstances;
  if (code === "EMESSAGE" && stage === "envelope") {
    return new ModemError("SMTP_MAIL_TOO_LARGE", { modemCode: null, cause, detail: messageOf(cause), stage });
  }
  if (reply !== undefined || code === "EPROTOCOL") {
    return new ModemError("SMTP_BAD_SEQUENCE", {
      modemCode: null,
      cause,
      class: "transient",
      detail: `the server said ${JSON.stringify(reply?.text ?? "")}`,
      hint: SPECIAL_HINTS.noSmtp,
      stage,
    });
  }
  if (code === "EENVELOPE" || code === "EAUTH") {
    return new ModemError("SMTP_PARAMETER", { modemCode: null, cause, detail: messageOf(cause), stage });
  }
  return new ModemError("SMTP_CLOSED_BY_SERVER", { modemCode: null, cause, stage });
}

/** The error of a refusal. */
function replyError(reply: Reply, circumstances: Circumstances, cause: unknown): ModemError {
  const { stage } = circumstances;
  const { code, class: kind, hint } = meaningOf(reply, circumstances);
  return new ModemError(code, {
    modemCode: null,
    smtpCode: reply.code,
    detail: `the server said ${JSON.stringify(reply.text)}`,
    stage,
    cause,
    ...(reply.code >= 500 && knownFields({ class: kind, hint })),
  });
}

interface Meaning {
  readonly code: ErrorCode;
  /** Of a 5yz reply, where they are not those of the code; every 4yz reply is transient. */
  readonly class?: ErrorClass;
  readonly hint?: string;
}

function meaningOf(reply: Reply, circumstances: Circumstances): Meaning {
  const { stage, hasOwnSender } = circumstances;
  const denied = LOGIN_WANTED[reply.code];
  if (denied !== undefined) return denied;
  switch (stage) {
    case "connect":
    case "tls":
      // Whatever it is, it hits every mail.
      return { ...(REPLIES[reply.code] ?? UNNAMED), class: "setup", hint: SPECIAL_HINTS.refusedConnection };
    case "login":
      if (circumstances.settings.tokens !== undefined && reply.code >= 500) {
        return { code: "SMTP_AUTH_FAILED", hint: TOKEN_HINTS[circumstances.settings.tokens.kind] };
      }
      return (
        LOGIN_REPLIES[reply.code] ??
        (reply.code < 500 ? (REPLIES[reply.code] ?? REPLY_LATER) : { code: "SMTP_AUTH_FAILED" })
      );
    case "envelope":
      return isAboutSize(reply)
        ? { code: "SMTP_MAIL_TOO_LARGE" }
        : {
            ...(REPLIES[reply.code] ?? UNNAMED),
            ...(!hasOwnSender && { class: "setup" }),
            hint: SPECIAL_HINTS.refusedSender,
          };
    case "data":
    case "commit":
      return isAboutSize(reply) ? { code: "SMTP_MAIL_TOO_LARGE" } : (REPLIES[reply.code] ?? UNNAMED);
  }
}

/** What a refused recipient means: it concerns this recipient only, unless it is a matter of login or encryption. */
export function recipientError(reply: Reply): ModemError {
  const { code, hint } = LOGIN_WANTED[reply.code] ?? REPLIES[reply.code] ?? UNNAMED;
  return new ModemError(code, {
    modemCode: null,
    smtpCode: reply.code,
    detail: `the server said ${JSON.stringify(reply.text)}`,
    stage: "envelope",
    ...knownFields({ hint }),
  });
}

/** RFC 5321 section 4.2.3, and RFC 7504 for 521 and 556. */
const REPLIES: Readonly<Record<number, Meaning>> = {
  421: { code: "SMTP_SERVICE_UNAVAILABLE" },
  450: { code: "SMTP_MAILBOX_BUSY" },
  451: { code: "SMTP_LOCAL_ERROR" },
  452: { code: "SMTP_SERVER_STORAGE" },
  500: { code: "SMTP_COMMAND_UNKNOWN" },
  501: { code: "SMTP_ARGUMENT_SYNTAX" },
  502: { code: "SMTP_NOT_IMPLEMENTED" },
  503: { code: "SMTP_BAD_SEQUENCE" },
  521: { code: "SMTP_HOST_ACCEPTS_NO_MAIL" },
  550: { code: "SMTP_MAILBOX_UNAVAILABLE" },
  551: { code: "SMTP_USER_NOT_LOCAL" },
  552: { code: "SMTP_MAIL_TOO_LARGE" },
  553: { code: "SMTP_MAILBOX_NAME" },
};

const UNNAMED: Meaning = { code: "SMTP_TRANSACTION_FAILED" };
const REPLY_LATER: Meaning = { code: "SMTP_LOCAL_ERROR" };

/** A login that the server does not take: another password would change nothing. */
const NO_SUCH_LOGIN: Meaning = { code: "SMTP_AUTH_UNSUPPORTED", hint: SPECIAL_HINTS.noPasswordLogin };
const LOGIN_REPLIES: Readonly<Record<number, Meaning>> = {
  500: NO_SUCH_LOGIN,
  502: NO_SUCH_LOGIN,
  503: NO_SUCH_LOGIN,
  504: NO_SUCH_LOGIN,
  ...LOGIN_REFUSED,
};

/** The token was issued; that the mailbox does not accept it is settled elsewhere. */
const TOKEN_HINTS = {
  microsoft: SPECIAL_HINTS.microsoftToken,
  google: SPECIAL_HINTS.googleToken,
  oauth2: SPECIAL_HINTS.otherToken,
} as const;

/** True when the server has refused a login for good. */
export function isRefusal(cause: unknown): boolean {
  return /^5\d\d/.test(detailsOf(cause).response ?? "");
}

/** The server offers no such login, so neither password nor token was sent. */
export function loginNotOffered(by: "password" | "token" = "password"): ModemError {
  return new ModemError("SMTP_AUTH_UNSUPPORTED", {
    modemCode: null,
    hint: by === "password" ? SPECIAL_HINTS.noPasswordLogin : SPECIAL_HINTS.noTokenLogin,
    stage: "login",
  });
}

/** RFC 1870 section 6.1 and RFC 3463 X.3.4. */
function isAboutSize({ code, text }: Reply): boolean {
  return code === 552 || /^5\d\d[ -]5\.3\.4/.test(text);
}

/** The server refuses to encrypt, or someone between has taken its offer away: never without, so the mail waits. */
function withoutStartTls(reply: Reply, cause: unknown): ModemError {
  return new ModemError("SMTP_TLS_FAILED", {
    modemCode: null,
    smtpCode: reply.code,
    detail: `the server refused STARTTLS: ${JSON.stringify(reply.text)}`,
    hint: SPECIAL_HINTS.noStartTls,
    stage: "tls",
    cause,
  });
}

/** Errors of X.509 verification as Node.js names them (OpenSSL, verify(1)), that have to do with dates. */
const DATES: ReadonlySet<string> = new Set([
  "CERT_NOT_YET_VALID",
  "CERT_HAS_EXPIRED",
  "CRL_NOT_YET_VALID",
  "CRL_HAS_EXPIRED",
]);
const OTHER_NAME = "ERR_TLS_CERT_ALTNAME_INVALID";
/** A record was damaged between server and host: the next connection may be whole. */
const DAMAGED =
  /BAD_RECORD_MAC|DECRYPTION_FAILED|BAD_DECRYPT|DECRYPT_ERROR|BAD_SIGNATURE|DIGEST_CHECK_FAILED/;

/** The times that an error of dates is told with. */
type Times = Pick<Circumstances, "hostTime" | "networkTime">;

/** Where another server than that of the mails is spoken to. */
export interface Elsewhere {
  readonly stage: string;
  /** Stands in front of the detail. */
  readonly who: string;
}

/** Why an encrypted connection could not be had, with `distrust` in the words of Node.js; undefined: for another reason. */
export function tlsError(
  distrust: string | undefined,
  cause: unknown,
  times: Times,
  elsewhere: Elsewhere,
): ModemError | undefined {
  if (distrust !== undefined) return trustError(distrust, times, cause, elsewhere);
  const { code, originalCode } = detailsOf(cause);
  return encryptionError(originalCode ?? code ?? "", cause, elsewhere);
}

const SERVER: Elsewhere = { stage: "tls", who: "" };

function trustError(
  code: string,
  { hostTime, networkTime }: Times,
  cause: unknown,
  { stage, who }: Elsewhere = SERVER,
): ModemError {
  const common = { modemCode: null, cause, stage } as const;
  if (DATES.has(code)) {
    const times = [
      `the host's clock shows ${iso(hostTime)}`,
      ...(networkTime === undefined ? [] : [`the network's ${iso(networkTime)}`]),
    ];
    return new ModemError("SMTP_TLS_CLOCK", { ...common, detail: `${who}${code}, ${times.join(", ")}` });
  }
  const hint = code === OTHER_NAME ? SPECIAL_HINTS.otherServerName : SPECIAL_HINTS.serverNotTrusted;
  return new ModemError("SMTP_TLS_FAILED", { ...common, detail: `${who}${code}`, hint });
}

/** The two ends do not understand each other: another protocol, or a damaged byte. */
function encryptionError(
  code: string,
  cause: unknown,
  { stage, who }: Elsewhere = SERVER,
): ModemError | undefined {
  const common = { modemCode: null, cause, stage } as const;
  const detail = `${who}${code}`;
  if (DAMAGED.test(code)) return new ModemError("SOCKET_DAMAGED", { ...common, detail });
  if (/^(?:ERR_(?:SSL|TLS)_|EPROTO$)/.test(code)) {
    return new ModemError("SMTP_TLS_FAILED", { ...common, detail, hint: SPECIAL_HINTS.oddPort });
  }
  return undefined;
}

/** The server does not take a parameter of a command, whether or not it offers it (RFC 5321 section 4.2.3). */
export function refusesParameters(cause: unknown): boolean {
  return /^5(?:01|04|55)/.test(responseOf(cause) ?? "");
}

/** The reply that ended the session, in the server's own words; undefined where it was none. */
export function responseOf(cause: unknown): string | undefined {
  return detailsOf(cause).response;
}

/** True for the failure that no recipient was accepted. */
export function isAboutRecipients(cause: unknown): boolean {
  return detailsOf(cause).command === "RCPT TO";
}

/** True for a failure that may be the fault of the host's clock. */
export function isDateError({ distrust }: Broken): boolean {
  return distrust !== undefined && DATES.has(distrust);
}

/** Milliseconds on either side of 1970 of which a Date can tell (ECMA-262, time values). */
const LAST_TIME = 8.64e15;

function iso(time: number): string {
  return Math.abs(time) <= LAST_TIME ? new Date(time).toISOString() : "no time";
}

interface Details {
  readonly code: string | undefined;
  /** That of Node.js, where nodemailer has put another in its place. */
  readonly originalCode: string | undefined;
  readonly response: string | undefined;
  readonly command: string | undefined;
}

function detailsOf(cause: unknown): Details {
  const { code, originalCode, response, command } = (
    typeof cause === "object" && cause !== null && !isModemError(cause) ? cause : {}
  ) as Partial<Record<keyof Details, unknown>>;
  const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
  return {
    code: text(code),
    originalCode: text(originalCode),
    response: text(response),
    command: text(command),
  };
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
