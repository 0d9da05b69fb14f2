/**
 * Questions about the limits of TCP sockets (fact base, module-sockets): how much a module buffers, how long it waits for
 * the host and for the peer, what it still takes after the end, and on which port it reports.
 *
 * Each takes two minutes at most. The one that fills the buffer sends 90 kB at most, nothing but NOOP lines (RFC 5321,
 * 4.1.1.9: with an argument that the server ignores).
 */
import { parseParameters, str } from "../at/command";
import { delay } from "../clock";
import {
  closeSocket,
  LONGEST_SEND,
  openSocket,
  readCounts,
  readOpened,
  sendBlock,
  sentCounts,
  type SocketTarget,
} from "../quectel/commands/sockets";
import type { Asker } from "./asker";
import { PORTS } from "./put-questions";
import { known, notAsked, unclear, type Answer, type Question } from "./question";
import {
  afterClosed,
  close,
  connected,
  ID,
  LINE_MS,
  lineOf,
  newsOf,
  NOOP,
  QUIET_MS,
  stateNumber,
  targetOf,
  tried,
  until,
} from "./socket-asking";

/** Milliseconds until QISTATE tells that a connection is there. */
const CONNECT_MS = 30_000;
/** States of an open connection; some firmware says 3. */
const CONNECTED: readonly (number | undefined)[] = [2, 3];

interface Heard {
  /** The result of QIOPEN came to this port. */
  readonly opened: boolean;
  /** So did the line that data wait. */
  readonly data: boolean;
}

/** Opens a connection and sees what is said of it here; undefined when it could not be opened, or no data came. */
async function heardHere(asker: Asker, target: SocketTarget): Promise<Heard | undefined> {
  const opened = asker.module.expect((line) => readOpened(line, ID) !== undefined);
  const arrived = asker.module.expect(newsOf("data"));
  try {
    await tried(asker, openSocket(ID, target));
    if (!(await until(asker, async () => CONNECTED.includes(await stateNumber(asker)), CONNECT_MS))) return;
    const isGreeted = async () => ((await tried(asker, readCounts(ID)))?.total ?? 0) > 0;
    if (!(await until(asker, isGreeted, LINE_MS))) return;
    return {
      opened: (await lineOf(asker, opened, QUIET_MS)) !== undefined,
      data: (await lineOf(asker, arrived, QUIET_MS)) !== undefined,
    };
  } finally {
    opened.cancel();
    arrived.cancel();
    await close(asker);
  }
}

/** Names every port in turn as the one of unsolicited lines, and sees whether those of a socket still come here. */
async function urcPort(asker: Asker): Promise<Answer> {
  const target = await targetOf(asker);
  if ("kind" in target) return target;
  const before = parseParameters((await asker.firstLine('AT+QURCCFG="urcport"')) ?? "").text(1);
  if (before === undefined) return notAsked("the module does not tell its urcport");
  const heard: Heard[] = [];
  try {
    for (const port of PORTS) {
      if (!(await asker.accepts(`AT+QURCCFG="urcport",${str(port)}`))) continue;
      const one = await heardHere(asker, target);
      if (one === undefined) return notAsked("the server cannot be connected to, or does not greet");
      heard.push(one);
    }
  } finally {
    await asker.tidy(`AT+QURCCFG="urcport",${str(before)}`);
  }
  if (heard.length < 2) return notAsked("the module takes no other urcport");
  const opened = heard.filter((one) => one.opened).length;
  const data = heard.filter((one) => one.data).length;
  if (opened === heard.length && data === heard.length) return known("opening");
  if (opened === 1 && data === 1) return known("urcport");
  return unclear(`+QIOPEN came here with ${opened}, "recv" with ${data} of ${heard.length} ports`);
}

/** Milliseconds without input where the module names no time, and beyond the time that it names. */
const STALL_MS = 12_000;
const STALL_MARGIN_MS = 3_000;
const LONGEST_STALL_SECONDS = 60;

/** The block is held back behind the prompt; unless the module ends it, the server gets it late. */
const sendTimeout = (asker: Asker): Promise<Answer> =>
  connected(asker, async () => {
    const named = parseParameters((await asker.firstLine('AT+QICFG="qisend/timeout"')) ?? "").integer(1);
    if (named !== undefined && named > LONGEST_STALL_SECONDS)
      return notAsked(`it is set to ${named} s, longer than is waited`);
    const holdMs = named === undefined || named === 0 ? STALL_MS : named * 1000 + STALL_MARGIN_MS;
    const over = new AbortController();
    let begun = asker.clock.now();
    async function* source(): AsyncGenerator<Uint8Array> {
      begun = asker.clock.now();
      // A block cannot be cancelled: when the asking is stopped it is filled up at once.
      await delay(asker.clock, holdMs, over.signal, asker.tools.signal).catch(() => undefined);
      yield NOOP;
    }
    const command = sendBlock(ID, NOOP);
    try {
      const sent = await tried(asker, { ...command, payload: { size: NOOP.length, source, prompted: true } });
      asker.goOn();
      const seconds = Math.round((asker.clock.now() - begun) / 1000);
      if (sent === undefined) return known(seconds);
      if (sent === "full") return unclear("SEND FAIL");
      if (named === 0) return known(0);
      return unclear(`not ended within ${holdMs / 1000} s; the time is set to ${named ?? "nothing known"}`);
    } finally {
      over.abort();
    }
  });

/** RFC 5321, 4.5.3.1.4: longest command line. */
const LONGEST_LINE = 512;
/** 87,600 bytes. */
const MOST_BLOCKS = 60;
const BLOCKS_PER_CHECK = 8;
const SIZES = [5840, 20_480, 65_536];

/** NOOP lines that make one whole block. */
function noopBlock(): Buffer {
  const lines: string[] = [];
  for (let rest = LONGEST_SEND; rest > 0; rest -= LONGEST_LINE) {
    const length = Math.min(rest, LONGEST_LINE);
    lines.push(`NOOP ${"x".repeat(length - "NOOP \r\n".length)}\r\n`);
  }
  return Buffer.from(lines.join(""));
}

/**
 * Sends until two blocks in a row get SEND FAIL. What is unacknowledged between them has found room; with another block,
 * when even less was unacknowledged, it did not.
 */
async function sendBuffer(asker: Asker): Promise<Answer> {
  if (asker.tools.fill === undefined) return notAsked("the server may not be sent so much");
  return connected(asker, async () => {
    const block = noopBlock();
    /** Unacknowledged bytes after the last SEND FAIL. */
    let refusedAt: number | undefined;
    let atCheck = 0;
    for (let count = 1; count <= MOST_BLOCKS; count++) {
      const sent = await tried(asker, sendBlock(ID, block));
      if (sent === undefined) return unclear("the connection ended meanwhile");
      if (sent === "full" && refusedAt !== undefined) return sizeOf(asker, refusedAt);
      refusedAt = undefined;
      if (sent === "taken" && count % BLOCKS_PER_CHECK !== 0) continue;
      const counts = await tried(asker, sentCounts(ID));
      if (counts === undefined) return unclear("the module does not tell what is acknowledged");
      const waiting = counts.total - counts.acknowledged;
      if (sent === "full") refusedAt = waiting;
      else if (waiting <= atCheck) return notAsked("the network takes bytes as fast as the line gives them");
      else atCheck = waiting;
    }
    return notAsked(`the buffer is not full after ${MOST_BLOCKS * LONGEST_SEND} bytes`);
  });
}

/** The usual size that fits, or the range. @param taken bytes that the buffer held when it had no room for another block. */
function sizeOf(asker: Asker, taken: number): Answer {
  asker.note(`no room for ${LONGEST_SEND} bytes more with ${taken} unacknowledged`);
  if (taken === 0) return unclear("SEND FAIL though all was acknowledged");
  const size = SIZES.find((one) => one >= taken && one < taken + LONGEST_SEND);
  return known(size ?? `${taken} to ${taken + LONGEST_SEND - 1}`);
}

/** On the wire the end of one direction looks like that of both until something is sent. */
const sendAfterClosed = (asker: Asker): Promise<Answer> =>
  afterClosed(asker, async () => {
    const sent = await tried(asker, sendBlock(ID, NOOP));
    if (sent === undefined) return known("error");
    return sent === "taken" ? known("ok") : unclear("SEND FAIL");
  });

const CLOSE_SECONDS = 5;
const AT_ONCE_MS = 1_000;

/** A server that closes as soon as we do hides it. */
const closeWaits = (asker: Asker): Promise<Answer> =>
  connected(asker, async () => {
    const timeoutMs = closeSocket(ID).timeoutMs + CLOSE_SECONDS * 1000;
    const begun = asker.clock.now();
    const closed = await asker.ask(`AT+QICLOSE=${ID},${CLOSE_SECONDS}`, { timeoutMs });
    if (closed.kind === "refused") return unclear("QICLOSE is refused");
    const ms = asker.clock.now() - begun;
    asker.note(`after ${Math.round(ms)} ms`);
    if (ms >= CLOSE_SECONDS * 1000 - AT_ONCE_MS) return known("peer");
    const isListed = (await stateNumber(asker)) !== undefined;
    return isListed && ms < AT_ONCE_MS
      ? known("at-once")
      : notAsked("the server closes too soon; one that keeps its side open would show it");
  });

export const socketLimitQuestions: readonly Question[] = (
  [
    [
      "socket-urc-port",
      "Do the lines of a socket come to the urcport, or to the port that opened it?",
      { answer: "urcport", mark: "C" },
      ["urcport", "opening"],
      urcPort,
    ],
    [
      "send-timeout",
      "After how many seconds without input does QISEND end, as the module is set now (0: it waits)?",
      { answer: "0", mark: "C" },
      ["0", "5"],
      sendTimeout,
    ],
    [
      "send-buffer",
      "How many bytes may be unacknowledged before QISEND says SEND FAIL?",
      { answer: "20480", mark: "C" },
      ["20480", "5840", "65536"],
      sendBuffer,
    ],
    [
      "send-after-closed",
      'What does QISEND get after "closed"?',
      { answer: "error", mark: "B" },
      ["error", "ok"],
      sendAfterClosed,
    ],
    [
      "close-waits",
      "Does QICLOSE answer when the peer has closed too, or at once?",
      { answer: "peer", mark: "A" },
      ["peer", "at-once"],
      closeWaits,
    ],
  ] as const
).map(([id, asks, expected, variants, ask]): Question => ({
  id,
  asks,
  expected,
  needs: "connect",
  variants,
  transcript: "remark",
  ask,
}));
