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
  // On Windows a port belongs to the program that has opened it, and 32 is a sharing violation.
  {
    pattern: /cannot lock port|resource busy|: (access denied|unknown error code 32\b)/i,
    code: "PORT_BUSY",
  },
  {
    pattern: /no such (file|device)|file not found|not configured|unknown error code (3|55|123|433|1167)\b/i,
    code: "PORT_NOT_FOUND",
  },
  { pattern: /permission denied|operation not permitted/i, code: "PORT_DENIED" },
];

/**
 * What drivers of Windows answer once the device is gone, beside the codes that the binding has a text for: not ready,
 * bad command, general failure, device gone, no such device, I/O error, not connected, removed (winerror.h).
 */
const GONE_ON_WINDOWS =
  /access denied|operation aborted|invalid handle|file not found|unknown error code (21|22|31|55|433|1117|1167|1617)\b/i;

/** Why an open port fails. */
const PORT_ERRORS: readonly Row[] = [
  { pattern: /port is not open/i, code: "PORT_CLOSED" },
  {
    pattern:
      /bad file (descriptor|number)|input\/output error|\bE(IO|BADF|NXIO|NODEV|PIPE)\b|no such device/i,
    code: "PORT_UNPLUGGED",
  },
  { pattern: GONE_ON_WINDOWS, code: "PORT_UNPLUGGED" },
];

/** A device without control lines; on Windows invalid function, not supported and not implemented (winerror.h). */
const WITHOUT_LINES =
  /inappropriate ioctl|invalid argument|parameter is incorrect|unknown error code (1|50|120)\b/i;

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
  return error.cause instanceof Error && WITHOUT_LINES.test(error.cause.message);
}

function translate(error: unknown, rows: readonly Row[]): ModemError {
  const cause = isModemError(error) && error.cause instanceof Error ? error.cause : error;
  const text = cause instanceof Error ? cause.message : String(cause);
  const row = rows.find(({ pattern }) => pattern.test(text));
  return row === undefined
    ? new ModemError("PORT_FAILED", { cause, detail: text })
    : new ModemError(row.code, { cause });
}
