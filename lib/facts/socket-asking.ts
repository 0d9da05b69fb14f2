/** How questions about TCP sockets open a connection, wait for its lines, and close it again. */
import { headerOf, parseParameters, type Command, type Parameters } from "../at/command";
import type { Waiter } from "../at/channel";
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
import type { Asker } from "./asker";
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
export async function tried<T>(asker: Asker, command: Command<T>): Promise<T | undefined> {
  asker.goOn();
  try {
    const value = await asker.execute(command);
    asker.note(`${command.line} -> OK`);
    return value;
  } catch (error) {
    if (!isModemError(error) || !isRefusal(error)) throw error;
    asker.note(`${command.line} -> ERROR`);
    return undefined;
  }
}

const NOTHING_ASKED: ReadonlySet<string> = new Set();

/** The line waited for, or undefined after `ms` milliseconds. */
export async function lineOf(asker: Asker, waiter: Waiter, ms: number): Promise<string | undefined> {
  waiter.start(ms);
  try {
    const line = await waiter.promise;
    asker.note(publicLine(line, NOTHING_ASKED));
    return line;
  } catch (error) {
    if (isModemError(error, "MODEM_TIMEOUT")) return undefined;
    throw error;
  }
}

/** Opens a connection with the id of the questions. */
export async function open(asker: Asker, target: SocketTarget): Promise<Opened> {
  const result = asker.module.expect((line) => readOpened(line, ID) !== undefined);
  try {
    const accepted = await tried(
      asker,
      mapped(openSocket(ID, target), () => true),
    );
    if (accepted === undefined) return "ERROR";
    return readOpened((await lineOf(asker, result, OPEN_MS)) ?? "", ID) ?? "nothing";
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
export async function hasSockets(asker: Asker): Promise<boolean> {
  return asker.knows("AT+QIOPEN=?");
}

/** Numbers of the active PDP contexts. */
export async function activeContexts(asker: Asker): Promise<readonly (number | undefined)[]> {
  const reply = await asker.ask("AT+QIACT?");
  const contexts = reply.kind === "ok" ? reply.lines.map((line) => parseParameters(line)) : [];
  asker.tools.recording.hide(contexts.flatMap((context) => [context.text(3) ?? "", context.text(4) ?? ""]));
  return contexts.filter((context) => context.integer(1) === 1).map((context) => context.integer(0));
}

/** Why no connection can be opened over a context; undefined where one can. */
export async function connectionObstacle(asker: Asker, contextId: number): Promise<Answer | undefined> {
  if (!(await hasSockets(asker))) return notAsked("the module knows no sockets");
  const isActive = (await activeContexts(asker)).includes(contextId);
  return isActive ? undefined : notAsked("its PDP context is not active");
}

/** The server to connect to, or why nothing can be asked about it. */
export async function targetOf(asker: Asker): Promise<SocketTarget | Answer> {
  const { connect, recording } = asker.tools;
  if (connect === undefined) return notAsked("no connection may be opened");
  recording.hide([connect.host]);
  const obstacle = await connectionObstacle(asker, connect.contextId);
  if (obstacle !== undefined) return obstacle;
  const used = await tried(
    asker,
    mapped(socketInfo(ID), () => true),
  );
  if (used === undefined) return notAsked("the module does not tell which sockets there are");
  return connect;
}

/** Closes the socket of the questions, whatever is left of it, and waits until its id is free. */
export async function close(asker: Asker): Promise<void> {
  await asker.tidy(closeSocket(ID).line, { timeoutMs: closeSocket(ID).timeoutMs });
  for (let poll = 0; poll < CLOSE_POLLS; poll++) {
    const states = await asker.tidy(`AT+QISTATE=1,${ID}`);
    if (states.kind === "refused" || !states.lines.some(isOurState)) return;
    await asker.rest(POLL_MS);
  }
}

interface Connection {
  /** The line that said that the greeting waits. */
  readonly arrival: string;
}

/** Connects, waits for the greeting, and asks; the connection is closed afterwards. */
export async function connected(
  asker: Asker,
  ask: (connection: Connection) => Promise<Answer>,
): Promise<Answer> {
  const target = await targetOf(asker);
  return "kind" in target ? target : connectedTo(asker, target, ask);
}

/** As `connected`, to a server to which there is no `connectionObstacle`. */
export async function connectedTo<T>(
  asker: Asker,
  target: SocketTarget,
  ask: (connection: Connection) => Promise<T>,
): Promise<T | Answer> {
  const arrived = asker.module.expect(newsOf("data"));
  try {
    const opened = await open(asker, target);
    if (opened !== 0) return notAsked(`the server cannot be connected to (${opened})`);
    const arrival = await lineOf(asker, arrived, LINE_MS);
    return arrival === undefined ? notAsked("the server does not greet") : await ask({ arrival });
  } finally {
    arrived.cancel();
    await close(asker);
  }
}

/** Sends a line to the server. @returns true when the module says within `ms` milliseconds that data wait */
export async function saysRecv(asker: Asker, ms: number, line = NOOP): Promise<boolean> {
  const again = asker.module.expect(newsOf("data"));
  try {
    await tried(asker, sendBlock(ID, line));
    return (await lineOf(asker, again, ms)) !== undefined;
  } finally {
    again.cancel();
  }
}

/** As `connected`, and has the server close the connection before it asks. */
export function afterClosed(asker: Asker, ask: () => Promise<Answer>): Promise<Answer> {
  return connected(asker, async () => {
    const closed = asker.module.expect(newsOf("closed"));
    try {
      await tried(asker, sendBlock(ID, QUIT));
      if ((await lineOf(asker, closed, LINE_MS)) === undefined) return notAsked("the server does not close");
      return await ask();
    } finally {
      closed.cancel();
    }
  });
}

/** Asks repeatedly until it holds. @returns false when it does not within `ms` milliseconds. */
export async function until(asker: Asker, holds: () => Promise<boolean>, ms: number): Promise<boolean> {
  for (const end = asker.clock.now() + ms; !(await holds()); await asker.wait(POLL_MS)) {
    if (asker.clock.now() > end) return false;
  }
  return true;
}

/** The state that QISTATE tells of the socket of the questions; undefined when it does not name it. */
export async function stateNumber(asker: Asker): Promise<number | undefined> {
  const states = await tried(asker, rawStates());
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
