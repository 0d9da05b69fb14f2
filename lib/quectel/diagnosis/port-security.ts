/** Which port goes with which security: a wrong pair looks like a dead server, so it is told beforehand. */
import type { SmtpSettings } from "../settings";

type Security = SmtpSettings["security"];

/** Ports whose use is settled: RFC 8314 (465 implicit TLS), RFC 6409 (587), RFC 5321 (25), 2525 by custom. */
const EXPECTED: Readonly<Record<number, readonly Security[]>> = {
  25: ["none", "starttls"],
  465: ["tls"],
  587: ["starttls", "none"],
  2525: ["starttls", "none"],
};

const WORDS: Readonly<Record<Security, string>> = { none: "no encryption", tls: "TLS", starttls: "STARTTLS" };

/** What is odd about the pair; undefined for a usual pair or a port of free use. */
export function oddPair(port: number, security: Security): string | undefined {
  const expected = EXPECTED[port];
  if (expected === undefined || expected.includes(security)) return undefined;
  return `port ${port} is for ${expected.map((one) => WORDS[one]).join(" or ")}, but ${WORDS[security]} is set`;
}
