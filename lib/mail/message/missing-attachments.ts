/**
 * What becomes of a mail whose attachments are not all there: it goes out, and warnings and the last line of its text say
 * what is missing.
 */
import type { Mail, MailAttachment } from "../mail";
import { foldToAscii } from "./ascii-fold";
import { MOST_ATTACHMENTS, type Attachments } from "./attachments";
import { outsideFiles } from "./outside-files";
import { DEFAULT_SUBJECT } from "./header-fields";
import { isAscii, paragraphs, shown, type Warn } from "./text";

/** Attachments that are named; of more, their number is told. */
const MOST_NAMED = 10;
/** Characters of a text that are looked at for letters beyond ASCII: what a body of the module's client may have. */
const LOOKED_AT = 3072;

/** Tells of each attachment that is missing, however many there are. */
export function warnOfMissing(
  { missing, surplus, unseen }: Pick<Attachments, "missing" | "surplus" | "unseen">,
  warn: Warn,
): void {
  for (const { why } of missing.slice(0, MOST_NAMED)) warn(`${why}; the mail is sent without it.`);
  const more = missing.length - MOST_NAMED;
  if (more > 0) warn(`${more} more attachments have no content either; the mail is sent without them.`);
  if (surplus.length + unseen === 0) return;
  warn(
    `A mail can have up to ${MOST_ATTACHMENTS} attachments; it is sent without ${named(surplus, unseen)}.`,
  );
}

/** The line that names them; none where nothing is missing. @param unseen how many more there are than `names` has */
export function missingLines(names: readonly string[], unseen: number): readonly string[] {
  return names.length + unseen === 0 ? [] : [`Not attached: ${named(names, unseen)}`];
}

/**
 * The text with a last line for its reader. In ASCII where the text is, so that it changes nothing of its coding.
 *
 * @param unseen how many more there are than `names` has
 */
export function withMissing(text: string, names: readonly string[], unseen: number): string {
  const [line] = missingLines(names, unseen);
  if (line === undefined) return text;
  return paragraphs(text, isAscii(text.slice(0, LOOKED_AT)) ? foldToAscii(line) : line);
}

/**
 * The mail without the files that cannot be read although their paths are allowed: without permission, swapped or gone
 * meanwhile, on a dead share. Without all of its files where none of them shows why the mail could not be kept.
 *
 * @returns undefined where that leaves nothing, or changes nothing
 */
export async function withoutUnreadableFiles(mail: Mail): Promise<Mail | undefined> {
  const files = mail.attachments.filter(({ content }) => content.kind === "file");
  const broken: MailAttachment[] = [];
  for (const file of files) if (!(await isReadable(file))) broken.push(file);
  const dropped = broken.length === 0 ? files : broken;
  const attachments = mail.attachments.filter((one) => !dropped.includes(one));
  const isEmpty = attachments.length === 0 && mail.text === "" && mail.subject === DEFAULT_SUBJECT;
  if (dropped.length === 0 || isEmpty) return undefined;
  const names = dropped.map(({ filename }) => filename);
  return {
    ...mail,
    attachments: withHtmlNote(attachments, missingLines(names, 0)),
    text: withMissing(mail.text, names, 0),
    warnings: [
      ...mail.warnings,
      ...names.map((name) => `The attachment ${shown(name)} cannot be read; the mail is sent without it.`),
    ],
  };
}

async function isReadable({ content }: MailAttachment): Promise<boolean> {
  if (content.kind !== "file") return true;
  try {
    // The first piece shows it; leaving the loop closes the file.
    for await (const piece of outsideFiles.stream(content.path, true)) return piece.length > 0;
    return true;
  } catch {
    return false;
  }
}

/** `"a.jpg", "b.jpg" and 3 more`. */
function named(names: readonly string[], unseen: number): string {
  const first = names.slice(0, MOST_NAMED).map(shown).join(", ");
  const more = names.length + unseen - Math.min(names.length, MOST_NAMED);
  if (more === 0) return first;
  return first === "" ? `${more} more` : `${first} and ${more} more`;
}

/* Lines for the reader above HTML that a flow has made, because who sees the HTML does not see the text beside it. */

const BYTE_ORDER_MARK = Buffer.from("\uFEFF");

/**
 * A paragraph in ASCII; empty without lines. Before the document it stands at the head of its body, whatever the document
 * begins with (WHATWG HTML section 13.2.6.4).
 */
export function htmlNote(lines: readonly string[]): string {
  return lines.length === 0 ? "" : `<p>${lines.map(escaped).join("<br>")}</p>\r\n`;
}

/** The attachments with these lines above the HTML among them, if there is any. */
export function withHtmlNote(
  attachments: readonly MailAttachment[],
  lines: readonly string[],
): readonly MailAttachment[] {
  if (lines.length === 0) return attachments;
  return attachments.map((one) => {
    const { content, place } = one;
    if (place?.kind !== "html" || content.kind !== "bytes") return one;
    const start = content.bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
      ? BYTE_ORDER_MARK.length
      : 0;
    const { bytes } = content;
    const noted = [bytes.subarray(0, start), Buffer.from(htmlNote(lines)), bytes.subarray(start)];
    return { ...one, content: { kind: "bytes", bytes: Buffer.concat(noted) } };
  });
}

function escaped(text: string): string {
  return text.replace(/[&<>"]|[^\x20-\x7e]/gu, (sign) => `&#${sign.codePointAt(0)};`);
}
