/**
 * The words of the nodes' statuses, each short enough for the place below a node.
 *
 * A Status node receives readable English; the editor shows each word in the language of the person who looks
 * (editor/shared/status-text.ts). Translations stand in `locales/<lang>/runtime.json` by the keys of these tables.
 */
import type { ErrorCode } from "../../../lib/errors";
import type { MailerProgress } from "../../../lib/mailer/mailer";
import type { WaitReason } from "../../../lib/outbox/outbox-types";

/** Where the state alone says it all. */
export const STATE_WORDS = {
  notSetUp: "not set up",
  noModem: "no modem chosen",
  unused: "not in use",
  underTest: "tested in editor",
  offline: "offline",
  connecting: "connecting",
  application: "modem starting",
  sim: "waiting for SIM card",
  network: "searching network",
  ready: "ready",
  sending: "sending",
  held: "on hold",
  paused: "paused",
  disconnected: "data connection off",
  needsPowerCycle: "needs power cycle",
  notSent: "last mail not sent",
} as const;

/** Where mails wait although modem and outbox are ready. */
export const WAITING_WORDS = {
  turn: "about to send",
  retry: "waiting for retry",
  result: "querying result",
  rate: "hourly limit reached",
} as const satisfies Record<WaitReason, string>;

/** The step of a session with the mail server, beside the state. */
export const STAGE_WORDS = {
  token: "requesting token",
  tls: "encrypting",
  login: "logging in",
  envelope: "checking recipients",
  commit: "waiting for server",
} as const satisfies Partial<Record<MailerProgress["stage"], string>>;

/** What is said beside the state; each `#` stands for a figure or a time of day, in the same order in each language. */
export const DETAIL_WORDS = {
  simulated: "SIMULATED",
  percent: "sending # %",
  behind: "behind another mail",
  kilobytes: "# of # kB",
  megabytes: "# of # MB",
  secondsLeft: "about # s left",
  minutesLeft: "about # min left",
  nextTry: "next try #",
  sent: "sent, #",
} as const;

/** Where an error says more than the state. */
export const ERROR_WORDS = {
  PORT_NOT_FOUND: "port missing",
  PORT_BUSY: "port in use",
  PORT_DENIED: "no port permission",
  PORT_REFUSED: "connection refused",
  PORT_UNPLUGGED: "unplugged",
  PORT_MULTIPLEXED: "port is multiplexed",
  PORT_TELNET: "server uses Telnet",
  PORT_SHARED: "port is shared",
  MODEM_SILENT: "modem is silent",
  SIM_MISSING: "no SIM card",
  SIM_PIN_REQUIRED: "SIM PIN missing",
  SIM_PIN_REFUSED: "SIM PIN refused",
  SIM_PIN_LAST_TRY: "SIM PIN, last try",
  SIM_PUK_REQUIRED: "SIM card locked",
  SIM_FAILURE: "SIM card failure",
  NETWORK_NOT_REGISTERED: "no network",
  NETWORK_DENIED: "network refuses SIM",
  PDP_ACTIVATION_FAILED: "no data connection",
  PDP_NO_APN: "APN missing",
  SMTP_AUTH_FAILED: "login refused",
  SMTP_AUTH_UNSUPPORTED: "login not supported",
  SMTP_TOKEN_REFUSED: "token refused",
  SMTP_TOKEN_FAILED: "no token",
  SMTP_TLS_FAILED: "TLS failed",
  SMTP_TLS_CLOCK: "host clock wrong",
  SMTP_DNS_FAILED: "server not found",
  SMTP_NETWORK: "server unreachable",
  SMTP_TIMEOUT: "server silent",
  SMTP_CLOSED_BY_SERVER: "closed by server",
  SMTP_PDP_DEACTIVATED: "no data connection",
  SMTP_SERVICE_UNAVAILABLE: "server unavailable",
  SMTP_MAILBOX_BUSY: "mailbox busy",
  SMTP_LOCAL_ERROR: "error at the server",
  SMTP_SERVER_STORAGE: "server storage full",
  SMTP_BUSY: "mail client busy",
  SMTP_UNKNOWN: "sending failed",
  SMTP_SEND_FAILED: "sending failed",
  SOCKET_DNS_FAILED: "server not found",
  SOCKET_CONNECT_FAILED: "server unreachable",
  SOCKET_TIMEOUT: "server silent",
  SOCKET_STALLED: "connection stalled",
  SOCKET_CLOSED: "connection lost",
  MODEM_RESET: "modem restarted",
  MODEM_RESULT_MISSING: "results missing",
  INVALID_NO_RECIPIENT: "no recipient",
  INVALID_RECIPIENT: "invalid recipient",
  OUTBOX_DISK: "disk error",
  OUTBOX_LOCKED: "outbox in use",
  PACKAGE_UPDATED: "restart Node-RED",
} as const satisfies Partial<Record<ErrorCode, string>>;

/** Every word that may be shown, by its key in the catalogs. */
export const STATUS_WORDS: Readonly<Record<string, string>> = {
  ...STATE_WORDS,
  ...WAITING_WORDS,
  ...STAGE_WORDS,
  ...DETAIL_WORDS,
  ...ERROR_WORDS,
};

/** The word for an error, or `fallback` where the state says enough. */
export function wordForError(code: ErrorCode | undefined, fallback: string): string {
  const words: Partial<Record<ErrorCode, string>> = ERROR_WORDS;
  return (code === undefined ? undefined : words[code]) ?? fallback;
}
