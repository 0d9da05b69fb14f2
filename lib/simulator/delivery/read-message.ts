/** Reads a message as the module writes it (`mime.ts`): one text part, then attachments, all in base64. */

export interface ReadMessage {
  readonly subject: string;
  readonly text: string;
  readonly attachments: readonly { readonly name: string; readonly bytes: number }[];
}

export function readMessage(message: Buffer): ReadMessage {
  const [head, body] = headAndBody(message.toString("latin1"));
  const boundary = /boundary="([^"]+)"/.exec(head)?.[1] ?? "";
  const [text, ...attachments] = body.split(`--${boundary}`).slice(1, -1).map(headAndBody);
  const [textHead, textBody] = text ?? ["", ""];
  return {
    subject: decodedWords(/^Subject: (.*)$/m.exec(head)?.[1]?.trim() ?? ""),
    text: decoded(textBody, /charset="?([\w-]+)/.exec(textHead)?.[1]).trimEnd(),
    attachments: attachments.map(([partHead, content]) => ({
      name: /name="([^"]*)"/.exec(partHead)?.[1] ?? "",
      bytes: Buffer.from(content, "base64").length,
    })),
  };
}

/** Separated by the first empty line. */
function headAndBody(part: string): readonly [head: string, body: string] {
  const end = part.search(/\r\n\r\n/);
  return end === -1 ? [part, ""] : [part.slice(0, end), part.slice(end + 4)];
}

/** RFC 2047 encoded words of form B, or plain text. */
function decodedWords(text: string): string {
  return text.replace(/=\?([^?]+)\?B\?([^?]*)\?=/g, (_word, charset: string, content: string) =>
    decoded(content, charset),
  );
}

function decoded(base64: string, charset = "utf-8"): string {
  return new TextDecoder(charset).decode(Buffer.from(base64, "base64"));
}
