/**
 * The recovery ladder of the manual's error chapter as a table: what is done about a failure, and in which order.
 *
 * Source: EC2x&EG9x&EM05 SMTP AT Commands Manual, chapter on error handling. What the manual does not treat (the
 * module has lost what it was given, the next root certificate) is our own addition and stands at its place.
 */
import type { ErrorCode } from "../../errors";

export type RecoveryStep =
  /** The module's mail client works on another mail; its end is awaited. */
  | "awaitOther"
  /** Nothing of what was set and uploaded is taken for granted any more. */
  | "startOver"
  /** The next root certificate is tried. */
  | "nextRoot"
  /** The mail is only sent again. */
  | "resend"
  /** QIDEACT, then QIACT. */
  | "renewContext"
  /** CFUN=1,1, where restarting is allowed and its waiting time is over. */
  | "restart";

/** Steps by error, tried from left to right, each once for a mail. An error that is not listed goes to the outbox. */
export const RECOVERY_LADDER: Readonly<Partial<Record<ErrorCode, readonly RecoveryStep[]>>> = {
  // The data connection cannot be activated: "restart the module; try at least three times, 10 minutes apart".
  PDP_ACTIVATION_FAILED: ["restart"],
  PDP_DEACTIVATION_FAILED: ["restart"],

  // The result line reports an error: "send again; if that fails, deactivate, activate, send again".
  SMTP_UNKNOWN: ["resend", "renewContext", "restart"],
  SMTP_NETWORK: ["resend", "renewContext", "restart"],
  SMTP_SEND_FAILED: ["resend", "renewContext", "restart"],
  SMTP_CLOSED_BY_SERVER: ["resend", "renewContext"],
  // The module waited its whole time already: sending again at once would hold up all other mails.
  SMTP_TIMEOUT: ["renewContext"],
  SMTP_DNS_FAILED: ["renewContext", "restart"],
  SMTP_PDP_DEACTIVATED: ["renewContext", "restart"],

  // The module misses what it was given, so it has lost it without saying so.
  SMTP_NO_RECIPIENT: ["startOver"],
  SMTP_PARAMETER: ["startOver"],
  SMTP_FILE_OPEN_FAILED: ["startOver"],
  SMTP_ATTACHMENT_SAVE_FAILED: ["startOver"],

  // Mails over a socket of the module. The manual of TCP/IP: "close and open again; after five failed opens deactivate
  // and activate; then restart".
  SOCKET_FAILED: ["resend", "renewContext", "restart"],
  SOCKET_MEMORY: ["resend", "renewContext", "restart"],
  SOCKET_CREATE_FAILED: ["resend", "renewContext", "restart"],
  SOCKET_CONNECT_FAILED: ["resend", "renewContext", "restart"],
  SOCKET_DNS_FAILED: ["renewContext", "restart"],
  SOCKET_TIMEOUT: ["renewContext", "restart"],
  SOCKET_STALLED: ["renewContext", "restart"],
  SOCKET_PDP_OPEN_FAILED: ["renewContext", "restart"],
  SOCKET_PDP_BROKEN: ["renewContext", "restart"],
  PDP_LOST: ["renewContext", "restart"],
  SOCKET_CLOSED: ["resend", "renewContext"],
  SOCKET_DAMAGED: ["resend"],

  SMTP_TLS_FAILED: ["nextRoot"],
  SMTP_BUSY: ["awaitOther", "restart"],
};

/**
 * A command that was not answered in this many seconds calls for a restart. The first two have it as their time
 * limit; any other makes the connection be set up again, and the supervisor counts its 60 s of silence.
 */
export const SILENCE_SECONDS = [
  { line: "AT+QIACT=", seconds: 150 },
  { line: "AT+QIDEACT=", seconds: 40 },
  { line: "AT", seconds: 60 },
] as const;

/**
 * Mails went out with the same settings before, and now none does: after so many failures in a row, or minutes since
 * the first of at least two, the module is to blame whatever number it gives.
 *
 * Source: an EG800K whose data stack was dead after some 20 TLS connections while QIACT? looked healthy; it was told
 * as 656, 658, 662, 663 or 665, and only a restart cured it.
 */
export const OVERDUE = { failures: 3, minutes: 10 } as const;

/** Minutes to wait before the first, second, … restart in a row; the last value stands for all further ones. */
export const RESTART_WAITS_MINUTES = [0, 10, 30, 60] as const;

/** Codes both of a server that refuses the connection and of a module whose data connection does not work. */
export const MAY_BE_REFUSED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "SMTP_NETWORK",
  "SOCKET_CONNECT_FAILED",
]);

/** Codes both of a server whose name does not exist and of a module whose data connection does not work. */
export const MAY_BE_MISTYPED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "SMTP_DNS_FAILED",
  "SOCKET_DNS_FAILED",
]);

/**
 * A name that is found wherever names are, and that the module is asked for anyway when it needs the time. It holds for
 * two to three minutes only, so a cache of the module (QICFG="dns/cache") hardly ever answers for the network.
 */
export const WITNESS_NAME = "pool.ntp.org";

/** Hours without a mail after which a name that is found no longer proves that the module is well. Our own judgement. */
export const PROOF_HOURS = 6;
