/** A transcript as a client sees it: command by command, with what each answer says. Reads lines on its own account. */
import type { Transcript, Turn } from "../../support/transcript";

export interface Exchange {
  /** Command line without its terminator. */
  readonly line: string;
  /** What the host sent in data mode, all blocks together. */
  readonly payload: Buffer | undefined;
  /** The module acknowledges blocks of the payload. */
  readonly acknowledged: boolean;
  /** Header of its information text. */
  readonly header: string;
  readonly information: readonly string[];
  readonly result: string;
  /** Lines that are no part of the answer. */
  readonly unsolicited: readonly string[];
  /** All bytes of it, the echo of the line as `echo` wants it. */
  readonly turns: (echo: boolean) => readonly Turn[];
}

/** @throws Error for a transcript that does not begin with the host, or has an answer without result. */
export function exchangesOf({ name, turns }: Transcript): readonly Exchange[] {
  const groups: Turn[][] = [];
  for (const turn of turns) {
    const group = groups.at(-1);
    if (group !== undefined && (turn.from === "module" || isData(group))) group.push(turn);
    else groups.push([turn]);
  }
  return groups.map((group) => exchangeOf(name, group));
}

/** True while the module takes data: it said CONNECT or an acknowledgement last. */
function isData(group: readonly Turn[]): boolean {
  const last = group.at(-1);
  return last?.from === "module" && /(?:\r\nCONNECT\r\n|^A+)$/.test(last.bytes.toString("latin1"));
}

function exchangeOf(name: string, [command, ...rest]: readonly Turn[]): Exchange {
  const text = command?.bytes.toString("latin1") ?? "";
  if (command?.from !== "host" || !/^AT.*\r$/.test(text))
    throw new Error(`${name}: not a command line: ${text}`);
  const line = text.slice(0, -1);
  const said = withoutEcho(rest, line);
  const blocks = said.filter(({ from }) => from === "host").map(({ bytes }) => bytes);
  const answers = said.filter(({ from }) => from === "module").map(({ bytes }) => bytes.toString("latin1"));
  const lines = answers
    .filter((answer) => !/^A+$/.test(answer))
    .flatMap((answer) => answer.split("\r\n"))
    .filter((each) => each !== "" && each !== "CONNECT");
  const end = lines.findIndex((each) => /^(OK|ERROR|\+CME ERROR: .*)$/.test(each));
  const result = lines[end];
  if (result === undefined) throw new Error(`${name}: no result of ${line}`);
  const header = /^AT([+][A-Z]+)/.exec(line)?.[1] ?? "";
  const isInformation = (each: string, at: number): boolean => at < end && each.startsWith(`${header}:`);
  return {
    line,
    payload: blocks.length === 0 ? undefined : Buffer.concat(blocks),
    acknowledged: answers.some((answer) => /^A+$/.test(answer)),
    header,
    information: lines.filter(isInformation),
    result,
    unsolicited: lines.filter((each, at) => at !== end && !isInformation(each, at)),
    turns: (echo) => [command, ...(echo ? [{ from: "module", bytes: command.bytes } as const] : []), ...said],
  };
}

/** The turns after the command line; the module may have repeated it. */
function withoutEcho([first, ...others]: readonly Turn[], line: string): readonly Turn[] {
  if (first === undefined) return [];
  const echo = Buffer.from(`${line}\r`, "latin1");
  if (first.from !== "module" || !first.bytes.subarray(0, echo.length).equals(echo))
    return [first, ...others];
  return [{ from: "module", bytes: first.bytes.subarray(echo.length) }, ...others];
}
