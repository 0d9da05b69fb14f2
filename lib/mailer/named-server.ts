/**
 * Names the mail server in an error that it, the way to it, or a setting about it is the cause of: a wrong port is seen
 * at once by who reads which port it was.
 */
import { copyOf, detailOf, type ErrorCode, type ModemError } from "../errors";
import { targetName } from "../quectel/commands/sockets";
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
export function withServer(
  error: ModemError,
  { host, port }: Pick<SmtpSettings, "host" | "port">,
): ModemError {
  const isAbout = ABOUT_SERVER.has(error.code) || (error.class === "setup" && error.code.startsWith("SMTP_"));
  if (!isAbout) return error;
  const detail = detailOf(error);
  const server = targetName({ host, port });
  return copyOf(error, { detail: detail === undefined ? server : `${server}, ${detail}` });
}
