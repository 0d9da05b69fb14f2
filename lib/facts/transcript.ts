/**
 * TranscriptWriter: the dialogue of a run in the format of `test/transcripts`, so that it can be replayed as a test.
 *
 * What cannot be replayed stands in remarks: it depends on time, network or on what else the module holds, an
 * unsolicited line came in between, or the simulated modem has no switch for the answer.
 */
import type { Asker } from "./asker";
import type { Answer, Question } from "./question";
import { publicTurns } from "./public-lines";
import type { Turn } from "./recording";

interface Passage {
  readonly question: Question;
  readonly answer: Answer;
  readonly turns: readonly Turn[];
  readonly how: "replay" | "remark";
  readonly leftOut: number;
}

export interface TranscriptHead {
  readonly model: string;
  readonly firmware: string;
  /** ms since 1970. */
  readonly at: number;
}

/** Runs of one character from this length on are shortened in remarks. */
const LONG_RUN = 80;

export class TranscriptWriter {
  private readonly passages: Passage[] = [];

  /** Takes the bytes of the question that the asker has just asked. */
  add(question: Question, answer: Answer, asker: Asker): void {
    const { turns, leftOut } = publicTurns(asker.tools.recording.turns() ?? []);
    if (turns.length === 0) return;
    const isKnown = answer.kind === "known" && question.variants?.includes(answer.value) === true;
    const isWhole = asker.isReplayable && leftOut === 0;
    const how = question.transcript === "replay" && isKnown && isWhole ? "replay" : "remark";
    this.passages.push({ question, answer, turns, how, leftOut });
  }

  text({ model, firmware, at }: TranscriptHead): string {
    const day = new Date(at).toISOString().slice(0, 10);
    // The others would change nothing in what is replayed, or spoil it, as three attempts for the account would.
    const variants = this.passages.flatMap(({ question, answer, how }) =>
      how === "replay" && answer.kind === "known" ? [`variant: ${question.id}=${answer.value}`] : [],
    );
    const head = [
      `title: Facts about ${model || "a module"}`,
      `firmware: ${firmware || "unknown"}`,
      `source: quectel-modem-facts, ${day}, private values masked`,
      "before: ATE0",
      "before: AT+CMEE=1",
      ...variants,
    ];
    return `${[head.join("\n"), ...this.passages.map(passageText)].join("\n\n")}\n`;
  }
}

function passageText({ question, answer, turns, how, leftOut }: Passage): string {
  const found = answer.kind === "known" ? answer.value : `${answer.kind}, ${answer.why}`;
  const lines = turns.flatMap(({ from, text }) =>
    linesOf(escape(text)).map((line) => `${from === "host" ? "H" : "M"}> ${line}`),
  );
  const dialogue = how === "replay" ? lines : lines.map((line) => `# ${withShortRuns(line)}`);
  const remarks =
    leftOut === 0 ? [] : [`# left out of ${leftOut} lines: what was not asked for, or is private`];
  return [`# ${question.id}: ${question.asks} -> ${found}`, ...remarks, ...dialogue].join("\n");
}

/** `aaa…` as `a...`. */
function withShortRuns(line: string): string {
  let text = "";
  for (let at = 0, end = 0; at < line.length; at = end) {
    const character = line.charAt(at);
    for (end = at + 1; line.charAt(end) === character;) end++;
    text += end - at < LONG_RUN ? line.slice(at, end) : `${character}...`;
  }
  return text;
}

/** A dialogue line for each line on the wire. */
function linesOf(escaped: string): readonly string[] {
  return escaped.split(/(?<=\\n)(?=.)/);
}

function escape(text: string): string {
  return text.replaceAll(/[^\x20-\x5b\x5d-\x7e]/g, (character) => {
    switch (character) {
      case "\r":
        return "\\r";
      case "\n":
        return "\\n";
      case "\t":
        return "\\t";
      case "\\":
        return "\\\\";
      default:
        return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
    }
  });
}
