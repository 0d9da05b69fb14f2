/** Questions about the time of the data state: what is counted, and what comes at its end (fact base 2.4 and 3.5). */
import type { Asker } from "./asker";
import { known, unclear, type Answer, type Question } from "./question";
import { PART, sendSlowly } from "./slow-data";

const TIME_SECONDS = 3;
const PAUSE_MS = 1_500;
/** What a line, a module and a USB port may add, in ms; two parts take as long at 115200 bit/s. */
const SLACK_MS = 1_000;

/** The second part comes after half the time; a time that counts from the last byte then ends later. */
async function inputTime(asker: Asker): Promise<Answer> {
  const end = await sendSlowly(asker, `AT+QSMTPBODY=0,10000,${TIME_SECONDS}`, 10_000, {
    parts: 2,
    pauseMs: PAUSE_MS,
  });
  await asker.clearMail();
  const lateBy = end.ms - TIME_SECONDS * 1000;
  if (end.result !== "ok") return unclear(`it ended with ${end.result ?? "ERROR"}`);
  if (lateBy > -SLACK_MS && lateBy < SLACK_MS) return known("total");
  return lateBy >= PAUSE_MS - SLACK_MS / 2 && lateBy < PAUSE_MS + 2 * SLACK_MS
    ? known("idle")
    : unclear(`it ended after ${end.ms} ms of ${TIME_SECONDS} s`);
}

async function uploadTimeout(asker: Asker): Promise<Answer> {
  return asker.files.withName(asker, "RAM:", async (name) => {
    const end = await sendSlowly(asker, `AT+QFUPL="${name}",${PART + 10},${TIME_SECONDS}`, PART + 10, {
      parts: 1,
      pauseMs: 0,
    });
    if (end.result === undefined) return unclear("it ended with ERROR");
    const isBoth = end.result !== "ok" && (asker.tools.recording.received() ?? "").includes("\n+QFUPL:");
    return known(isBoth ? `line-${end.result}` : end.result);
  });
}

export const timeQuestions: readonly Question[] = [
  {
    id: "input-time",
    asks: "Does the input time of a body count from CONNECT (total) or from the last byte (idle)?",
    expected: { answer: "total", mark: "B" },
    needs: "nothing",
    variants: ["total", "idle"],
    transcript: "remark",
    ask: inputTime,
  },
  {
    id: "upload-timeout",
    asks: "What does an upload get whose time is over: its smaller size with OK, an error, or both?",
    expected: { answer: "ok", mark: "C" },
    needs: "nothing",
    variants: ["ok", "421", "line-421"],
    transcript: "remark",
    ask: uploadTimeout,
  },
];
