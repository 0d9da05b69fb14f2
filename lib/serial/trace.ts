/**
 * Trace: a record of what went over the wire, for a person who looks for a fault.
 *
 * It listens to a transport and its writes, is off until somebody switches it on, bounded in memory, and it holds no secret:
 * what `hide` was told is masked in both directions, also where an echo or an error repeats it and where a read or
 * write cuts it in two.
 */
import type { Clock } from "../clock";
import type { Transport } from "./transport";

export interface TraceEntry {
  /** Wall-clock time in ms since 1970. */
  readonly at: number;
  readonly direction: "in" | "out";
  /** Bytes as latin1 characters, secrets masked. */
  readonly text: string;
  /** The text stands for what a mask has taken out: it says what was there. */
  readonly isPayload?: true;
}

/** What is recorded of some bytes: their text, or words in place of a payload that is not to be shown. */
export interface TracePiece {
  readonly kind: "text" | "payload";
  readonly text: string;
}

/** Knows what of the traffic is not to be recorded. It is told all bytes, also while the trace is off. */
export interface TraceMask {
  /** @returns undefined: the bytes as they are. */
  push(direction: TraceEntry["direction"], bytes: Uint8Array): readonly TracePiece[] | undefined;
}

/** Characters kept by default; the oldest go first. */
const DEFAULT_LIMIT = 64 * 1024;

const CR = 0x0d;
const LF = 0x0a;

/** Secrets known at a time; more than a modem's settings hold, over a few changes. */
const MOST_SECRETS = 100;

export class Trace {
  /** Records only while true. */
  enabled = false;
  private readonly secrets = new Set<string>();
  private readonly filters = { in: new SecretFilter(this.secrets), out: new SecretFilter(this.secrets) };
  /** True in the middle of a line whose beginning was not recorded: its rest might be the end of a secret. */
  private readonly inCutLine = { in: false, out: false };
  private recorded: TraceEntry[] = [];
  private characters = 0;

  constructor(
    private readonly clock: Clock,
    private readonly limit = DEFAULT_LIMIT,
    private readonly mask?: TraceMask,
  ) {}

  /** What was recorded, oldest first; the beginning of what may become a secret is not shown yet. */
  get entries(): readonly TraceEntry[] {
    return this.recorded;
  }

  /**
   * Masks these from now on, and in what is recorded already. To be called each time before they are written: of many,
   * those that have not been written for longest are forgotten.
   */
  hide(secrets: readonly string[]): void {
    const named = secrets.filter((secret) => secret !== "");
    const fresh = named.filter((secret) => !this.secrets.has(secret));
    for (const secret of named) {
      this.secrets.delete(secret);
      this.secrets.add(secret);
    }
    for (const oldest of this.secrets) {
      if (this.secrets.size <= MOST_SECRETS) break;
      this.secrets.delete(oldest);
    }
    if (fresh.length === 0) return;
    this.recorded = this.recorded.map((entry) => ({ ...entry, text: maskSecrets(entry.text, fresh) }));
  }

  clear(): void {
    this.recorded = [];
    this.characters = 0;
  }

  /** Records from now on what goes over this transport, which is given back. */
  watch(transport: Transport): Transport {
    const write = transport.write.bind(transport);
    transport.write = (bytes) => {
      this.record("out", bytes);
      return write(bytes);
    };
    // Before any reaction to the bytes is recorded.
    transport.prependListener("data", (bytes) => this.record("in", bytes));
    return transport;
  }

  /** Records bytes that went over the wire; from the next line on when just switched on. */
  record(direction: TraceEntry["direction"], bytes: Uint8Array): void {
    const pieces = this.mask?.push(direction, bytes);
    if (!this.enabled) {
      const last = bytes.at(-1);
      // What comes behind a payload is a line of its own.
      if (pieces === undefined || pieces.at(-1)?.kind === "text")
        this.inCutLine[direction] = last !== CR && last !== LF;
      this.filters[direction].held = "";
      return;
    }
    if (pieces === undefined) {
      const { buffer, byteOffset, length } = bytes;
      return this.recordText(direction, Buffer.from(buffer, byteOffset, length).toString("latin1"));
    }
    for (const { kind, text } of pieces) {
      if (kind === "text") this.recordText(direction, text);
      else this.add({ at: this.clock.wall(), direction, text, isPayload: true });
    }
  }

  private recordText(direction: TraceEntry["direction"], given: string): void {
    let text = given;
    if (this.inCutLine[direction]) {
      const end = text.search(/[\r\n]/);
      if (end < 0) return;
      this.inCutLine[direction] = false;
      text = text.slice(end + 1);
    }
    const shown = this.filters[direction].push(text).slice(-this.limit);
    if (shown !== "") this.add({ at: this.clock.wall(), direction, text: shown });
  }

  private add(entry: TraceEntry): void {
    const { text } = entry;
    this.recorded.push(entry);
    this.characters += Math.min(text.length, this.limit);
    while (this.characters > this.limit)
      this.characters -= this.recorded.shift()?.text.length ?? this.characters;
  }
}

/* How a secret is made unreadable: in the text of an error, and in a stream of bytes cut anywhere. */

/** What stands in the place of a secret. It says nothing about its length, and no byte of a line can be such a dot. */
export const MASK = "•••";

/** `text` with every occurrence of a secret replaced; longer secrets first, so that none shows a part of another. */
export function maskSecrets(text: string, secrets: Iterable<string>): string {
  return [...secrets]
    .filter((secret) => secret !== "")
    .sort((a, b) => b.length - a.length)
    .reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
}

/**
 * Masks secrets in text that comes in pieces.
 *
 * What could be the beginning of a secret is held back until the next piece tells, so a secret is masked wherever the
 * pieces are cut. Longest secret first at each place.
 */
class SecretFilter {
  /** What may be the beginning of a secret, and is not shown yet; may be emptied to forget it. */
  held = "";

  /** @param secrets may grow while the filter is in use. */
  constructor(private readonly secrets: ReadonlySet<string>) {}

  /** Takes the next piece and returns what may be shown by now. */
  push(piece: string): string {
    const text = this.held + piece;
    let firsts = "";
    for (const secret of this.secrets) firsts += secret.charAt(0);
    let shown = "";
    // What is shown is cut out in one piece: joined letter by letter, a text takes thirty times its length.
    let from = 0;
    let at = 0;
    for (; at < text.length; at++) {
      if (!firsts.includes(text.charAt(at))) continue;
      if (this.mayBegin(text, at)) break;
      const secret = this.longestAt(text, at);
      if (secret === undefined) continue;
      shown += text.slice(from, at) + MASK;
      from = at + secret.length;
      at = from - 1;
    }
    this.held = text.slice(at);
    return shown + text.slice(from, at);
  }

  /** True when all that follows `at` could be the beginning of a secret that is longer. */
  private mayBegin(text: string, at: number): boolean {
    const left = text.length - at;
    for (const secret of this.secrets) {
      if (secret.length > left && secret.startsWith(text.slice(at))) return true;
    }
    return false;
  }

  private longestAt(text: string, at: number): string | undefined {
    let longest: string | undefined;
    for (const secret of this.secrets) {
      if (secret.length > (longest?.length ?? 0) && text.startsWith(secret, at)) longest = secret;
    }
    return longest;
  }
}
