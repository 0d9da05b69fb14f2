/**
 * The bytes of a content that a message carries as text: in an encoding of Node.js, or in a `data:` URL.
 *
 * In pieces, because Node.js decodes megabytes in one go, and a text of blanks or of percent signs takes it the longest.
 */
import { textBytes, LongText, piecesOf, type Work } from "./text";

/** Bytes of a text; undefined when it is not in this encoding. @param encoding a name that Node.js knows */
export function* decoded(text: string, encoding: string): Work<Buffer | undefined> {
  switch (encoding) {
    case "hex":
      return yield* fromDigits(text, "hex");
    case "base64":
    case "base64url":
      return yield* fromDigits(
        text.slice(/^data:[^,]{0,200};base64,/i.exec(text)?.[0].length ?? 0),
        "base64",
      );
    default:
      return Buffer.isEncoding(encoding) ? yield* textBytes(text, encoding) : undefined;
  }
}

/** RFC 2397. */
export function* fromDataUrl(
  url: string,
): Work<{ readonly bytes: Buffer | undefined; readonly mediaType: string }> {
  const comma = url.indexOf(",");
  // No media type is as long as this.
  const [type = "", ...parameters] = url
    .slice("data:".length, Math.max(0, Math.min(comma, 1_000)))
    .toLowerCase()
    .split(";");
  const mediaType = type.trim();
  if (comma < 0) return { bytes: undefined, mediaType };
  const data = url.slice(comma + 1);
  if (!parameters.some((parameter) => parameter.trim() === "base64")) {
    return { bytes: yield* percentDecoded(data), mediaType };
  }
  if (!data.includes("%")) return { bytes: yield* fromDigits(data, "base64"), mediaType };
  const digits = new LongText();
  for (const piece of wholeSigns(data)) {
    if (digits.add(percentDecodedPiece(piece).toString("latin1"))) yield;
  }
  return { bytes: yield* fromDigits(digits.toString(), "base64"), mediaType };
}

/** What each alphabet has for so many bytes: digits, and a sign that is none of them. */
const ALPHABETS = {
  hex: { digits: 2, bytes: 1, other: /[^0-9A-Fa-f]/ },
  base64: { digits: 4, bytes: 3, other: /[^A-Za-z0-9+/_-]/ },
} as const;

/** Digits with blanks and line ends between them; of Base64 (RFC 4648) also with its padding at the end. */
function* fromDigits(text: string, encoding: keyof typeof ALPHABETS): Work<Buffer | undefined> {
  const { digits, bytes, other } = ALPHABETS[encoding];
  const parts: Buffer[] = [];
  let rest = "";
  let isPadded = false;
  for (const piece of piecesOf(text)) {
    if (parts.length > 0) yield;
    const padding = encoding === "base64" ? (isPadded ? 0 : piece.indexOf("=")) : -1;
    if (padding !== -1) {
      if (!/^[=\s]*$/.test(piece.slice(padding))) return undefined;
      isPadded = true;
    }
    const found = rest + (padding === -1 ? piece : piece.slice(0, padding)).replace(/\s+/g, "");
    const whole = found.length - (found.length % digits);
    const part = Buffer.from(found.slice(0, whole), encoding);
    // Node.js passes over what is no digit, and of hexadecimal ones ends there.
    if (part.length !== (whole / digits) * bytes) return undefined;
    parts.push(part);
    rest = found.slice(whole);
  }
  if (other.test(rest) || (encoding === "hex" && rest !== "")) return undefined;
  parts.push(Buffer.from(rest, encoding));
  return Buffer.concat(parts);
}

/** RFC 3986 section 2.1, whatever the bytes mean. */
function* percentDecoded(text: string): Work<Buffer> {
  if (!text.includes("%")) return yield* textBytes(text);
  const parts: Buffer[] = [];
  for (const piece of wholeSigns(text)) {
    if (parts.length > 0) yield;
    parts.push(percentDecodedPiece(piece));
  }
  return Buffer.concat(parts);
}

function percentDecodedPiece(text: string): Buffer {
  const parts = text.split(/((?:%[0-9a-f]{2})+)/i);
  return Buffer.concat(
    parts.map((part, index) =>
      index % 2 === 1 ? Buffer.from(part.replaceAll("%", ""), "hex") : Buffer.from(part, "utf8"),
    ),
  );
}

/** The pieces of a text in none of which a percent sign is without its two digits. */
function* wholeSigns(text: string): Iterable<string> {
  let rest = "";
  for (const piece of piecesOf(text)) {
    const all = rest + piece;
    const sign = all.indexOf("%", all.length - 2);
    const end = sign === -1 ? all.length : sign;
    rest = all.slice(end);
    yield all.slice(0, end);
  }
  yield rest;
}
