/**
 * Folding: text in ASCII that a person can still read, for modules that carry nothing else.
 *
 * Not a transliteration of scripts: what has no letters or signs in common with ASCII becomes `?` or `[...]`. The full text
 * travels beside it, see compose.ts.
 */
import { isAscii } from "./text";

/** Signs that Unicode does not decompose into ASCII ones, as found in alarms and reports. */
const REPLACEMENTS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ß: "ss",
    ẞ: "SS",
    æ: "ae",
    Æ: "AE",
    œ: "oe",
    Œ: "OE",
    ø: "o",
    Ø: "O",
    đ: "d",
    Đ: "D",
    ð: "d",
    Ð: "D",
    þ: "th",
    Þ: "Th",
    ł: "l",
    Ł: "L",
    ı: "i",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "°": "deg",
    "±": "+/-",
    "×": "x",
    "÷": "/",
    "⁄": "/",
    "·": ".",
    "•": "*",
    "−": "-",
    "←": "<-",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "≈": "~",
    "©": "(c)",
    "®": "(R)",
    "¿": "?",
    "¡": "!",
    "«": '"',
    "»": '"',
    μ: "u",
    Ω: "Ohm",
    Δ: "delta",
  }),
);

/** The text in ASCII; ASCII characters stay as they are. */
export function foldToAscii(text: string): string {
  return folded(text, "?");
}

/** As `foldToAscii`, for a reader: several characters in a row that ASCII has nothing for become one `[...]`. */
export function shownInAscii(text: string): string {
  return folded(text, LOST).replace(/\uFFFF+/g, (lost) => (lost.length === 1 ? "?" : "[...]"));
}

/** Stands for what is lost; no character of any text. */
const LOST = "\uFFFF";

function folded(text: string, lost: string): string {
  if (isAscii(text)) return text;
  return Array.from(text, (character) => (isAscii(character) ? character : fold(character, lost))).join("");
}

function fold(character: string, lost: string): string {
  let folded = "";
  for (const part of character.normalize("NFKD")) folded += isAscii(part) ? part : foldSign(part, lost);
  return folded;
}

function foldSign(sign: string, lost: string): string {
  const replacement = REPLACEMENTS.get(sign);
  if (replacement !== undefined) return replacement;
  // Accents stand alone after decomposition; zero-width characters carry nothing a reader would miss.
  if (/^[\p{M}\p{Cf}]$/u.test(sign)) return "";
  if (/^\p{Pd}$/u.test(sign)) return "-";
  if (/^[‘’‚‛′]$/u.test(sign)) return "'";
  if (/^[“”„‟]$/u.test(sign)) return '"';
  if (/^\p{Z}$/u.test(sign)) return " ";
  return lost;
}
