/** What the command constructors share: reading answers, and how long a command may take. */
import { parseParameters, type Parameters, type Response } from "../../at/command";
import { ModemError } from "../../errors";

/** The parameters of the first line of information text; throws MODEM_ANSWER when there is none. */
export function firstParameters(response: Response): Parameters {
  return parseParameters(firstLine(response));
}

/** The first line of information text; throws MODEM_ANSWER when there is none. */
export function firstLine(response: Response): string {
  const line = response.lines[0];
  if (line === undefined) throw notUnderstood("no information text");
  return line;
}

/** `value`, or MODEM_ANSWER when the answer did not hold it. */
export function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw notUnderstood(`${what} is missing`);
  return value;
}

function notUnderstood(detail: string): ModemError {
  return new ModemError("MODEM_ANSWER", { detail });
}

/**
 * The longest time to the final result code of a command, in milliseconds.
 *
 * Source: Quectel EC2x AT and TCP/IP manuals. The manual's class of 300 ms gets far more, because a timeout means a
 * resynchronised line, and a busy module may answer late.
 */
export const TIMEOUT_MS = {
  /** The class of 300 ms. */
  short: 10_000,
  /** CPIN, 5 s in the manual. */
  sim: 15_000,
  functionality: 15_000,
  operator: 180_000,
  attach: 140_000,
  activate: 150_000,
  deactivate: 40_000,
  /** OK of QNTP, QIDNSGIP and QPING; what they find out comes as unsolicited lines. */
  lookup: 60_000,
} as const;
