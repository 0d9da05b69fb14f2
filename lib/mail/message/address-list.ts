/**
 * Puts a list of addresses, as people and programs write them, into a form that an RFC 5322 parser reads right.
 *
 * Not a parser of addresses: it finds where one mailbox ends and the next begins, and leaves names, comments and
 * quoted strings to the parser. What the parser gets has balanced quotation marks, parentheses and angle brackets,
 * commas as the only separators, no groups, no line ends and no invisible characters. One pass, linear.
 */

/** Characters of format (Unicode category Cf): direction marks, soft hyphens, zero-width blanks from a clipboard. */
const INVISIBLE = /\p{Cf}/gu;
/** Separators and brackets of full width, as Chinese and Japanese keyboards give them. */
const FULL_WIDTH: ReadonlyMap<string, string> = new Map([
  ["，", ","],
  ["、", ","],
  ["；", ";"],
  ["：", ":"],
  ["＠", "@"],
  ["＜", "<"],
  ["＞", ">"],
  ["（", "("],
  ["）", ")"],
]);
/** What stands before the colon of a `mailto:` URL. */
const MAILTO = /(?:^|[\s<(",;:])mailto$/i;
/** Stands for a control character: no address has it, and a display name loses nothing. */
const BROKEN = "\uFFFD";

/** Header fields and SMTP commands that an injected line may begin with; a group of one of these names behind a line end is no group. */
const HEADER_FIELD =
  /^(?:to|cc|bcc|from|sender|subject|date|reply-to|return-path|message-id|mime-version|content-[a-z-]+|x-[a-z-]+|rcpt to|mail from)$/i;

export interface SplitList {
  /** One mailbox each, in their order. */
  readonly mailboxes: readonly string[];
  /** Lines that look like header fields: never read as recipients. */
  readonly injected: readonly string[];
  /** What stood behind the question mark of a `mailto:` URL (RFC 6068): never read as recipients. */
  readonly uriFields: readonly string[];
}

/**
 * The mailboxes of a list that separates them by commas, semicolons, line ends, or nothing but blanks.
 *
 * @param most a list of more is not read to its end
 */
export function splitList(text: string, most: number): SplitList {
  const clean = text
    .replace(INVISIBLE, "")
    .replace(/[，、；：＠＜＞（）]/g, (sign) => FULL_WIDTH.get(sign) ?? sign)
    .replace(/\p{Surrogate}/gu, BROKEN);
  const scan = new Scan(clean, most);
  if (scan.run()) return scan;
  // A quotation mark or a parenthesis without its partner is a sign like any other, and must not swallow the rest.
  const plain = new Scan(clean.replace(/["()\\]/g, " "), most);
  plain.run();
  return plain;
}

class Scan implements SplitList {
  readonly mailboxes: string[] = [];
  readonly injected: string[] = [];
  readonly uriFields: string[] = [];

  /** The mailbox so far. */
  private text = "";
  /** Behind its angle brackets; 0 while it has none. */
  private angleEnd = 0;
  /** Where its words that look like an address begin, outside of quotation marks, comments and angle brackets. */
  private addressWords: number[] = [];
  private wordStart = 0;
  private isAddressWord = false;
  /** The sign taken last; empty at the beginning of a mailbox. */
  private last = "";
  private inAngle = false;
  /** Inside of a domain literal such as `[IPv6:2001:db8::1]`. */
  private inLiteral = false;
  /** Behind `mailto:`, until a blank or the end of the brackets. */
  private inUri = false;
  /** Where the line begins in `text`; undefined on the first line, where no field can have been injected. */
  private lineStart: number | undefined;
  /** The line is a header field, not part of the list. */
  private isInjected = false;
  private position = 0;

  constructor(
    private readonly source: string,
    private readonly most: number,
  ) {}

  /** False when a quotation mark or a comment has no end. */
  run(): boolean {
    const { source } = this;
    while (this.position < source.length && this.mailboxes.length + this.injected.length <= this.most) {
      const sign = source.charAt(this.position);
      if (sign === '"' && (this.inAngle || this.isWordStart)) {
        if (!this.takeEnclosed('"', '"')) return false;
      } else if (sign === "(" && !this.inAngle) {
        this.endWord();
        if (!this.takeEnclosed("(", ")")) return false;
        this.startWord();
      } else {
        this.position++;
        this.take(sign);
      }
    }
    this.flush();
    return true;
  }

  private take(sign: string): void {
    switch (sign) {
      case ",":
      case ";": {
        // RFC 6068: the fields follow the last of several addresses.
        const { inUri } = this;
        this.flush();
        this.inUri = inUri;
        return;
      }
      case "<":
        this.openAngle();
        return;
      case ">":
        this.closeAngle();
        return;
      case ":":
        this.colon();
        return;
      case '"':
        return;
      case "?":
        if (this.inUri) this.takeUriFields();
        else this.append("?");
        return;
      case "%":
        this.append(this.inUri ? this.takeEscape() : "%");
        return;
      default:
        if (isLineEnd(sign) || isBlank(sign)) this.blank(isLineEnd(sign));
        else this.append(isControl(sign) ? BROKEN : sign);
    }
  }

  private append(sign: string): void {
    if (sign === "[" && this.last === "@") this.inLiteral = true;
    else if (sign === "]") this.inLiteral = false;
    if (this.last === "@" && sign !== "@" && this.text.length - this.wordStart >= 2)
      this.isAddressWord = true;
    this.text += sign;
    this.last = sign;
  }

  /** Takes a quoted string or a comment (RFC 5322 section 3.2.2 and 3.2.4) whole; false when it has no end. */
  private takeEnclosed(open: string, close: string): boolean {
    const { source } = this;
    let depth = 0;
    let at = this.position;
    let taken = "";
    do {
      if (at >= source.length) return false;
      let sign = source.charAt(at++);
      if (sign === "\\") {
        if (at >= source.length) return false;
        sign += source.charAt(at++);
      } else if (sign === close && depth > 0) depth--;
      else if (sign === open) depth++;
      taken += isLineEnd(sign) || isBlank(sign) ? " " : isControl(sign) ? BROKEN : sign;
    } while (depth > 0);
    this.text += taken;
    this.last = close;
    this.position = at;
    return true;
  }

  /** Header fields of a URL: they may say what they like, up to the end of the brackets or line. */
  private takeUriFields(): void {
    const { source } = this;
    const start = this.position;
    const isEnd = (sign: string): boolean => sign === "" || sign === ">" || isLineEnd(sign);
    while (!isEnd(source.charAt(this.position))) this.position++;
    const fields = trimmed(source.slice(start, this.position).replace(/[\p{Cc}"()<>]/gu, " "));
    if (fields !== "" && this.uriFields.length < this.most) this.uriFields.push(fields);
  }

  /** What `%2B` stands for in a URL; nothing that could separate addresses. */
  private takeEscape(): string {
    const digits = this.source.slice(this.position, this.position + 2);
    if (!/^[0-9a-f]{2}$/i.test(digits)) return "%";
    this.position += 2;
    const sign = String.fromCharCode(Number.parseInt(digits, 16));
    return /[A-Za-z0-9@!#$%&'*+/=?^_`{|}~.-]/.test(sign) ? sign : BROKEN;
  }

  private openAngle(): void {
    if (this.inAngle) return;
    if (this.angleEnd > 0) this.splitAt(this.angleEnd);
    this.inAngle = true;
    this.append("<");
  }

  private closeAngle(): void {
    if (!this.inAngle) {
      // A lone one ends what stands before it, and is no part of an address.
      this.blank(false);
      return;
    }
    this.inAngle = false;
    this.inUri = false;
    this.append(">");
    this.angleEnd = this.text.length;
    this.addressWords = [];
    this.startWord();
  }

  /** The name of a group says nothing (RFC 5322 section 3.4); neither does `mailto:`. */
  private colon(): void {
    const isUri = MAILTO.test(this.source.slice(Math.max(0, this.position - 8), this.position - 1));
    if (this.inUri && this.isAddressWord && !this.inLiteral) {
      // Behind the address of a URL there is none, whatever was escaped in it.
      this.append(BROKEN);
      return;
    }
    if (isUri) while (isBlank(this.source.charAt(this.position))) this.position++;
    if (this.inAngle) this.inUri = isUri;
    if (this.inAngle || this.inLiteral || this.isInjected) {
      this.append(":");
      return;
    }
    if (this.lineStart !== undefined && HEADER_FIELD.test(this.text.slice(this.lineStart).trim())) {
      this.isInjected = true;
      this.append(":");
      return;
    }
    if (this.text.includes("@")) this.flush();
    else this.clear();
    this.inUri = isUri;
  }

  /** A run of blanks and line ends; the last separate mailboxes where no name stands open. */
  private blank(hasLineEnd: boolean): void {
    const { source } = this;
    this.inUri = false;
    let lineEnd = hasLineEnd;
    while (isLineEnd(source.charAt(this.position)) || isBlank(source.charAt(this.position))) {
      lineEnd ||= isLineEnd(source.charAt(this.position));
      this.position++;
    }
    const isFolded = lineEnd && isBlank(source.charAt(this.position - 1));
    if (lineEnd && !isFolded && this.inAngle) this.closeAngle();
    this.endWord();
    if (lineEnd && !(this.isInjected && isFolded)) {
      const next = source.charAt(this.position);
      const isComplete = this.angleEnd > 0 || (this.addressWords.length > 0 && next !== "<");
      if (this.isInjected || (isComplete && next !== "(")) this.flush();
      this.isInjected = false;
      this.lineStart = this.text.length;
    }
    this.append(" ");
    this.startWord();
  }

  private startWord(): void {
    this.wordStart = this.text.length;
    this.isAddressWord = false;
  }

  private endWord(): void {
    if (this.inAngle) return;
    if (this.isAddressWord) this.addressWords.push(this.wordStart);
    this.startWord();
  }

  /** Ends the mailbox, which may turn out to be several. */
  private flush(): void {
    if (this.inAngle) this.closeAngle();
    this.endWord();
    const isPlain = this.angleEnd === 0;
    // The first address is the mailbox's own; behind angle brackets each is another one.
    const starts = isPlain ? this.addressWords.slice(1) : this.addressWords;
    let from = 0;
    for (const start of this.isInjected ? [] : starts) {
      this.add(this.text.slice(from, start));
      from = start;
    }
    this.add(this.text.slice(from));
    this.clear();
  }

  private splitAt(end: number): void {
    this.add(this.text.slice(0, end));
    const rest = this.text.slice(end);
    this.clear();
    this.text = rest;
  }

  private add(mailbox: string): void {
    const text = trimmed(mailbox);
    if (text !== "") (this.isInjected ? this.injected : this.mailboxes).push(text);
  }

  private clear(): void {
    this.text = "";
    this.angleEnd = 0;
    this.addressWords = [];
    this.last = "";
    this.inAngle = false;
    this.inLiteral = false;
    this.inUri = false;
    if (this.lineStart !== undefined) this.lineStart = 0;
    this.startWord();
  }

  private get isWordStart(): boolean {
    return ["", " ", "<", ".", ")", '"'].includes(this.last);
  }
}

function isBlank(sign: string): boolean {
  return sign === " " || sign === "\t" || (sign > "\u007F" && /^[^\S\u2028\u2029]$/.test(sign));
}

function isLineEnd(sign: string): boolean {
  return sign === "\n" || sign === "\r" || sign === "\u0085" || sign === "\u2028" || sign === "\u2029";
}

/** Category Cc. */
function isControl(sign: string): boolean {
  return sign < " " || (sign >= "\u007F" && sign < "\u00A0");
}

/** Without blanks and padding such as the NULs of a PLC string. */
function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  const isPadding = (sign: string): boolean => sign === BROKEN || isBlank(sign);
  while (start < end && isPadding(text.charAt(start))) start++;
  while (end > start && isPadding(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}
