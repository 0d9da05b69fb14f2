/** Asks all questions of a run one after the other, and puts back what they changed, whatever happens. */
import { isModemError, type ModemError } from "../errors";
import type { Trace } from "../serial/trace";
import { Bench, type AskedModule, type BenchTools } from "./bench";
import { Keeper } from "./keeper";
import { notAsked, unclear, type Answer, type Question } from "./question";
import { FIRMWARE } from "./network-questions";
import { QUESTIONS } from "./questions";
import { Recording } from "./recording";
import type { Fact, FactsReport, RunEnd } from "./report";
import { TranscriptWriter } from "./transcript";

const EVIDENCE_LINES = 2;
const LONGEST_EVIDENCE = 200;
/** The error of a mail command while a mail is sent. */
const BUSY = 652;
const CLIPPED_END = 60;
/** Both answers have no header, so a short message that comes meanwhile looks like one of their lines. */
const MODEL = { line: "AT+CGMM", form: /^[A-Z]{1,4}\d{2,4}[A-Z0-9-]{0,20}$/i } as const;
/** Mail commands are served some seconds later than the AT port; how often, and after how many ms, they are asked for. */
const SERVED_POLLS = 60;
const SERVED_POLL_MS = 2_000;
const NOT_SERVED =
  "The module refuses its mail commands (AT+QSMTPCFG=?); what is found out about mails is worth little.";

export interface FactsOptions extends Omit<BenchTools, "recording"> {
  /** Watches the connection: gives the transcript, and what can be seen in single bytes only. */
  readonly trace?: Trace | undefined;
  /** Told before the first question is asked. */
  readonly onNotice?: (notice: string) => void;
  /** Told after each question. */
  readonly onFact?: (fact: Fact) => void;
}

/**
 * Asks the module; the mail lock is the caller's business.
 *
 * Rejects only when nothing was changed yet: as `AskedModule.execute`, or `SMTP_BUSY` while a mail is sent.
 */
export async function askFacts(module: AskedModule, options: FactsOptions): Promise<FactsReport> {
  const { trace } = options;
  const wasRecording = trace?.enabled ?? false;
  // What is read to be put back is nobody's business.
  if (trace !== undefined) trace.enabled = false;
  try {
    return await run(module, options);
  } finally {
    if (trace !== undefined) trace.enabled = wasRecording;
  }
}

async function run(module: AskedModule, options: FactsOptions): Promise<FactsReport> {
  const { trace, onNotice = () => undefined, onFact = () => undefined, ...tools } = options;
  const at = tools.clock.wall();
  const bench = new Bench(module, { ...tools, recording: new Recording(trace) });
  const model = (await bench.lineLike(MODEL.line, MODEL.form)) ?? "";
  const firmware = (await bench.lineLike(FIRMWARE.line, FIRMWARE.form)) ?? "";
  const isServed = await untilServed(bench);
  const keeper = await Keeper.read(bench);
  const notices = [...(isServed ? [] : [NOT_SERVED]), ...keeper.notices];
  for (const notice of notices) onNotice(notice);
  const writer = new TranscriptWriter();
  const facts: Fact[] = [];
  const notRestored: string[] = [];
  let end: RunEnd = { kind: "complete" };
  try {
    for (const question of QUESTIONS) {
      const outcome = await answerOf(bench, question, end);
      end = outcome.end;
      const fact = factOf(bench, question, outcome.answer);
      facts.push(fact);
      writer.add(question, fact.answer, bench);
      onFact(fact);
    }
  } finally {
    bench.tools.recording.end();
    notRestored.push(...(await keeper.restore()), ...(await leftFiles(bench)));
  }
  const transcript = trace === undefined ? undefined : writer.text({ model, firmware, at });
  return { model, firmware, at, facts, notices, notRestored, end, transcript };
}

/** Waits until the module serves mail commands. @returns false when it has none */
async function untilServed(bench: Bench): Promise<boolean> {
  for (let poll = 0; poll < SERVED_POLLS; poll++) {
    const reply = await bench.ask("AT+QSMTPCFG=?");
    // Whoever sends a mail now is told by the keeper.
    if (reply.kind === "ok" || reply.number === BUSY) return true;
    await bench.wait(SERVED_POLL_MS);
  }
  return false;
}

async function answerOf(
  bench: Bench,
  question: Question,
  end: RunEnd,
): Promise<{ readonly answer: Answer; readonly end: RunEnd }> {
  bench.begin();
  if (end.kind !== "complete") return { answer: notAsked("the run had ended"), end };
  const obstacle = obstacleOf(bench, question);
  if (obstacle !== undefined) return { answer: notAsked(obstacle), end };
  try {
    return { answer: await undisturbed(bench, () => question.ask(bench)), end };
  } catch (error) {
    if (isModemError(error, "MODEM_ABORTED"))
      return { answer: notAsked("stopped"), end: { kind: "stopped" } };
    const why = error instanceof Error ? error.message : String(error);
    if (!isModemError(error) || isConnectionLost(error))
      return { answer: unclear(why), end: { kind: "lost", why } };
    return { answer: unclear(why), end };
  }
}

/** A line that nobody asked for would not come again when the dialogue is replayed. */
async function undisturbed<T>(bench: Bench, work: () => Promise<T>): Promise<T> {
  await bench.untilPresent();
  const unsolicited = bench.module.expect(() => true);
  unsolicited.promise.then(
    () => bench.remarkOnly(),
    () => undefined,
  );
  try {
    return await work();
  } finally {
    unsolicited.cancel();
  }
}

function obstacleOf({ tools }: Bench, { needs }: Question): string | undefined {
  switch (needs) {
    case "nothing":
      return undefined;
    case "connect":
      return tools.connect === undefined ? "no connection may be opened" : undefined;
    case "send":
      return tools.send === undefined ? "no mail may be sent" : undefined;
    case "restart":
      return tools.restart === undefined ? "the module may not be restarted" : undefined;
  }
}

/** After these no further command will be answered. */
function isConnectionLost({ code }: ModemError): boolean {
  return (
    code.startsWith("PORT_") ||
    code === "MODEM_NOT_READY" ||
    code === "MODEM_SILENT" ||
    code === "MODEM_OUT_OF_SYNC"
  );
}

function factOf(bench: Bench, { id, asks, expected, needs }: Question, answer: Answer): Fact {
  const { recording } = bench.tools;
  const shown: Answer =
    answer.kind === "known"
      ? { ...answer, value: recording.shown(answer.value) }
      : { ...answer, why: recording.shown(answer.why) };
  const evidence = bench.said.slice(-EVIDENCE_LINES).map((line) => clipped(recording.shown(line)));
  return { id, asks, expected, needs, answer: shown, evidence };
}

/** A test reply can have a kilobyte; its ends tell what was asked and what came of it. */
function clipped(text: string): string {
  if (text.length <= LONGEST_EVIDENCE) return text;
  return `${text.slice(0, LONGEST_EVIDENCE - CLIPPED_END)} ... ${text.slice(-CLIPPED_END)}`;
}

async function leftFiles(bench: Bench): Promise<readonly string[]> {
  const left: string[] = [];
  for (const name of bench.files.left) {
    try {
      await bench.files.remove(bench, name);
    } catch {
      left.push(`file ${name}`);
    }
  }
  return left;
}
