/** From the module's result of a mail to the error of this package. */
import {
  ERROR_TABLE,
  isModemError,
  ModemError,
  SPECIAL_HINTS,
  type ErrorCode,
  type SpecialHint,
} from "../../errors";
import type { PutResult } from "../../quectel/commands/smtp";
import { codeOfNumber, errorOfNumber } from "../../quectel/error-codes";

/** Numbers of the SMTP client begin here; firmware of tomorrow may add some behind those that are known. */
const FIRST_NUMBER = 651;
/** Stands for 554 and for every reply that has no number of its own, so the reply itself decides. */
const OTHER_REPLY = 682;

/**
 * The error of a `+QSMTPPUT` line; undefined when the server has accepted the mail.
 *
 * A line that says neither, such as `0,550`, `1,0` or a mere `0` (which is also the end of `656,0`), was damaged on its
 * way or is not understood: nobody can know then whether the mail was sent, so the error is `MODEM_RESULT_UNKNOWN`.
 */
export function putError(result: PutResult): ModemError | undefined {
  const { error, smtpCode = 0 } = result;
  const isAccepted = result.smtpCode === 0 || (smtpCode >= 200 && smtpCode < 300);
  if (error === 0 && isAccepted) return undefined;
  if (error < FIRST_NUMBER)
    return resultUnknown(undefined, `the module said ${error},${result.smtpCode ?? "and no more"}`);
  const details = {
    stage: "send",
    modemCode: error,
    ...(smtpCode === 0 ? {} : { smtpCode }),
  } as const;
  const refusal = LOGIN_REPLIES[smtpCode];
  if (refusal !== undefined) {
    const { code, hint } = refusal;
    return new ModemError(code, {
      ...details,
      ...saying(code, smtpCode),
      ...(hint === undefined ? {} : { hint }),
    });
  }
  // Without a reply nobody has refused.
  const isOpen = error === OTHER_REPLY && smtpCode === 0;
  return errorOfNumber(error, {
    ...details,
    ...saying(codeOfNumber(error), smtpCode),
    ...(isOpen ? { class: "transient" } : {}),
  });
}

/** The server's reply, where the text of the code does not name it already. */
function saying(code: ErrorCode | undefined, smtpCode: number): { readonly detail?: string } {
  const isNamed = code !== undefined && ERROR_TABLE[code].text.includes(`(${smtpCode}`);
  return smtpCode === 0 || isNamed ? {} : { detail: `the server said ${smtpCode}` };
}

interface LoginRefusal {
  readonly code: ErrorCode;
  /** Left out: that of the code. */
  readonly hint?: SpecialHint;
}

/**
 * Refused logins: they would hit every mail, and a refused password must not be tried again and again. The module has
 * numbers for 530 and 535 only.
 *
 * Source: RFC 4954 section 6, RFC 5248 (registry of enhanced status codes, X.7.8 to X.7.13).
 */
const LOGIN_REPLIES: Readonly<Record<number, LoginRefusal>> = {
  523: { code: "SMTP_ACCESS_DENIED", hint: SPECIAL_HINTS.loginNeedsEncryption },
  524: { code: "SMTP_ACCESS_DENIED", hint: SPECIAL_HINTS.loginNeedsEncryption },
  525: { code: "SMTP_AUTH_FAILED", hint: SPECIAL_HINTS.accountDisabled },
  530: { code: "SMTP_ACCESS_DENIED" },
  534: { code: "SMTP_AUTH_FAILED", hint: SPECIAL_HINTS.appPassword },
  535: { code: "SMTP_AUTH_FAILED" },
  538: { code: "SMTP_ACCESS_DENIED", hint: SPECIAL_HINTS.loginNeedsEncryption },
};

/**
 * Failures of the module's own that can come after the server has taken the mail: the confirmation of its last line
 * was lost, or too late (RFC 1047 section 2). A number of the server's reply, or one of an earlier step, decides.
 */
const AFTER_ACCEPTANCE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "SMTP_UNKNOWN",
  "SMTP_CLOSED_BY_SERVER",
  "SMTP_PDP_DEACTIVATED",
  "SMTP_TIMEOUT",
  "SMTP_SEND_FAILED",
  "SMTP_TRANSACTION_FAILED",
]);

/** True for a failure of a mail that may have arrived all the same: who sends it again has to say so in it. */
export function mayHaveArrived(error: unknown): boolean {
  return (
    isModemError(error) &&
    error.stage === "send" &&
    error.smtpCode === undefined &&
    AFTER_ACCEPTANCE.has(error.code)
  );
}

/** After these nobody hears any more what the module says. */
const DIALOGUE_ENDS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "PORT_CLOSED",
  "PORT_UNPLUGGED",
  "PORT_FAILED",
  "MODEM_SILENT",
  "MODEM_TIMEOUT",
  "MODEM_OUT_OF_SYNC",
  "MODEM_RESET",
  "MODEM_ABORTED",
  "MODEM_DEAD",
  "MODEM_RESULT_UNKNOWN",
]);

/** True for an error which says, of a mail on the air, that its result is lost, not that it has failed. */
export function endsDialogue(error: unknown): boolean {
  return isModemError(error) && DIALOGUE_ENDS.has(error.code);
}

/** The error for a mail whose result can no longer come: it may have been sent or not. */
export function resultUnknown(cause: unknown, detail: string): ModemError {
  return new ModemError("MODEM_RESULT_UNKNOWN", { cause, detail, stage: "send" });
}
