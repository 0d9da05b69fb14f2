/**
 * From the module's error numbers to the codes of this package.
 *
 * The channel knows `+CME ERROR` only as a number or words; what a number means depends on the module: 3GPP TS 27.007
 * section 9.2 up to 399, Quectel FILE 400..429, Quectel TCP/IP 550..579, Quectel SMTP 651..682.
 */
import { ERROR_TABLE, isModemError, ModemError, type ErrorClass, type ErrorCode } from "../errors";

/** Numbers of 3GPP TS 27.007 and of TCP/IP that come in several forms or need a code of another number. */
const OTHER_NUMBERS: ReadonlyMap<number, ErrorCode> = new Map([
  [15, "SIM_FAILURE"],
  [17, "SIM_PIN_REQUIRED"],
  [18, "SIM_PUK_REQUIRED"],
  [30, "NETWORK_NOT_REGISTERED"],
  [31, "NETWORK_NOT_REGISTERED"],
  [32, "NETWORK_DENIED"],
  [573, "PDP_NO_APN"],
  [575, "SOCKET_FAILED"],
  [576, "SOCKET_FAILED"],
  [577, "SOCKET_FAILED"],
  [578, "SOCKET_FAILED"],
  [579, "SOCKET_FAILED"],
]);

const CODES: ReadonlyMap<number, ErrorCode> = new Map([...numberedCodes(), ...OTHER_NUMBERS]);

/**
 * Words of `+CME ERROR` with CMEE=2 beyond those of 3GPP TS 27.007, which the channel knows, and their numbers.
 * Firmware differs in case and in filler words, so they are compared in lower case without punctuation.
 * Source: tables of the FILE and SMTP manuals.
 */
const WORDS: ReadonlyMap<string, number> = new Map([
  ["invalid input value", 400],
  ["larger than the size of the file", 401],
  ["read zero byte", 402],
  ["drive full", 403],
  ["file not found", 405],
  ["invalid file name", 406],
  ["file already exist", 407],
  ["file already existed", 407],
  ["file already exists", 407],
  ["fail to write the file", 409],
  ["fail to open the file", 410],
  ["fail to read the file", 411],
  ["reach the max number of files allowed to be opened", 413],
  ["the file is read only", 414],
  ["invalid file descriptor", 416],
  ["fail to list the file", 417],
  ["fail to delete the file", 418],
  ["fail to get disk info", 419],
  ["no space", 420],
  ["time out", 421],
  ["file too large", 423],
  ["invalid parameter", 425],
  ["file already opened", 426],
  ["unknown error", 651],
  ["smtp client is busy", 652],
  ["failed to parse domain name", 653],
  ["network error", 654],
  ["unsupported authentication type", 655],
  ["connection for smtp server is closed by peer", 656],
  ["gprs csd context deactivated", 657],
  ["timeout", 658],
  ["no recipient for smtp client", 659],
  ["failed to send email", 660],
  ["failed to open file", 661],
  ["no enough memory for the attachment", 662],
  ["failed to save the attachment", 663],
  ["wrong input parameter", 664],
  ["ssl authentication failed", 665],
]);

/** The code for a number of `+CME ERROR` or `+QSMTPPUT`; undefined for one that has none. */
export function codeOfNumber(number: number): ErrorCode | undefined {
  return CODES.get(number);
}

/** What else is known of a failure that the module reported by number. */
export interface FailureDetails {
  readonly detail?: string;
  readonly cause?: unknown;
  readonly command?: string;
  readonly smtpCode?: number;
  readonly stage?: string;
  readonly class?: ErrorClass;
}

/** The error for a number of the module; `MODEM_CME` for one that has no code of its own. */
export function errorOfNumber(number: number, details: FailureDetails = {}): ModemError {
  const code = codeOfNumber(number);
  return new ModemError(code ?? "MODEM_CME", {
    ...details,
    modemCode: number,
    ...(code === undefined && details.detail === undefined ? { detail: String(number) } : {}),
  });
}

/** `error` itself, or, for a `MODEM_CME` whose number or words have a code of their own, the error of that code. */
export function withModuleCode(error: unknown): unknown {
  if (!isModemError(error, "MODEM_CME")) return error;
  const number = error.modemCode ?? numberOfWords(error.message);
  if (number === undefined || codeOfNumber(number) === undefined) return error;
  return errorOfNumber(number, {
    cause: error,
    ...(error.command === undefined ? {} : { command: error.command }),
  });
}

function numberOfWords(message: string): number | undefined {
  const mark = "+cme error:";
  const at = message.toLowerCase().indexOf(mark);
  if (at === -1) return undefined;
  return WORDS.get(
    message
      .slice(at + mark.length)
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, " ")
      .trim(),
  );
}

function* numberedCodes(): Generator<[number, ErrorCode]> {
  for (const code of Object.keys(ERROR_TABLE).filter(isErrorCode)) {
    const { number } = ERROR_TABLE[code];
    if (number !== undefined) yield [number, code];
  }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_TABLE, code);
}
