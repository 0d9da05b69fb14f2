/** Lines for the reader above HTML that a flow has made, because who sees the HTML does not see the text beside it. */
import type { MailAttachment } from "../mail";

const BYTE_ORDER_MARK = Buffer.from("\uFEFF");

/**
 * A paragraph in ASCII; empty without lines. Before the document it stands at the head of its body, whatever the document
 * begins with (WHATWG HTML section 13.2.6.4).
 */
export function htmlNote(lines: readonly string[]): string {
  return lines.length === 0 ? "" : `<p>${lines.map(escaped).join("<br>")}</p>\r\n`;
}

/** The attachments with these lines above the HTML among them, if there is any. */
export function withHtmlNote(
  attachments: readonly MailAttachment[],
  lines: readonly string[],
): readonly MailAttachment[] {
  if (lines.length === 0) return attachments;
  return attachments.map((one) => {
    const { content, place } = one;
    if (place?.kind !== "html" || content.kind !== "bytes") return one;
    const start = content.bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
      ? BYTE_ORDER_MARK.length
      : 0;
    const { bytes } = content;
    const noted = [bytes.subarray(0, start), Buffer.from(htmlNote(lines)), bytes.subarray(start)];
    return { ...one, content: { kind: "bytes", bytes: Buffer.concat(noted) } };
  });
}

function escaped(text: string): string {
  return text.replace(/[&<>"]|[^\x20-\x7e]/gu, (sign) => `&#${sign.codePointAt(0)};`);
}
