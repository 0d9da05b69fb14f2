/** The messages of both outputs of a node that sends mails, from the message that came in and the end of its mail. */
import type { Node } from "node-red";
import { isRecord, thrownText } from "../../../lib/mail/message/foreign";
import type { MailFailure, SmtpResult } from "../../../lib/mail/mail";
import type { MailEnded } from "../../../lib/outbox/outbox-types";
import { type Message, nameContents, restoreContents, restoreText } from "./contents";
import { messageError } from "../status/failure-report";

/** The message that a mail was made of, as far as it was kept. */
export async function keptMessage(ended: MailEnded, node: Node): Promise<Message> {
  const { id, origin } = ended;
  const message = isRecord(origin.message) ? { ...origin.message } : {};
  await restoreText(message, ended).catch((error: unknown) =>
    node.warn(`the text of mail ${id} cannot be read back: ${String(error)}`),
  );
  return message;
}

/** The message without what an earlier node has left, so that an old result is not taken for the one of this mail. */
export function withoutFormerResult({ smtp: _smtp, error: _error, ...rest }: Message): Message {
  return rest;
}

/** `message` with the result; its contents are named, not held. */
export function sentMessage(
  message: Message,
  { attachments, result }: Pick<MailEnded, "attachments" | "result">,
): Message {
  nameContents(message, attachments);
  message["smtp"] = result;
  return message;
}

/** For output 2: a copy, because Catch nodes get `message` itself, which both must see without the other's error. */
export function failedMessage(
  message: Message,
  failure: MailFailure,
  result: SmtpResult,
  node: Node,
): Message {
  return { ...message, smtp: result, error: messageError(failure, node) };
}

/** The result of a mail whose node is gone, complete with its contents. */
export async function unclaimedMessage(ended: MailEnded, node: Node): Promise<Message> {
  const message = await keptMessage(ended, node);
  const { failure, result } = ended;
  if (failure === undefined) return sentMessage(message, ended);
  await restoreOrName(message, ended, node);
  return failedMessage(message, failure, result, node);
}

/** A content that cannot be read any more must not hide that the mail has failed. */
export async function restoreOrName(
  message: Message,
  { id, attachments }: Pick<MailEnded, "id" | "attachments">,
  node: Node,
): Promise<void> {
  try {
    await restoreContents(message, attachments);
  } catch (error) {
    node.warn(`the attachments of mail ${id} cannot be read back: ${thrownText(error)}`);
    nameContents(message, attachments);
  }
}
