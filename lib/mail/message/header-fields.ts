/** Header fields of a message: sender, subject, priority and all others that it may ask for, whatever the flow gave. */
import { types } from "node:util";
import { isModemError } from "../../errors";
import type { DsnEvent, DsnRequest, HeaderField, Mail, Mailbox, MailFields, Priority } from "../mail";
import { readAddresses, type Letters } from "./addresses";
import { bytesOf, isBlank, isRecord, primitiveText } from "./foreign";
import { jsonStart } from "./json";
import { cut, textOf, shown, type Warn } from "./text";

/*
 * Who a message says it is from, and who is to get the answers.
 *
 * Devices of the LAN and many flows name a sender that the mail server would not take. Such a mail goes out all the
 * same: from the sender of the settings, with the other address as Reply-To where the way out carries one.
 */

/** @param allowFrom `msg.from` may replace the sender of the settings. @param letters before the @ of a sender */
export function readSender(
  given: { readonly from: unknown; readonly replyTo: unknown },
  { allowFrom, letters }: { readonly allowFrom: boolean; readonly letters?: Letters },
  warn: Warn,
): Pick<Mail, "from" | "replyTo"> {
  const [from, ...more] = mailboxesOf(given.from, "msg.from", warn, allowFrom ? letters : "ascii");
  if (more.length > 0) warn("msg.from contains several senders; the first one was used.");
  const wished = mailboxesOf(given.replyTo, "msg.replyTo", warn);
  if (from === undefined || allowFrom) return { from, ...(wished.length > 0 && { replyTo: wished }) };
  warn("msg.from was not used: the modem's settings do not allow messages to replace the sender.");
  return { from: undefined, replyTo: wished.length > 0 ? wished : [from] };
}

function mailboxesOf(value: unknown, property: string, warn: Warn, letters?: Letters): readonly Mailbox[] {
  if (isBlank(value)) return [];
  try {
    const { mailboxes, unreadable } = readAddresses(value, "INVALID_SENDER", letters);
    const flood = unreadable.find(({ error }) => isModemError(error, "LIMIT_RECIPIENTS"));
    if (flood !== undefined) throw flood.error;
    if (unreadable.length > 0) warn(`${property} is not a valid email address and was left out.`);
    return mailboxes;
  } catch (error) {
    // A flood of addresses; what cannot be read at all is refused by the caller.
    if (!isModemError(error, "LIMIT_RECIPIENTS")) throw error;
    warn(`${property} contains too many addresses and was left out.`);
    return [];
  }
}

/*
 * Subject of a message: one line of text, whatever the flow gave.
 *
 * No line end and no control character ever leaves `readSubject`, so nothing that stands in a subject can become a header
 * field (RFC 5322 section 2.2). What had to be mended is warned about, because an alarm with an odd subject goes out.
 */

/** What the e-mail node of Node-RED writes when a message has no topic. */
export const DEFAULT_SUBJECT = "Message from Node-RED";

/** Characters; mail programs show a fraction of it. */
const LONGEST_SUBJECT = 1000;
/** Characters that stay of a longer one: what every module takes. */
const SHORT_SUBJECT = 95;
/** Characters of the longest that goes into the text. */
const LONGEST_WHOLE = 100_000;

/** Colours and other control sequences of a terminal (ECMA-48 section 5.4), and its titles (OSC). */
// oxlint-disable-next-line no-control-regex -- they begin with a control character
const TERMINAL = /(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]|\u001B\][^\u0007\u001B]*(?:\u0007|\u001B\\)?/g;
const BLANKS = /[ \p{Cc}\u2028\u2029]+/gu;
/** A line end or a control character; a tab is a blank like others. */
const CONTROL = /[^\P{Cc}\t]|[\u2028\u2029]/u;

export interface Subject {
  /** One line without control characters; may be empty. */
  readonly line: string;
  /** The subject in full where `line` is only its beginning: it goes into the text. */
  readonly whole: string | undefined;
  /** False: the default. */
  readonly isGiven: boolean;
}

/**
 * The first of the values that is not blank. An empty text is a subject that was left empty on purpose; the default is
 * for where none was given. May throw what a value throws when it is read.
 */
export function readSubject(values: readonly unknown[], warn: Warn): Subject {
  const value = values.find((candidate) => !isBlank(candidate));
  if (value === undefined) {
    return values.includes("")
      ? { line: "", whole: undefined, isGiven: true }
      : { line: DEFAULT_SUBJECT, whole: undefined, isGiven: false };
  }
  const text =
    typeof value === "string"
      ? value
      : (bytesOf(value)?.toString("utf8", 0, 4 * LONGEST_WHOLE) ??
        textOf(value) ??
        jsonStart(value, LONGEST_WHOLE + 1));
  if (text === undefined) {
    warn("The subject cannot be converted to text; the default subject was used.");
    return { line: DEFAULT_SUBJECT, whole: undefined, isGiven: false };
  }
  const given = (text.length > LONGEST_WHOLE ? cut(text, LONGEST_WHOLE) : text).toWellFormed();
  const printed = given.replace(TERMINAL, "").replaceAll("\0", "").trim();
  if (["\0", "\u001B", "\u009B"].some((sign) => given.includes(sign)) || CONTROL.test(printed)) {
    warn("Line ends and control characters were removed from the subject.");
  }
  // A blank for each run of line ends and control characters.
  const line = printed.replace(BLANKS, (run) => (CONTROL.test(run) ? " " : run.replaceAll("\t", " "))).trim();
  if (line.length <= LONGEST_SUBJECT) return { line, whole: undefined, isGiven: true };
  warn("The subject is very long; it was truncated and is in full in the text.");
  return { line: `${cut(line, SHORT_SUBJECT).trimEnd()} ...`, whole: line, isGiven: true };
}

/* Priority of a message: the words and numbers that alert nodes use, as the three that a queue knows. */

const WORDS: Readonly<Record<Priority, readonly string[]>> = {
  high: [
    "high",
    "highest",
    "urgent",
    "critical",
    "emergency",
    "alert",
    "alarm",
    "important",
    "max",
    "maximum",
  ],
  normal: ["normal", "default", "medium", "standard", "none"],
  low: ["low", "lowest", "non-urgent", "min", "minimum"],
};
const PRIORITIES: readonly Priority[] = ["high", "normal", "low"];

/** As a word, or as a number: 1 or more is high, below 0 low. Anything else is as `usual`, with a warning. */
export function readPriority(value: unknown, usual: Priority, warn: Warn): Priority {
  const text = typeof value === "boolean" ? undefined : primitiveText(value)?.trim().toLowerCase();
  const known = PRIORITIES.find((priority) => WORDS[priority].some((word) => word === text));
  if (known !== undefined) return known;
  const number = text === undefined || text === "" ? Number.NaN : Number(text);
  if (number >= 1) return "high";
  if (number < 0) return "low";
  if (number === 0) return "normal";
  const given = primitiveText(value);
  warn(
    `The priority ${given === undefined ? "" : `${shown(given)} `}is invalid; the mail is sent with ${usual} priority.`,
  );
  return usual;
}

/*
 * What a message asks for beyond recipients, text and files: the thread that it belongs to, header fields of its own,
 * and reports of the server about its delivery.
 *
 * A field never becomes anything but itself: its name stands on a list, and its value is one line of text. What does
 * not fit is left out with a warning. All of it stands in the record of the mail, so it is short.
 */

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
  /** A Reply-To among the header fields, as it was given. */
  readonly replyTo: unknown;
}

/** Characters of a Message-ID without its brackets, of all references, of a value, and of all header fields. */
const LONGEST_ID = 250;
const LONGEST_REFERENCES = 1000;
const LONGEST_VALUE = 500;
const LONGEST_FIELDS = 1000;
/** Characters and entries that are looked at, and characters of one that names events. */
const MOST_LOOKED_AT = 10_000;
const MOST_ENTRIES = 100;
const LONGEST_WORDS = 500;
/** Names in one warning. */
const MOST_NAMED = 5;

/** RFC 5322 section 3.6.4, as far as programs write it. */
const MESSAGE_ID = /^[!-;=?-~]+$/;
/** RFC 5322 section 2.2. */
const FIELD_NAME = /^[!-9;-~]{1,76}$/;
const ALLOWED = /^(?:Importance|List-Id|Keywords|X-.+)$/i;
/** They stand for properties of the message, and are read like these: half an address is another one. */
const OF_MESSAGE = /^(?:Reply-To|In-Reply-To|References)$/i;
const BETWEEN_IDS = /[\s,]+/;
/** What the http request node leaves in the headers of an answer, which are none of a mail. */
const MARK_OF_HTTP = "x-node-red-request-node";

/** May throw what a value throws when it is read. */
export function readFields(source: FieldSource, warn: Warn): Fields {
  const { own, ofMessage } = readHeaders(source.headers, warn);
  const [inReplyTo] = readIds(
    isBlank(source.inReplyTo) ? ofMessage.get("in-reply-to") : source.inReplyTo,
    "inReplyTo",
    warn,
  );
  const references = shortened(
    readIds(isBlank(source.references) ? ofMessage.get("references") : source.references, "references", warn),
  );
  const dsn = readDsn(source.dsn, warn);
  const fields: MailFields = {
    ...(inReplyTo !== undefined && { inReplyTo }),
    ...(references.length > 0 && { references }),
    ...(own.length > 0 && { headers: own }),
    ...(dsn !== undefined && { dsn }),
  };
  return {
    fields: Object.keys(fields).length === 0 ? undefined : fields,
    replyTo: ofMessage.get("reply-to"),
  };
}

/** Message-IDs in angle brackets. */
function readIds(value: unknown, property: string, warn: Warn): readonly string[] {
  if (isBlank(value)) return [];
  const list: readonly unknown[] = Array.isArray(value) ? edgesOf(value, MOST_ENTRIES) : [value];
  const most = Math.max(2 * LONGEST_ID, MOST_LOOKED_AT / list.length);
  const ids = list.flatMap((one) => idsOf(primitiveText(one) ?? "<>", most));
  const known = ids
    .filter((id) => id !== "")
    .map((id) => id.replace(/^<|>$/g, ""))
    .map((id) => (id.length <= LONGEST_ID && MESSAGE_ID.test(id) ? `<${id}>` : undefined));
  if (known.includes(undefined)) warn(`msg.${property} contains an invalid Message-ID; it was left out.`);
  return known.filter((id) => id !== undefined);
}

/** The words of a text; of one with more than `most` characters the whole ones at its beginning and at its end. */
function idsOf(text: string, most: number): readonly string[] {
  if (text.length <= most) return text.split(BETWEEN_IDS);
  const head = text.slice(0, most / 2).split(BETWEEN_IDS);
  const tail = text.slice(-most / 2).split(BETWEEN_IDS);
  // One word that fills its half is too long anyway.
  return head.length === 1 ? head : [...head.slice(0, -1), ...tail.slice(1)];
}

/** The first member and the last ones, `most` together. */
function edgesOf(list: readonly unknown[], most: number): readonly unknown[] {
  return list.length <= most ? list : [...list.slice(0, 1), ...list.slice(1 - most)];
}

/** The first, which names the thread, and the last ones (RFC 5322 section 3.6.4 knows no limit; servers do). */
function shortened([first, ...others]: readonly string[]): readonly string[] {
  if (first === undefined) return [];
  let length = first.length;
  const start = others.findLastIndex((id) => (length += 1 + id.length) > LONGEST_REFERENCES);
  return [first, ...others.slice(start + 1)];
}

interface Headers {
  /** Those on the list; each value is one line. */
  readonly own: readonly HeaderField[];
  /** Those that stand for a property of the message, by their names in lower case; the first of each. */
  readonly ofMessage: ReadonlyMap<string, unknown>;
}

function readHeaders(value: unknown, warn: Warn): Headers {
  const entries = isBlank(value) ? [] : entriesOf(value);
  const own: HeaderField[] = [];
  const ofMessage = new Map<string, unknown>();
  if (entries.some(([name]) => name.toLowerCase() === MARK_OF_HTTP)) {
    warn("msg.headers comes from an HTTP response and was ignored.");
    return { own, ofMessage };
  }
  const refused = new Set<string>();
  let room = LONGEST_FIELDS;
  for (const [name, given] of entries.slice(0, MOST_ENTRIES)) {
    if (OF_MESSAGE.test(name)) {
      const property = name.toLowerCase();
      if (!ofMessage.has(property)) ofMessage.set(property, given);
      continue;
    }
    const text = textOf(given);
    const line =
      text === undefined || !ALLOWED.test(name) || !FIELD_NAME.test(name)
        ? undefined
        : fieldValue(text, name, warn);
    if (line === undefined || name.length + line.length > room) {
      refused.add(name);
      continue;
    }
    room -= name.length + line.length;
    if (line !== "") own.push({ name, value: line });
  }
  if (entries.length > MOST_ENTRIES) refused.add("...");
  if (refused.size > 0) {
    const names = [...refused].slice(0, MOST_NAMED).map(shown).join(", ");
    warn(`Fields of msg.headers that a message cannot set, or that are too long, were left out: ${names}.`);
  }
  return { own, ofMessage };
}

/**
 * Names and values of an object, a Map, or a list of `{key, value}`, as nodemailer takes them; single values, but for
 * what stands for a property. Of very many the first ones.
 */
function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (!isRecord(value)) return [["msg.headers", undefined]];
  const most = MOST_ENTRIES + 1;
  const pairs: readonly (readonly unknown[])[] = Array.isArray(value)
    ? value.slice(0, most).map((one: unknown) => (isRecord(one) ? [one["key"], one["value"]] : [one]))
    : types.isMap(value)
      ? [...Map.prototype.entries.call(value)].slice(0, most)
      : Object.keys(value)
          .slice(0, most)
          .map((name) => [name, value[name]]);
  return pairs.flatMap(([key, given]) => {
    const name = (primitiveText(key) ?? "?").trim();
    const one: unknown = isRecord(given) && "value" in given ? given["value"] : given;
    const values: readonly unknown[] =
      Array.isArray(one) && !OF_MESSAGE.test(name) ? one.slice(0, most) : [one];
    return values.filter((some) => !isBlank(some)).map((some) => [name, some] as const);
  });
}

/** A blank for each run of line ends and control characters: what stands behind them must not become a field. */
function fieldValue(text: string, name: string, warn: Warn): string {
  const start = text.slice(0, MOST_LOOKED_AT).toWellFormed().trim();
  const line = start.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
  if (line !== start)
    warn(`Line ends and control characters were removed from the header field ${shown(name)}.`);
  if (line.length <= LONGEST_VALUE) return line;
  warn(`The header field ${shown(name)} is longer than ${LONGEST_VALUE} characters; it was truncated.`);
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
    .flatMap((one) => (primitiveText(one) ?? "?").slice(0, LONGEST_WORDS).split(/[\s,]+/))
    .filter((word) => word !== "")
    .map((word) => word.toLowerCase());
  if (words.includes("never")) return { notify: [], isWhole };
  const events = ALL_EVENTS.filter((event) => words.some((word) => EVENTS.get(word) === event));
  if (words.some((word) => !EVENTS.has(word))) {
    warn("msg.dsn contains a value other than success, failure, delay or never; it was ignored.");
  }
  return events.length === 0 ? undefined : { notify: events, isWhole };
}
