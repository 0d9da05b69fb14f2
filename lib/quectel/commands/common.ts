/** What the command constructors share: reading answers, and how long a command and its data may take. */
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

/* How long bytes take on the line to the module, for the time limits of data mode. */

/** What a connection can carry; see `Transport`. */
export interface LineProperties {
  /** Bit/s of a paced line, undefined where nothing paces it (USB, TCP). */
  readonly bitRate: number | undefined;
  /** True where the line cannot overrun the module. */
  readonly flowControlled: boolean;
}

/** 8N1: a byte takes ten bits. */
const BITS_PER_BYTE = 10;
/** Supposed rate of a line without pace: a slow serial-over-IP server. */
const SLOWEST_BIT_RATE = 38_400;
/** Acknowledgements, other bytes on a shared host and a busy module lengthen a transfer by so much at most. */
const SLACK = 1.5;
/** Seconds on top, for a host that is slow to begin. */
const START_SECONDS = 30;
const LONGEST_SECONDS = 65_535;

/** Seconds to ask of the module for taking `bytes` in data mode: 1.5 times the line's own time and 30 s, at most 65535. */
export function inputSeconds(bytes: number, line: LineProperties): number {
  const lineSeconds = (bytes * BITS_PER_BYTE) / (line.bitRate ?? SLOWEST_BIT_RATE);
  return Math.min(LONGEST_SECONDS, START_SECONDS + Math.ceil(lineSeconds * SLACK));
}

/** True where a module without flow control may lose bytes, so that it has to acknowledge each block. */
export function canOverrun(line: LineProperties): boolean {
  return line.bitRate !== undefined && !line.flowControlled;
}
