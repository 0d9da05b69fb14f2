/**
 * Commands over an active PDP context that only say OK; what they find out follows as unsolicited lines.
 *
 * Source: Quectel EC2x TCP/IP AT Commands Manual (QIDNSGIP, QPING, QNTP). The readers of their lines stand beside
 * them; who waits for the lines is `network/lookups.ts`.
 */
import { headerOf, nothing, num, parseParameters, str, type Command } from "../../at/command";
import { parseFullClock } from "./clock";
import { TIMEOUT_MS } from "./common";

export const resolveHost = (contextId: number, host: string): Command<void> => ({
  line: `AT+QIDNSGIP=${num(contextId)},${str(host)}`,
  headers: [],
  timeoutMs: TIMEOUT_MS.lookup,
  parse: nothing,
});

export type ResolveLine =
  /** `<err>` 0: `count` addresses follow, each in a line of its own. */
  | { readonly kind: "result"; readonly error: number; readonly count: number }
  | { readonly kind: "address"; readonly address: string };

/** A line of the answer to QIDNSGIP; undefined for any other. */
export function readResolveLine(line: string): ResolveLine | undefined {
  if (headerOf(line) !== "+QIURC") return undefined;
  const parameters = parseParameters(line);
  if (parameters.text(0) !== "dnsgip") return undefined;
  if (!parameters.isQuoted(1)) {
    return { kind: "result", error: parameters.integer(1) ?? -1, count: parameters.integer(2) ?? 1 };
  }
  return { kind: "address", address: parameters.text(1) ?? "" };
}

/** @param seconds 1..255 for each ping. @param count 1..10 */
export const pingHost = (contextId: number, host: string, seconds: number, count: number): Command<void> => ({
  line: `AT+QPING=${num(contextId)},${str(host)},${num(seconds)},${num(count)}`,
  headers: [],
  timeoutMs: TIMEOUT_MS.lookup,
  parse: nothing,
});

/** Replies received, from the last line of a QPING or from one that says why none can come; undefined before. */
export function readPingTotal(line: string): number | undefined {
  if (headerOf(line) !== "+QPING") return undefined;
  const parameters = parseParameters(line);
  const error = parameters.integer(0);
  if (error === 0) return parameters.isQuoted(1) ? undefined : parameters.integer(2);
  return error === PING_TIMED_OUT ? undefined : 0;
}

/** TCP/IP error "timeout": this ping had no reply, the next may. */
const PING_TIMED_OUT = 569;

/** Asks a time server and sets the module's clock by its answer. */
export const askTimeServer = (contextId: number, host: string): Command<void> => ({
  line: `AT+QNTP=${num(contextId)},${str(host)},123,1`,
  headers: [],
  timeoutMs: TIMEOUT_MS.lookup,
  parse: nothing,
});

/** The time that QNTP has brought (ms since 1970), `failed`, or undefined for any other line. */
export function readTimeServerLine(line: string): number | "failed" | undefined {
  if (headerOf(line) !== "+QNTP") return undefined;
  const parameters = parseParameters(line);
  if (parameters.integer(0) !== 0) return "failed";
  return parseFullClock(parameters.text(1) ?? "") ?? "failed";
}
