/**
 * One restart of the module for all questions about it: marks are set before, and looked at afterwards.
 *
 * What the restart wipes out is put back by the keeper.
 */
import { parseParameters } from "../at/command";
import type { Bench, RestartSeen } from "./bench";
import { type Reply, behindKey } from "./forms";

const SERVED_POLLS = 60;
const POLL_MS = 1_000;
const ACCOUNT_ATTEMPTS = 5;
const ACCOUNT_PAUSE_MS = 2_000;
const PDP_CONTEXTS = 16;
const MARK_CONTEXT = 5;

export interface RestartObservation {
  readonly seen: RestartSeen;
  /** Bytes of no text that came with the start; undefined where nobody records bytes. */
  readonly noise: "absent" | "nul" | undefined;
  /** First answer to a mail command after the first OK. */
  readonly firstMailCommand: Reply;
  /** The answer to the first command of the application processor. */
  readonly firstApplicationCommand: Reply;
  /** Attempts until the account was taken; undefined: not tried, or never. */
  readonly accountAttempts: number | undefined;
  /** What became of settings; undefined where the mark could not be set. */
  readonly mailSettings: MarkSeen | undefined;
  readonly tlsSettings: MarkSeen | undefined;
  /** Undefined where no context has a name of an access point. */
  readonly contextDefinition: MarkSeen | undefined;
}

/** A setting before and after the restart. */
export interface MarkSeen {
  readonly fate: "kept" | "lost";
  /** Its answer before. */
  readonly before: string;
  readonly after: string;
}

const observed = new WeakMap<Bench, Promise<RestartObservation>>();

/** Restarts the module, once for all questions of a run. @param restart see `BenchTools`. */
export function observeRestart(
  bench: Bench,
  restart: () => Promise<RestartSeen>,
): Promise<RestartObservation> {
  const present = observed.get(bench) ?? observe(bench, restart);
  observed.set(bench, present);
  return present;
}

async function observe(bench: Bench, restart: () => Promise<RestartSeen>): Promise<RestartObservation> {
  const marks = [
    await setMark(bench, "AT+QSMTPCFG=", '"sslctxid"', 0, 4),
    await setMark(bench, "AT+QSSLCFG=", `"negotiatetime",${MARK_CONTEXT}`, 298, 299),
  ] as const;
  const definition = await firstDefinition(bench);
  const seen = await restart();
  const noise = noiseIn(bench.tools.recording.received());
  const firstMailCommand = await bench.ask("AT+QSMTPCFG=?");
  const firstApplicationCommand = await bench.ask("AT+CBC");
  await untilServed(bench);
  await bench.ask("AT+CMEE=1");
  const mailSettings = await lookAt(bench, marks[0]);
  const tlsSettings = await lookAt(bench, marks[1]);
  const contextDefinition = await lookAt(bench, definition);
  return {
    seen,
    noise,
    firstMailCommand,
    firstApplicationCommand,
    mailSettings,
    tlsSettings,
    contextDefinition,
    accountAttempts: await attemptsOfAccount(bench),
  };
}

function noiseIn(received: string | undefined): RestartObservation["noise"] {
  if (received === undefined) return undefined;
  return received.includes("\0") ? "nul" : "absent";
}

interface RestartMark {
  readonly query: string;
  readonly answer: string;
}

/** Gives a setting one of two values, the one that it does not have. */
async function setMark(
  bench: Bench,
  command: string,
  key: string,
  one: number,
  other: number,
): Promise<RestartMark | undefined> {
  const query = `${command}${key}`;
  const present = behindKey(await bench.firstLine(query));
  const value = present?.endsWith(String(one)) === true ? other : one;
  if (!(await bench.accepts(`${query},${value}`))) return undefined;
  const answer = await bench.firstLine(query);
  return answer === undefined ? undefined : { query, answer };
}

/** The definition of the first PDP context that has the name of an access point. */
async function firstDefinition(bench: Bench): Promise<RestartMark | undefined> {
  for (let id = 1; id <= PDP_CONTEXTS; id++) {
    const query = `AT+QICSGP=${id}`;
    const answer = await bench.firstLine(query);
    if ((parseParameters(answer ?? "").text(1) ?? "") !== "" && answer !== undefined)
      return { query, answer };
  }
  return undefined;
}

async function lookAt(bench: Bench, mark: RestartMark | undefined): Promise<MarkSeen | undefined> {
  if (mark === undefined) return undefined;
  const after = (await bench.firstLine(mark.query)) ?? "nothing";
  return { fate: after === mark.answer ? "kept" : "lost", before: mark.answer, after };
}

/** Files, TCP/IP and mail are served by another processor of the module, which may start later. */
async function untilServed(bench: Bench): Promise<void> {
  for (let poll = 0; poll < SERVED_POLLS; poll++) {
    if (await bench.accepts("AT+QSMTPCFG=?")) return;
    await bench.wait(POLL_MS);
  }
}

async function attemptsOfAccount(bench: Bench): Promise<number | undefined> {
  if (!bench.mayChangeAccount) return undefined;
  for (let attempt = 1; attempt <= ACCOUNT_ATTEMPTS; attempt++) {
    if (await bench.accepts('AT+QSMTPCFG="account","facts","invented"')) return attempt;
    await bench.wait(ACCOUNT_PAUSE_MS);
  }
  return undefined;
}
