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
