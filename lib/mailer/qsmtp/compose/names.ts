/** Names as the module carries them: that of the sender, and those of attachments. */
import { LIMITS } from "./mail-transaction";
import { foldToAscii } from "../../../mail/ascii-fold";

/*
 * The display name of the sender as the module's client can carry it.
 *
 * The module puts it between quotation marks into the From header as it is: neither a charset nor an escape is known.
 */

interface SenderName {
  /** ASCII without quotation marks, backslashes and control characters; may be empty. */
  readonly carried: string;
  /** What the reader sees otherwise than it was written, one sentence; undefined: nothing that matters. */
  readonly remark?: string;
}

export function senderNameOf(name: string): SenderName {
  const folded = foldToAscii(name);
  const lost = count(folded, "?") > count(name.normalize("NFKD"), "?") + count(name, "¿");
  if (lost) {
    return {
      carried: "",
      remark: "The module cannot carry the letters of the sender name; the mail has none.",
    };
  }
  // In a quoted string a backslash takes the next character away, and the last one the end (RFC 5322 section 3.2.4).
  const carried = folded
    .replaceAll('"', "'")
    .replaceAll("\\", "/")
    .replace(/\p{Cc}+/gu, " ")
    .slice(0, LIMITS.senderNameBytes);
  return folded.includes("\\")
    ? {
        carried,
        remark: "The module cannot carry the backslash of the sender name; it was replaced by a slash.",
      }
    : { carried };
}

function count(text: string, sign: string): number {
  return text.split(sign).length - 1;
}

/*
 * Names of attachments that the module, its flash file system and every mail program take.
 *
 * Rules of the FILE manual: at most 80 bytes; letters, digits, dot, dash and underscore are safe.
 */

const LONGEST_EXTENSION = 16;

/** A safe name for each of the names, in their order; unique without regard to case, extensions kept. */
export function safeFileNames(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const parts = safeParts(name);
    let number = 1;
    let unique = joined(parts, "");
    while (taken.has(unique.toLowerCase())) {
      number += 1;
      unique = joined(parts, `-${number}`);
    }
    taken.add(unique.toLowerCase());
    return unique;
  });
}

interface NameParts {
  readonly stem: string;
  /** With its dot, or empty. */
  readonly extension: string;
}

function safeParts(name: string): NameParts {
  const last = name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1);
  // No name needs more; a longer one would only be folded to be cut.
  const safe = foldToAscii(last.length > 512 ? last.slice(0, 256) + last.slice(-256) : last)
    .replace(/[^A-Za-z0-9._-]+/g, "_")
    .replace(/\.{2,}/g, ".");
  const dot = safe.lastIndexOf(".");
  const tail = dot === -1 ? "" : safe.slice(dot + 1);
  const isExtension = tail !== "" && tail.length < LONGEST_EXTENSION && /[A-Za-z0-9]/.test(tail);
  const stem = trimmed(isExtension ? safe.slice(0, dot) : safe);
  return {
    stem: /[A-Za-z0-9]/.test(stem) ? stem : "attachment",
    extension: isExtension ? `.${tail}` : "",
  };
}

/** Without the dots, dashes and underscores at its ends that a shell or a file system would take for something else. */
function trimmed(stem: string): string {
  let end = stem.length;
  while (end > 0 && "._".includes(stem.charAt(end - 1))) end--;
  return stem.slice(0, end).replace(/^[._-]+/, "");
}

function joined({ stem, extension }: NameParts, number: string): string {
  return stem.slice(0, LIMITS.fileNameBytes - extension.length - number.length) + number + extension;
}
