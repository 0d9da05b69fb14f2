/**
 * What a message asks for beyond recipients, text and files: the thread that it belongs to, header fields of its own,
 * and reports of the server about its delivery.
 *
 * A field never becomes anything but itself: its name stands on a list, and its value is one line of text. What does
 * not fit is left out with a warning. All of it stands in the record of the mail, so it is short.
 */
import { types } from "node:util";
import type { DsnEvent, DsnRequest, HeaderField, MailFields } from "../mail";
import { isBlank, isRecord, primitiveText } from "./foreign";
import { cut, shown, textOf, wellFormed } from "./text";

type Warn = (warning: string) => void;

/** The properties of a message, and the same as header fields where a flow has put them there. */
export interface FieldSource {
  readonly inReplyTo: unknown;
  readonly references: unknown;
  readonly headers: unknown;
  readonly dsn: unknown;
}

export interface Fields {
  /** Undefined: nothing was asked for. */
  readonly fields: MailFields | undefined;
  /** A Reply-To among the header fields. */
  readonly replyTo: string | undefined;
}

/** Characters of a Message-ID without its brackets, of all references, of a value, and of all header fields. */
const LONGEST_ID = 250;
const LONGEST_REFERENCES = 1000;
const LONGEST_VALUE = 500;
const LONGEST_FIELDS = 1000;
/** Characters and entries that are looked at. */
const MOST_LOOKED_AT = 10_000;
const MOST_ENTRIES = 100;
/** Names in one warning. */
const MOST_NAMED = 5;

/** RFC 5322 section 3.6.4, as far as programs write it. */
const MESSAGE_ID = /^[!-;=?-~]+$/;
/** RFC 5322 section 2.2. */
const FIELD_NAME = /^[!-9;-~]{1,76}$/;
const ALLOWED = /^(?:Importance|List-Id|Keywords|X-.+)$/i;
/** What the http request node leaves in the headers of an answer, which are none of a mail. */
const MARK_OF_HTTP = "x-node-red-request-node";

/** May throw what a value throws when it is read. */
export function readFields(source: FieldSource, warn: Warn): Fields {
  const given = readHeaders(source.headers, warn);
  const own = given.filter(({ name }) => ALLOWED.test(name));
  const text = (name: string): string | undefined =>
    given.find((field) => field.name.toLowerCase() === name)?.value;
  const [inReplyTo] = readIds(
    isBlank(source.inReplyTo) ? text("in-reply-to") : source.inReplyTo,
    "inReplyTo",
    warn,
  );
  const references = shortened(
    readIds(isBlank(source.references) ? text("references") : source.references, "references", warn),
  );
  const dsn = readDsn(source.dsn, warn);
  const fields: MailFields = {
    ...(inReplyTo !== undefined && { inReplyTo }),
    ...(references.length > 0 && { references }),
    ...(own.length > 0 && { headers: own }),
    ...(dsn !== undefined && { dsn }),
  };
  return { fields: Object.keys(fields).length === 0 ? undefined : fields, replyTo: text("reply-to") };
}

/** Message-IDs in angle brackets. */
function readIds(value: unknown, property: string, warn: Warn): readonly string[] {
  if (isBlank(value)) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value.slice(-MOST_ENTRIES) : [value];
  const ids = list.flatMap((one) => (primitiveText(one) ?? "<>").slice(0, MOST_LOOKED_AT).split(/[\s,]+/));
  const known = ids
    .filter((id) => id !== "")
    .map((id) => id.replace(/^<|>$/g, ""))
    .map((id) => (id.length <= LONGEST_ID && MESSAGE_ID.test(id) ? `<${id}>` : undefined));
  if (known.includes(undefined)) warn(`msg.${property} holds what is no Message-ID; it was left out.`);
  return known.filter((id) => id !== undefined);
}

/** The first, which names the thread, and the last ones (RFC 5322 section 3.6.4 knows no limit; servers do). */
function shortened(ids: readonly string[]): readonly string[] {
  const kept = [...ids];
  while (kept.length > 1 && kept.join(" ").length > LONGEST_REFERENCES) kept.splice(1, 1);
  return kept;
}

/** Those on the list, and those that stand for a property of the message; each value is one line. */
function readHeaders(value: unknown, warn: Warn): readonly HeaderField[] {
  const entries = isBlank(value) ? [] : entriesOf(value);
  if (entries.some(([name]) => name.toLowerCase() === MARK_OF_HTTP)) {
    warn("msg.headers is that of an HTTP answer; the mail goes without it.");
    return [];
  }
  const fields: HeaderField[] = [];
  const refused = new Set<string>();
  let room = LONGEST_FIELDS;
  for (const [name, given] of entries.slice(0, MOST_ENTRIES)) {
    const text = textOf(given);
    const isKnown = ALLOWED.test(name) || /^(?:Reply-To|In-Reply-To|References)$/i.test(name);
    if (!isKnown || !FIELD_NAME.test(name) || text === undefined) {
      refused.add(name);
      continue;
    }
    const line = oneLine(text, name, warn);
    const isOwn = ALLOWED.test(name);
    if (isOwn && name.length + line.length > room) {
      refused.add(name);
      continue;
    }
    if (isOwn) room -= name.length + line.length;
    if (line !== "") fields.push({ name, value: line });
  }
  if (entries.length > MOST_ENTRIES) refused.add("...");
  if (refused.size > 0) {
    const names = [...refused].slice(0, MOST_NAMED).map(shown).join(", ");
    warn(`Fields of msg.headers that a message cannot set, or that are too long, were left out: ${names}.`);
  }
  return fields;
}

/** Names and single values of an object, a Map, or a list of `{key, value}`, as nodemailer takes them. */
function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (!isRecord(value)) return [["msg.headers", undefined]];
  const pairs: readonly (readonly unknown[])[] = Array.isArray(value)
    ? value.map((one: unknown) => (isRecord(one) ? [one["key"], one["value"]] : [one]))
    : types.isMap(value)
      ? [...Map.prototype.entries.call(value)]
      : Object.entries(value);
  return pairs.flatMap(([name, one]) => {
    const text = primitiveText(name) ?? "?";
    const values: readonly unknown[] = Array.isArray(one)
      ? one
      : [isRecord(one) && "value" in one ? one["value"] : one];
    return values.filter((some) => !isBlank(some)).map((some) => [text.trim(), some] as const);
  });
}

/** A blank for each run of line ends and control characters: what stands behind them must not become a field. */
function oneLine(text: string, name: string, warn: Warn): string {
  const start = wellFormed(text.slice(0, MOST_LOOKED_AT)).trim();
  const line = start.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
  if (line !== start)
    warn(`Line ends and control characters were removed from the header field ${shown(name)}.`);
  if (line.length <= LONGEST_VALUE) return line;
  warn(`The header field ${shown(name)} is longer than ${LONGEST_VALUE} characters; it was cut.`);
  return cut(line, LONGEST_VALUE);
}

const EVENTS: ReadonlyMap<string, DsnEvent> = new Map([
  ["success", "success"],
  ["failure", "failure"],
  ["fail", "failure"],
  ["delay", "delay"],
]);
const ALL_EVENTS: readonly DsnEvent[] = ["success", "failure", "delay"];

/** `true`, words, or the object of nodemailer. */
function readDsn(value: unknown, warn: Warn): DsnRequest | undefined {
  if (isBlank(value) || value === false) return undefined;
  const { notify, ...rest } = isRecord(value) && !Array.isArray(value) ? value : { notify: value };
  const isWhole = /^(?:full|body)$/i.test(primitiveText(rest["return"]) ?? primitiveText(rest["ret"]) ?? "");
  if (isBlank(notify) || notify === true) return { notify: ALL_EVENTS, isWhole };
  const list: readonly unknown[] = Array.isArray(notify) ? notify.slice(0, MOST_ENTRIES) : [notify];
  const words = list
    .flatMap((one) => (primitiveText(one) ?? "?").slice(0, MOST_LOOKED_AT).split(/[\s,]+/))
    .filter((word) => word !== "")
    .map((word) => word.toLowerCase());
  if (words.includes("never")) return { notify: [], isWhole };
  const events = ALL_EVENTS.filter((event) => words.some((word) => EVENTS.get(word) === event));
  if (words.some((word) => !EVENTS.has(word))) {
    warn("msg.dsn names what is not success, failure, delay or never; it was left out.");
  }
  return events.length === 0 ? undefined : { notify: events, isWhole };
}
