/** Questions that need a mail under way, asked only with leave to send one (fact base 2.0, 2.7 and 4). */
import { BUSY, resultText, resultValue, type Asker } from "./asker";
import type { Reply } from "./forms";
import { sendDeadMail } from "./dead-mail";
import { known, notAsked, unclear, type Answer, type Question } from "./question";
import { parseParameters } from "../at/command";
import { readPutResult } from "../quectel/commands/smtp";
import {
  REFUSED_LOGIN,
  REFUSED_RECIPIENT,
  sampleMail,
  sendSample,
  whereTaken,
  type SampleMail,
} from "./sample-mail";
import { PART, sendSlowly } from "./slow-data";
import { close, connectionObstacle, open, rawStates, tried } from "./socket-asking";

const AT_ONCE_MS = 3_000;
const CONTEXT_NOT_ACTIVE = 654;
/** Longer than the longest wait for a context that is known, ms. */
const HOLD_MS = 35_000;

async function contextWait(asker: Asker): Promise<Answer> {
  const mail = await sendDeadMail(asker);
  switch (mail.kind) {
    case "refused":
      return notAsked(mail.why);
    case "noResult":
      return unclear("no result line came to this port");
    case "ended":
      if (mail.error !== CONTEXT_NOT_ACTIVE) return unclear(`it ended with ${mail.error}`);
      return known(mail.ms < AT_ONCE_MS ? 0 : Math.round(mail.ms / 1000));
  }
}

/** Asked during the mail that waits for its context; where that one does not wait, during the sample. */
async function busyCommands(asker: Asker): Promise<Answer> {
  const replies: Reply[] = [];
  const mail = await sendDeadMail(asker, async () => {
    replies.push(await asker.ask("AT+QSMTPDST?"));
  });
  const waited = mail.kind === "ended" && mail.ms >= AT_ONCE_MS;
  if (waited) return busyText(replies[0]);
  return withSample(asker, ({ meanwhile }) => busyText(meanwhile.mail));
}

function busyText(reply: Reply | undefined): Answer {
  return known(reply?.kind === "refused" && reply.number === BUSY ? "all" : "put");
}

const CONNECT_FAILED = 566;
const OPERATION_BUSY = 568;

/** The server is the one that the sample mail goes to. */
async function openWhileMailing(asker: Asker): Promise<Answer> {
  const { send, recording } = asker.tools;
  if (send === undefined) return notAsked("no mail may be sent");
  recording.hide([send.host]);
  const obstacle = await connectionObstacle(asker, send.contextId);
  if (obstacle !== undefined) return obstacle;
  const states = await tried(asker, rawStates());
  if (states === undefined || states.length > 0) return notAsked("the id may be in use");
  const results: (number | string)[] = [];
  const mail = await sendDeadMail(asker, async () => {
    try {
      const opened = await open(asker, send);
      results.push(opened === "ERROR" ? await lastSocketError(asker) : opened);
    } finally {
      await close(asker);
    }
  });
  if (mail.kind === "refused") return notAsked(mail.why);
  if (mail.kind === "ended" && mail.ms < AT_ONCE_MS) return notAsked("the mail was over too soon");
  const [result] = results;
  if (result === OPERATION_BUSY) return known("568");
  // It went as far as the server.
  return result === 0 || result === CONNECT_FAILED ? known("ok") : unclear(`it ended with ${result}`);
}

/** The number behind the last ERROR of a socket command. */
async function lastSocketError(asker: Asker): Promise<number | "ERROR"> {
  return parseParameters((await asker.firstLine("AT+QIGETERROR")) ?? "").integer(0) ?? "ERROR";
}

/** An upload is held open until the result of the mail that waits for its context must have come. */
async function urcInDataMode(asker: Asker): Promise<Answer> {
  return asker.files.withName(asker, "RAM:", async (name) => {
    const line = `AT+QFUPL="${name}",${PART + 1},${HOLD_MS / 1000 + 10}`;
    const mail = await sendDeadMail(asker, async () => {
      await sendSlowly(asker, line, PART + 1, { parts: 1, pauseMs: HOLD_MS, rest: 1 });
    });
    switch (mail.kind) {
      case "refused":
        return notAsked(mail.why);
      case "noResult":
        return known("lost");
      case "ended":
        return mail.ms < HOLD_MS ? notAsked("the result came before the data") : known("held");
    }
  });
}

type Ended = Extract<SampleMail, { kind: "ended" }>;

async function withSample(asker: Asker, read: (mail: Ended) => Answer): Promise<Answer> {
  const { send } = asker.tools;
  if (send === undefined) return notAsked("no mail may be sent");
  const mail = await sampleMail(asker, send);
  if (mail.kind === "failed") return unclear(mail.why);
  const { mail: recipients, list, upload } = mail.meanwhile;
  asker.note(
    `while sending: QSMTPDST? ${resultText(recipients)}, QFLST ${resultText(list)}, QFUPL ${resultText(upload)}`,
  );
  return read(mail);
}

const FIRST_REPLY_NUMBER = 666;

/** A fault of the network has the same number. */
const refusalNumbers = (asker: Asker): Promise<Answer> =>
  whereTaken(asker, async (send) => {
    const mail = await sendSample(asker, { ...send, ...REFUSED_LOGIN, ...REFUSED_RECIPIENT });
    if (mail.kind === "failed") return unclear(mail.why);
    const { error = 0 } = readPutResult(mail.result) ?? {};
    if (error === 0) return notAsked("the server refuses neither that login nor that recipient");
    if (error === CONTEXT_NOT_ACTIVE) return known("654");
    return error >= FIRST_REPLY_NUMBER ? known("by-reply") : unclear(mail.result);
  });

export const sendQuestions: readonly Question[] = [
  {
    id: "sample-mail",
    asks: "What is the result of a real mail?",
    expected: { answer: "+QSMTPPUT: 0,0", mark: "A" },
    needs: "send",
    transcript: "remark",
    ask: (asker) => withSample(asker, ({ result }) => known(result)),
  },
  {
    id: "list-while-sending",
    asks: "Are files listed while a mail is sent?",
    expected: { answer: "OK", mark: "C" },
    needs: "send",
    transcript: "remark",
    ask: (asker) => withSample(asker, ({ meanwhile }) => known(resultValue(meanwhile.list))),
  },
  {
    id: "upload-while-sending",
    asks: "Is a file taken while a mail is sent?",
    expected: { answer: "OK", mark: "C" },
    needs: "send",
    transcript: "remark",
    ask: (asker) => withSample(asker, ({ meanwhile }) => known(resultValue(meanwhile.upload))),
  },
  {
    id: "refusal-numbers",
    asks: "Does a refused login or recipient have a number of its own, or 654 as any fault of the network?",
    expected: { answer: "by-reply", mark: "B" },
    needs: "send",
    variants: ["by-reply", "654"],
    transcript: "remark",
    ask: refusalNumbers,
  },
  {
    id: "put-context-wait",
    asks: "How many seconds does a mail wait for its PDP context?",
    expected: { answer: "30", mark: "B" },
    needs: "send",
    variants: ["30", "0"],
    transcript: "remark",
    ask: contextWait,
  },
  {
    id: "busy-commands",
    asks: "Are all mail commands refused while a mail is sent, or those only that send?",
    expected: { answer: "all", mark: "B" },
    needs: "send",
    variants: ["all", "put"],
    transcript: "remark",
    ask: busyCommands,
  },
  {
    id: "open-while-mailing",
    asks: "May a TCP connection be opened while a mail is sent?",
    expected: { answer: "ok", mark: "C" },
    needs: "send",
    variants: ["ok", "568"],
    transcript: "remark",
    ask: openWhileMailing,
  },
  {
    id: "data-mode-urc",
    asks: "Is an unsolicited line held back during a data transfer, or lost?",
    expected: { answer: "held", mark: "B" },
    needs: "send",
    variants: ["held", "lost"],
    transcript: "remark",
    ask: urcInDataMode,
  },
];
