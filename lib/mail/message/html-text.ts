/**
 * Text of an HTML document, for ways out whose mails are plain text, and for the plain part of the others.
 *
 * Not a browser: one line per block, marks for list items, targets behind links, alternative texts for pictures, values
 * of inputs; preformatted text as it is. Linear in the length of the document, whatever it holds.
 */
import { decodeCharacters } from "./html-characters";
import { type Work, flat } from "./text";
import { attributeOf, htmlPieces, type HtmlPiece } from "./html-tags";

type Tag = Exclude<HtmlPiece, { kind: "text" | "pause" }>;

/** Blocks with an empty line around them, and blocks that only have lines of their own. */
const PARAGRAPHS: ReadonlySet<string> = new Set(
  "p h1 h2 h3 h4 h5 h6 pre blockquote ul ol dl table hr".split(" "),
);
const LINES: ReadonlySet<string> = new Set(
  "div li dt dd tr caption section article aside header footer main nav form fieldset legend address figure figcaption details summary center body html option optgroup textarea dir".split(
    " ",
  ),
);
const DEEPEST_LIST = 10;
/** Characters of a link's target that are shown. */
const LONGEST_TARGET = 500;
const ORDINAL = /^\s*(?:st|nd|rd|th|e|er|o|a)\s*$/i;
/** Pieces of text behind which a link ends that the document does not end. */
const LONGEST_LINK = 1_000;

/** The text that a reader of the document would see, one line per block; lines end with LF. */
export function* htmlToText(html: string): Work<string> {
  const writer = new TextWriter();
  for (const piece of htmlPieces(html)) {
    switch (piece.kind) {
      case "text":
        writer.text(piece.text);
        break;
      case "pause":
        writer.join();
        yield;
        break;
      case "start":
      case "end":
        writer.tag(piece);
    }
  }
  return writer.end();
}

class TextWriter {
  private readonly done: string[] = [];
  /** Of these, the ones that are joined. */
  private joined = 0;
  /** Line ends that stand before the next text: 0 to 2. */
  private gap = 0;
  private hasText = false;
  /** A blank stands before the next text of the line. */
  private isSpaced = false;
  /** Mark of the list item whose text begins; line ends between the two are none. */
  private mark = "";
  private preformatted = 0;
  /** Of each open list the number of its last item; undefined: not numbered. */
  private readonly lists: (number | undefined)[] = [];
  private link: { readonly target: string; readonly start: number } | undefined;
  private isRaised = false;

  text(raw: string): void {
    if (this.preformatted > 0) {
      this.writePreformatted(decodeCharacters(raw).replace(/\r\n?/g, "\n"));
      return;
    }
    const text = raw.replace(/[ \t\r\n\f]+/g, " ");
    const words = decodeCharacters(text.replace(/^ | $/g, ""));
    const isBlank = words.trim() === "";
    if (text.startsWith(" ") || (isBlank && words !== "")) this.isSpaced = true;
    if (isBlank) return;
    if (this.isRaised && this.hasText && !this.isSpaced && this.gap === 0 && !ORDINAL.test(words))
      this.write("^");
    this.isRaised = false;
    this.write(words);
    this.isSpaced = text.endsWith(" ");
  }

  tag(tag: Tag): void {
    const { name } = tag;
    const isStart = tag.kind === "start";
    switch (name) {
      case "br":
        this.gap = Math.min(2, this.gap + 1);
        return;
      case "td":
      case "th":
        this.isSpaced = true;
        return;
      case "a":
        this.endLink();
        if (tag.kind === "start") this.startLink(attributeOf(tag.attributes, "href") ?? "");
        return;
      case "img":
        if (tag.kind === "start") this.placeholder(attributeOf(tag.attributes, "alt") ?? "");
        return;
      case "input":
        if (tag.kind === "start") this.input(tag.attributes);
        return;
      case "sup":
        this.isRaised = isStart;
        return;
      case "ul":
      case "ol":
        if (!isStart) this.lists.pop();
        // A list in a list has no empty line around it.
        this.block(this.lists.length > 0 ? 1 : 2);
        if (tag.kind === "start" && this.lists.length < DEEPEST_LIST) {
          this.lists.push(name === "ol" ? firstOf(tag.attributes) - 1 : undefined);
        }
        return;
      case "li":
        this.block(1);
        if (isStart) this.item();
        return;
      case "pre":
      case "textarea":
        this.block(name === "pre" ? 2 : 1);
        this.preformatted = Math.max(0, this.preformatted + (isStart ? 1 : -1));
        return;
      default:
        if (PARAGRAPHS.has(name)) this.block(2);
        else if (LINES.has(name)) this.block(1);
    }
  }

  /** Joins what is done: millions of words at once, at the end, would take long. */
  join(): void {
    if (this.link !== undefined && this.done.length - this.link.start > LONGEST_LINK) this.endLink();
    if (this.link !== undefined) return;
    this.done.push(flat(this.done.splice(this.joined)));
    this.joined = this.done.length;
  }

  end(): string {
    this.endLink();
    return this.done.join("").trim();
  }

  private block(gap: 1 | 2): void {
    // The first block of a list item stands behind its mark.
    if (this.mark !== "") return;
    this.gap = Math.max(this.gap, gap);
  }

  private item(): void {
    const depth = Math.max(0, this.lists.length - 1);
    const last = this.lists.at(-1);
    if (last !== undefined) this.lists[depth] = last + 1;
    this.mark = `${"  ".repeat(depth)}${last === undefined ? "-" : `${last + 1}.`} `;
  }

  private startLink(href: string): void {
    const target = decodeCharacters(href)
      .replace(/[\s\p{Cc}]+/gu, "")
      .slice(0, LONGEST_TARGET);
    if (target === "" || /^(?:#|javascript:|data:|cid:)/i.test(target)) return;
    this.link = { target: target.replace(/^(?:mailto|tel):/i, ""), start: this.done.length };
  }

  private endLink(): void {
    const { link, isSpaced } = this;
    this.link = undefined;
    if (link === undefined) return;
    const shown = this.done.slice(link.start).join("");
    const plain = link.target.replace(/^https?:\/\//i, "").replace(/\/$/, "");
    if (shown.includes(plain)) return;
    this.isSpaced = shown.trim() !== "";
    this.write(shown.trim() === "" ? link.target : `(${link.target})`);
    this.isSpaced = isSpaced;
  }

  private placeholder(alt: string): void {
    const text = decodeCharacters(alt).replace(/\s+/g, " ").trim();
    if (text !== "") this.write(`[${text}]`);
  }

  private input(attributes: string): void {
    const type = (attributeOf(attributes, "type") ?? "text").toLowerCase();
    if (type === "hidden" || type === "password" || type === "file" || type === "image") return;
    if (type === "checkbox" || type === "radio") {
      this.write(attributeOf(attributes, "checked") === undefined ? "[ ]" : "[x]");
      return;
    }
    const value = decodeCharacters(attributeOf(attributes, "value") ?? "").replace(/\s+/g, " ");
    if (value.trim() !== "") this.write(value.trim());
  }

  /** Text of one line. */
  private write(text: string): void {
    const isAtLineStart = this.gap > 0 || !this.hasText || this.mark !== "";
    if (this.hasText && (this.gap > 0 || this.mark !== "")) this.endLine(this.gap === 2 ? "\n\n" : "\n");
    if (this.mark !== "") this.done.push(this.mark);
    else if (this.isSpaced && !isAtLineStart) this.done.push(" ");
    this.done.push(text);
    this.gap = 0;
    this.mark = "";
    this.isSpaced = false;
    this.hasText = true;
  }

  /** Only preformatted lines may end with blanks. */
  private endLine(ends: "\n" | "\n\n"): void {
    for (let last = this.done.length - 1; last >= 0; last--) {
      const all = this.done[last] ?? "";
      const text = all.slice(0, Math.max(all.trimEnd().length, all.lastIndexOf("\n") + 1));
      this.done[last] = text;
      if (text !== "") break;
    }
    this.done.push(ends);
  }

  private writePreformatted(text: string): void {
    const isFirst = this.gap > 0 || !this.hasText;
    // The line end behind the start tag is none (HTML section 13.1.2.5).
    const lines = (isFirst && text.startsWith("\n") ? text.slice(1) : text).split("\n");
    let last = lines.length;
    while (last > 0 && lines[last - 1] === "") last--;
    for (const [index, line] of lines.slice(0, last).entries()) {
      if (index === 0) this.write(line);
      else {
        this.endLine("\n");
        this.done.push(line);
      }
    }
    this.gap = Math.max(this.gap, Math.min(2, lines.length - last - (last === 0 ? 1 : 0)));
  }
}

function firstOf(attributes: string): number {
  const start = Number(attributeOf(attributes, "start") ?? "1");
  return Number.isSafeInteger(start) ? start : 1;
}
