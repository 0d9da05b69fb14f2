/** Questions about QSMTPPUT that send nothing, because the mail has no recipient (fact base 2.7). */
import { headerOf, parseParameters, str } from "../at/command";
import { BUSY, resultText, resultValue, type Asker } from "./asker";
import type { Reply } from "./forms";
import { known, notAsked, unclear, type Answer, type Question } from "./question";

const RESULT_MS = 5_000;
const POLL_MS = 1_000;
/** A module that gives no result line has to become idle again. */
const MOST_POLLS = 120;
/** Ports that QURCCFG may name. */
export const PORTS = ["usbat", "usbmodem", "uart1"] as const;

export const isPutResult = (line: string): boolean => headerOf(line) === "+QSMTPPUT";

interface Put {
  readonly reply: Reply;
  /** The result line where it came to this port. */
  readonly result: string | undefined;
}

/** Clears the mail, and names a server that does not exist (RFC 5737), so that nothing could go out. */
export async function inventedSettings(asker: Asker): Promise<void> {
  await asker.clearMail();
  await asker.ask('AT+QSMTPCFG="sender","facts","facts@example.com"');
  await asker.ask('AT+QSMTPCFG="smtpserver","192.0.2.1",25');
}

/** Gives a QSMTPPUT for a mail without recipient; undefined when the module still holds one. */
async function putNothing(asker: Asker, line: string): Promise<Put | undefined> {
  await inventedSettings(asker);
  const list = await asker.ask("AT+QSMTPDST?");
  if (list.kind === "refused" || list.lines.length > 0) return undefined;
  const waiter = asker.module.expect(isPutResult);
  try {
    const reply = await asker.insist(line);
    if (reply.kind === "refused") return { reply, result: undefined };
    waiter.start(RESULT_MS);
    const result = await waiter.promise.catch(() => undefined);
    asker.note(result ?? `no +QSMTPPUT within ${RESULT_MS / 1000} s`);
    await untilIdle(asker);
    return { reply, result };
  } finally {
    waiter.cancel();
  }
}

/** Waits until the module takes mail commands again. */
export async function untilIdle(asker: Asker): Promise<void> {
  for (let poll = 0; poll < MOST_POLLS; poll++) {
    const reply = await asker.tidy("AT+QSMTPDST?");
    if (reply.kind === "ok" || reply.number !== BUSY) return;
    await asker.rest(POLL_MS);
  }
}

const stillHeld = notAsked("the module still holds a recipient");

async function timeoutOptional(asker: Asker): Promise<Answer> {
  const put = await putNothing(asker, "AT+QSMTPPUT");
  if (put === undefined) return stillHeld;
  return known(put.reply.kind === "ok" ? "optional" : "required");
}

async function noRecipient(asker: Asker): Promise<Answer> {
  const put = await putNothing(asker, "AT+QSMTPPUT=60");
  if (put === undefined) return stillHeld;
  if (put.reply.kind === "refused") return known(resultText(put.reply));
  return put.result === undefined ? unclear("no result line came to this port") : known(put.result);
}

async function shortTimeout(asker: Asker): Promise<Answer> {
  const put = await putNothing(asker, "AT+QSMTPPUT=59");
  if (put === undefined) return stillHeld;
  return known(resultValue(put.reply));
}

/** Names every port in turn as the one of unsolicited lines, and sees whether the result still comes here. */
async function resultPort(asker: Asker): Promise<Answer> {
  const before = parseParameters((await asker.firstLine('AT+QURCCFG="urcport"')) ?? "").text(1);
  if (before === undefined) return notAsked("the module does not tell its urcport");
  let named = 0;
  let came = 0;
  try {
    for (const port of PORTS) {
      if (!(await asker.accepts(`AT+QURCCFG="urcport",${str(port)}`))) continue;
      const put = await putNothing(asker, "AT+QSMTPPUT=60");
      if (put === undefined) return stillHeld;
      if (put.reply.kind === "refused") return unclear("QSMTPPUT without recipient is refused at once");
      named++;
      if (put.result !== undefined) came++;
    }
  } finally {
    await asker.tidy(`AT+QURCCFG="urcport",${str(before)}`);
  }
  if (named < 2) return notAsked("the module takes no other urcport");
  if (came === named) return known("issuing");
  return came === 1 ? known("urcport") : unclear(`the result came here with ${came} of ${named} ports`);
}

export const putQuestions: readonly Question[] = [
  {
    id: "no-recipient",
    asks: "What does a mail without recipient get?",
    expected: { answer: "+QSMTPPUT: 659,0", mark: "B" },
    needs: "nothing",
    transcript: "remark",
    ask: noRecipient,
  },
  {
    id: "put-timeout",
    asks: "May QSMTPPUT be given without its timeout?",
    expected: { answer: "required", mark: "C" },
    needs: "nothing",
    variants: ["required", "optional"],
    transcript: "remark",
    ask: timeoutOptional,
  },
  {
    id: "put-timeout-min",
    asks: "What does QSMTPPUT=59 get?",
    expected: { answer: "664", mark: "B" },
    needs: "nothing",
    transcript: "remark",
    ask: shortTimeout,
  },
  {
    id: "put-urc-port",
    asks: "Does the result of a mail come to the urcport, or to the port that gave the command?",
    expected: { answer: "urcport", mark: "C" },
    needs: "nothing",
    variants: ["urcport", "issuing"],
    transcript: "remark",
    ask: resultPort,
  },
];
