/**
 * Names the mail server in an error caused by the server, the way to it, or a setting about it: whoever reads which port
 * it was sees at once that the port is wrong.
 */
import type { ErrorCode, ModemError } from "../errors";
import { withTarget } from "../quectel/commands/sockets";
import type { SmtpSettings } from "../quectel/settings";

/** Beside those that every mail would meet. */
const ABOUT_SERVER: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "SMTP_DNS_FAILED",
  "SMTP_NETWORK",
  "SMTP_CLOSED_BY_SERVER",
  "SMTP_TIMEOUT",
  "SMTP_TLS_CLOCK",
  "SMTP_SERVICE_UNAVAILABLE",
  "SOCKET_TIMEOUT",
  "SOCKET_CLOSED",
  "SOCKET_STALLED",
]);

/** `error`, its message with `host:port`; itself where it says nothing about the server. */
export function withServer(error: ModemError, server: Pick<SmtpSettings, "host" | "port">): ModemError {
  const isAbout = ABOUT_SERVER.has(error.code) || (error.class === "setup" && error.code.startsWith("SMTP_"));
  return isAbout ? withTarget(error, server) : error;
}
