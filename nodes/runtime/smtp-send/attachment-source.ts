/** What becomes an attachment: a property of the message, or a file that is named in the editor. */
import { basename } from "node:path";
import { isModemError, ModemError, SPECIAL_HINTS } from "../../../lib/errors";
import { defaultName } from "../../../lib/mail/message/attachments";
import { bytesOf, primitiveText } from "../../../lib/mail/message/foreign";
import { outsideFiles } from "../../../lib/mail/message/outside-files";

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

/** Bytes as they are, text as UTF-8, anything else as JSON. @throws INVALID_ATTACHMENT when there is nothing */
export function fromValue(value: unknown, filename: string): NewAttachment {
  if (value === undefined || value === null) {
    throw new ModemError("INVALID_ATTACHMENT", {
      detail: "the property of the message is empty",
      hint: SPECIAL_HINTS.emptyContent,
    });
  }
  const bytes = bytesOf(value);
  const text = bytes === undefined ? primitiveText(value) : undefined;
  if (bytes !== undefined) {
    return { filename: filename === "" ? defaultName({ kind: "bytes", bytes }) : filename, content: bytes };
  }
  if (text !== undefined) {
    return { filename: filename === "" ? "attachment.txt" : filename, content: Buffer.from(text) };
  }
  return { filename: filename === "" ? "attachment.json" : filename, content: Buffer.from(jsonOf(value)) };
}

function jsonOf(value: unknown): string {
  try {
    const json: unknown = JSON.stringify(value, undefined, 2);
    if (typeof json === "string") return json;
  } catch {
    // Circular objects and BigInt, which JSON does not have.
  }
  throw new ModemError("INVALID_ATTACHMENT", { detail: `a ${typeof value} cannot become a file` });
}
