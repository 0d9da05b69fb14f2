/**
 * `msg.attachments`: one or a list of `{filename, content, encoding?, path?}`, the form of nodemailer as far as a
 * module can carry it.
 */
import { basename } from "node:path";
import { ModemError } from "../../errors";
import { allowedPath } from "./attachment-path";
import { decoded, fromDataUrl } from "./coded-content";
import { readFileName } from "./file-name";
import { bytesOf, isBlank, isRecord, primitiveText, reading } from "./foreign";
import type { AttachmentContent, MailAttachment } from "../mail";
import { shown } from "./text";
import { inTurns, type Work } from "./turns";

/** The module's list has the places 1 to 10 (QSMTPATT), so more can never be sent. */
export const MOST_ATTACHMENTS = 10;

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

/** What nodemailer knows beyond this and the module has no place for; a parser of mails leaves them without being asked. */
const NOT_CARRIED = [
  "contentType",
  "contentDisposition",
  "contentTransferEncoding",
  "cid",
  "headers",
  "raw",
] as const;

/** What only a parser writes (mailparser, so the nodes that receive mails). */
const PARSED = ["partId", "checksum", "headerLines", "release"] as const;

const UNKNOWN_CONTENT = "has a content that is neither text nor bytes in a known encoding";

/** What is left of an attachment's fields once nothing of the flow's own object is needed any more. */
interface Entry {
  readonly filename: string | undefined;
  readonly source: AttachmentSource;
}

type AttachmentSource =
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  /** @param encoding in lower case. */
  | { readonly kind: "text"; readonly text: string; readonly encoding: string }
  | { readonly kind: "data"; readonly url: string }
  | { readonly kind: "path"; readonly path: string }
  /** There is no content, or none that can be read. */
  | { readonly kind: "none"; readonly why: string };

export interface Attachments {
  /** In their order; files only by their checked real path, not yet read. */
  readonly attachments: readonly MailAttachment[];
  /** Why each of the others was left out, such as `attachment 1 ("snap.jpg") has no content`. */
  readonly missing: readonly string[];
}

/**
 * The attachments that have a content, and why the others have none: a snapshot that failed must not cost the alarm.
 *
 * @param folders folders that a `path` may lie in
 * @throws ModemError INVALID_ATTACHMENT, INVALID_ATTACHMENT_PATH, LIMIT_ATTACHMENTS
 */
export async function readAttachments(
  value: unknown,
  folders: readonly string[],
  warn: (warning: string) => void,
): Promise<Attachments> {
  const entries = reading("INVALID_ATTACHMENT", () => listEntries(value, warn));
  const attachments: MailAttachment[] = [];
  const missing: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const made = await inTurns(contentOf(entry));
    if (made.kind === "none") {
      missing.push(`attachment ${index + 1} (${shown(entry.filename ?? "no name")}) ${made.why}`);
      continue;
    }
    const content: AttachmentContent =
      made.kind === "bytes"
        ? { kind: "bytes", bytes: made.bytes }
        : { kind: "file", path: await allowedPath(made.path, folders) };
    attachments.push({ filename: entry.filename ?? made.name ?? defaultName(content), content });
  }
  return { attachments, missing };
}

type Made =
  | { readonly kind: "bytes"; readonly bytes: Buffer; readonly name?: string }
  | { readonly kind: "path"; readonly path: string; readonly name?: undefined }
  | { readonly kind: "none"; readonly why: string };

/** @returns `name`: by its media type, for an attachment that has none. */
function* contentOf({ source }: Entry): Work<Made> {
  switch (source.kind) {
    case "bytes":
    case "path":
    case "none":
      return source;
    case "text": {
      const bytes = yield* decoded(source.text, source.encoding);
      return bytes === undefined ? { kind: "none", why: UNKNOWN_CONTENT } : { kind: "bytes", bytes };
    }
    case "data": {
      const { bytes, mediaType } = yield* fromDataUrl(source.url);
      if (bytes === undefined) return { kind: "none", why: "has a data: URL that cannot be decoded" };
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

/** @throws ModemError LIMIT_ATTACHMENTS */
export function checkAttachmentCount(count: number): void {
  if (count > MOST_ATTACHMENTS) throw new ModemError("LIMIT_ATTACHMENTS", { detail: `${count} attachments` });
}

function listEntries(value: unknown, warn: (warning: string) => void): readonly Entry[] {
  // What an expression such as `ok && picture` leaves when there is nothing to attach.
  if (isBlank(value) || value === false || value === 0) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  checkAttachmentCount(list.length);
  return Array.from(list, (entry, index) => readEntry(entry, index + 1, warn));
}

function readEntry(entry: unknown, number: number, warn: (warning: string) => void): Entry {
  const none = (filename: string | undefined, why: string): Entry => ({
    filename,
    source: { kind: "none", why },
  });
  if (!isRecord(entry)) return none(undefined, "is not an object with filename and content");
  const { filename, content, encoding, path, href } = entry;
  const isParsed = PARSED.some((field) => !isBlank(entry[field]));
  for (const field of isParsed ? [] : NOT_CARRIED) {
    if (!isBlank(entry[field])) warn(`The ${field} of attachment ${number} is not carried by the module.`);
  }
  const name = isBlank(filename) ? undefined : readFileName(primitiveText(filename) ?? "") || undefined;
  if (content !== undefined && content !== null) {
    const bytes = bytesOf(content);
    if (bytes !== undefined) return { filename: name, source: { kind: "bytes", bytes } };
    const text = primitiveText(content);
    const coding = isBlank(encoding) ? "utf8" : encodingOf(encoding);
    if (text === undefined || coding === undefined) return none(name, UNKNOWN_CONTENT);
    // A picture as web pages and cameras hand it over; as text nothing could show it.
    if (isBlank(encoding) && /^data:[a-z]+\/[a-z0-9.+-]+;base64,/i.test(text)) {
      return { filename: name, source: { kind: "data", url: text } };
    }
    return { filename: name, source: { kind: "text", text, encoding: coding } };
  }
  const url = [path, href].find((one) => typeof one === "string" && /^data:/i.test(one));
  if (typeof url === "string") return { filename: name, source: { kind: "data", url } };
  if (!isBlank(href)) {
    throw new ModemError("INVALID_ATTACHMENT_PATH", { detail: `attachment ${number} is an URL` });
  }
  if (typeof path !== "string" || path === "") return none(name, "has no content");
  return { filename: name, source: { kind: "path", path } };
}

/** The name of Node.js for an encoding, however it is spelt: `BASE64`, `base-64`, `latin-1`. */
function encodingOf(value: unknown): string | undefined {
  const name = primitiveText(value)?.trim().toLowerCase();
  return name === undefined || Buffer.isEncoding(name) ? name : name.replace(/[-_ ]/g, "");
}
