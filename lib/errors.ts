/**
 * ModemError: the one error class of this package, with a stable code and what a person can do.
 *
 * Node-RED hands message, code, stack and cause of an Error to Catch nodes; the other fields are for the result
 * message and for the layers in between. Nothing secret may be put into any field.
 */
import { ERROR_TABLE, type ErrorClass, type ErrorCode } from "./error-table";

export { ERROR_TABLE, SPECIAL_HINTS, type ErrorClass, type ErrorCode, type SpecialHint } from "./error-table";

export interface ModemErrorOptions {
  /** What in particular: appended to the text of the code after a colon. */
  readonly detail?: string;
  readonly cause?: unknown;
  /** The command line that failed, secrets masked. */
  readonly command?: string;
  /**
   * The module's error number (`+CME ERROR` or first number of `+QSMTPPUT`); left out: that of the table, `null`: none,
   * because it was not the module that reported the error.
   */
  readonly modemCode?: number | null;
  /** The mail server's reply code, 400..599. */
  readonly smtpCode?: number;
  /** Step of the transaction: `network`, `settings`, `recipients`, `subject`, `body`, `upload`, `send`, … */
  readonly stage?: string;
  /** Replaces the class of the table where the circumstances decide. */
  readonly class?: ErrorClass;
  /** Replaces the hint of the table where a better one is known. */
  readonly hint?: string;
}

export class ModemError extends Error {
  override readonly name = "ModemError";
  readonly code: ErrorCode;
  readonly hint: string;
  readonly class: ErrorClass;
  readonly command: string | undefined;
  readonly modemCode: number | undefined;
  readonly smtpCode: number | undefined;
  readonly stage: string | undefined;

  constructor(code: ErrorCode, options: ModemErrorOptions = {}) {
    const row = ERROR_TABLE[code];
    super(options.detail === undefined ? row.text : `${row.text}: ${options.detail}`, {
      cause: options.cause,
    });
    this.code = code;
    this.hint = options.hint ?? row.hint;
    this.smtpCode = options.smtpCode;
    // RFC 5321 section 4.2.1: a 4yz reply is a transient failure, whatever number the module gives it.
    this.class = options.class ?? (isTransientReply(options.smtpCode) ? "transient" : row.class);
    this.command = options.command;
    this.modemCode = options.modemCode === null ? undefined : (options.modemCode ?? row.number);
    this.stage = options.stage;
  }
}

/** The same error, cause and stack of its own included, with some of its fields replaced. */
export function copyOf(
  error: ModemError,
  changes: Pick<ModemErrorOptions, "class" | "hint" | "stage" | "smtpCode" | "detail"> = {},
): ModemError {
  const { command, modemCode, smtpCode, stage, hint, class: kind } = error;
  return new ModemError(error.code, {
    ...knownFields({ detail: detailOf(error) }),
    cause: error.cause ?? error,
    ...(command !== undefined && { command }),
    modemCode: modemCode ?? null,
    ...(smtpCode !== undefined && { smtpCode }),
    ...(stage !== undefined && { stage }),
    hint,
    class: kind,
    ...changes,
  });
}

/** What its message says in particular; undefined where it is the text of its code alone. */
export function detailOf({ code, message }: ModemError): string | undefined {
  const { text } = ERROR_TABLE[code];
  return message.startsWith(`${text}: `) ? message.slice(text.length + 2) : undefined;
}

/** True for a ModemError, and with `code` only for one of that code. */
export function isModemError(error: unknown, code?: ErrorCode): error is ModemError {
  return error instanceof ModemError && (code === undefined || error.code === code);
}

/** What was thrown, as a ModemError: that itself, or the cause of a `MODEM_ERROR`. */
export function asModemError(cause: unknown): ModemError {
  return isModemError(cause) ? cause : new ModemError("MODEM_ERROR", { cause, detail: String(cause) });
}

/**
 * The code of an error of Node.js, or its message where it has none; a text is a code already, as what TLS sockets have in
 * `authorizationError`, though it is typed as an error. Undefined: no error.
 */
export function systemCode(error: unknown): string | undefined {
  if (typeof error === "string") return error;
  return error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : undefined;
}

function isTransientReply(smtpCode: number | undefined): boolean {
  return smtpCode !== undefined && smtpCode >= 400 && smtpCode < 500;
}

/** Those of the `fields` that have a value, to be spread into a result or another error. */
export function knownFields<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const known: { [K in keyof T]?: NonNullable<T[K]> } = {};
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined && value !== null) known[name] = value;
  }
  return known;
}
