/** What becomes an attachment: a property of the message, or a file that is named in the editor. */
import { basename } from "node:path";
import { isModemError, ModemError, SPECIAL_HINTS } from "../../../lib/errors";
import { defaultName } from "../../../lib/mail/message/attachments";
import { bytesOf, primitiveText } from "../../../lib/mail/message/foreign";
import { textBytes, inTurns } from "../../../lib/mail/message/text";
import { jsonText } from "../../../lib/mail/message/json";
import { LARGEST_FILE, outsideFiles } from "../../../lib/mail/message/outside-files";

export interface NewAttachment {
  readonly filename: string;
  readonly content: Buffer;
}

/** The file as it is now; cameras overwrite theirs. Rejects with INVALID_ATTACHMENT or LIMIT_ATTACHMENT_SIZE. */
export async function fromFile(path: string, filename: string): Promise<NewAttachment> {
  try {
    return { filename: filename === "" ? basename(path) : filename, content: await outsideFiles.read(path) };
  } catch (error) {
    if (isModemError(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ModemError("INVALID_ATTACHMENT", {
      detail: `the file cannot be read: ${why}`,
      cause: error,
      hint: SPECIAL_HINTS.unreadableFile,
    });
  }
}

/**
 * Bytes as they are, text as UTF-8, anything else as JSON. Rejects with INVALID_ATTACHMENT when there is nothing, and
 * with LIMIT_ATTACHMENT_SIZE.
 */
export async function fromValue(value: unknown, filename: string): Promise<NewAttachment> {
  if (value === undefined || value === null) {
    throw new ModemError("INVALID_ATTACHMENT", {
      detail: "the property of the message is empty",
      hint: SPECIAL_HINTS.emptyContent,
    });
  }
  const bytes = bytesOf(value);
  if (bytes !== undefined) {
    return { filename: filename === "" ? defaultName({ kind: "bytes", bytes }) : filename, content: bytes };
  }
  const text = primitiveText(value);
  const content = await inTurns(textBytes(text ?? (await jsonOf(value))));
  return { filename: filename || (text === undefined ? "attachment.json" : "attachment.txt"), content };
}

async function jsonOf(value: unknown): Promise<string> {
  const tooLong = (): Error =>
    new ModemError("LIMIT_ATTACHMENT_SIZE", { detail: `its JSON has more than ${LARGEST_FILE / 1e6} MB` });
  try {
    const json = await inTurns(jsonText(value, LARGEST_FILE, tooLong, 2));
    if (json !== undefined) return json;
  } catch (error) {
    // Circular objects and BigInt, which JSON does not have.
    if (isModemError(error)) throw error;
  }
  throw new ModemError("INVALID_ATTACHMENT", { detail: `a ${typeof value} cannot become a file` });
}
