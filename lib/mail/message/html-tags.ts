/**
 * Finds the tags of an HTML document, and tells HTML from text that only looks like it.
 *
 * Not a parser of HTML: no tree, no repair. What is no tag of HTML stays text, such as `<low>` or `a <b and c>`.
 * Linear in the length of the document, whatever it holds.
 */

export type HtmlPiece =
  /** At most some ten thousand characters; a longer text comes in several. */
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "start"; readonly name: string; readonly attributes: string }
  | { readonly kind: "end"; readonly name: string }
  /** Nothing, after some milliseconds of work: others should have their turn. */
  | { readonly kind: "pause" };

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
const XML = /^<\?xml\s[^>]*>\s*/i;
const DOCTYPE = /^(?:<\?xml[^>]*>\s*)?<!doctype[^>]*>/i;
/** With the character behind the name, by which it ends. */
const NAME = /(\/?)[a-z][a-z0-9:-]*[\s/>]/iy;
/** What stands between the name of a tag and its end: an attribute up to its value, a slash, or blanks. */
const ATTRIBUTE = /\s*([^\s=>"'/<]+)(?:\s*=\s*(?:(["'])|([^\s"'><]+)))?|\s*\/|\s+/gy;
const END_TAG = /<\/([a-z]+)[\s>]/iy;

/** Characters of a tag without those of the values in quotation marks; what is longer is no tag. */
const LONGEST_TAG = 16_384;
/** Characters of a value that are read; what is shown of one is shorter. */
const LONGEST_VALUE = 16_384;
const LONGEST_TEXT = 16_384;
/** The longest name of HTML has 31 letters. */
const LONGEST_REFERENCE = 40;
/** Characters that are worth a pause; a tag, or a sign that is none, counts for some. */
const PIECE = 65_536;
const COST_OF_TAG = 32;

/**
 * True when the text is an HTML document, or holds a pair of tags or a void element of HTML and nothing that reads as a
 * comparison, such as `a <b and c> d`.
 */
export function isHtml(text: string): boolean {
  const begun = text.trimStart();
  const declared = XML.exec(begun)?.[0].length;
  if (DOCUMENT.test(declared === undefined ? begun : begun.slice(declared))) return true;
  // Other XML is what a device has to tell, although its elements may have names of HTML.
  if (declared !== undefined) return false;
  const opened = new Set<string>();
  let isEvident = false;
  for (const piece of new Scanner(text.slice(0, JUDGED), "all").pieces()) {
    switch (piece.kind) {
      case "text":
      case "pause":
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

/** The first 16,384 characters of an attribute's value, empty without one; undefined where it is missing. Not decoded. */
export function attributeOf(attributes: string, name: string): string | undefined {
  for (const attribute of attributesOf(attributes)) {
    if (attribute.name?.toLowerCase() === name) return attribute.value ?? "";
  }
  return undefined;
}

/** True for attributes as HTML has them; false for the words of a sentence. */
function isSound(attributes: string): boolean {
  if (attributes === "") return true;
  let end = 0;
  for (const attribute of attributesOf(attributes)) {
    const { name, value } = attribute;
    end = attribute.end;
    if (name !== undefined && value === undefined && !BOOLEAN.has(name.toLowerCase()) && !/[-:@]/.test(name))
      return false;
  }
  return end === attributes.length;
}

interface Attribute {
  /** Undefined for a slash or blanks. */
  readonly name: string | undefined;
  readonly value: string | undefined;
  /** Behind it. */
  readonly end: number;
}

/** The attributes from the first on, up to what is none. A value of megabytes is skipped, not looked through. */
function* attributesOf(text: string): Iterable<Attribute> {
  const pattern = new RegExp(ATTRIBUTE);
  while (pattern.lastIndex < text.length) {
    const found = pattern.exec(text);
    if (found === null) return;
    const [, name, quote, bare] = found;
    const start = pattern.lastIndex;
    if (quote === undefined) {
      yield { name, value: bare, end: start };
      continue;
    }
    const close = text.indexOf(quote, start);
    if (close === -1) return;
    pattern.lastIndex = close + 1;
    yield { name, value: text.slice(start, Math.min(close, start + LONGEST_VALUE)), end: close + 1 };
  }
}

class Scanner {
  /** No quoted value ends behind these. */
  private readonly lastQuote: Readonly<Record<'"' | "'", number>>;
  private readonly lastEnd: number;
  /** A value without end was met: from there on a tag ends at the next `>`. */
  private isUnquoted = false;
  private work = 0;

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
    let ended: ReadonlySet<string> | undefined;
    let from = 0;
    let at = html.indexOf("<");
    while (at !== -1) {
      const skipped = this.afterComment(at);
      let tag = skipped === undefined ? this.tagAt(at) : undefined;
      if (tag?.isAmbiguous === true) {
        ended ??= yield* this.endedNames();
        if (!ended.has(tag.piece.name)) tag = undefined;
      }
      if (this.isDue(COST_OF_TAG)) yield { kind: "pause" };
      if (skipped === undefined && tag === undefined) {
        at = html.indexOf("<", at + 1);
        continue;
      }
      yield* this.texts(from, at);
      if (tag !== undefined) yield tag.piece;
      const end = tag?.end ?? skipped ?? html.length;
      from = tag === undefined ? end : yield* this.afterHidden(tag.piece, end);
      at = html.indexOf("<", from);
    }
    yield* this.texts(from, html.length);
  }

  private isDue(work: number): boolean {
    this.work += work;
    if (this.work < PIECE) return false;
    this.work = 0;
    return true;
  }

  private *texts(from: number, to: number): Generator<HtmlPiece> {
    for (let at = from; at < to;) {
      const end = textEnd(this.html, at, to);
      yield { kind: "text", text: this.html.slice(at, end) };
      if (this.isDue(end - at)) yield { kind: "pause" };
      at = end;
    }
  }

  /** Behind a comment or a section of Microsoft's that begins here; one without end goes to the end, as in browsers. */
  private afterComment(at: number): number | undefined {
    const { html } = this;
    const close = html.startsWith("<!--", at) ? "-->" : html.startsWith("<![", at) ? ">" : undefined;
    if (close === undefined) return undefined;
    const end = html.indexOf(close, at + 3);
    return end === -1 ? html.length : end + close.length;
  }

  /** @returns `isAmbiguous`: a tag only where the document ends one of this name. */
  private tagAt(at: number):
    | {
        readonly piece: Exclude<HtmlPiece, { kind: "text" | "pause" }>;
        readonly end: number;
        readonly isAmbiguous?: boolean;
      }
    | undefined {
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
    if (this.taken === "sound" && !isSound(attributes)) return undefined;
    const isAmbiguous = AMBIGUOUS.has(name) && attributes.trim() === "";
    return { piece: { kind: "start", name, attributes }, end, isAmbiguous };
  }

  /**
   * Behind the `>` of a tag; values in quotation marks may hold others. Undefined where another tag begins before,
   * because a text of many such beginnings would be looked through as many times.
   */
  private endOf(from: number): number | undefined {
    const { html } = this;
    if (from > this.lastEnd) return undefined;
    let most = from + LONGEST_TAG;
    for (let at = from; at < html.length && at < most; at++) {
      this.work++;
      const sign = html.charAt(at);
      if (sign === ">") return at + 1;
      if (sign === "<") return undefined;
      if ((sign !== '"' && sign !== "'") || this.isUnquoted || !isBehindEquals(html, at)) continue;
      if (at >= this.lastQuote[sign]) this.isUnquoted = true;
      else {
        const close = html.indexOf(sign, at + 1);
        most += close - at;
        at = close;
      }
    }
    return undefined;
  }

  /** The names that have an end tag anywhere. */
  private *endedNames(): Generator<HtmlPiece, ReadonlySet<string>> {
    const names = new Set<string>();
    for (let at = this.html.indexOf("</"); at !== -1; at = this.html.indexOf("</", at + 2)) {
      END_TAG.lastIndex = at;
      const name = END_TAG.exec(this.html)?.[1]?.toLowerCase();
      if (name !== undefined) names.add(name);
      if (this.isDue(COST_OF_TAG)) yield { kind: "pause" };
    }
    return names;
  }

  /** Behind the content of an element that is not shown, with its end tag; without one to the end. */
  private *afterHidden(
    piece: Exclude<HtmlPiece, { kind: "text" | "pause" }>,
    end: number,
  ): Generator<HtmlPiece, number> {
    if (piece.kind !== "start" || !HIDDEN.has(piece.name) || piece.attributes.endsWith("/")) return end;
    for (let at = this.html.indexOf("</", end); at !== -1; at = this.html.indexOf("</", at + 2)) {
      END_TAG.lastIndex = at;
      if (END_TAG.exec(this.html)?.[1]?.toLowerCase() === piece.name) return at;
      if (this.isDue(COST_OF_TAG)) yield { kind: "pause" };
    }
    return this.html.length;
  }
}

/** Where a long text is cut: behind a blank if there is one, else not beside white space or in a reference. */
function textEnd(html: string, from: number, to: number): number {
  const most = from + LONGEST_TEXT;
  if (most >= to) return to;
  const start = most - 64;
  const last = html.slice(start, most);
  const blank = last.lastIndexOf(" ");
  if (blank !== -1) return start + blank + 1;
  for (let end = most; end > start; end--) {
    if (!/\s/.test(html.slice(end - 1, end + 1)) && !isInReference(html, end)) return end;
  }
  return most;
}

/** True where a character reference may go on. */
function isInReference(html: string, at: number): boolean {
  const before = html.slice(Math.max(0, at - LONGEST_REFERENCE), at);
  const begin = before.lastIndexOf("&");
  return begin !== -1 && /^&#?[0-9a-z]*$/i.test(before.slice(begin));
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
