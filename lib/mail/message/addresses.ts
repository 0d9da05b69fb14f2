/**
 * E-mail addresses of a message: lists in the forms that flows use, down to bare addresses in ASCII.
 *
 * What can be read is read; the rest is named, so that one wrong entry never costs the others their mail. An address
 * is an RFC 5322 mailbox without what cannot be put into an AT command (quotation marks), and without letters beyond ASCII
 * before the @ (RFC 6531) where the way out does not carry them.
 */
import { domainToASCII } from "node:url";
import { ModemError, type ErrorCode } from "../../errors";
import { lateCode } from "../../late-code";
import type { Mailbox } from "../mail";
import { splitList } from "./address-list";
import { isBlank, isRecord, primitiveText, reading } from "./foreign";
import { isAscii, shown } from "./text";

/** RFC 5321 section 4.5.3.1, bytes. */
const LONGEST_LOCAL_PART = 64;
const LONGEST_ADDRESS = 254;
/** Far above what the module carries (20), so that a flood of addresses ends early. */
const MOST_ADDRESSES = 100;
/** Entries of a list that are looked at, the empty ones included. */
const MOST_ENTRIES = 1000;
/** Characters of a list: far more than as many addresses with their names have. */
const LONGEST_LIST = 2000 * MOST_ADDRESSES;
const DEEPEST_LIST = 3;
/** An address that is nothing else, so no list has to be looked for in it. */
const BARE = /^[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}$/;
const ATOMS = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
/** In place of a domain (RFC 5321 section 4.1.3), and a part of one in lower case. */
const ADDRESS_LITERAL = /^\[(?:\d{1,3}(?:\.\d{1,3}){3}|IPv6:[0-9a-f:.]+)\]$/i;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Visible characters beyond ASCII (RFC 6532 section 3.2), without those that turn the direction of reading round. */
const BEYOND_ASCII = /[^\p{C}\p{Z}\p{ASCII}]/gu;

/** What may stand before the @. `any` needs a server that takes it (SMTPUTF8). */
export type Letters = "ascii" | "any";

export interface AddressList {
  /** Those that were read, each address once. */
  readonly mailboxes: readonly Mailbox[];
  /** Why each of the others is no address; INVALID_* or LIMIT_ADDRESS. */
  readonly unreadable: readonly Unreadable[];
  /** Header fields of `mailto:` URLs, which were not used. */
  readonly unused: readonly string[];
}

export interface Unreadable {
  /** As it was given. */
  readonly text: string;
  readonly error: ModemError;
}

/**
 * The mailboxes of a string (RFC 5322 section 3.4, one a line, or JSON), of `{name, address}` (or `email`), of what mailparser makes of a
 * header (`{value: [...]}`), or of a list of these.
 *
 * Of more than `MOST_ADDRESSES` the first ones are read, and the rest is one entry that was not: LIMIT_RECIPIENTS.
 *
 * @throws ModemError `code` for a value that cannot be read at all
 */
export function readAddresses(value: unknown, code: ErrorCode, letters: Letters = "ascii"): AddressList {
  const found = reading(code, () => collect(value, 0));
  const list = found.slice(0, MOST_ADDRESSES);
  const mailboxes = new Map<string, Mailbox>();
  const unreadable: Unreadable[] = [];
  const unused: string[] = [];
  for (const { address, name, injected, isUnused, flood } of list) {
    if (isUnused === true) {
      unused.push(name);
      continue;
    }
    if (flood !== undefined) {
      unreadable.push({ text: name, error: tooMany(flood) });
      continue;
    }
    const checked = injected === true ? "looks like a header field" : checkAddress(address, letters);
    const text = address || name;
    if (typeof checked === "string") {
      unreadable.push({ text, error: new ModemError(code, { detail: `${shown(text)} ${checked}` }) });
    } else if (checked instanceof ModemError) unreadable.push({ text, error: checked });
    else if (!mailboxes.has(checked.address)) mailboxes.set(checked.address, { name, ...checked });
  }
  if (found.length > MOST_ADDRESSES) {
    const error = tooMany(`more than ${MOST_ADDRESSES} addresses in one list`);
    unreadable.push({ text: `(all after the first ${MOST_ADDRESSES})`, error });
  }
  return { mailboxes: [...mailboxes.values()], unreadable, unused };
}

/** The only mailbox of a value that must not be more. @throws ModemError of `code`, LIMIT_* */
export function readOneAddress(value: unknown, code: ErrorCode, letters?: Letters): Mailbox | undefined {
  const { mailboxes, unreadable } = readAddresses(value, code, letters);
  const [wrong] = unreadable;
  if (wrong !== undefined) throw wrong.error;
  if (mailboxes.length > 1) throw new ModemError(code, { detail: `it names ${mailboxes.length} addresses` });
  return mailboxes[0];
}

/** The address in the form that goes out, of a text that is nothing but one. @throws ModemError of `code`, LIMIT_ADDRESS */
export function readBareAddress(text: string, code: ErrorCode, letters: Letters = "ascii"): string {
  const checked = checkAddress(text.trim(), letters);
  if (checked instanceof ModemError) throw checked;
  if (typeof checked === "string") throw new ModemError(code, { detail: `${shown(text)} ${checked}` });
  return checked.address;
}

interface Entry extends Mailbox {
  readonly injected?: boolean;
  readonly isUnused?: boolean;
  /** Stands for the rest of a list, and says how much it was. */
  readonly flood?: string;
}

function restOf(flood: string): Entry {
  return { address: "", name: "(the rest of a list)", flood };
}

function collect(value: unknown, depth: number): readonly Entry[] {
  if (isBlank(value)) return [];
  if (typeof value === "string") {
    if (value.length <= LONGEST_ADDRESS && BARE.test(value)) return [{ address: value, name: "" }];
    const list = depth === 0 ? listOfJson(value) : undefined;
    return list === undefined ? parse(value) : collect(list, depth + 1);
  }
  if (Array.isArray(value) && depth < DEEPEST_LIST) {
    const found: Entry[] = [];
    for (let at = 0; at < value.length && found.length <= MOST_ADDRESSES; at++) {
      if (at === MOST_ENTRIES) return [...found, restOf(`${value.length} entries in one list`)];
      const entry: unknown = value[at];
      found.push(...collect(entry, depth + 1));
    }
    return found;
  }
  if (isRecord(value)) {
    const { email, name, value: list, group } = value;
    const address = isBlank(value["address"]) && !isBlank(email) ? email : value["address"];
    if (typeof address === "string" && (address !== "" || !Array.isArray(group))) {
      const given = primitiveText(name) ?? "";
      const found = parse(address);
      if (found.length === 0 && given.trim() !== "") return [{ address: "", name: given }];
      return found.map((one) => (given === "" ? one : { ...one, name: given }));
    }
    if (depth < DEEPEST_LIST && Array.isArray(list)) return collect(list, depth);
    if (depth < DEEPEST_LIST && Array.isArray(group)) return collect(group, depth);
  }
  return [{ address: "", name: primitiveText(value) ?? `(${typeof value})` }];
}

/** A list that went through a text, as from an environment variable or a template; undefined for any other text. */
function listOfJson(text: string): unknown {
  if (text.length > LONGEST_LIST || !/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * To be called when mails are to be expected, because without it no recipient is known, and a mail is not accepted.
 *
 * @throws ModemError PACKAGE_UPDATED
 */
export const loadParser = lateCode((): typeof import("nodemailer/lib/addressparser") =>
  require("nodemailer/lib/addressparser"),
);

function parse(text: string): readonly Entry[] {
  const isFlood = text.length > LONGEST_LIST;
  const { mailboxes, injected, uriFields } = splitList(text.slice(0, LONGEST_LIST), MOST_ADDRESSES);
  const { default: parser } = loadParser();
  // Half an address is another one.
  const whole = isFlood ? mailboxes.slice(0, -1) : mailboxes;
  return [
    ...parser(whole.join(", "), { flatten: true }).filter(
      ({ address, name }) => address !== "" || name !== "",
    ),
    ...injected.map((line) => ({ address: "", name: line, injected: true })),
    // An address in them was meant to get the mail, too, and its absence is told like that of any other.
    ...uriFields.map((fields) =>
      fields.includes("@")
        ? { address: "", name: fields, injected: true }
        : { address: "", name: fields, isUnused: true },
    ),
    ...(isFlood ? [restOf(`${text.length} characters of addresses`)] : []),
  ];
}

/** The address in the form that goes out; else why it cannot. */
function checkAddress(given: string, letters: Letters): Pick<Mailbox, "address"> | ModemError | string {
  const text = given.replace(/^mailto:/i, "").replace(/^'(.*)'$/s, "$1");
  const at = text.lastIndexOf("@");
  // The same letters in another form would be another mailbox (RFC 6532 section 3.1).
  const local = text.slice(0, Math.max(0, at)).normalize("NFC");
  if (text.includes("\uFFFD")) return "holds a control character";
  if (at < 1) return "is not of the form name@example.com";
  if (text.length > 4 * LONGEST_ADDRESS) return new ModemError("LIMIT_ADDRESS", { detail: shown(text) });
  if (letters === "ascii" && !isAscii(local)) {
    return "has letters before the @ that the module's mail client does not support";
  }
  if (!ATOMS.test(local.replace(BEYOND_ASCII, "x")))
    return "needs quotation marks before the @, which are not supported";
  // A full stop behind an address ends the sentence it was copied from.
  const domain = asciiDomain(text.slice(at + 1).replace(/\.$/, ""));
  if (domain === undefined) return "has no valid domain after the @";
  const address = `${local}@${domain}`;
  if (Buffer.byteLength(local) > LONGEST_LOCAL_PART || Buffer.byteLength(address) > LONGEST_ADDRESS) {
    return new ModemError("LIMIT_ADDRESS", { detail: shown(address) });
  }
  return { address };
}

/** The domain in lower case and A-labels, or an address literal; undefined when it is neither. */
function asciiDomain(domain: string): string | undefined {
  if (ADDRESS_LITERAL.test(domain)) return domain;
  // An ASCII domain is not converted: `127.1` would become another one.
  const ascii = isAscii(domain) ? domain.toLowerCase() : domainToASCII(domain);
  return ascii.split(".").every((label) => LABEL.test(label)) ? ascii : undefined;
}

function tooMany(detail: string): ModemError {
  return new ModemError("LIMIT_RECIPIENTS", { detail });
}
