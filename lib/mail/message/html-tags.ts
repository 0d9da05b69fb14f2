/**
 * Finds the tags of an HTML document, and tells HTML from text that only looks like it.
 *
 * Not a parser of HTML: no tree, no repair. What is no tag of HTML stays text, such as `<low>` or `a <b and c>`.
 * Linear in the length of the document, whatever it holds.
 */

export type HtmlPiece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "start"; readonly name: string; readonly attributes: string }
  | { readonly kind: "end"; readonly name: string };

/** Names that are tags wherever they stand. */
const NAMES: ReadonlySet<string> = new Set(
  (
    "a abbr acronym address article aside b basefont bdi bdo big blockquote body br button caption center cite code col " +
    "colgroup dd del details dfn dir div dl dt em embed fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 head " +
    "header hgroup hr html i iframe img input ins kbd label legend li link main mark meta nav noscript ol optgroup option p " +
    "picture pre q rp rt ruby s samp script section select small span strike strong style sub summary sup svg table tbody td " +
    "template textarea tfoot th thead title tr tt u ul wbr"
  ).split(" "),
);
/** Names that people also write as placeholders: tags only with attributes, or where the document ends them. */
const AMBIGUOUS: ReadonlySet<string> = new Set(
  "area audio base canvas data dialog map menu meter object output param progress source time track var video".split(
    " ",
  ),
);
const VOID: ReadonlySet<string> = new Set("br hr img input link meta col wbr".split(" "));
/** Void elements that say something without attributes. */
const BREAKS: ReadonlySet<string> = new Set(["br", "hr", "wbr"]);
const BOOLEAN: ReadonlySet<string> = new Set(
  "async autofocus checked compact controls declare defer disabled hidden ismap loop multiple muted nohref noresize noshade novalidate nowrap open readonly required reversed selected".split(
    " ",
  ),
);
/** Elements whose content a browser does not show. */
const HIDDEN: ReadonlySet<string> = new Set(["script", "style", "svg", "template", "title"]);

/** Characters by which a text is judged; what comes later changes nothing of what it is. */
const JUDGED = 65_536;

/** Each is tried behind the white space at the beginning. */
const DOCUMENT = /^<(?:!doctype\s+html|html[\s>])/i;
const DOCTYPE = /^(?:<\?xml[^>]*>\s*)?<!doctype[^>]*>/i;
/** With the character behind the name, by which it ends. */
const NAME = /(\/?)[a-z][a-z0-9:-]*[\s/>]/iy;
const ATTRIBUTE = /\s*([^\s=>"'/<]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?|\s*\/|\s+/gy;

/**
 * True when the text is an HTML document, or holds a pair of tags or a void element of HTML and nothing that reads as a
 * comparison, such as `a <b and c> d`.
 */
export function isHtml(text: string): boolean {
  if (DOCUMENT.test(text.trimStart())) return true;
  const opened = new Set<string>();
  let isEvident = false;
  for (const piece of new Scanner(text.slice(0, JUDGED), "all").pieces()) {
    switch (piece.kind) {
      case "text":
        break;
      case "start":
        if (!isSound(piece.attributes)) return false;
        if (!VOID.has(piece.name)) opened.add(piece.name);
        else if (BREAKS.has(piece.name) || piece.attributes.includes("=")) isEvident = true;
        break;
      case "end":
        isEvident ||= opened.has(piece.name);
    }
  }
  return isEvident;
}

/** The tags and the text between them, without what a browser does not show. Character references are not decoded. */
export function htmlPieces(html: string): Iterable<HtmlPiece> {
  const begun = html.trimStart();
  const start = DOCTYPE.exec(begun)?.[0].length;
  const shown = start === undefined ? html : begun.slice(start);
  return new Scanner(shown, DOCUMENT.test(begun) ? "all" : "sound").pieces();
}

/** The value of an attribute, empty without one; undefined where it is missing. Not decoded. */
export function attributeOf(attributes: string, name: string): string | undefined {
  for (const [, found, double, single, bare] of attributes.matchAll(ATTRIBUTE)) {
    if (found?.toLowerCase() === name) return double ?? single ?? bare ?? "";
  }
  return undefined;
}

/** True for attributes as HTML has them; false for the words of a sentence. */
function isSound(attributes: string): boolean {
  if (attributes === "") return true;
  let end = 0;
  for (const match of attributes.matchAll(ATTRIBUTE)) {
    const [whole, name] = match;
    if (match.index !== end || whole === "") return false;
    end += whole.length;
    if (name !== undefined && !whole.includes("=") && !BOOLEAN.has(name.toLowerCase()) && !/[-:@]/.test(name))
      return false;
  }
  return end === attributes.length;
}

class Scanner {
  /** No quoted value ends behind these. */
  private readonly lastQuote: Readonly<Record<'"' | "'", number>>;
  private readonly lastEnd: number;
  /** A value without end was met: from there on a tag ends at the next `>`. */
  private isUnquoted = false;
  private readonly ended = new Map<string, boolean>();

  /** @param taken `sound`: tags with attributes that no HTML has are text. */
  constructor(
    private readonly html: string,
    private readonly taken: "all" | "sound",
  ) {
    this.lastQuote = { '"': html.lastIndexOf('"'), "'": html.lastIndexOf("'") };
    this.lastEnd = html.lastIndexOf(">");
  }

  *pieces(): Generator<HtmlPiece> {
    const { html } = this;
    let from = 0;
    let at = html.indexOf("<");
    while (at !== -1) {
      const skipped = this.afterComment(at);
      const tag = skipped === undefined ? this.tagAt(at) : undefined;
      if (skipped === undefined && tag === undefined) {
        at = html.indexOf("<", at + 1);
        continue;
      }
      if (at > from) yield { kind: "text", text: html.slice(from, at) };
      if (tag !== undefined) yield tag.piece;
      from = tag === undefined ? (skipped ?? html.length) : this.afterHidden(tag.piece, tag.end);
      at = html.indexOf("<", from);
    }
    if (from < html.length) yield { kind: "text", text: html.slice(from) };
  }

  /** Behind a comment or a section of Microsoft's that begins here; one without end goes to the end, as in browsers. */
  private afterComment(at: number): number | undefined {
    const { html } = this;
    const close = html.startsWith("<!--", at) ? "-->" : html.startsWith("<![", at) ? ">" : undefined;
    if (close === undefined) return undefined;
    const end = html.indexOf(close, at + 3);
    return end === -1 ? html.length : end + close.length;
  }

  private tagAt(at: number): { readonly piece: HtmlPiece; readonly end: number } | undefined {
    const { html } = this;
    NAME.lastIndex = at + 1;
    const found = NAME.exec(html);
    if (found === null) return undefined;
    const whole = found[0].slice(0, -1);
    const slash = found[1];
    const name = whole.slice(slash === "/" ? 1 : 0).toLowerCase();
    const isKnown = NAMES.has(name) || AMBIGUOUS.has(name) || name.includes(":") || name.includes("-");
    if (!isKnown) return undefined;
    const end = this.endOf(at + 1 + whole.length);
    if (end === undefined) return undefined;
    if (slash === "/") return { piece: { kind: "end", name }, end };
    const attributes = html.slice(at + 1 + whole.length, end - 1);
    if (AMBIGUOUS.has(name) && attributes.trim() === "" && !this.isEnded(name)) return undefined;
    if (this.taken === "sound" && !isSound(attributes)) return undefined;
    return { piece: { kind: "start", name, attributes }, end };
  }

  /** Behind the `>` of a tag; values in quotation marks may hold others. */
  private endOf(from: number): number | undefined {
    const { html } = this;
    if (from > this.lastEnd) return undefined;
    if (html.charAt(from) === ">") return from + 1;
    for (let at = from; at < html.length && !this.isUnquoted; at++) {
      const sign = html.charAt(at);
      if (sign === ">") return at + 1;
      if ((sign === '"' || sign === "'") && at < this.lastQuote[sign] && isBehindEquals(html, at)) {
        at = html.indexOf(sign, at + 1);
      }
    }
    this.isUnquoted = true;
    const end = html.indexOf(">", from);
    return end === -1 ? undefined : end + 1;
  }

  private isEnded(name: string): boolean {
    const known = this.ended.get(name) ?? new RegExp(`</${name}[\\s>]`, "i").test(this.html);
    this.ended.set(name, known);
    return known;
  }

  /** Behind the content of an element that is not shown, with its end tag; without one to the end. */
  private afterHidden(piece: HtmlPiece, end: number): number {
    if (piece.kind !== "start" || !HIDDEN.has(piece.name) || piece.attributes.endsWith("/")) return end;
    const close = new RegExp(`</${piece.name}(?=[\\s>])`, "gi");
    close.lastIndex = end;
    const found = close.exec(this.html);
    return found === null ? this.html.length : found.index;
  }
}

/** True where a value begins: a quotation mark elsewhere is part of a word. */
function isBehindEquals(html: string, at: number): boolean {
  for (let before = at - 1; before >= at - 20; before--) {
    const sign = html.charAt(before);
    if (sign === "=") return true;
    if (!/^\s$/.test(sign)) return false;
  }
  return false;
}
