/** What a run of hostile input has found, by position, so that each can be repeated alone. */
import { isModemError } from "../../../lib/errors";
import { isKnownLine } from "../fault/grammar";

export class Findings {
  /** Lines of no known form, or more lines than the transaction needs. */
  commandLines = 0;
  injectedHeaders = 0;
  escaped = 0;
  pathsOutside = 0;
  filesOutside = 0;
  stuck = 0;
  secrets = 0;
  /** A Node-RED ended that was not stopped, or with another code than 0. */
  ended = 0;
  /** An end told twice, or not on each wire. */
  twice = 0;
  /** A message that took more than its time. */
  slow = 0;

  constructor(private readonly say: (line: string) => void) {}

  /** Notes one finding of a kind. */
  add(kind: keyof Findings & FindingKind, where: string, what: string): void {
    this[kind]++;
    if (this[kind] <= 10) this.say(`hostile: ${kind} at ${where}: ${what.slice(0, 600)}`);
  }

  /** Only a ModemError of these codes may come out; anything else has escaped. */
  expectError(error: unknown, codes: RegExp, where: string): void {
    if (isModemError(error) && codes.test(error.code)) return;
    this.add("escaped", where, error instanceof Error ? String(error.stack) : String(error));
  }

  /** Each line has to be of a known form. */
  checkLines(lines: readonly string[], where: string): void {
    for (const line of lines)
      if (!isKnownLine(line) && line !== TOO_LONG) this.add("commandLines", where, JSON.stringify(line));
  }
}

/** What the simulated module notes of a line that it cannot hold; it answers ERROR and does nothing. */
const TOO_LONG = "AT\0";

export type FindingKind =
  | "commandLines"
  | "injectedHeaders"
  | "escaped"
  | "pathsOutside"
  | "filesOutside"
  | "stuck"
  | "secrets"
  | "ended"
  | "twice"
  | "slow";
