/** The payload of a message as text, and as attachment where it is not text. */
import { ModemError } from "../../errors";
import { defaultName } from "./attachments";
import { fitText } from "./fit";
import { readFileName } from "./file-name";
import { bytesOf, isBlank, primitiveText, reading } from "./foreign";
import { isHtml } from "./html-tags";
import { htmlToText } from "./html-text";
import type { MailAttachment } from "../mail";
import { inTurns } from "./turns";
import { textFile, textOf, wellFormed } from "./text";

/** Characters; more than any mail server takes, and the attachment could not be uploaded either. */
const LONGEST_TEXT = 16 * 1024 * 1024;

export interface BodySource {
  readonly payload: unknown;
  /** Text of a mail whose payload goes as attachment. */
  readonly description: unknown;
  /** Name of a payload that goes as attachment. */
  readonly filename: unknown;
  /** HTML beside a payload of text, as the nodes that receive mails leave it. */
  readonly html: unknown;
  /** Text of a mail whose payload is HTML. */
  readonly plaintext: unknown;
}

export interface Body {
  /** Lines end with CR LF; empty for a mail with a subject only. */
  readonly text: string;
  readonly attachments: readonly MailAttachment[];
}

/**
 * What the payload becomes: text as it is, objects as JSON, bytes and HTML as attachment with a text beside it.
 *
 * @throws ModemError INVALID_BODY, LIMIT_BODY
 */
export async function readBody(source: BodySource, warn: (warning: string) => void): Promise<Body> {
  const { attachments, text, html } = reading("INVALID_BODY", () => sortOut(source, warn));
  const fit = await inTurns(fitText(html === undefined ? text : await inTurns(htmlToText(html))));
  if (fit.removed) warn("Control characters were removed from the text.");
  return { text: fit.text, attachments };
}

/** The body before its text was made fit, and the HTML that the text is still to be made of. */
function sortOut(source: BodySource, warn: (warning: string) => void): Body & { readonly html?: string } {
  const { payload } = source;
  const beside = typeof source.html === "string" && source.html.trim() !== "" ? source.html : undefined;
  if (isBlank(payload)) {
    return beside === undefined ? { text: "", attachments: [] } : htmlBody(beside, source.plaintext, warn);
  }
  const bytes = bytesOf(payload);
  if (bytes !== undefined) {
    const content = { kind: "bytes", bytes } as const;
    const filename = readFileName(primitiveText(source.filename) ?? "") || defaultName(content);
    return { text: optionalText(source.description), attachments: [{ filename, content }] };
  }
  const text = textOf(payload);
  if (text === undefined) throw new ModemError("INVALID_BODY", { detail: `it is a ${typeof payload}` });
  if (text.length > LONGEST_TEXT) throw new ModemError("LIMIT_BODY", { detail: `${text.length} characters` });
  if (typeof payload === "string" && isHtml(text)) return htmlBody(text, source.plaintext, warn);
  return { text, attachments: beside === undefined ? [] : [htmlFile(beside)] };
}

function htmlBody(
  html: string,
  plaintext: unknown,
  warn: (warning: string) => void,
): Body & { readonly html?: string } {
  const given = optionalText(plaintext);
  if (given === "") warn("The HTML is attached as message.html; the text is an extract of it.");
  const attachments = [htmlFile(html)];
  return given === "" ? { text: "", attachments, html } : { text: given, attachments };
}

function htmlFile(html: string): MailAttachment {
  if (html.length > LONGEST_TEXT) throw new ModemError("LIMIT_BODY", { detail: `${html.length} characters` });
  return { filename: "message.html", content: { kind: "bytes", bytes: textFile(wellFormed(html)) } };
}

function optionalText(value: unknown): string {
  return primitiveText(value) ?? "";
}
