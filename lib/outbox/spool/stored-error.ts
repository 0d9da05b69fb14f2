/** A ModemError as the spool keeps it, and back. */
import {
  ERROR_TABLE,
  isModemError,
  knownFields,
  ModemError,
  type ErrorClass,
  type ErrorCode,
} from "../../errors";

export interface StoredError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly class: ErrorClass;
  readonly stage?: string;
  readonly modemCode?: number;
  readonly smtpCode?: number;
  /** What it follows from, where that is an error of this package. */
  readonly cause?: StoredError;
}

/** Leaves out command and stack, which help nobody after a restart. */
export function storeError(error: ModemError): StoredError {
  const { code, message, hint, stage, modemCode, smtpCode } = error;
  return {
    code,
    message,
    hint,
    class: error.class,
    ...knownFields({ stage, modemCode, smtpCode }),
    // The first alone: a chain of them would have no end that is known.
    ...(isModemError(error.cause) && { cause: withoutCause(storeError(error.cause)) }),
  };
}

/** The error with the same fields. A code that this version does not know becomes MODEM_ERROR. */
export function restoreError(stored: StoredError): ModemError {
  const known = Object.hasOwn(ERROR_TABLE, stored.code);
  const code: ErrorCode = known ? stored.code : "MODEM_ERROR";
  const prefix = `${ERROR_TABLE[code].text}: `;
  const detail = stored.message.startsWith(prefix) ? stored.message.slice(prefix.length) : undefined;
  const { hint, stage, modemCode, smtpCode, cause } = stored;
  return new ModemError(code, {
    class: stored.class,
    hint,
    ...knownFields({ stage, modemCode, smtpCode }),
    ...(known ? detail !== undefined && { detail } : { detail: stored.message }),
    ...(cause !== undefined && { cause: restoreError(cause) }),
  });
}

function withoutCause({ cause: _cause, ...error }: StoredError): StoredError {
  return error;
}
