/**
 * `msg.attachments`: one or a list of `{filename, content, encoding?, path?}`, the form of nodemailer as far as a
 * module can carry it.
 */
import { basename } from "node:path";
import { ModemError } from "../../errors";
import { allowedPath } from "./attachment-path";
import { readFileName } from "./file-name";
import { bytesOf, isBlank, isRecord, primitiveText, reading } from "./foreign";
import type { AttachmentContent, MailAttachment } from "../mail";
import { shown } from "./text";

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

/** What is left of an attachment's fields once nothing of the flow's own object is needed any more. */
interface Entry {
  readonly filename: string | undefined;
  readonly source: AttachmentSource;
}

type AttachmentSource =
  | { readonly kind: "bytes"; readonly bytes: Buffer }
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
  for (const [index, { filename, source }] of entries.entries()) {
    if (source.kind === "none") {
      missing.push(`attachment ${index + 1} (${shown(filename ?? "no name")}) ${source.why}`);
      continue;
    }
    const content: AttachmentContent =
      source.kind === "bytes" ? source : { kind: "file", path: await allowedPath(source.path, folders) };
    attachments.push({ filename: filename ?? defaultName(content), content });
  }
  return { attachments, missing };
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
    const bytes = bytesOf(content) ?? decode(content, encoding);
    if (bytes === undefined) {
      return none(name, "has a content that is neither text nor bytes in a known encoding");
    }
    return { filename: name, source: { kind: "bytes", bytes } };
  }
  const url = [path, href].find((one) => typeof one === "string" && /^data:/i.test(one));
  if (typeof url === "string") return fromDataUrl(url, name);
  if (!isBlank(href)) {
    throw new ModemError("INVALID_ATTACHMENT_PATH", { detail: `attachment ${number} is an URL` });
  }
  if (typeof path !== "string" || path === "") return none(name, "has no content");
  return { filename: name, source: { kind: "path", path } };
}

/** RFC 2397. */
function fromDataUrl(url: string, name: string | undefined): Entry {
  const comma = url.indexOf(",");
  const [type = "", ...parameters] = url.slice("data:".length, Math.max(0, comma)).toLowerCase().split(";");
  const data = url.slice(comma + 1);
  const isCoded = parameters.some((parameter) => parameter.trim() === "base64");
  const bytes =
    comma < 0
      ? undefined
      : isCoded
        ? decode(percentDecoded(data).toString("latin1"), "base64")
        : percentDecoded(data);
  if (bytes === undefined) {
    return { filename: name, source: { kind: "none", why: "has a data: URL that cannot be decoded" } };
  }
  const extension = EXTENSIONS.get(type.trim());
  return {
    filename: name ?? (extension === undefined ? undefined : `attachment.${extension}`),
    source: { kind: "bytes", bytes },
  };
}

/** RFC 3986 section 2.1, whatever the bytes mean. */
function percentDecoded(text: string): Buffer {
  if (!text.includes("%")) return Buffer.from(text, "utf8");
  const parts = text.split(/((?:%[0-9a-f]{2})+)/i);
  return Buffer.concat(
    parts.map((part, index) =>
      index % 2 === 1 ? Buffer.from(part.replaceAll("%", ""), "hex") : Buffer.from(part, "utf8"),
    ),
  );
}

function decode(content: unknown, encoding: unknown): Buffer | undefined {
  const text = primitiveText(content);
  const name = isBlank(encoding) ? "utf8" : primitiveText(encoding)?.trim().toLowerCase();
  if (text === undefined || name === undefined || !Buffer.isEncoding(name)) return undefined;
  if (name === "hex") {
    const digits = text.replace(/\s+/g, "");
    const bytes = Buffer.from(digits, "hex");
    // Node decodes up to the first wrong digit and keeps silent about the rest.
    return bytes.length * 2 === digits.length ? bytes : undefined;
  }
  if (name === "base64" || name === "base64url") {
    const data = text.slice(/^data:[^,]{0,200};base64,/i.exec(text)?.[0].length ?? 0);
    const bytes = Buffer.from(data, "base64");
    return isBase64(data, bytes.length) ? bytes : undefined;
  }
  return Buffer.from(text, name);
}

/** A padding sign or white space; a number is compared faster than a pattern, and there may be millions. */
function isPadding(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x3d || code === 0x20 || code === 0x0a || /\s/.test(text.charAt(at));
}

/** True for text of base64 digits alone, line ends allowed. @param decoded bytes that Node has found in it. */
function isBase64(text: string, decoded: number): boolean {
  const digits = text.length - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0);
  // Node passes over what is no digit, so with all bytes there it was none; looking at megabytes takes a while.
  if (digits % 4 !== 1 && decoded === Math.floor((digits * 3) / 4)) return true;
  let end = text.length;
  while (end > 0 && isPadding(text, end - 1)) end--;
  return !/[^A-Za-z0-9+/_\-\s]/.test(text.slice(0, end));
}
