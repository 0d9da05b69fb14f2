/** How questions about TCP sockets open a connection, wait for its lines, and close it again. */
import { headerOf, parseParameters, type Command, type Parameters } from "../at/command";
import type { Waiter } from "../at/waiters";
import { isModemError } from "../errors";
import {
  closeSocket,
  openSocket,
  readOpened,
  readSocketNews,
  sendBlock,
  socketInfo,
  SOCKET_IDS,
  type SocketNews,
  type SocketTarget,
} from "../quectel/commands/sockets";
import { isRefusal } from "../quectel/execute";
import type { Bench } from "./bench";
import { publicLine } from "./public-lines";
import { notAsked, type Answer } from "./question";

/** The highest id, which other programs hardly use. */
export const ID = SOCKET_IDS - 1;
/** Milliseconds for the result of an open, and for a line of the server. */
export const OPEN_MS = 150_000;
export const LINE_MS = 15_000;
/** Milliseconds for a line that should not come. */
export const QUIET_MS = 4_000;
const POLL_MS = 500;
/** A module may have answered QICLOSE before the connection has ended; that takes it so many polls at most. */
const CLOSE_POLLS = 30;

/** All that a mail server is told, but for blocks that fill a buffer. */
export const NOOP = Buffer.from("NOOP\r\n");
const QUIT = Buffer.from("QUIT\r\n");

/** What came of a QIOPEN: the number of its result line, or ERROR. */
export type Opened = number | "ERROR" | "nothing";

/** The outcome of a command, or undefined where the module refuses it. */
export async function tried<T>(bench: Bench, command: Command<T>): Promise<T | undefined> {
  bench.goOn();
  try {
    const value = await bench.execute(command);
    bench.note(`${command.line} -> OK`);
    return value;
  } catch (error) {
    if (!isModemError(error) || !isRefusal(error)) throw error;
    bench.note(`${command.line} -> ERROR`);
    return undefined;
  }
}

const NOTHING_ASKED: ReadonlySet<string> = new Set();

/** The line waited for, or undefined after `ms` milliseconds. */
export async function lineOf(bench: Bench, waiter: Waiter, ms: number): Promise<string | undefined> {
  waiter.start(ms);
  try {
    const line = await waiter.promise;
    bench.note(publicLine(line, NOTHING_ASKED));
    return line;
  } catch (error) {
    if (isModemError(error, "MODEM_TIMEOUT")) return undefined;
    throw error;
  }
}

/** Opens a connection with the id of the questions. */
export async function open(bench: Bench, target: SocketTarget): Promise<Opened> {
  const result = bench.module.expect((line) => readOpened(line, ID) !== undefined);
  try {
    const accepted = await tried(
      bench,
      mapped(openSocket(ID, target), () => true),
    );
    if (accepted === undefined) return "ERROR";
    return readOpened((await lineOf(bench, result, OPEN_MS)) ?? "", ID) ?? "nothing";
  } finally {
    result.cancel();
  }
}

function mapped<T>(command: Command<unknown>, make: () => T): Command<T> {
  return { ...command, parse: make };
}

/** Tells a line with such news of the socket. */
export const newsOf =
  (news: SocketNews) =>
  (line: string): boolean => {
    const heard = readSocketNews(line);
    return heard?.id === ID && heard.news === news;
  };

/** True when the module knows QIOPEN. */
export async function hasSockets(bench: Bench): Promise<boolean> {
  return bench.knows("AT+QIOPEN=?");
}

/** Numbers of the active PDP contexts. */
export async function activeContexts(bench: Bench): Promise<readonly (number | undefined)[]> {
  const reply = await bench.ask("AT+QIACT?");
  const contexts = reply.kind === "ok" ? reply.lines.map((line) => parseParameters(line)) : [];
  bench.tools.recording.hide(contexts.flatMap((context) => [context.text(3) ?? "", context.text(4) ?? ""]));
  return contexts.filter((context) => context.integer(1) === 1).map((context) => context.integer(0));
}

/** The server to connect to, or why nothing can be asked about it. */
export async function targetOf(bench: Bench): Promise<SocketTarget | Answer> {
  const { connect, recording } = bench.tools;
  if (connect === undefined) return notAsked("no connection may be opened");
  recording.hide([connect.host]);
  if (!(await hasSockets(bench))) return notAsked("the module knows no sockets");
  if (!(await activeContexts(bench)).includes(connect.contextId))
    return notAsked("its PDP context is not active");
  const used = await tried(
    bench,
    mapped(socketInfo(ID), () => true),
  );
  if (used === undefined) return notAsked("the module does not tell which sockets there are");
  return connect;
}

/** Closes the socket of the questions, whatever is left of it, and waits until its id is free. */
export async function close(bench: Bench): Promise<void> {
  await bench.tidy(closeSocket(ID).line, { timeout: closeSocket(ID).timeout });
  for (let poll = 0; poll < CLOSE_POLLS; poll++) {
    const states = await bench.tidy(`AT+QISTATE=1,${ID}`);
    if (states.kind === "refused" || !states.lines.some(isOurState)) return;
    await bench.rest(POLL_MS);
  }
}

interface Connection {
  /** The line that said that the greeting waits. */
  readonly arrival: string;
}

/** Connects, waits for the greeting, and asks; the connection is closed afterwards. */
export async function connected(
  bench: Bench,
  ask: (connection: Connection) => Promise<Answer>,
): Promise<Answer> {
  const target = await targetOf(bench);
  if ("kind" in target) return target;
  const arrived = bench.module.expect(newsOf("data"));
  try {
    const opened = await open(bench, target);
    if (opened !== 0) return notAsked(`the server cannot be connected to (${opened})`);
    const arrival = await lineOf(bench, arrived, LINE_MS);
    return arrival === undefined ? notAsked("the server does not greet") : await ask({ arrival });
  } finally {
    arrived.cancel();
    await close(bench);
  }
}

/** As `connected`, and has the server close the connection before it asks. */
export function afterClosed(bench: Bench, ask: () => Promise<Answer>): Promise<Answer> {
  return connected(bench, async () => {
    const closed = bench.module.expect(newsOf("closed"));
    try {
      await tried(bench, sendBlock(ID, QUIT));
      if ((await lineOf(bench, closed, LINE_MS)) === undefined) return notAsked("the server does not close");
      return await ask();
    } finally {
      closed.cancel();
    }
  });
}

/** Asks again and again until it holds. @returns false when it does not within `ms` milliseconds. */
export async function until(bench: Bench, holds: () => Promise<boolean>, ms: number): Promise<boolean> {
  for (const end = bench.clock.now() + ms; !(await holds()); await bench.wait(POLL_MS)) {
    if (bench.clock.now() > end) return false;
  }
  return true;
}

/** The state that QISTATE tells of the socket of the questions; undefined when it does not name it. */
export async function stateNumber(bench: Bench): Promise<number | undefined> {
  const states = await tried(bench, rawStates());
  return states?.find((parameters) => parameters.integer(0) === ID)?.integer(5);
}

/** The socket lines of QISTATE, as they come. */
export function rawStates(): Command<readonly Parameters[]> {
  return {
    ...socketInfo(ID),
    parse: ({ lines }) => lines.filter(isState).map((line) => parseParameters(line)),
  };
}

const isState = (line: string): boolean => headerOf(line) === "+QISTATE";
const isOurState = (line: string): boolean => isState(line) && parseParameters(line).integer(0) === ID;
