/**
 * The contents of a message between its acceptance and its result: they wait on the disk, not in memory.
 *
 * A released message has `{filename, size}` for each attachment, and no payload where that was bytes: such a payload
 * is the first attachment of its mail. Only the message itself is changed, never an object that it refers to, because
 * a flow may keep those in its context.
 */
import { bytesOf } from "../../lib/mail/foreign";
import type { Mail } from "../../lib/mail/mail";
import type { EndedAttachment } from "../../lib/mail/outbox-types";

/** A message of a flow. */
export type Message = Record<string, unknown>;

/** The place of a content in a released message. */
interface ReleasedContent {
  readonly filename: string;
  /** Bytes; left out while the file has not been read. */
  readonly size?: number;
}

/** Takes the contents out of `message`, which became `mail`. */
export function releaseContents(message: Message, mail: Mail): void {
  const own = message["attachments"];
  const count = Array.isArray(own) ? own.length : own === undefined || own === null ? 0 : 1;
  if (count > 0) {
    // `attachments` of the mail begin with what the payload became.
    message["attachments"] = mail.attachments.slice(-count).map(({ filename, content }): ReleasedContent => {
      return content.kind === "bytes" ? { filename, size: content.bytes.length } : { filename };
    });
  }
  if (bytesOf(message["payload"]) !== undefined) delete message["payload"];
}

/** Names the contents of a released message, for output 1. */
export function nameContents(message: Message, attachments: readonly EndedAttachment[]): void {
  fill(
    message,
    attachments.map(({ filename, size }): ReleasedContent => ({ filename, size })),
    (content) => content,
  );
}

/** Gives a released message its contents back, so that another node can send it. */
export async function restoreContents(
  message: Message,
  attachments: readonly EndedAttachment[],
): Promise<void> {
  const contents: { readonly filename: string; readonly content: Buffer }[] = [];
  for (const attachment of attachments) {
    contents.push({ filename: attachment.filename, content: await attachment.readBack() });
  }
  fill(message, contents, ({ content }) => content);
}

function fill<T>(message: Message, contents: readonly T[], asPayload: (content: T) => unknown): void {
  const own = message["attachments"];
  const count = Array.isArray(own) ? own.length : 0;
  // A record that was damaged has no contents any more; the names are better than nothing.
  if (contents.length < count) return;
  if (count > 0) message["attachments"] = contents.slice(-count);
  const [first] = contents;
  if (!("payload" in message) && first !== undefined && contents.length > count) {
    message["payload"] = asPayload(first);
  }
}
