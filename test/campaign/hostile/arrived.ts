/** What a mail that has arrived holds and no message may bring there: headers, parts, line ends in a head. */
import type { Mail } from "../../../lib/mail/mail";

const PART_HEADERS = ["content-disposition", "content-id", "content-transfer-encoding", "content-type"];
/** Of either way of sending; each at most once. A mail that is nothing but a file is its own part. */
const HEADERS: ReadonlySet<string> = new Set([
  ...PART_HEADERS,
  "auto-submitted",
  "bcc",
  "cc",
  "date",
  "from",
  "in-reply-to",
  "message-id",
  "mime-version",
  "references",
  "reply-to",
  "subject",
  "to",
]);
/** Its text, and a file for the whole of a long one. */
const TEXTS = 2;

/** In words; none: it holds what its message may. */
export function injectedIn(raw: Buffer, { fields, attachments }: Mail): readonly string[] {
  const found: string[] = [];
  const left = new Map([...HEADERS].map((name) => [name, 1]));
  for (const { name } of fields?.headers ?? []) {
    const wanted = name.toLowerCase();
    left.set(wanted, (left.get(wanted) ?? 0) + 1);
  }
  const whole = entityOf(raw.toString("latin1"));
  for (const name of whole.names) {
    const more = left.get(name) ?? 0;
    if (more === 0) found.push(`a header ${JSON.stringify(name)} too many`);
    left.set(name, more - 1);
  }
  let leaves = 0;
  const visit = ({ head, names, parts }: Entity, isWhole: boolean): void => {
    if (/(?:^|[^\r])\n|\r(?!\n)/.test(head)) found.push(`a line end in the head ${JSON.stringify(head)}`);
    const odd = isWhole ? [] : names.filter((name) => !PART_HEADERS.includes(name));
    found.push(...odd.map((name) => `a header ${JSON.stringify(name)} of a part`));
    if (parts.length === 0) leaves++;
    for (const part of parts) visit(part, false);
  };
  visit(whole, true);
  if (leaves > TEXTS + attachments.length) found.push(`${leaves} parts`);
  return found;
}

interface Entity {
  readonly head: string;
  /** In small letters, with those that come twice. */
  readonly names: readonly string[];
  readonly parts: readonly Entity[];
}

/** RFC 2046 section 5.1. */
function entityOf(text: string): Entity {
  const end = `\r\n${text}`.indexOf("\r\n\r\n");
  const head = end < 0 ? text : text.slice(0, end);
  const lines = head.replaceAll(/\r\n[ \t]/g, " ").split("\r\n");
  const names = lines
    .filter((line) => line !== "")
    .map((line) => (line.split(":", 1)[0] ?? "").toLowerCase());
  const type = lines.find((line) => /^content-type:/i.test(line)) ?? "";
  const boundary = /^content-type: *multipart\/.*; *boundary="?([^";]+)/i.exec(type)?.[1];
  if (boundary === undefined) return { head, names, parts: [] };
  const [, ...behind] = text.slice(head.length).split(`\r\n--${boundary}`);
  const parts = behind
    .filter((part) => !part.startsWith("--"))
    .map((part) => part.replace(/^[ \t]*\r\n/, ""));
  return { head, names, parts: parts.map(entityOf) };
}
