/**
 * The display name of the sender as the module's client can carry it.
 *
 * The module puts it between quotation marks into the From header as it is: neither a charset nor an escape is known.
 */
import { LIMITS } from "./limits";
import { foldToAscii } from "../../../mail/ascii-fold";

export interface SenderName {
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
