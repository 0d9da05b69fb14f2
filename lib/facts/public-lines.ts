/**
 * Public lines: what of a module's lines may stand in a file that people are asked to publish.
 *
 * A list of what may, not of what may not: of an unsolicited line at most its header is kept (short messages,
 * callers, USSD, position, registration), and of answers that name the place, the subscriber, the card or an address
 * only what a question needs. Settings and account are masked by their values besides (`recording.ts`).
 */
import { headerOf, informationText } from "../at/command";
import type { Turn } from "./recording";

/** What stands in the place of what is left out. */
const LEFT_OUT = "***";

/** Lines without a header that identify no one: V.250, QISEND, and the start of a module. */
const WORDS: ReadonlySet<string> = new Set([
  "",
  "OK",
  "ERROR",
  "CONNECT",
  "NO CARRIER",
  "SEND OK",
  "SEND FAIL",
  "RDY",
  "APP RDY",
  "POWERED DOWN",
  "NORMAL POWER DOWN",
]);

/** Lines of the start and of mails, sockets and contexts, in full. */
const REPORTS: readonly RegExp[] = [
  /^\+QSMTPPUT: ?\d{1,5},\d{1,5}$/,
  /^\+QIOPEN: ?\d{1,2},\d{1,5}$/,
  /^\+QIURC: ?"(?:recv|closed|pdpdeact)",\d{1,2}(?:,\d{1,5})?$/,
  /^\+QIND: ?(?:PB DONE|SMS DONE)$/,
  /^\+(?:CFUN|QUSIM): ?\d$/,
  /^\+CPIN: ?[A-Z0-9 -]{1,20}$/,
  /^\+CME ERROR: ?(?:\d{1,5}|[A-Za-z /()]{1,50})$/,
  /^\+CMS ERROR: ?\d{1,5}$/,
  // The acknowledgements of an upload, and the prompt of a block.
  /^(?:A{1,64}|> ?)$/,
  // A manufacturer, a model, a release of firmware.
  /^(?:Quectel|E[A-Z]{1,2}\d{2,3}[A-Z]{0,4}(?:-[A-Z]{1,4})?|[A-Z0-9]{6,30}_[0-9A-Z.]{4,24})$/,
];

/** Positions of parameters that may be shown; of all other answers that were asked for all may. */
const SHOWN: Readonly<Record<string, (position: number, text: string) => boolean>> = {
  // Location area and cell are quoted, or longer than one digit.
  "+CREG": (_position, text) => /^\d$/.test(text),
  "+CGREG": (_position, text) => /^\d$/.test(text),
  "+CEREG": (_position, text) => /^\d$/.test(text),
  "+COPS": (_position, text) => /^\d$/.test(text),
  // The technology and the band; the network has a name of its own where there is none.
  "+QNWINFO": (position, text) => position === 0 || position === 2 || /^"?(?:none|no service)"?$/i.test(text),
  "+QIACT": (position) => position < 3,
  "+CGPADDR": (position) => position < 1,
  "+CGDCONT": (position) => position < 2,
  "+QICSGP": (position, text) => position === 0 || /^\d?$/.test(text) || text === '""',
  "+QISTATE": (position) => position !== 2,
  "+QCCID": () => false,
  "+ICCID": () => false,
  "+CIMI": () => false,
  "+CGSN": () => false,
  "+GSN": () => false,
  "+CNUM": () => false,
};

/** An address of the network, in the sixteen octets of IPv6 too; but those of RFC 5737, which questions invent. */
const ADDRESS = /(?<![\d.])(?!192\.0\.2\.|0\.0\.0\.0)\d{1,3}(?:\.\d{1,3}){3,15}(?![\d.])/g;
/** Numbers of subscribers, cards and devices. */
const LONG_NUMBER = /\+\d{6,}|\d{11,}/g;

/** `line` as it may be published. @param asked headers of the answers that were asked for */
export function publicLine(line: string, asked: ReadonlySet<string>): string {
  const text = line.replaceAll("\0", "").trim();
  if (WORDS.has(text) || REPORTS.some((report) => report.test(text))) return line;
  const header = headerOf(text);
  if (header === undefined) return LEFT_OUT;
  if (!asked.has(header)) return `${header}: ${LEFT_OUT}`;
  const shown = SHOWN[header];
  const information = shown === undefined ? informationText(text) : masked(informationText(text), shown);
  const safe = information.replaceAll(ADDRESS, LEFT_OUT).replaceAll(LONG_NUMBER, LEFT_OUT);
  return safe === informationText(text) ? line : `${header}: ${safe}`;
}

/** A parameter with its quotes, or a comma. */
const PARAMETERS = /"[^"]*"?|[^,"]+|,/g;

function masked(information: string, shown: (position: number, text: string) => boolean): string {
  let position = 0;
  return information.replaceAll(PARAMETERS, (part) => {
    if (part === ",") {
      position++;
      return part;
    }
    return shown(position, part.trim()) ? part : LEFT_OUT;
  });
}

/** Headers that the answer to a command line may have. */
function headersOf(commandLine: string): readonly string[] {
  return commandLine.startsWith("AT") ? (commandLine.match(/\+[A-Z]+/g) ?? []) : [];
}

/** One command's answer as it may be published. */
export function publicAnswer(commandLine: string, lines: readonly string[]): readonly string[] {
  const asked = new Set(headersOf(commandLine));
  return lines.map((line) => publicLine(line, asked));
}

export interface PublicTurns {
  readonly turns: readonly Turn[];
  /** Lines of which something was left out; 0: the turns are as they were. */
  readonly leftOut: number;
}

/** What an unfinished line may be when the host goes on: a prompt, or acknowledgements. */
const UNFINISHED = /^(?:> ?|A{1,64}|[\r\n\0]*)$/;

/** A dialogue as it may be published; a line that the host interrupts comes whole, behind what interrupts it. */
export function publicTurns(turns: readonly Turn[]): PublicTurns {
  const asked = new Set<string>();
  const hostLines = new Set<string>();
  const shown: Turn[] = [];
  let leftOut = 0;
  let rest = "";
  const take = (line: string): void => {
    // An echo.
    const isOurs = hostLines.has(line.trim());
    const text = isOurs ? line : publicLine(line, asked);
    if (text !== line) leftOut++;
    shown.push({ from: "module", text: text === line ? line : `${text}\r\n` });
  };
  const finish = (): void => {
    if (rest === "") return;
    take(rest);
    rest = "";
  };
  for (const turn of turns) {
    if (turn.from === "host") {
      if (UNFINISHED.test(rest)) finish();
      for (const header of headersOf(turn.text)) asked.add(header);
      for (const line of turn.text.split(/[\r\n]+/)) hostLines.add(line.trim());
      shown.push(turn);
      continue;
    }
    const lines = `${rest}${turn.text}`.split(/(?<=\n)/);
    rest = lines.at(-1)?.endsWith("\n") === true ? "" : (lines.pop() ?? "");
    for (const line of lines) take(line);
  }
  finish();
  return { turns: merged(shown), leftOut };
}

/** Turns of one side that follow each other as one, as they went over the line. */
function merged(turns: readonly Turn[]): readonly Turn[] {
  const joined: Turn[] = [];
  for (const turn of turns) {
    const last = joined.at(-1);
    if (last?.from === turn.from) joined[joined.length - 1] = { ...last, text: last.text + turn.text };
    else joined.push(turn);
  }
  return joined;
}
