/**
 * TestRequest: what the dialog of a modem asks to try, checked in form.
 *
 * It comes from a browser, so nothing about it is taken for granted. Whether the settings make sense is the business of
 * `modem-settings.ts`, as for a deployed node.
 */
import { readOneAddress } from "../../../lib/mail/message/addresses";
import { ModemError, SPECIAL_HINTS } from "../../../lib/errors";
import type { ModemCredentials } from "../settings/modem-settings";
import { invalid, type RawOptions } from "../settings/options";

export type TestKind = "diagnosis" | "mail" | "facts";

export interface TestRequest {
  readonly kind: TestKind;
  /** Id of the modem's node, deployed or not. */
  readonly modem: string;
  /** Id of the flow that the modem belongs to; empty: all flows. */
  readonly flow: string;
  /** As typed, `${ENV}` not yet replaced. */
  readonly properties: RawOptions;
  /** What was typed; one that is missing was left untouched. */
  readonly credentials: ModemCredentials;
  /** Of the test mail; empty for other kinds. */
  readonly recipient: string;
}

/** Names of the credentials. */
export const CREDENTIALS = [
  "simPin",
  "apnUser",
  "apnPassword",
  "smtpUser",
  "smtpPassword",
  "clientSecret",
  "serviceAccount",
] as const;

/** Characters of a whole request; a chain of certificates has about 8,000. */
const LONGEST_REQUEST = 128 * 1024;
const LONGEST_CREDENTIAL = 1000;
/** The key file of a service account has about 2,400. */
const LONGEST_KEY_FILE = 16_000;
const MOST_PROPERTIES = 100;

/** @throws INVALID_CONFIG, INVALID_RECIPIENT, INVALID_NO_RECIPIENT */
export function readTestRequest(body: unknown): TestRequest {
  const request = entriesOf("request", body);
  const { length } = JSON.stringify(body);
  if (length > LONGEST_REQUEST) throw invalid("request", `has ${length} characters, which is too much`);
  const kind = kindOf(request.get("kind"));
  return {
    kind,
    modem: idOf("modem", request.get("modem")),
    flow: idOf("flow", request.get("flow") ?? ""),
    properties: propertiesOf(request.get("properties")),
    credentials: credentialsOf(request.get("credentials")),
    recipient: kind === "mail" ? recipientOf(request.get("recipient")) : "",
  };
}

function kindOf(value: unknown): TestKind {
  switch (value) {
    case "diagnosis":
    case "mail":
    case "facts":
      return value;
    default:
      throw invalid("kind", "must be diagnosis, mail or facts");
  }
}

function idOf(name: string, value: unknown): string {
  if (typeof value === "string" && /^[\w.:-]{0,100}$/.test(value)) return value;
  throw invalid(name, "must be the id of a node");
}

function propertiesOf(value: unknown): RawOptions {
  const entries = entriesOf("properties", value);
  for (const [name, property] of entries) {
    if (!["string", "number", "boolean"].includes(typeof property)) {
      throw invalid(name, "must be text, a number or a tick");
    }
  }
  return Object.fromEntries(entries);
}

function credentialsOf(value: unknown): ModemCredentials {
  const credentials: Record<string, string> = {};
  for (const [name, typed] of entriesOf("credentials", value)) {
    if (!CREDENTIALS.some((known) => known === name)) throw invalid("credentials", "hold an unknown name");
    const longest = name === "serviceAccount" ? LONGEST_KEY_FILE : LONGEST_CREDENTIAL;
    if (typeof typed !== "string" || typed.length > longest) {
      throw invalid(name, `must be text of at most ${longest} characters`);
    }
    credentials[name] = typed;
  }
  return credentials;
}

/** Whether a person can read the letters of a test mail. @throws ModemError INVALID_CONFIG */
export function readVerdict(body: unknown): boolean {
  const readable = entriesOf("readable", body).get("readable");
  if (typeof readable !== "boolean") throw invalid("readable", "must be true or false");
  return readable;
}

function recipientOf(value: unknown): string {
  const mailbox = readOneAddress(value, "INVALID_RECIPIENT", "any");
  if (mailbox === undefined) throw new ModemError("INVALID_NO_RECIPIENT", { hint: SPECIAL_HINTS.noAddress });
  return mailbox.address;
}

/** The own properties of a plain object; a name that is none of a property is refused. */
function entriesOf(name: string, value: unknown): Map<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(name, "is missing");
  const entries = Object.entries(value);
  if (entries.length > MOST_PROPERTIES || entries.some(([key]) => !/^[a-zA-Z]{1,40}$/.test(key))) {
    throw invalid(name, "holds something unknown");
  }
  return new Map(entries);
}
