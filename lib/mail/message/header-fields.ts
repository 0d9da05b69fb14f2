/** Header fields of a message: its sender, its subject and its priority, whatever the flow gave for them. */
import { isModemError } from "../../errors";
import type { Mail, Mailbox, Priority } from "../mail";
import { readAddresses } from "./addresses";
import { isBlank, bytesOf, primitiveText } from "./foreign";
import { jsonStart } from "./json";
import { cut, textOf, wellFormed, shown, type Warn } from "./text";

/*
 * Who a message says it is from, and who is to get the answers.
 *
 * Devices of the LAN and many flows name a sender that the mail server would not take. Such a mail goes out all the
 * same: from the sender of the settings, with the other address as Reply-To where the way out carries one.
 */

/** @param allowFrom `msg.from` may replace the sender of the settings */
export function readSender(
  given: { readonly from: unknown; readonly replyTo: unknown },
  allowFrom: boolean,
  warn: Warn,
): Pick<Mail, "from" | "replyTo"> {
  const from = readFrom(given.from, warn);
  const wished = mailboxesOf(given.replyTo, "msg.replyTo", warn);
  if (from === undefined || allowFrom) return { from, ...(wished.length > 0 && { replyTo: wished }) };
  warn("msg.from was not used: the settings of the modem do not let a message replace the sender.");
  return { from: undefined, replyTo: wished.length > 0 ? wished : [from] };
}

function readFrom(value: unknown, warn: Warn): Mailbox | undefined {
  const [from, ...more] = mailboxesOf(value, "msg.from", warn);
  if (more.length > 0) warn("msg.from names several senders; the first one was taken.");
  return from;
}

function mailboxesOf(value: unknown, property: string, warn: Warn): readonly Mailbox[] {
  if (isBlank(value)) return [];
  try {
    const { mailboxes, unreadable } = readAddresses(value, "INVALID_SENDER");
    const flood = unreadable.find(({ error }) => isModemError(error, "LIMIT_RECIPIENTS"));
    if (flood !== undefined) throw flood.error;
    if (unreadable.length > 0) warn(`${property} is not a valid e-mail address and was left out.`);
    return mailboxes;
  } catch (error) {
    // A flood of addresses; what cannot be read at all is refused by the caller.
    if (!isModemError(error, "LIMIT_RECIPIENTS")) throw error;
    warn(`${property} names too many addresses and was left out.`);
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

interface Subject {
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
    bytesOf(value)?.toString("utf8", 0, 4 * LONGEST_WHOLE) ??
    textOf(value) ??
    jsonStart(value, LONGEST_WHOLE + 1);
  if (text === undefined) {
    warn("The subject cannot be turned into text; the default was taken.");
    return { line: DEFAULT_SUBJECT, whole: undefined, isGiven: false };
  }
  const line = oneLine(text.length > LONGEST_WHOLE ? cut(text, LONGEST_WHOLE) : text, warn);
  if (line.length <= LONGEST_SUBJECT) return { line, whole: undefined, isGiven: true };
  warn("The subject is very long: it was cut and stands whole in the text.");
  return { line: `${cut(line, SHORT_SUBJECT).trimEnd()} ...`, whole: line, isGiven: true };
}

/** The text on one line: a blank for each run of line ends and control characters. */
function oneLine(text: string, warn: Warn): string {
  const printed = wellFormed(text).replace(TERMINAL, "").replaceAll("\0", "").trim();
  if (["\0", "\u001B", "\u009B"].some((sign) => text.includes(sign)) || CONTROL.test(printed)) {
    warn("Line ends and control characters were removed from the subject.");
  }
  return printed.replace(BLANKS, (run) => (CONTROL.test(run) ? " " : run.replaceAll("\t", " "))).trim();
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

/** As a word, or as a number: 1 or more is high, below 0 low. Anything else is normal, with a warning. */
export function readPriority(value: unknown, warn: Warn): Priority {
  if (isBlank(value)) return "normal";
  const text = typeof value === "boolean" ? undefined : primitiveText(value)?.trim().toLowerCase();
  const known = PRIORITIES.find((priority) => WORDS[priority].some((word) => word === text));
  if (known !== undefined) return known;
  const number = text === undefined || text === "" ? Number.NaN : Number(text);
  if (number >= 1) return "high";
  if (number < 0) return "low";
  if (number !== 0) {
    const given = primitiveText(value);
    warn(
      `The priority ${given === undefined ? "" : `${shown(given)} `}is invalid; the mail is sent with normal priority.`,
    );
  }
  return "normal";
}
