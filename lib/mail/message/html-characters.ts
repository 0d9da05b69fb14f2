/** Character references of HTML (WHATWG HTML section 13.5): decoded once, unknown ones left as they are. */
import { characterNames } from "./html-character-names";

/** What browsers make of the references to 0x80 to 0x9F (WHATWG HTML section 13.2.5.80); 0 is left as it is. */
const C1 = [
  0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,
  0x017d, 0, 0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a,
  0x0153, 0, 0x017e, 0x0178,
];

let names: ReadonlyMap<string, string> | undefined;

/** The text with every reference as the character it stands for; a no-break space as a space. */
export function decodeCharacters(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(
    /&(?:#(\d{1,7});?|#x([0-9a-f]{1,6});?|([a-z][a-z0-9]{1,31})(;?)(?!=))/gi,
    (
      whole,
      decimal: string | undefined,
      hex: string | undefined,
      name: string | undefined,
      end: string | undefined,
    ) => {
      if (name !== undefined) return named(name, end === ";") ?? whole;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return numbered(code) ?? whole;
    },
  );
}

function named(name: string, isEnded: boolean): string | undefined {
  names ??= readNames();
  const character = names.get(name);
  // Only the characters of Latin-1 and the four of the markup itself may lack their semicolon.
  if (
    !isEnded &&
    (character === undefined || character > "\u00FF" || !/^(?:[A-Za-z]{2,6}|(?:sup|frac)\d{1,2})$/.test(name))
  ) {
    return undefined;
  }
  return character === "\u00A0" ? " " : character;
}

function numbered(code: number): string | undefined {
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
  if (code === 0xa0) return " ";
  const mapped = code >= 0x80 && code <= 0x9f ? C1[code - 0x80] : undefined;
  return String.fromCodePoint(mapped === undefined || mapped === 0 ? code : mapped);
}

/** None where the file of the package that holds them is gone: the mail goes out with what stands for the characters. */
function readNames(): ReadonlyMap<string, string> {
  let listed: string;
  try {
    listed = characterNames();
  } catch {
    return new Map();
  }
  return new Map(
    listed.split(",").map((entry) => {
      const [name = "", codes = ""] = entry.split(" ");
      return [
        name,
        String.fromCodePoint(...codes.split(".").map((code) => Number.parseInt(code, 16))),
      ] as const;
    }),
  );
}
