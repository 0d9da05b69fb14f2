/**
 * `msg.attachments`: one or a list of `{filename, content, encoding?, path?}`, the form of nodemailer as far as a
 * module can carry it; also of bytes or paths alone.
 */
import { basename } from "node:path";
import type { ErrorCode } from "../../errors";
import { allowedPath, REFUSED_URL } from "./attachment-path";
import { decoded, fromDataUrl } from "./coded-content";
import { readFileName } from "./file-name";
import { bytesOf, isBlank, isRecord, primitiveText, reading } from "./foreign";
import type { AttachmentContent, MailAttachment } from "../mail";
import { inTurns, shown, type Warn, type Work } from "./text";

/** The module's list has the places 1 to 10 (QSMTPATT), so more can never be sent. */
export const MOST_ATTACHMENTS = 10;

/** Entries of a list that are looked at: enough to find ten good ones among those of cameras that gave nothing. */
const MOST_ENTRIES = 100;

/** Names a content that came without one; the first bytes of what cameras and reports usually send. */
const KNOWN_CONTENTS = [
  { extension: "jpg", start: Buffer.from([0xff, 0xd8, 0xff]) },
  { extension: "png", start: Buffer.from([0x89, 0x50, 0x4e, 0x47]) },
  { extension: "gif", start: Buffer.from("GIF8") },
  { extension: "pdf", start: Buffer.from("%PDF-") },
  { extension: "zip", start: Buffer.from("PK\x03\x04") },
] as const;

/** Extensions of the media types that a `data:` URL usually has; what is not here is named by its first bytes. */
const EXTENSIONS: ReadonlyMap<string, string> = new Map([
  ["text/plain", "txt"],
  ["text/csv", "csv"],
  ["text/html", "html"],
  ["application/json", "json"],
  ["image/svg+xml", "svg"],
  ["image/webp", "webp"],
  ["image/bmp", "bmp"],
]);

/** What nodemailer knows beyond this, and no way out uses; a parser of mails leaves them without being asked. */
const NOT_USED = ["contentType", "contentDisposition", "contentTransferEncoding", "headers", "raw"] as const;

/** What only a parser writes (mailparser, so the nodes that receive mails). */
const PARSED = ["partId", "checksum", "headerLines", "release"] as const;

/** What begins like an absolute path or a URL. */
const PATH = /^(?:[/\\]|[a-z][a-z0-9+.-]*:)/i;
/** Printable ASCII without quotation marks and angle brackets, which a header and HTML can hold as it is. */
const CONTENT_ID = /^[!#-;=?-~]{1,200}$/;
const NAMED_CONTENT = /cid:([!#-;=?-~]{1,600})/gi;
/** What may end a URL in HTML, and may stand in one as well. */
const END_OF_URL = /['),;]|&quot;/;
/** Of those in HTML, looked at in one turn of the event loop. */
const IDS_AT_ONCE = 1_000;
/** Attachments whose numbers are told in one warning. */
const MOST_NUMBERED = 5;

const UNKNOWN_CONTENT = "has a content that is neither text nor bytes in a known encoding";

/** What is left of an attachment's fields once nothing of the flow's own object is needed any more. */
interface Entry {
  readonly filename: string | undefined;
  /** As a person knows it where it is not attached: its name, or the last part of its path or URL. */
  readonly known: string | undefined;
  readonly source: AttachmentSource;
  readonly cid: string | undefined;
  readonly isParsed: boolean;
  /** Fields of the flow's object that were not used. */
  readonly unused: readonly (typeof NOT_USED)[number][];
  /** It cannot stand in a header or in HTML. */
  readonly hasWrongId: boolean;
}

const NOTHING = {
  filename: undefined,
  known: undefined,
  cid: undefined,
  isParsed: false,
  unused: [],
  hasWrongId: false,
} as const;

type AttachmentSource =
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  /** @param encoding in lower case. */
  | { readonly kind: "text"; readonly text: string; readonly encoding: string }
  | { readonly kind: "data"; readonly url: string }
  | { readonly kind: "path"; readonly path: string }
  | None;

/** There is no content, or none that can or may be read. */
interface None {
  readonly kind: "none";
  readonly why: string;
  readonly code: Extract<ErrorCode, "INVALID_ATTACHMENT" | "INVALID_ATTACHMENT_PATH">;
}

export interface Attachments {
  /** In their order, at most `MOST_ATTACHMENTS`; files only by their checked real path, not yet read. */
  readonly attachments: readonly MailAttachment[];
  /** Those that have no content. */
  readonly missing: readonly MissingAttachment[];
  /** Names of those behind the last that a mail carries, as far as they were looked at. */
  readonly surplus: readonly string[];
  /** How many more there are. */
  readonly unseen: number;
}

export interface MissingAttachment {
  readonly name: string;
  /** A sentence without its full stop, such as `Attachment 1 ("snap.jpg") has no content`. */
  readonly why: string;
  readonly code: ErrorCode;
}

/**
 * The attachments that have a content, and why the others have none: a snapshot that failed, or a path that may not be
 * read, must not cost the alarm.
 *
 * @param folders folders that a `path` may lie in @param html that of the mail, which may show pictures
 * @throws ModemError INVALID_ATTACHMENT when the list itself cannot be read
 */
export async function readAttachments(
  value: unknown,
  folders: readonly string[],
  warn: Warn,
  html?: Buffer,
): Promise<Attachments> {
  const { entries, unseen } = reading("INVALID_ATTACHMENT", () => listEntries(value));
  warnOfFields(entries, warn);
  const isShown = html !== undefined && entries.some(({ cid }) => cid !== undefined);
  const shownIds = isShown ? await inTurns(contentIds(html)) : undefined;
  const attachments: MailAttachment[] = [];
  const missing: MissingAttachment[] = [];
  const surplus: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const name = entry.known ?? `attachment ${index + 1}`;
    if (attachments.length === MOST_ATTACHMENTS) {
      surplus.push(name);
      continue;
    }
    const made = await inTurns(contentOf(entry));
    const content = made.kind === "path" ? await fileOf(made.path, folders) : made;
    if (content.kind === "none") {
      const { why, code } = content;
      missing.push({
        name,
        why: `Attachment ${index + 1} (${shown(entry.known ?? "no name")}) ${why}`,
        code,
      });
    } else {
      const filename = entry.filename ?? (made.kind === "bytes" ? made.name : undefined);
      attachments.push({
        filename: filename ?? defaultName(content),
        content,
        ...placeOf(entry, shownIds, warn),
      });
    }
  }
  return { attachments, missing, surplus, unseen };
}

async function fileOf(path: string, folders: readonly string[]): Promise<AttachmentContent | None> {
  const answer = await allowedPath(path, folders);
  if (answer.kind === "allowed") return { kind: "file", path: answer.path };
  return { kind: "none", why: answer.why, code: "INVALID_ATTACHMENT_PATH" };
}

/** One line for each field, however many attachments have it. */
function warnOfFields(entries: readonly Entry[], warn: Warn): void {
  const numbers = (isOne: (entry: Entry) => boolean): readonly number[] =>
    entries.flatMap((entry, index) => (isOne(entry) ? [index + 1] : []));
  for (const field of NOT_USED) {
    const some = numbers(({ unused }) => unused.includes(field));
    if (some.length > 0) warn(`The ${field} of ${numbered(some)} was not used.`);
  }
  const wrong = numbers(({ hasWrongId }) => hasWrongId);
  if (wrong.length === 0) return;
  const result = wrong.length === 1 ? "it is attached as a file" : "they are attached as files";
  warn(`The cid of ${numbered(wrong)} is not valid; ${result}.`);
}

/** `attachment 2`, or `attachments 1, 2, 3 and 4 more`. */
function numbered(numbers: readonly number[]): string {
  const more = numbers.length - MOST_NUMBERED;
  const first = numbers.slice(0, MOST_NUMBERED).join(", ");
  return `attachment${numbers.length === 1 ? "" : "s"} ${first}${more > 0 ? ` and ${more} more` : ""}`;
}

/** What HTML names as `cid:`, as it stands there and decoded (RFC 2392 section 2, HTML). */
function* contentIds(html: Buffer): Work<ReadonlySet<string>> {
  const ids = new Set<string>();
  let found = 0;
  for (const [, id = ""] of html.toString("latin1").matchAll(NAMED_CONTENT)) {
    if (++found % IDS_AT_ONCE === 0) yield;
    const [start = ""] = id.split(END_OF_URL, 1);
    for (const text of [id, start].map((one) => one.replaceAll("&amp;", "&"))) {
      ids.add(text).add(text.replace(/%[2-7][0-9a-f]/gi, decodeURIComponent));
    }
  }
  return ids;
}

/** A picture that the HTML does not show is a file: many programs would hide it from the reader. */
function placeOf(
  { cid, isParsed }: Entry,
  shownIds: ReadonlySet<string> | undefined,
  warn: Warn,
): Pick<MailAttachment, "place"> {
  if (cid === undefined || shownIds === undefined) return {};
  if (shownIds.has(cid)) return { place: { kind: "inline", cid } };
  // A parser puts them into the HTML itself.
  if (!isParsed) warn(`The HTML does not show ${shown(`cid:${cid}`)}; it is attached as a file.`);
  return {};
}

type Made =
  | { readonly kind: "bytes"; readonly bytes: Buffer; readonly name?: string }
  | { readonly kind: "path"; readonly path: string }
  | None;

/** @returns `name`: by its media type, for an attachment that has none. */
function* contentOf({ source }: Entry): Work<Made> {
  switch (source.kind) {
    case "bytes":
    case "path":
    case "none":
      return source;
    case "text": {
      const bytes = yield* decoded(source.text, source.encoding);
      return bytes === undefined ? none(UNKNOWN_CONTENT) : { kind: "bytes", bytes };
    }
    case "data": {
      const { bytes, mediaType } = yield* fromDataUrl(source.url);
      if (bytes === undefined) return none("has a data: URL that cannot be decoded");
      const extension = EXTENSIONS.get(mediaType);
      return { kind: "bytes", bytes, ...(extension !== undefined && { name: `attachment.${extension}` }) };
    }
  }
}

/** A name for a content that has none. */
export function defaultName(content: AttachmentContent): string {
  if (content.kind === "file") return basename(content.path);
  const known = KNOWN_CONTENTS.find(({ start }) => content.bytes.subarray(0, start.length).equals(start));
  return `attachment.${known?.extension ?? "bin"}`;
}

function none(why: string, code: None["code"] = "INVALID_ATTACHMENT"): None {
  return { kind: "none", why, code };
}

function listEntries(value: unknown): { readonly entries: readonly Entry[]; readonly unseen: number } {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const length = Math.min(list.length, MOST_ENTRIES);
  // A gap of the list is an entry, too.
  const entries = Array.from({ length }, (_, index) => readEntry(list[index]));
  return { entries, unseen: list.length - length };
}

function readEntry(entry: unknown): Entry {
  const bytes = bytesOf(entry);
  if (bytes !== undefined) return { ...NOTHING, source: { kind: "bytes", bytes } };
  if (typeof entry === "string" && PATH.test(entry)) return readEntry({ path: entry });
  if (!isRecord(entry)) return { ...NOTHING, source: none("is not an object with filename and content") };
  const { filename, content, encoding, path, href, cid } = entry;
  const isParsed = PARSED.some((field) => !isBlank(entry[field]));
  const name = isBlank(filename) ? undefined : readFileName(primitiveText(filename) ?? "") || undefined;
  const place = [path, href].find((one): one is string => typeof one === "string" && one !== "");
  const known = name ?? (place === undefined || /^data:/i.test(place) ? undefined : lastOf(place));
  const id = isBlank(cid) ? undefined : primitiveText(cid)?.replace(/^<|>$/g, "");
  const isId = id !== undefined && CONTENT_ID.test(id);
  return {
    filename: name,
    known,
    cid: isId ? id : undefined,
    isParsed,
    unused: isParsed ? [] : NOT_USED.filter((field) => !isBlank(entry[field])),
    hasWrongId: !isBlank(cid) && !isId,
    source: sourceOf({ content, encoding, path, href }),
  };
}

/** The last part of a path or URL, without what a camera's URL has behind it. */
function lastOf(path: string): string | undefined {
  const name = readFileName(path);
  return name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1) || undefined;
}

function sourceOf({
  content,
  encoding,
  path,
  href,
}: Readonly<Record<"content" | "encoding" | "path" | "href", unknown>>): AttachmentSource {
  if (content !== undefined && content !== null) {
    const bytes = bytesOf(content);
    if (bytes !== undefined) return { kind: "bytes", bytes };
    const text = primitiveText(content);
    const coding = isBlank(encoding) ? "utf8" : encodingOf(encoding);
    if (text === undefined || coding === undefined) return none(UNKNOWN_CONTENT);
    // A picture as web pages and cameras hand it over; as text nothing could show it.
    if (isBlank(encoding) && /^data:[a-z]+\/[a-z0-9.+-]+;base64,/i.test(text))
      return { kind: "data", url: text };
    return { kind: "text", text, encoding: coding };
  }
  const url = [path, href].find((one) => typeof one === "string" && /^data:/i.test(one));
  if (typeof url === "string") return { kind: "data", url };
  if (typeof path === "string" && path !== "") return { kind: "path", path };
  return isBlank(href) ? none("has no content") : none(REFUSED_URL, "INVALID_ATTACHMENT_PATH");
}

/** The name of Node.js for an encoding, however it is spelt: `BASE64`, `base-64`, `latin-1`. */
function encodingOf(value: unknown): string | undefined {
  const name = primitiveText(value)?.trim().toLowerCase();
  return name === undefined || Buffer.isEncoding(name) ? name : name.replace(/[-_ ]/g, "");
}
