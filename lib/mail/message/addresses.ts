/**
 * E-mail addresses of a message: lists in the forms that flows use, down to bare addresses in ASCII.
 *
 * An address is an RFC 5322 mailbox without what cannot be put into an AT command (quotation marks) or into SMTP
 * without extensions (letters beyond ASCII before the @). Display names are dropped: the module has no place for them.
 */
import { domainToASCII } from "node:url";
import { ModemError, type ErrorCode } from "../../errors";
import { isAscii } from "../ascii-fold";
import { isBlank, isRecord, reading } from "./foreign";
import { hasControl, shown } from "./text";

/** RFC 5321 section 4.5.3.1, bytes. */
const LONGEST_LOCAL_PART = 64;
const LONGEST_ADDRESS = 254;
/** A display name included; keeps the parser's time short whatever is put in. */
const LONGEST_MAILBOX = 320;
/** Far above what the module carries (20), so that a flood of addresses ends early. */
const MOST_ADDRESSES = 100;
const DEEPEST_LIST = 3;

/** The addresses of a string (separated by commas or semicolons), of `{address}`, or of a list of these. */
export function readAddresses(value: unknown, code: ErrorCode): readonly string[] {
  const mailboxes = reading(code, () => listMailboxes(value, code, 0));
  checkCount(mailboxes.length);
  return [...new Set(mailboxes.map((mailbox) => parseMailbox(mailbox, code)))];
}

/** The bare address of a mailbox such as `Name <name@example.com>`. @throws ModemError of `code`, LIMIT_ADDRESS */
export function parseMailbox(mailbox: string, code: ErrorCode): string {
  const refuse = (why: string): ModemError => new ModemError(code, { detail: `${shown(mailbox)} ${why}` });
  if (mailbox.length > LONGEST_MAILBOX) {
    throw new ModemError("LIMIT_ADDRESS", { detail: shown(mailbox) });
  }
  if (hasControl(mailbox)) throw refuse("holds a control character");
  const parsed = parse(mailbox);
  if (parsed === undefined) throw refuse("is not of the form name@example.com");
  if (!isAscii(parsed.local)) {
    throw refuse("has letters before the @ that mail servers do not take");
  }
  if (!/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/.test(parsed.local)) {
    throw refuse("needs quotation marks before the @, which the module does not take");
  }
  const domain = asciiDomain(parsed.domain);
  if (domain === undefined) throw refuse("has no valid domain after the @");
  const address = `${parsed.local}@${domain}`;
  if (parsed.local.length > LONGEST_LOCAL_PART || address.length > LONGEST_ADDRESS) {
    throw new ModemError("LIMIT_ADDRESS", { detail: shown(address) });
  }
  return address;
}

function listMailboxes(value: unknown, code: ErrorCode, depth: number): string[] {
  if (isBlank(value)) return [];
  if (typeof value === "string") return splitList(value);
  if (Array.isArray(value) && depth < DEEPEST_LIST) {
    checkCount(value.length);
    return value.flatMap((entry: unknown) => listMailboxes(entry, code, depth + 1));
  }
  if (isRecord(value) && typeof value["address"] === "string") return [value["address"]];
  throw new ModemError(code, { detail: "neither text nor a list of texts" });
}

function checkCount(count: number): void {
  if (count > MOST_ADDRESSES) {
    throw new ModemError("LIMIT_RECIPIENTS", { detail: `${count} addresses in one list` });
  }
}

/** Splits at commas and semicolons outside of quotation marks and angle brackets. */
function splitList(text: string): string[] {
  if (text.length > LONGEST_MAILBOX * MOST_ADDRESSES) {
    throw new ModemError("LIMIT_RECIPIENTS", { detail: `${text.length} characters of addresses` });
  }
  const parts: string[] = [""];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|<[^<>]*>|[^"<,;]+|./gsu)) {
    if (token === "," || token === ";") parts.push("");
    else parts.push((parts.pop() ?? "") + token);
  }
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

interface Mailbox {
  readonly local: string;
  readonly domain: string;
}

function parse(mailbox: string): Mailbox | undefined {
  const parser: typeof import("email-addresses") = require("email-addresses");
  const parsed = parser.parseOneAddress({ input: mailbox, rfc6532: true });
  return parsed?.type === "mailbox" ? parsed : undefined;
}

/** The domain in lower case and A-labels, or an address literal; undefined when it is neither. */
function asciiDomain(domain: string): string | undefined {
  if (/^\[(?:\d{1,3}(?:\.\d{1,3}){3}|IPv6:[0-9a-f:.]+)\]$/i.test(domain)) return domain;
  // An ASCII domain is not converted: `127.1` would become another one.
  const ascii = isAscii(domain) ? domain.toLowerCase() : domainToASCII(domain);
  const isDomain = ascii.split(".").every((label) => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
  return isDomain ? ascii : undefined;
}
