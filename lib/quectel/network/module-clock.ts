/**
 * ModuleClock: the module checks the dates of certificates by its own clock, which may never have been set.
 *
 * Where the right time may come from, in this order: the network (QLTS), a time server (QNTP), the host. The host is
 * last, because a gateway without a battery clock may be wrong by years itself.
 */
import type { Command } from "../../at/command";
import { PACKAGE_DATE } from "../../clock";
import { ModemError } from "../../errors";
import { clock, networkTime, setClock } from "../commands/clock";
import { ifRefused, type Execute } from "../execute";
import { timeFromServer } from "./lookups";
import type { Modem } from "../connection/modem";

/** A clock that shows a time outside of this was never set: modules show 1980 (as `80`), 2000 or 2008 then. */
const EARLIEST = Date.UTC(2024, 0, 1);
const LATEST = Date.UTC(2070, 0, 1);
/** Differences up to a day do not matter to certificates; they also cover clocks that show local time as UTC. */
const TOLERANCE_MS = 24 * 3600_000;
/** Clocks kept right drift slowly. */
const TRUST_TIME_MS = 12 * 3600_000;

const TIME_SERVERS = ["pool.ntp.org", "time.google.com"] as const;

/** Where a time came from. */
export type TimeSource = "module" | "network" | "timeServer" | "host";

const SOURCE_NAMES: Readonly<Record<Exclude<TimeSource, "module">, string>> = {
  network: "the network",
  timeServer: "a time server",
  host: "the host",
};

export interface ClockStatus {
  /** What the module shows, ms since 1970; undefined when it cannot tell. */
  readonly time: number | undefined;
  /** False before 2024, more than a day off the network's time, or more than a day behind the host. */
  readonly plausible: boolean;
  /** The time that the network has sent, ms since 1970; undefined where it has sent none. */
  readonly network: number | undefined;
}

export class ModuleClock {
  private trusted: { readonly epoch: number; readonly until: number } | undefined;

  constructor(
    private readonly modem: Modem,
    private readonly contextId: number,
  ) {}

  /** Asks and changes nothing. */
  async status(signal?: AbortSignal): Promise<ClockStatus> {
    const execute = this.executor(signal);
    const time = await shownTime(execute);
    const network = await timeOfNetwork(execute);
    return { time, plausible: this.isPlausible(time, network), network };
  }

  /** The time that the network has sent, ms since 1970; undefined where it has sent none, or nonsense. Changes nothing. */
  network(signal?: AbortSignal): Promise<number | undefined> {
    return timeOfNetwork(this.executor(signal));
  }

  /**
   * Sets the clock where it is wrong; the PDP context must be active, because a time server may be asked.
   *
   * Asks nothing again for 12 hours. Resolves with where the right time came from; rejects with `NETWORK_CLOCK` when
   * it was unknown, or what ended the dialogue.
   */
  async ensure(signal?: AbortSignal): Promise<TimeSource> {
    const { modem } = this;
    if (this.trusted?.epoch === modem.epoch && modem.clock.now() < this.trusted.until) return "module";
    const source = await this.correct(signal);
    this.trusted = { epoch: modem.epoch, until: modem.clock.now() + TRUST_TIME_MS };
    if (source !== "module")
      modem.log.info(`the module's clock was wrong and has been set from ${SOURCE_NAMES[source]}`);
    return source;
  }

  private async correct(signal: AbortSignal | undefined): Promise<TimeSource> {
    const execute = this.executor(signal);
    const network = await timeOfNetwork(execute);
    if (this.isPlausible(await shownTime(execute), network)) return "module";
    if (network !== undefined && (await set(execute, network))) return "network";
    if (await this.setByServers(execute, signal)) return "timeServer";
    const host = this.hostTime();
    if (host !== undefined && (await set(execute, host))) return "host";
    throw new ModemError(
      "NETWORK_CLOCK",
      host === undefined ? { detail: "the host's clock is wrong too" } : {},
    );
  }

  /** False when no server has set the clock. A network that lets no question through costs the time of one only. */
  private async setByServers(execute: Execute, signal: AbortSignal | undefined): Promise<boolean> {
    for (const server of TIME_SERVERS) {
      const asking = timeFromServer(this.modem, this.contextId, server, signal);
      const time = await ifRefused<number | "failed" | "silent">(asking, async () => "failed");
      if (time === "silent") return false;
      if (time === "failed" || !isSet(time)) continue;
      if (isNear(await shownTime(execute), time) || (await set(execute, time))) return true;
    }
    return false;
  }

  /**
   * Where the network is silent, the later of two clocks is believed: a clock that stood still, as that of a gateway
   * without battery or of a module after a loss of power, is behind, hardly ever ahead.
   */
  private isPlausible(time: number | undefined, network: number | undefined): boolean {
    if (time === undefined || !isSet(time)) return false;
    return network === undefined ? time >= (this.hostTime() ?? time) - TOLERANCE_MS : isNear(time, network);
  }

  /** Undefined while the host's own clock is wrong. */
  private hostTime(): number | undefined {
    const time = this.modem.clock.wall();
    return time < PACKAGE_DATE ? undefined : time;
  }

  private executor(signal: AbortSignal | undefined): Execute {
    const options = signal === undefined ? {} : { signal };
    return <T>(command: Command<T>) => this.modem.execute(command, options);
  }
}

function isSet(time: number): boolean {
  return time >= EARLIEST && time < LATEST;
}

function isNear(time: number | undefined, right: number): boolean {
  return time !== undefined && Math.abs(time - right) <= TOLERANCE_MS;
}

/** Sets the clock; true when the module then shows the time. */
async function set(execute: Execute, time: number): Promise<boolean> {
  await ifRefused(execute(setClock(time)), async () => undefined);
  return isNear(await shownTime(execute), time);
}

function shownTime(execute: Execute): Promise<number | undefined> {
  return ifRefused(execute(clock()), async () => undefined);
}

/** What the network says, unless it says nonsense. */
async function timeOfNetwork(execute: Execute): Promise<number | undefined> {
  const time = await ifRefused(execute(networkTime()), async () => undefined);
  return time === undefined || !isSet(time) ? undefined : time;
}
