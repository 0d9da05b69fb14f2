/** How long bytes take on the line to the module, for the time limits of data mode. */

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
