/**
 * StoredError: a ModemError as it is kept on the disk, alone or with others of the same mail.
 *
 * A mail to dozens of recipients may have an error for each of them, and a file that names them is written with each
 * change of its state. So errors are written once each, without what the table of errors says anyway, and in full only
 * while there is room: what is left of the others is their code and numbers.
 */
import {
  ERROR_TABLE,
  isModemError,
  knownFields,
  ModemError,
  type ErrorClass,
  type ErrorCode,
} from "./errors";

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

/** Bytes that the errors of one mail may take in full. */
const ROOM = 1_200;

/** Leaves out command and stack, which are of no use after a restart. */
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
    ...knownFields({ stage, smtpCode }),
    modemCode: modemCode ?? null,
    ...(known ? detail !== undefined && { detail } : { detail: stored.message }),
    ...(cause !== undefined && { cause: restoreError(withoutCause(cause)) }),
  });
}

function withoutCause({ cause: _cause, ...error }: StoredError): StoredError {
  return error;
}

/** A StoredError without what the table says of its code. */
type Packed = Omit<StoredError, "message" | "hint" | "cause"> &
  Partial<Pick<StoredError, "message" | "hint">> & { readonly cause?: Packed };

/** The errors of one mail, each once. */
export class ErrorPack {
  readonly errors: Packed[] = [];
  private readonly places = new Map<string, number>();
  private left = ROOM;

  /** Where in `errors` this one is. */
  place(error: StoredError): number {
    const whole = packed(error);
    const json = JSON.stringify(whole);
    const known = this.places.get(json);
    if (known !== undefined) return known;
    const isKept = json.length <= this.left;
    if (isKept) this.left -= json.length;
    const { message: _message, hint: _hint, cause: _cause, ...brief } = whole;
    const kept = isKept ? whole : brief;
    const place = this.places.get(JSON.stringify(kept)) ?? this.errors.push(kept) - 1;
    this.places.set(json, place);
    this.places.set(JSON.stringify(kept), place);
    return place;
  }
}

/** The error that a file holds, whole again with its cause, but not with that one's; anything else as it is. */
export function unpackedError(value: unknown, isCause = false): unknown {
  if (typeof value !== "object" || value === null || !("code" in value)) return value;
  const { code } = value;
  const row = Object.entries(ERROR_TABLE).find(([name]) => name === code)?.[1];
  const cause = "cause" in value ? { cause: isCause ? undefined : unpackedError(value.cause, true) } : {};
  return { message: row?.text ?? String(code), hint: row?.hint ?? "", ...value, ...cause };
}

/** A code that this version does not know comes from a later one. */
function packed({ message, hint, cause, ...error }: StoredError): Packed {
  const row = Object.hasOwn(ERROR_TABLE, error.code) ? ERROR_TABLE[error.code] : undefined;
  return {
    ...error,
    ...(message !== row?.text && { message }),
    ...(hint !== row?.hint && { hint }),
    ...(cause !== undefined && { cause: packed(cause) }),
  };
}
