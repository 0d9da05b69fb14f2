/**
 * Text of an HTML document, for a module whose mails are plain text.
 *
 * Not a browser: it drops tags, comments and what is never shown, keeps lines and cells apart, and decodes the usual
 * character references. Linear in the length of the document, whatever it holds.
 */

/** Tags by which a text is taken for HTML; others such as `<low>` are taken for text. */
const KNOWN_TAG =
  /<\/?(?:html|head|body|title|meta|link|style|script|p|div|span|br|hr|h[1-6]|b|i|u|s|em|strong|small|big|sub|sup|font|center|a|img|pre|code|tt|blockquote|ul|ol|li|dl|dt|dd|table|thead|tbody|tfoot|caption|colgroup|col|tr|td|th|section|article|header|footer|main|nav|button|form|input|label|svg|abbr|address|mark)(?=[\s/>])[^<>]*>/gi;

/** Where something begins that a browser does not show, and where it ends. */
const HIDDEN_START = /<!--|<(head|style|script|svg)(?=[\s/>])[^<>]*>/gi;
const COMMENT_END = /-->/g;

const LINE_TAG =
  /^<\/?(?:p|div|br|hr|h[1-6]|pre|blockquote|ul|ol|li|dl|dt|dd|table|caption|tr|section|article|header|footer|main|nav|form|address)[\s/>]/i;

const NAMED_CHARACTERS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    amp: "&",
    lt: "<",
    gt: ">",
    quot: '"',
    apos: "'",
    nbsp: " ",
    auml: "ä",
    ouml: "ö",
    uuml: "ü",
    Auml: "Ä",
    Ouml: "Ö",
    Uuml: "Ü",
    szlig: "ß",
    eacute: "é",
    egrave: "è",
    agrave: "à",
    ccedil: "ç",
    ntilde: "ñ",
    euro: "€",
    pound: "£",
    deg: "°",
    micro: "µ",
    plusmn: "±",
    sup2: "²",
    sup3: "³",
    times: "×",
    middot: "·",
    bull: "•",
    hellip: "…",
    ndash: "–",
    mdash: "—",
    lsquo: "‘",
    rsquo: "’",
    ldquo: "“",
    rdquo: "”",
    laquo: "«",
    raquo: "»",
    copy: "©",
    reg: "®",
    trade: "™",
    larr: "←",
    rarr: "→",
    le: "≤",
    ge: "≥",
    Omega: "Ω",
  }),
);

/** True when the text is an HTML document or holds HTML tags. */
export function isHtml(text: string): boolean {
  return /^\s*<!doctype html/i.test(text) || text.search(KNOWN_TAG) !== -1;
}

/** The text that a reader of the document would see, one line per block. */
export function htmlToText(html: string): string {
  const marked = withoutHidden(html)
    .replace(/^\s*<!doctype[^>]*>/i, "")
    .replace(/[ \t\r\n\f]+/g, " ")
    .replace(KNOWN_TAG, breakOf);
  return decodeCharacters(marked)
    .split("\n")
    .map((line) => line.replace(/ +/g, " ").trim())
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

/** The document without comments and elements that are never shown; one without end goes to the end, as in browsers. */
function withoutHidden(html: string): string {
  const kept: string[] = [];
  let position = 0;
  for (;;) {
    const start = matchFrom(HIDDEN_START, html, position);
    if (start === undefined) return kept.join("") + html.slice(position);
    kept.push(html.slice(position, start.index));
    const element = start[1];
    const end = matchFrom(
      element === undefined ? COMMENT_END : new RegExp(`</${element}\\s*>`, "gi"),
      html,
      start.index + start[0].length,
    );
    if (end === undefined) return kept.join("");
    position = end.index + end[0].length;
  }
}

function matchFrom(pattern: RegExp, text: string, position: number): RegExpExecArray | undefined {
  const search = new RegExp(pattern);
  search.lastIndex = position;
  return search.exec(text) ?? undefined;
}

/** What keeps the text before and after a tag apart. */
function breakOf(tag: string): string {
  if (/^<li[\s/>]/i.test(tag)) return "\n- ";
  if (LINE_TAG.test(tag)) return "\n";
  return /^<\/?t[dh][\s/>]/i.test(tag) ? " " : "";
}

function decodeCharacters(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+[0-9]?));/gi, (whole, decimal, hex, name) => {
    if (typeof name === "string") return NAMED_CHARACTERS.get(name) ?? whole;
    const code = typeof hex === "string" ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
