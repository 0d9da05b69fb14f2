/** Reads the transcripts of `test/transcripts`; the format stands in the README there. */
import { readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";

/** A run of bytes from one side. */
export interface Turn {
  readonly from: "host" | "module";
  readonly bytes: Buffer;
}

export interface Transcript {
  /** File name. */
  readonly name: string;
  readonly title: string;
  readonly firmware: string;
  readonly source: string;
  /** Command lines sent before, without AT's terminator. */
  readonly before: readonly string[];
  /** `name=value` of simulator variants. */
  readonly variants: readonly string[];
  /** rssi of +CSQ where it is shown. */
  readonly signal: number | undefined;
  readonly turns: readonly Turn[];
}

const folder = resolve(__dirname, "../transcripts");
const headerKeys = ["title", "firmware", "source", "before", "variant", "signal"];

/** All transcripts in the order of their names. */
export function readTranscripts(): readonly Transcript[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".txt"));
  return names.sort().map((name) => parseTranscript(name, readFileSync(join(folder, name), "latin1")));
}

/** @throws Error with the file's name and the line that is not of the format. */
export function parseTranscript(name: string, text: string): Transcript {
  const [head = "", ...rest] = text.split(/\n\n/);
  const header = parseHeader(name, head);
  const one = (key: string): string => header.get(key)?.at(0) ?? "";
  const missing = ["title", "firmware", "source"].find((key) => one(key) === "");
  if (missing !== undefined) throw new Error(`${name} has no ${missing}`);
  return {
    name,
    title: one("title"),
    firmware: one("firmware"),
    source: one("source"),
    before: header.get("before") ?? [],
    variants: header.get("variant") ?? [],
    signal: header.has("signal") ? Number(one("signal")) : undefined,
    turns: parseTurns(name, rest.join("\n")),
  };
}

function parseHeader(name: string, text: string): Map<string, string[]> {
  const header = new Map<string, string[]>();
  for (const line of linesOf(text)) {
    const [, key = "", value = ""] = /^(\w+): (.+)$/.exec(line) ?? [];
    if (!headerKeys.includes(key)) throw new Error(`${name}: not a header line: ${line}`);
    header.set(key, [...(header.get(key) ?? []), value]);
  }
  return header;
}

function parseTurns(name: string, text: string): readonly Turn[] {
  const turns: Turn[] = [];
  for (const line of linesOf(text)) {
    const mark = line.slice(0, 3);
    if (mark !== "H> " && mark !== "M> ") throw new Error(`${name}: neither H> nor M>: ${line}`);
    const from = mark === "H> " ? "host" : "module";
    const bytes = unescape(line.slice(3));
    const last = turns.at(-1);
    if (last?.from === from) turns[turns.length - 1] = { from, bytes: Buffer.concat([last.bytes, bytes]) };
    else turns.push({ from, bytes });
  }
  return turns;
}

function linesOf(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

function unescape(text: string): Buffer {
  const plain = text.replaceAll(/\\(x[0-9a-f]{2}|.)/gi, (whole, what: string) => {
    switch (what.slice(0, 1)) {
      case "r":
        return "\r";
      case "n":
        return "\n";
      case "t":
        return "\t";
      case "\\":
        return "\\";
      case "x":
        return String.fromCharCode(Number.parseInt(what.slice(1), 16));
      default:
        throw new Error(`no such escape: ${whole}`);
    }
  });
  return Buffer.from(plain, "latin1");
}
