/**
 * `msg.attachments`: one or a list of `{filename, content, encoding?, path?}`, the form of nodemailer as far as a
 * module can carry it.
 */
import { basename } from "node:path";
import { ModemError } from "../../errors";
import { allowedPath } from "./attachment-path";
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

const ENCODINGS: ReadonlyMap<string, BufferEncoding> = new Map([
  ["utf8", "utf8"],
  ["utf-8", "utf8"],
  ["ascii", "latin1"],
  ["latin1", "latin1"],
  ["binary", "latin1"],
  ["hex", "hex"],
  ["base64", "base64"],
  ["base64url", "base64"],
  ["utf16le", "utf16le"],
  ["utf-16le", "utf16le"],
  ["ucs2", "utf16le"],
]);

/** What nodemailer knows beyond this and the module has no place for. */
const NOT_CARRIED = [
  "contentType",
  "contentDisposition",
  "contentTransferEncoding",
  "cid",
  "headers",
  "raw",
] as const;

/** What is left of an attachment's fields once nothing of the flow's own object is needed any more. */
interface Entry {
  readonly filename: string | undefined;
  readonly source:
    | { readonly kind: "bytes"; readonly bytes: Buffer }
    | { readonly kind: "path"; readonly path: string };
}

/**
 * The attachments in their order; files only by their checked real path, not yet read.
 *
 * @param folders folders that a `path` may lie in
 * @throws ModemError INVALID_ATTACHMENT, INVALID_ATTACHMENT_PATH, LIMIT_ATTACHMENTS
 */
export async function readAttachments(
  value: unknown,
  folders: readonly string[],
  warn: (warning: string) => void,
): Promise<readonly MailAttachment[]> {
  const entries = reading("INVALID_ATTACHMENT", () => listEntries(value, warn));
  const attachments: MailAttachment[] = [];
  for (const { filename, source } of entries) {
    const content: AttachmentContent =
      source.kind === "bytes" ? source : { kind: "file", path: await allowedPath(source.path, folders) };
    attachments.push({ filename: filename ?? defaultName(content), content });
  }
  return attachments;
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
  if (isBlank(value)) return [];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  checkAttachmentCount(list.length);
  return Array.from(list, (entry, index) => readEntry(entry, index + 1, warn));
}

function readEntry(entry: unknown, number: number, warn: (warning: string) => void): Entry {
  const refuse = (why: string): ModemError =>
    new ModemError("INVALID_ATTACHMENT", { detail: `attachment ${number} ${why}` });
  if (!isRecord(entry)) throw refuse("is not an object with filename and content");
  const { filename, content, encoding, path, href } = entry;
  for (const field of NOT_CARRIED) {
    if (!isBlank(entry[field])) warn(`The ${field} of attachment ${number} is not carried by the module.`);
  }
  const name = isBlank(filename) ? undefined : primitiveText(filename);
  if (name === undefined && !isBlank(filename)) throw refuse("has a filename that is not text");
  if (content !== undefined && content !== null) {
    const bytes = bytesOf(content) ?? decode(content, encoding);
    if (bytes === undefined) throw refuse("has a content that is neither text nor bytes in a known encoding");
    return { filename: name, source: { kind: "bytes", bytes } };
  }
  if (!isBlank(href)) {
    throw new ModemError("INVALID_ATTACHMENT_PATH", { detail: `attachment ${number} is an URL` });
  }
  if (typeof path !== "string" || path === "") throw refuse(`(${shown(name ?? "no name")}) has no content`);
  return { filename: name, source: { kind: "path", path } };
}

function decode(content: unknown, encoding: unknown): Buffer | undefined {
  const text = primitiveText(content);
  const name = isBlank(encoding) ? "utf8" : encoding;
  const known = typeof name === "string" ? ENCODINGS.get(name.toLowerCase()) : undefined;
  if (text === undefined || known === undefined) return undefined;
  const bytes = Buffer.from(text, known);
  // Node decodes up to the first wrong digit and keeps silent about the rest.
  if (known === "hex" && bytes.length * 2 !== text.length) return undefined;
  return known === "base64" && !isBase64(text, bytes.length) ? undefined : bytes;
}

/** True for text of base64 digits alone, line ends allowed. @param decoded bytes that Node has found in it. */
function isBase64(text: string, decoded: number): boolean {
  const digits = text.length - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0);
  // Node passes over what is no digit, so with all bytes there it was none; looking at megabytes takes a while.
  if (digits % 4 !== 1 && decoded === Math.floor((digits * 3) / 4)) return true;
  return /^[A-Za-z0-9+/_\-\s]*[=\s]*$/.test(text);
}
