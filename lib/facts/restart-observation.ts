/**
 * One restart of the module for all questions about it: marks are set before, and looked at afterwards.
 *
 * What the restart wipes out is put back by the backup.
 */
import { parseParameters } from "../at/command";
import type { Asker, RestartSeen } from "./asker";
import { type Reply, behindKey } from "./forms";

const POLL_MS = 1_000;
const ACCOUNT_ATTEMPTS = 5;
const ACCOUNT_PAUSE_MS = 2_000;
const PDP_CONTEXTS = 16;
const MARK_CONTEXT = 5;

export interface RestartObservation {
  readonly seen: RestartSeen;
  /** Bytes of no text that came with the start; undefined where bytes are not recorded. */
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

const observed = new WeakMap<Asker, Promise<RestartObservation>>();

/** Restarts the module, once for all questions of a run. @param restart see `AskerTools`. */
export function observeRestart(
  asker: Asker,
  restart: () => Promise<RestartSeen>,
): Promise<RestartObservation> {
  const present = observed.get(asker) ?? observe(asker, restart);
  observed.set(asker, present);
  return present;
}

async function observe(asker: Asker, restart: () => Promise<RestartSeen>): Promise<RestartObservation> {
  const marks = [
    await setMark(asker, "AT+QSMTPCFG=", '"sslctxid"', 0, 4),
    await setMark(asker, "AT+QSSLCFG=", `"negotiatetime",${MARK_CONTEXT}`, 298, 299),
  ] as const;
  const definition = await firstDefinition(asker);
  const seen = await restart();
  const noise = noiseIn(asker.tools.recording.received());
  const firstMailCommand = await asker.ask("AT+QSMTPCFG=?");
  const firstApplicationCommand = await asker.ask("AT+CBC");
  // Files, TCP/IP and mail are served by another processor of the module, which may start later.
  await asker.untilServed(POLL_MS);
  await asker.ask("AT+CMEE=1");
  const mailSettings = await lookAt(asker, marks[0]);
  const tlsSettings = await lookAt(asker, marks[1]);
  const contextDefinition = await lookAt(asker, definition);
  return {
    seen,
    noise,
    firstMailCommand,
    firstApplicationCommand,
    mailSettings,
    tlsSettings,
    contextDefinition,
    accountAttempts: await attemptsOfAccount(asker),
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
  asker: Asker,
  command: string,
  key: string,
  one: number,
  other: number,
): Promise<RestartMark | undefined> {
  const query = `${command}${key}`;
  const present = behindKey(await asker.firstLine(query));
  const value = present?.endsWith(String(one)) === true ? other : one;
  if (!(await asker.accepts(`${query},${value}`))) return undefined;
  const answer = await asker.firstLine(query);
  return answer === undefined ? undefined : { query, answer };
}

/** The definition of the first PDP context that has the name of an access point. */
async function firstDefinition(asker: Asker): Promise<RestartMark | undefined> {
  for (let id = 1; id <= PDP_CONTEXTS; id++) {
    const query = `AT+QICSGP=${id}`;
    const answer = await asker.firstLine(query);
    if ((parseParameters(answer ?? "").text(1) ?? "") !== "" && answer !== undefined)
      return { query, answer };
  }
  return undefined;
}

async function lookAt(asker: Asker, mark: RestartMark | undefined): Promise<MarkSeen | undefined> {
  if (mark === undefined) return undefined;
  const after = (await asker.firstLine(mark.query)) ?? "nothing";
  return { fate: after === mark.answer ? "kept" : "lost", before: mark.answer, after };
}

async function attemptsOfAccount(asker: Asker): Promise<number | undefined> {
  if (!asker.mayChangeAccount) return undefined;
  for (let attempt = 1; attempt <= ACCOUNT_ATTEMPTS; attempt++) {
    if (await asker.accepts('AT+QSMTPCFG="account","facts","invented"')) return attempt;
    await asker.wait(ACCOUNT_PAUSE_MS);
  }
  return undefined;
}
