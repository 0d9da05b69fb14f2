/** The payload of a message as text, and as attachment where it is not text. */
import { isModemError, ModemError } from "../../errors";
import { defaultName } from "./attachments";
import { readFileName } from "./file-name";
import { bytesOf, isBlank, primitiveText, reading } from "./foreign";
import { isHtml } from "./html-tags";
import { htmlToText } from "./html-text";
import { jsonText } from "./json";
import type { MailAttachment } from "../mail";
import { fitText, longTextFile, textOf, type Warn, type Work } from "./text";

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
  /** INVALID_BODY: why there is no text. */
  readonly unreadable?: ModemError;
}

/**
 * What the payload becomes: text as it is, objects as JSON, bytes and HTML as attachment with a text beside it.
 *
 * @throws ModemError LIMIT_BODY
 */
export function* readBody(source: BodySource, warn: Warn): Work<Body> {
  try {
    const { attachments, text, html } = yield* sortOut(source, warn);
    const fit = yield* fitText(html === undefined ? text : yield* htmlToText(html));
    if (fit.removed) warn("Control characters were removed from the text.");
    return { text: fit.text, attachments };
  } catch (error) {
    if (!isModemError(error, "INVALID_BODY")) throw error;
    return { text: "", attachments: [], unreadable: error };
  }
}

/** The body before its text was made fit, and the HTML that the text is still to be made of. */
function* sortOut(source: BodySource, warn: Warn): Work<Body & { readonly html?: string }> {
  const { payload } = source;
  const beside = typeof source.html === "string" && source.html.trim() !== "" ? source.html : undefined;
  if (isBlank(payload)) {
    return beside === undefined ? { text: "", attachments: [] } : yield* htmlBody(beside, source.plaintext);
  }
  const bytes = reading("INVALID_BODY", () => bytesOf(payload));
  if (bytes !== undefined) {
    const content = { kind: "bytes", bytes } as const;
    const filename = readFileName(primitiveText(source.filename) ?? "") || defaultName(content);
    return { text: optionalText(source.description), attachments: [{ filename, content }] };
  }
  const text = reading("INVALID_BODY", () => textOf(payload)) ?? (yield* json(payload));
  if (text.length > LONGEST_TEXT) throw tooLong();
  if (typeof payload === "string" && text.includes("<") && isHtml(text))
    return yield* htmlBody(text, source.plaintext);
  if (beside === undefined) return { text, attachments: [] };
  if (beside.length <= LONGEST_TEXT) return { text, attachments: [yield* htmlFile(beside, false)] };
  warn(`msg.html is longer than ${LONGEST_TEXT} characters; the mail is sent without it.`);
  return { text, attachments: [] };
}

function* json(payload: unknown): Work<string> {
  const work = jsonText(payload, LONGEST_TEXT, tooLong);
  for (;;) {
    const step = reading("INVALID_BODY", () => work.next());
    if (step.done !== true) yield;
    else if (step.value !== undefined) return step.value;
    else throw new ModemError("INVALID_BODY", { detail: `it is a ${typeof payload}` });
  }
}

function* htmlBody(html: string, plaintext: unknown): Work<Body & { readonly html?: string }> {
  const given = optionalText(plaintext);
  const attachments = [yield* htmlFile(html, given === "")];
  return given === "" ? { text: "", attachments, html } : { text: given, attachments };
}

function* htmlFile(html: string, isSource: boolean): Work<MailAttachment> {
  if (html.length > LONGEST_TEXT) throw tooLong();
  const content = { kind: "bytes", bytes: yield* longTextFile(html) } as const;
  return { filename: "message.html", content, place: { kind: "html", isSource } };
}

function tooLong(): ModemError {
  return new ModemError("LIMIT_BODY", { detail: `more than ${LONGEST_TEXT} characters` });
}

function optionalText(value: unknown): string {
  return primitiveText(value) ?? "";
}
