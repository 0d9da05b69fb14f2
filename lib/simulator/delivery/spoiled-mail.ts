/**
 * What becomes of a mail that the module's client spoils without a word (fact base, mail client): a body that repeats itself,
 * or nothing at all for a full subject or an attachment that cannot be read.
 */
import { findFile } from "../module/file-store";
import type { Device } from "../device/device";
import { delivered, smtpError, type DeliveryResult } from "./smtp-codes";
import type { MailContent } from "./smtp-state";

/** The client reads a body in blocks of so many bytes. */
const BODY_BLOCK = 3072;
/** Transaction failed; the number that stands before the reason why a file was not read. */
const TRANSACTION_FAILED = 682;

/** The body as it goes out. */
export function bodyOf(modem: Device, body: MailContent["body"]): MailContent["body"] {
  const { bytes } = body;
  if (modem.variants["long-body"] === "whole" || bytes.length <= BODY_BLOCK) return body;
  const first = bytes.subarray(0, BODY_BLOCK);
  const blocks = Array.from({ length: Math.ceil(bytes.length / BODY_BLOCK) }, () => first);
  return { ...body, bytes: Buffer.concat(blocks).subarray(0, bytes.length) };
}

/** The result of a mail that goes out empty; undefined for one that goes out as it is. */
export function resultOfEmptied(modem: Device, content: MailContent): DeliveryResult | undefined {
  const { variants } = modem;
  const isFull = content.subject.bytes.length === Number(variants["subject-limit"]);
  if (variants["full-subject"] === "empties" && isFull) return delivered;
  if (variants["bad-attachment"] === "read-late") return undefined;
  for (const fileName of content.attachments.values()) {
    const file = findFile(modem, fileName);
    if (file === undefined) return { err: TRANSACTION_FAILED, protocolError: smtpError.openFile };
    if (file.content.length === 0) return { err: TRANSACTION_FAILED, protocolError: smtpError.unknown };
  }
  return undefined;
}
