/**
 * Lookups over an active PDP context: name, ping, time. They wait for the lines that follow the OK.
 *
 * No such line names what was asked for, so one lookup of a kind runs at a time at a modem, whoever asks; one that its
 * caller has left goes on until its lines have come or their time is over, else they would answer the next. One that
 * was left before its command was written ends at once: the module never hears of it.
 */
import type { Command } from "../../at/command";
import type { ExecuteOptions, Waiter } from "../../at/channel";
import { Semaphore } from "../../async";
import { isModemError, ModemError } from "../../errors";
import {
  askTimeServer,
  pingHost,
  readPingTotal,
  readResolveLine,
  readTimeServerLine,
  resolveHost,
  type ResolveLine,
} from "../commands/services";
import type { Modem } from "../connection/modem";

export type LookupModem = Pick<Modem, "execute" | "expect">;

/** Longest times for the lines, in milliseconds: 60 s and 125 s in the manual. */
const RESOLVE_TIME_MS = 60_000;
const TIME_SERVER_TIME_MS = 125_000;
/** The address follows its announcement at once. */
const ADDRESS_TIME_MS = 5_000;
/** For a single ping, their number, and for all. */
const PING = { seconds: 5, count: 2, allMs: 30_000 } as const;

/** The first address of `host`. Rejects with `SMTP_DNS_FAILED` when there is none, or with `MODEM_ABORTED`. */
export async function addressOf(
  modem: LookupModem,
  contextId: number,
  host: string,
  signal?: AbortSignal,
): Promise<string> {
  return alone("name", modem, signal, async (leave, options) => {
    const isLast = lastOfAnswer();
    const last = modem.expect((line) => isLast(readResolveLine(line)));
    last.promise.then(leave, leave);
    const address = modem.expect((line) => readResolveLine(line)?.kind === "address");
    try {
      const command = resolveHost(contextId, host);
      const said = await ask(modem, command, RESOLVE_TIME_MS, readResolveLine, options);
      address.start(ADDRESS_TIME_MS);
      const found =
        said?.kind === "result" && said.error === 0 ? await lineOf(address, readResolveLine) : said;
      if (found?.kind !== "address") throw new ModemError("SMTP_DNS_FAILED", { detail: host });
      // The caller has what it needs; further addresses of this name are none of the next.
      last.start(ADDRESS_TIME_MS);
      return found.address;
    } catch (error) {
      last.cancel();
      throw error;
    } finally {
      address.cancel();
    }
  });
}

/** True for the line that ends the answer to a QIDNSGIP, once it was shown those before it. */
function lastOfAnswer(): (line: ResolveLine | undefined) => boolean {
  let addresses = 0;
  let count = Infinity;
  return (line) => {
    if (line === undefined) return false;
    if (line.kind === "address") addresses++;
    else count = line.error === 0 ? line.count : 0;
    return addresses >= count;
  };
}

/** Number of pings that came back, of two. Many servers and operators let none pass. */
export async function repliesToPing(
  modem: LookupModem,
  contextId: number,
  host: string,
  signal?: AbortSignal,
): Promise<number> {
  const command = pingHost(contextId, host, PING.seconds, PING.count);
  return (await askAlone("ping", modem, command, PING.allMs, readPingTotal, signal)) ?? 0;
}

/** Sets the module's clock by a time server: ms since 1970, `failed` when it says no, `silent` when nothing came. */
export async function timeFromServer(
  modem: LookupModem,
  contextId: number,
  host: string,
  signal?: AbortSignal,
): Promise<number | "failed" | "silent"> {
  const command = askTimeServer(contextId, host);
  return (
    (await askAlone("time", modem, command, TIME_SERVER_TIME_MS, readTimeServerLine, signal)) ?? "silent"
  );
}

type Kind = "name" | "ping" | "time";

/** A time server that never answers keeps no name waiting. */
const turns: Readonly<Record<Kind, WeakMap<LookupModem, Semaphore>>> = {
  name: new WeakMap(),
  ping: new WeakMap(),
  time: new WeakMap(),
};

/**
 * Does `work` while no other lookup of the kind runs at the modem; unless it rejects, it calls `leave` when no line of its answer can
 * come any more. Rejects with `MODEM_ABORTED` when its signal is aborted; the work then goes on if its command, which
 * is to be executed with `options`, has been written, else the command is removed from the queue.
 */
async function alone<T>(
  kind: Kind,
  modem: LookupModem,
  signal: AbortSignal | undefined,
  work: (leave: () => void, options: ExecuteOptions) => Promise<T>,
): Promise<T> {
  const turn = turns[kind].get(modem) ?? new Semaphore();
  turns[kind].set(modem, turn);
  const aborted = (): ModemError => new ModemError("MODEM_ABORTED", { cause: signal?.reason });
  const leave = await turn.acquire(signal).catch(() => Promise.reject(aborted()));
  if (signal?.aborted === true) {
    leave();
    throw aborted();
  }
  const unwritten = new AbortController();
  let isWritten = false;
  const onStart = (): void => {
    isWritten = true;
  };
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(aborted());
      if (!isWritten) unwritten.abort(signal?.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    work(leave, { signal: unwritten.signal, onStart })
      .then(resolve, (error: unknown) => {
        leave();
        reject(error);
      })
      .finally(() => signal?.removeEventListener("abort", onAbort));
  });
}

/** The same for a command whose answer is one line. */
function askAlone<T>(
  kind: Kind,
  modem: LookupModem,
  command: Command<void>,
  ms: number,
  read: (line: string) => T | undefined,
  signal: AbortSignal | undefined,
): Promise<T | undefined> {
  return alone(kind, modem, signal, async (leave, options) => {
    const said = await ask(modem, command, ms, read, options);
    leave();
    return said;
  });
}

/** Executes a command; the first line after it that `read` understands, or undefined when none came in time. */
async function ask<T>(
  modem: LookupModem,
  command: Command<void>,
  ms: number,
  read: (line: string) => T | undefined,
  options: ExecuteOptions,
): Promise<T | undefined> {
  const waiter = modem.expect((line) => read(line) !== undefined);
  try {
    await modem.execute(command, options);
    waiter.start(ms);
    return await lineOf(waiter, read);
  } finally {
    waiter.cancel();
  }
}

/** What `read` makes of the awaited line; undefined when its time ran out. */
async function lineOf<T>(waiter: Waiter, read: (line: string) => T | undefined): Promise<T | undefined> {
  try {
    return read(await waiter.promise);
  } catch (error) {
    if (isModemError(error, "MODEM_TIMEOUT")) return undefined;
    throw error;
  }
}
