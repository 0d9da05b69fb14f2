/**
 * The name of an attachment as a flow gave it: without the padding of a PLC, the address of a camera or the coding of a
 * mail around it, so that its extension survives. What a module or a protocol can carry of it is decided later.
 */
import { lateCode } from "../../late-code";

/** Characters of a name that are looked at. */
const LONGEST = 1000;
/** RFC 2047 section 2; blanks between two encoded words do not count (section 6.2). */
const ENCODED_WORD = /=\?([^?*\s]{1,40})(?:\*[^?\s]{0,40})?\?([BQ])\?([^?\s]{0,1000})\?=/gi;

/** Empty when nothing is left of it. */
export function readFileName(given: string): string {
  const clean = withoutEncodedWords(given.slice(0, LONGEST))
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, "")
    .trim();
  if (/^[a-z][a-z0-9+.-]{1,20}:\/\//i.test(clean)) return lastOfUrl(clean);
  // The path of a file, as the nodes that read files leave it.
  const folder = /^(?:\/|[a-z]:\\|\\\\)/i.test(clean) ? /^.*[/\\]/s.exec(clean)?.[0].length : undefined;
  return withoutQuery(folder === undefined ? clean : clean.slice(folder));
}

const loadCharsets = lateCode((): typeof import("iconv-lite") => require("iconv-lite"));

function withoutEncodedWords(name: string): string {
  if (!name.includes("=?")) return name;
  let charsets: ReturnType<typeof loadCharsets>;
  try {
    charsets = loadCharsets();
  } catch {
    // An odd name is better than no mail.
    return name;
  }
  return name
    .replace(/\?=[ \t\r\n]{1,10}=\?/g, "?==?")
    .replace(ENCODED_WORD, (whole, charset: string, coding: string, text: string) =>
      charsets.encodingExists(charset) ? charsets.decode(bytesOfWord(coding, text), charset) : whole,
    );
}

function bytesOfWord(coding: string, text: string): Buffer {
  if (coding.toUpperCase() === "B") return Buffer.from(text, "base64");
  const latin1 = text
    .replaceAll("_", " ")
    .replace(/=([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  return Buffer.from(latin1, "latin1");
}

function lastOfUrl(url: string): string {
  const path = url.slice(url.indexOf("://") + 3).replace(/[?#].*$/s, "");
  // What stands before the first slash is the host, perhaps with a password.
  const slash = path.lastIndexOf("/");
  const last = slash === -1 ? "" : path.slice(slash + 1);
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** `snap.jpg?x=1` as `snap.jpg`: what follows a question mark behind an extension is a query. */
function withoutQuery(name: string): string {
  const query = name.indexOf("?");
  return query > 0 && /\.[A-Za-z0-9]{1,8}$/.test(name.slice(Math.max(0, query - 10), query))
    ? name.slice(0, query)
    : name;
}
