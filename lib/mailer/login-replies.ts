/**
 * Replies of a server that concern the login, or encryption before it: they would hit every mail, and a refused
 * password must not be tried repeatedly.
 *
 * Source: RFC 4954 section 6, RFC 5248 (registry of enhanced status codes, X.7.8 to X.7.13).
 */
import { SPECIAL_HINTS, type ErrorCode, type SpecialHint } from "../errors";

export interface LoginRefusal {
  readonly code: ErrorCode;
  /** Left out: that of the code. */
  readonly hint?: SpecialHint;
}

/** The server wants a login, or encryption first, whatever it was asked. */
export const LOGIN_WANTED: Readonly<Record<number, LoginRefusal>> = {
  523: { code: "SMTP_ACCESS_DENIED", hint: SPECIAL_HINTS.loginNeedsEncryption },
  524: { code: "SMTP_ACCESS_DENIED", hint: SPECIAL_HINTS.loginNeedsEncryption },
  530: { code: "SMTP_ACCESS_DENIED" },
  538: { code: "SMTP_ACCESS_DENIED", hint: SPECIAL_HINTS.loginNeedsEncryption },
};

/** The server does not take this login. */
export const LOGIN_REFUSED: Readonly<Record<number, LoginRefusal>> = {
  525: { code: "SMTP_AUTH_FAILED", hint: SPECIAL_HINTS.accountDisabled },
  534: { code: "SMTP_AUTH_FAILED", hint: SPECIAL_HINTS.appPassword },
  535: { code: "SMTP_AUTH_FAILED" },
};
