/** Lookups over an active PDP context: name, ping, time. They wait for the lines that follow the OK. */
import type { Command } from "../../at/command";
import type { Waiter } from "../../at/channel";
import { isModemError, ModemError } from "../../errors";
import {
  askTimeServer,
  pingHost,
  readPingTotal,
  readResolveLine,
  readTimeServerLine,
  resolveHost,
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

/** The first address of `host`. Rejects with `SMTP_DNS_FAILED` when there is none. */
export async function addressOf(
  modem: LookupModem,
  contextId: number,
  host: string,
  signal?: AbortSignal,
): Promise<string> {
  const address = modem.expect((line) => readResolveLine(line)?.kind === "address");
  try {
    const said = await ask(modem, resolveHost(contextId, host), RESOLVE_TIME_MS, readResolveLine, signal);
    address.start(ADDRESS_TIME_MS);
    const found = said?.kind === "result" && said.error === 0 ? await lineOf(address, readResolveLine) : said;
    if (found?.kind !== "address") throw new ModemError("SMTP_DNS_FAILED", { detail: host });
    return found.address;
  } finally {
    address.cancel();
  }
}

/** Number of pings that came back, of two. Many servers and operators let none pass. */
export async function repliesToPing(
  modem: LookupModem,
  contextId: number,
  host: string,
  signal?: AbortSignal,
): Promise<number> {
  const command = pingHost(contextId, host, PING.seconds, PING.count);
  return (await ask(modem, command, PING.allMs, readPingTotal, signal)) ?? 0;
}

/** Sets the module's clock by a time server: ms since 1970, `failed` when it says no, `silent` when nothing came. */
export async function timeFromServer(
  modem: LookupModem,
  contextId: number,
  host: string,
  signal?: AbortSignal,
): Promise<number | "failed" | "silent"> {
  const command = askTimeServer(contextId, host);
  return (await ask(modem, command, TIME_SERVER_TIME_MS, readTimeServerLine, signal)) ?? "silent";
}

/** Executes a command; the first line after it that `read` understands, or undefined when none came in time. */
async function ask<T>(
  modem: LookupModem,
  command: Command<void>,
  ms: number,
  read: (line: string) => T | undefined,
  signal: AbortSignal | undefined,
): Promise<T | undefined> {
  const waiter = modem.expect((line) => read(line) !== undefined);
  const cancel = (): void => waiter.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    await modem.execute(command, signal === undefined ? {} : { signal });
    waiter.start(ms);
    return await lineOf(waiter, read);
  } finally {
    signal?.removeEventListener("abort", cancel);
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
