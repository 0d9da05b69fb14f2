/**
 * Errors of the serialport package and its binding, told apart by their text: it gives neither code nor errno.
 *
 * The texts are those of `strerror` on Linux and macOS and of the binding on Windows (bindings-cpp 13).
 */
import { isModemError, ModemError, type ErrorCode } from "../errors";

interface Row {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
}

/** Why a port does not open; the first that matches. */
const OPEN_ERRORS: readonly Row[] = [
  { pattern: /cannot lock port|resource busy|opening .*: access denied/i, code: "PORT_BUSY" },
  { pattern: /no such (file|device)|file not found|not configured/i, code: "PORT_NOT_FOUND" },
  { pattern: /permission denied|operation not permitted/i, code: "PORT_DENIED" },
];

/** Why an open port fails. */
const PORT_ERRORS: readonly Row[] = [
  { pattern: /port is not open/i, code: "PORT_CLOSED" },
  {
    pattern:
      /bad file (descriptor|number)|input\/output error|\bE(IO|BADF|NXIO|NODEV|PIPE)\b|no such device/i,
    code: "PORT_UNPLUGGED",
  },
];

/** The error of a port that did not open. */
export function openError(error: unknown): ModemError {
  return translate(error, OPEN_ERRORS);
}

/** The error of a port that was open. */
export function portError(error: unknown): ModemError {
  return translate(error, PORT_ERRORS);
}

/** True when the device has no control lines, as a pseudo terminal and some USB devices. */
export function isWithoutLines(error: ModemError): boolean {
  return error.cause instanceof Error && /inappropriate ioctl|invalid argument/i.test(error.cause.message);
}

function translate(error: unknown, rows: readonly Row[]): ModemError {
  const cause = isModemError(error) && error.cause instanceof Error ? error.cause : error;
  const text = cause instanceof Error ? cause.message : String(cause);
  const row = rows.find(({ pattern }) => pattern.test(text));
  return row === undefined
    ? new ModemError("PORT_FAILED", { cause, detail: text })
    : new ModemError(row.code, { cause });
}
