/** Asks all questions of a run one after the other, and puts back what they changed, whatever happens. */
import { isModemError, type ModemError } from "../errors";
import type { Trace } from "../serial/trace";
import { Asker, type AskedModule, type AskerTools } from "./asker";
import { Backup } from "./backup";
import { notAsked, unclear, type Answer, type Question } from "./question";
import { FIRMWARE } from "./network-questions";
import { QUESTIONS } from "./questions";
import { Recording } from "./recording";
import type { Fact, FactsReport, RunEnd } from "./report";
import { TranscriptWriter } from "./transcript";

const EVIDENCE_LINES = 2;
const LONGEST_EVIDENCE = 200;
const CLIPPED_END = 60;
/** Both answers have no header, so a short message that comes meanwhile looks like one of their lines. */
const MODEL = { line: "AT+CGMM", form: /^[A-Z]{1,4}\d{2,4}[A-Z0-9-]{0,20}$/i } as const;
const SERVED_POLL_MS = 2_000;
const NOT_SERVED =
  "The module refuses its mail commands (AT+QSMTPCFG=?); what is found out about mails is worth little.";

export interface FactsOptions extends Omit<AskerTools, "recording"> {
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
  // What is read to be restored is not reported.
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
  const asker = new Asker(module, { ...tools, recording: new Recording(trace) });
  const model = (await asker.lineLike(MODEL.line, MODEL.form)) ?? "";
  const firmware = (await asker.lineLike(FIRMWARE.line, FIRMWARE.form)) ?? "";
  const isServed = await asker.untilServed(SERVED_POLL_MS);
  const backup = await Backup.read(asker);
  const notices = [...(isServed ? [] : [NOT_SERVED]), ...backup.notices];
  for (const notice of notices) onNotice(notice);
  const writer = new TranscriptWriter();
  const facts: Fact[] = [];
  const notRestored: string[] = [];
  let end: RunEnd = { kind: "complete" };
  try {
    for (const question of QUESTIONS) {
      const outcome = await answerOf(asker, question, end);
      end = outcome.end;
      const fact = factOf(asker, question, outcome.answer);
      facts.push(fact);
      writer.add(question, fact.answer, asker);
      onFact(fact);
    }
  } finally {
    asker.tools.recording.end();
    notRestored.push(...(await backup.restore()), ...(await leftFiles(asker)));
  }
  const transcript = trace === undefined ? undefined : writer.text({ model, firmware, at });
  return { model, firmware, at, facts, notices, notRestored, end, transcript };
}

async function answerOf(
  asker: Asker,
  question: Question,
  end: RunEnd,
): Promise<{ readonly answer: Answer; readonly end: RunEnd }> {
  asker.begin();
  if (end.kind !== "complete") return { answer: notAsked("the run had ended"), end };
  const obstacle = obstacleOf(asker, question);
  if (obstacle !== undefined) return { answer: notAsked(obstacle), end };
  try {
    return { answer: await undisturbed(asker, () => question.ask(asker)), end };
  } catch (error) {
    if (isModemError(error, "MODEM_ABORTED"))
      return { answer: notAsked("stopped"), end: { kind: "stopped" } };
    const why = error instanceof Error ? error.message : String(error);
    if (!isModemError(error) || isConnectionLost(error))
      return { answer: unclear(why), end: { kind: "lost", why } };
    return { answer: unclear(why), end };
  }
}

/** An unsolicited line would not come again when the dialogue is replayed. */
async function undisturbed<T>(asker: Asker, work: () => Promise<T>): Promise<T> {
  await asker.untilPresent();
  const unsolicited = asker.module.expect(() => true);
  unsolicited.promise.then(
    () => asker.remarkOnly(),
    () => undefined,
  );
  try {
    return await work();
  } finally {
    unsolicited.cancel();
  }
}

function obstacleOf({ tools }: Asker, { needs }: Question): string | undefined {
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

function factOf(asker: Asker, { id, asks, expected, needs }: Question, answer: Answer): Fact {
  const { recording } = asker.tools;
  const shown: Answer =
    answer.kind === "known"
      ? { ...answer, value: recording.shown(answer.value) }
      : { ...answer, why: recording.shown(answer.why) };
  const evidence = asker.said.slice(-EVIDENCE_LINES).map((line) => clipped(recording.shown(line)));
  return { id, asks, expected, needs, answer: shown, evidence };
}

/** A test reply can have a kilobyte; its ends tell what was asked and what came of it. */
function clipped(text: string): string {
  if (text.length <= LONGEST_EVIDENCE) return text;
  return `${text.slice(0, LONGEST_EVIDENCE - CLIPPED_END)} ... ${text.slice(-CLIPPED_END)}`;
}

async function leftFiles(asker: Asker): Promise<readonly string[]> {
  const left: string[] = [];
  for (const name of asker.files.left) {
    try {
      await asker.files.remove(asker, name);
    } catch {
      left.push(`file ${name}`);
    }
  }
  return left;
}
