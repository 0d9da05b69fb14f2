/**
 * What can be said of TLS and login without sending a mail.
 *
 * Over a socket of the module they are tried. The module's own client has no command that only logs in, so by that way
 * they are proven by a mail: what is known are odd settings, and what became of the last one.
 */
import { SPECIAL_HINTS, type ErrorCode } from "../../errors";
import type { SmtpSettings } from "../settings";
import { found } from "./findings";
import { failure, type DiagnosisContext, type Finding, type LastMail } from "./diagnosis-report";

/** Bytes that most modules take as user name and as password. */
const CREDENTIAL_BYTES = 50;

/** Errors of a mail that got no further than TLS, or no further than the login. */
const TLS_ERRORS: ReadonlySet<ErrorCode> = new Set(["SMTP_TLS_FAILED", "NETWORK_CLOCK"]);
const LOGIN_ERRORS: ReadonlySet<ErrorCode> = new Set([
  "SMTP_AUTH_FAILED",
  "SMTP_AUTH_UNSUPPORTED",
  "SMTP_ACCESS_DENIED",
  "SMTP_ARGUMENT_NOT_IMPLEMENTED",
]);

const NOT_TRIED = found("nextMail");

/** Whether the server's encryption is agreed on and trusted; else whether port and security fit, and what the last mail showed. */
export async function lookAtTls(context: DiagnosisContext, signal = NEVER): Promise<Finding> {
  const { smtp, session } = context;
  if (session === undefined) return tlsFinding(context);
  if (session.trouble !== undefined) throw session.trouble;
  if (smtp.security === "none") return { status: "skipped", detail: found("noEncryption") };
  return { status: "ok", detail: await session.encrypt(signal) };
}

/** Whether the server accepts the login; else whether it can be handed over, and what the last mail showed. */
export async function lookAtLogin(context: DiagnosisContext, signal = NEVER): Promise<Finding> {
  const { smtp, session } = context;
  if (session === undefined) return loginFinding(context);
  if (smtp.user === "") return { status: "skipped", detail: found("noLogin") };
  if (smtp.security === "none") await session.encrypt(signal);
  return (await session.login(signal))
    ? { status: "ok", detail: found("loginAccepted") }
    : { status: "skipped", detail: "needs: tls", needs: "tls" };
}

const NEVER = new AbortController().signal;

function tlsFinding({ smtp, lastMail }: DiagnosisContext): Finding {
  const odd = oddPair(smtp.port, smtp.security);
  if (lastMail?.kind === "failed" && TLS_ERRORS.has(lastMail.error.code)) return failure(lastMail.error);
  if (passedTls(lastMail)) return { status: "ok", detail: found("lastMail") };
  if (odd !== undefined) {
    return { status: "warning", detail: odd, hint: SPECIAL_HINTS.oddPort };
  }
  if (smtp.security === "none") return { status: "skipped", detail: found("noEncryption") };
  return { status: "skipped", detail: NOT_TRIED };
}

function loginFinding({ smtp, lastMail }: DiagnosisContext): Finding {
  if (lastMail?.kind === "failed" && LOGIN_ERRORS.has(lastMail.error.code)) return failure(lastMail.error);
  if (smtp.user === "") return { status: "skipped", detail: found("noLogin") };
  if (lastMail?.kind === "sent") return { status: "ok", detail: found("lastMail") };
  const long = [smtp.user, smtp.password].some((value) => Buffer.byteLength(value) > CREDENTIAL_BYTES);
  if (long) {
    return {
      status: "warning",
      detail: found("longLogin", { bytes: CREDENTIAL_BYTES }),
      hint: SPECIAL_HINTS.longLogin,
    };
  }
  return { status: "skipped", detail: NOT_TRIED };
}

/** A mail that came as far as an SMTP reply about login, sender or recipient has TLS behind it. */
function passedTls(lastMail: LastMail | undefined): boolean {
  if (lastMail === undefined) return false;
  return lastMail.kind === "sent" || lastMail.error.smtpCode !== undefined;
}

type Security = SmtpSettings["security"];

/** Ports whose use is settled: RFC 8314 (465 implicit TLS), RFC 6409 (587), RFC 5321 (25), 2525 by custom. */
const EXPECTED: Readonly<Record<number, readonly Security[]>> = {
  25: ["none", "starttls"],
  465: ["tls"],
  587: ["starttls", "none"],
  2525: ["starttls", "none"],
};

const WORDS = { tls: "SSL/TLS", starttls: "STARTTLS" } as const;

/** What is odd about the pair; undefined for a usual pair or a port of free use. */
export function oddPair(port: number, security: Security): string | undefined {
  const expected = EXPECTED[port];
  if (expected === undefined || expected.includes(security)) return undefined;
  return security === "none"
    ? found("oddPortPlain", { port })
    : found("oddPort", { port, security: WORDS[security] });
}
