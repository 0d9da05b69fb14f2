/**
 * Reads a message as a mail program does: the one that the module writes (`mime.ts`: one text part, then attachments, all
 * in base64), and those of other clients (RFC 2045 to 2047), as far as a mailbox shows them.
 */

export interface ReadMessage {
  readonly subject: string;
  readonly text: string;
  readonly attachments: readonly { readonly name: string; readonly bytes: number }[];
}

interface Part {
  /** With its folded lines in one. */
  readonly head: string;
  readonly body: string;
}

/** Parts within parts that are looked into; a hostile message has more. */
const DEEPEST = 5;

export function readMessage(message: Buffer): ReadMessage {
  const whole = partOf(message.toString("latin1"));
  const leaves = leavesOf(whole, 0);
  const text = leaves.find(isText);
  return {
    subject: decodedWords(field(whole, "Subject")),
    text: text === undefined ? "" : textIn(text).trimEnd(),
    attachments: leaves
      .filter((part) => part !== text)
      .map((part) => ({ name: nameOf(part), bytes: bytesOf(part).length })),
  };
}

function leavesOf(part: Part, depth: number): readonly Part[] {
  const boundary = /boundary="([^"]+)"/.exec(field(part, "Content-Type"))?.[1];
  if (boundary === undefined || depth === DEEPEST) return [part];
  const pieces = part.body.split(`--${boundary}`).slice(1, -1);
  // A line end behind the boundary, and one before the next, belong to these.
  return pieces.flatMap((piece) =>
    leavesOf(partOf(piece.replace(/^\r\n/, "").replace(/\r\n$/, "")), depth + 1),
  );
}

function isText(part: Part): boolean {
  const type = field(part, "Content-Type");
  return (
    (type === "" || /^text\/plain\b/i.test(type)) &&
    !/^attachment\b/i.test(field(part, "Content-Disposition"))
  );
}

/** Separated by the first empty line. */
function partOf(text: string): Part {
  const end = text.search(/\r\n\r\n/);
  const head = end === -1 ? text : text.slice(0, end);
  return { head: head.replace(/\r\n[ \t]/g, " "), body: end === -1 ? "" : text.slice(end + 4) };
}

/** The value of a header field; empty where there is none. */
function field({ head }: Part, name: string): string {
  const line = head.split("\r\n").find((one) => one.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line?.slice(name.length + 1).trim() ?? "";
}

function nameOf(part: Part): string {
  const type = field(part, "Content-Type");
  return decodedWords(/name="([^"]*)"/.exec(type)?.[1] ?? /name=([^\s;"]+)/.exec(type)?.[1] ?? "");
}

function textIn(part: Part): string {
  return decoded(bytesOf(part), /charset="?([\w-]+)/.exec(field(part, "Content-Type"))?.[1]);
}

function bytesOf(part: Part): Buffer {
  switch (field(part, "Content-Transfer-Encoding").toLowerCase()) {
    case "base64":
      return Buffer.from(part.body, "base64");
    case "quoted-printable":
      return quotedPrintable(part.body.replace(/=\r\n/g, ""));
    default:
      return Buffer.from(part.body, "latin1");
  }
}

function quotedPrintable(text: string): Buffer {
  const bytes = text.replace(/=([0-9A-F]{2})/gi, (_code, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1");
}

/** RFC 2047 encoded words, or plain text; blanks between two words belong to neither. */
function decodedWords(text: string): string {
  return text
    .replace(/\?=[ \t]+=\?/g, "?==?")
    .replace(/=\?([^?]+)\?([BQ])\?([^?]*)\?=/gi, (_word, charset: string, form: string, content: string) =>
      decoded(
        form.toUpperCase() === "B"
          ? Buffer.from(content, "base64")
          : quotedPrintable(content.replaceAll("_", " ")),
        charset,
      ),
    );
}

/** In an unknown charset, a byte is a character. */
function decoded(bytes: Buffer, charset = "utf-8"): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString("latin1");
  }
}
