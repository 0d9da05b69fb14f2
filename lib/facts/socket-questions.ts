/**
 * Questions about TCP sockets (fact base, module-sockets): what a stream over them has to be prepared for.
 *
 * They need a mail server that greets in clear; nothing is sent to it but NOOP and QUIT. What takes long, or many bytes,
 * is in `socket-limit-questions.ts`.
 */
import { parseParameters } from "../at/command";
import { closeSocket, readBlock, sendBlock } from "../quectel/commands/sockets";
import type { Asker } from "./asker";
import { known, notAsked, unclear, type Answer, type Question } from "./question";
import {
  activeContexts,
  afterClosed,
  close,
  connected,
  hasSockets,
  ID,
  NOOP,
  open,
  OPEN_MS,
  QUIET_MS,
  rawStates,
  saysRecv,
  stateNumber,
  targetOf,
  tried,
} from "./socket-asking";

const HIGHEST_CONTEXT = 16;
/** A port that is hardly ever open. */
const CLOSED_PORT = 1;

/** Error numbers of the result of an open. */
const ID_IN_USE = 563;
const NO_CONTEXT = 561;

/** What the module sent while a block went out; undefined without a trace. */
async function receivedAfterSending(asker: Asker): Promise<string | undefined> {
  const before = asker.tools.recording.received()?.length ?? 0;
  await tried(asker, sendBlock(ID, NOOP));
  return asker.tools.recording.received()?.slice(before);
}

const NO_TRACE = notAsked("single bytes are seen with a trace only");

const prompt = (asker: Asker): Promise<Answer> =>
  connected(asker, async () => {
    const received = await receivedAfterSending(asker);
    if (received === undefined) return NO_TRACE;
    const found = /(?:^|\n)>( ?)/.exec(received);
    return found === null ? unclear("no prompt was seen") : known(found[1] === "" ? "bare" : "blank");
  });

const echo = (asker: Asker): Promise<Answer> =>
  connected(asker, async () => {
    const received = await receivedAfterSending(asker);
    if (received === undefined) return NO_TRACE;
    const sent = received.indexOf("NOOP\r\n");
    return known(sent !== -1 && received.includes("SEND OK", sent) ? "on" : "off");
  });

function lineEndsAtEnd(text: string): number {
  let count = 0;
  while (text.endsWith("\r\n", text.length - 2 * count)) count++;
  return count;
}

/** The data may end with line ends of their own. */
const readLineEnds = (asker: Asker): Promise<Answer> =>
  connected(asker, async () => {
    const data = await tried(asker, readBlock(ID, "line"));
    if (data === undefined || data.length === 0) return unclear("QIRD gave nothing out");
    const received = asker.tools.recording.received();
    if (received === undefined) return NO_TRACE;
    const before = received.slice(0, received.lastIndexOf("OK\r\n"));
    const own = lineEndsAtEnd(data.toString("latin1"));
    const count = lineEndsAtEnd(before) - own;
    return count === 1 ? known("one") : count === 2 ? known("two") : unclear(`${count} line ends`);
  });

const recvLength = (asker: Asker): Promise<Answer> =>
  connected(asker, async ({ arrival }) => known(parseParameters(arrival).length > 2 ? "1" : "0"));

const recvAgain = (asker: Asker): Promise<Answer> =>
  connected(asker, async () => {
    // The greeting has not been read yet.
    if (await saysRecv(asker, QUIET_MS)) return known("each");
    const data = await tried(asker, readBlock(ID, "line"));
    if (data === undefined || data.length === 0) return unclear("QIRD gave nothing out");
    return known((await saysRecv(asker, QUIET_MS)) ? "emptied" : "zero-read");
  });

const connectedState = (asker: Asker): Promise<Answer> =>
  connected(asker, async () => {
    const state = await stateNumber(asker);
    return state === undefined ? unclear("QISTATE does not name the socket") : known(state);
  });

const dataAfterClosed = (asker: Asker): Promise<Answer> =>
  afterClosed(asker, async () => {
    const data = await tried(asker, readBlock(ID, "line"));
    return known(data !== undefined && data.length > 0 ? "readable" : "lost");
  });

const openInUse = (asker: Asker): Promise<Answer> =>
  connected(asker, async () => {
    const { connect } = asker.tools;
    if (connect === undefined) return notAsked("no connection may be opened");
    const again = await open(asker, connect);
    if (again === "ERROR") return known("error");
    return again === ID_IN_USE ? known("urc") : unclear(`it ended with ${again}`);
  });

const sendTime = (asker: Asker): Promise<Answer> =>
  connected(asker, async () => {
    const begun = asker.clock.now();
    await tried(asker, sendBlock(ID, NOOP));
    return known(`${Math.round(asker.clock.now() - begun)} ms`);
  });

const closeTime = (asker: Asker): Promise<Answer> =>
  connected(asker, async () => {
    const begun = asker.clock.now();
    await tried(asker, closeSocket(ID));
    return known(`${Math.round(asker.clock.now() - begun)} ms`);
  });

async function closeUnused(asker: Asker): Promise<Answer> {
  if (!(await hasSockets(asker))) return notAsked("the module knows no sockets");
  const states = await tried(asker, rawStates());
  if (states === undefined || states.length > 0) return notAsked("the id may be in use");
  return known((await asker.knows(`AT+QICLOSE=${ID}`)) ? "ok" : "error");
}

async function openWithoutContext(asker: Asker): Promise<Answer> {
  const target = await targetOf(asker);
  if ("kind" in target) return target;
  const active = await activeContexts(asker);
  let contextId = HIGHEST_CONTEXT;
  while (contextId > 0 && active.includes(contextId)) contextId--;
  try {
    const opened = await open(asker, { ...target, contextId });
    if (opened === "ERROR") return known("error");
    return opened === NO_CONTEXT ? known("urc") : unclear(`it ended with ${opened}`);
  } finally {
    await close(asker);
    // Some firmware may have activated it for the connection.
    if ((await activeContexts(asker)).includes(contextId)) {
      await asker.tidy(`AT+QIDEACT=${contextId}`, { timeoutMs: OPEN_MS });
    }
  }
}

async function failedOpenId(asker: Asker): Promise<Answer> {
  const target = await targetOf(asker);
  if ("kind" in target) return target;
  try {
    const first = await open(asker, { ...target, port: CLOSED_PORT });
    if (typeof first !== "number" || first === 0) return notAsked(`the open ended with ${first}`);
    const second = await open(asker, { ...target, port: CLOSED_PORT });
    return known(second === ID_IN_USE || second === "ERROR" ? "taken" : "free");
  } finally {
    await close(asker);
  }
}

export const socketQuestions: readonly Question[] = [
  {
    id: "socket-commands",
    asks: "Does the module know TCP sockets (QIOPEN)?",
    expected: { answer: "present", mark: "A" },
    needs: "nothing",
    variants: ["present", "absent"],
    transcript: "remark",
    ask: async (asker) => known((await hasSockets(asker)) ? "present" : "absent"),
  },
  {
    id: "close-unused",
    asks: "What does QICLOSE of an id get that is not in use?",
    expected: { answer: "ok", mark: "C" },
    needs: "nothing",
    variants: ["ok", "error"],
    transcript: "remark",
    ask: closeUnused,
  },
  ...(
    [
      ["socket-prompt", "Does a blank follow the prompt of QISEND?", "blank", "B", ["blank", "bare"], prompt],
      [
        "socket-echo",
        "Is what QISEND sends echoed, as the module is set now?",
        "on",
        "C",
        ["on", "off"],
        echo,
      ],
      [
        "read-line-ends",
        "How many line ends stand between the data of QIRD and OK?",
        "one",
        "B",
        ["one", "two"],
        readLineEnds,
      ],
      [
        "recv-length",
        'Does the line "recv" tell how many bytes wait, as the module is set now?',
        "0",
        "B",
        ["0", "1"],
        recvLength,
      ],
      [
        "recv-again",
        'When does "recv" come again: once QIRD has emptied the buffer, after a QIRD that found nothing, or with each arrival?',
        "emptied",
        "B",
        ["emptied", "zero-read", "each"],
        recvAgain,
      ],
      [
        "connected-state",
        "Which state does QISTATE tell of an open connection?",
        "2",
        "B",
        ["2", "3"],
        connectedState,
      ],
      [
        "data-after-closed",
        'Can data that wait still be read after "closed"?',
        "readable",
        "C",
        ["readable", "lost"],
        dataAfterClosed,
      ],
      [
        "open-in-use",
        "How does QIOPEN refuse an id in use: by its result line, or by ERROR?",
        "urc",
        "B",
        ["urc", "error"],
        openInUse,
      ],
      [
        "open-without-context",
        "How does QIOPEN refuse a context that is not active: by its result line, or by ERROR?",
        "urc",
        "C",
        ["urc", "error"],
        openWithoutContext,
      ],
      [
        "failed-open-id",
        "Is the id of a connection that could not be opened free again?",
        "free",
        "C",
        ["free", "taken"],
        failedOpenId,
      ],
    ] as const
  ).map(([id, asks, answer, mark, variants, ask]): Question => ({
    id,
    asks,
    expected: { answer, mark },
    needs: "connect",
    variants,
    transcript: "remark",
    ask,
  })),
  {
    id: "send-time",
    asks: "How long does a QISEND of a few bytes take?",
    expected: { answer: undefined, mark: "C" },
    needs: "connect",
    transcript: "remark",
    ask: sendTime,
  },
  {
    id: "close-time",
    asks: "How long does QICLOSE with a limit of one second take?",
    expected: { answer: undefined, mark: "C" },
    needs: "connect",
    transcript: "remark",
    ask: closeTime,
  },
];
