/**
 * The contents of a message between its acceptance and its result: they wait on the disk, not in memory.
 *
 * A long payload that is the text of the mail is left out, and how the text becomes the payload is kept in its place. A
 * released message has `{filename, size}` in the place of each attachment, and of a payload of bytes, which is the first
 * attachment of its mail. Only the message itself is changed, never an object that it refers to, because a flow may keep
 * those in its context.
 */
import { bytesOf, isRecord } from "../../../lib/mail/message/foreign";
import type { AttachmentPlace, Mail, MailAttachment } from "../../../lib/mail/mail";
import { isWithCrLf, PIECE, inTurns, type Work } from "../../../lib/mail/message/text";
import { jsonPieces } from "../../../lib/mail/message/json";
import type { EndedAttachment, MailEnded } from "../../../lib/outbox/outbox-types";

/** A message of a flow. */
export type Message = Record<string, unknown>;

/** What stands in the place of a content. */
interface ReleasedContent {
  readonly filename: string;
  /** Bytes; left out while the file has not been read. */
  readonly size?: number;
  /** How the HTML of the mail names it. */
  readonly cid?: string;
}

/** Characters of a payload that are not worth to be read back. */
const SHORT_PAYLOAD = 2048;

/** Property of a kept message whose payload is the text of its mail: how the one becomes the other. */
const PAYLOAD_FORM = "_quectelPayload";
type PayloadForm = "same" | "lf" | "json";

/** Takes a long payload out of the `message` that is kept, where the text of `mail` holds all of it. */
export async function releaseText(message: Message, { text }: Pick<Mail, "text">): Promise<void> {
  delete message[PAYLOAD_FORM];
  if (text.length <= SHORT_PAYLOAD) return;
  // The payload is foreign code, and the text may be another property's; what cannot be compared is not its source.
  const form = await inTurns(formOf(message["payload"], text)).catch(() => undefined);
  if (form === undefined) return;
  delete message["payload"];
  message[PAYLOAD_FORM] = form;
}

/** Gives a kept message its payload back. Rejects when the text cannot be read. */
export async function restoreText(message: Message, ended: Pick<MailEnded, "readText">): Promise<void> {
  const form = message[PAYLOAD_FORM];
  delete message[PAYLOAD_FORM];
  if (form === undefined) return;
  const text = await ended.readText();
  if (form === "json") message["payload"] = JSON.parse(text) as unknown;
  else message["payload"] = form === "lf" ? text.replaceAll("\r\n", "\n") : text;
}

function* formOf(payload: unknown, text: string): Work<PayloadForm | undefined> {
  if (typeof payload === "string") {
    if (payload === text) return "same";
    return (yield* isWithCrLf(payload, text)) ? "lf" : undefined;
  }
  return isRecord(payload) && (yield* isJsonOf(payload, text)) ? "json" : undefined;
}

function* isJsonOf(payload: object, text: string): Work<boolean> {
  let at = 0;
  let looked = 0;
  for (const piece of jsonPieces(payload)) {
    if (!text.startsWith(piece, at)) return false;
    at += piece.length;
    if (at - looked < PIECE) continue;
    looked = at;
    yield;
  }
  return at === text.length;
}

/** Takes the contents out of `message`, which became `mail`. */
export function releaseContents(message: Message, mail: Mail): void {
  const own = message["attachments"];
  const isListed = Array.isArray(own) ? own.length > 0 : isRecord(own);
  // The attachments of a mail begin with what its payload became; a listed one without content is none of them.
  if (isListed)
    message["attachments"] = mail.attachments.slice(mail.attachmentsOfPayload ?? 0).map(placeholder);
  const [first] = mail.attachments;
  if (first?.content.kind === "bytes" && bytesOf(message["payload"])?.equals(first.content.bytes) === true) {
    message["payload"] = placeholder(first);
  }
}

/** Names the contents of a released message, for output 1. */
export function nameContents(message: Message, attachments: readonly EndedAttachment[]): void {
  const count = ownCount(message);
  if (count === 0 || attachments.length < count) return;
  message["attachments"] = attachments
    .slice(-count)
    .map(({ filename, size, place }): ReleasedContent => ({ filename, size, ...cidOf(place) }));
}

/** Gives a released message its contents back, so that another node can send it. Rejects when one cannot be read. */
export async function restoreContents(
  message: Message,
  attachments: readonly EndedAttachment[],
): Promise<void> {
  const count = ownCount(message);
  const [first] = attachments;
  const payload =
    first !== undefined && isPlaceOf(message["payload"], first) ? await first.readBack() : message["payload"];
  // The record of a damaged mail has no contents any more; the names are better than nothing.
  if (count > 0 && attachments.length >= count) {
    const contents: { readonly filename: string; readonly content: Buffer; readonly cid?: string }[] = [];
    for (const attachment of attachments.slice(-count)) {
      const { filename, place } = attachment;
      contents.push({ filename, content: await attachment.readBack(), ...cidOf(place) });
    }
    message["attachments"] = contents;
  }
  if ("payload" in message) message["payload"] = payload;
}

function placeholder({ filename, content, place }: MailAttachment): ReleasedContent {
  return { filename, ...(content.kind === "bytes" && { size: content.bytes.length }), ...cidOf(place) };
}

function cidOf(place: AttachmentPlace | undefined): Pick<ReleasedContent, "cid"> {
  return place?.kind === "inline" ? { cid: place.cid } : {};
}

function isPlaceOf(value: unknown, { filename, size }: EndedAttachment): boolean {
  return isRecord(value) && value["filename"] === filename && value["size"] === size;
}

function ownCount(message: Message): number {
  return Array.isArray(message["attachments"]) ? message["attachments"].length : 0;
}
