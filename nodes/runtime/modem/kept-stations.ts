/**
 * KeptStations: engine and port of modems whose nodes a deploy is about to replace, for the nodes that come in their
 * place. A change of mail server, password, texts or limits then costs no connection.
 *
 * One is taken only for the same folder and the same settings of connection and network. One that is not taken by the
 * time the flows run again is closed, and the port is free. What sends mails is never kept: it is made anew.
 */
import type { EventEmitter } from "node:events";
import type { Clock } from "../../../lib/clock";
import type { Logger } from "../../../lib/quectel/settings";
import type { ModemSettings } from "../settings/modem-settings";
import type { Station } from "./assembly";

/** Milliseconds that flows may take to run again: Node-RED gives each node 15 s to close. */
const KEEP_MS = 15_000;

export interface KeepOptions {
  /** The folder of the modem. */
  readonly directory: string;
  readonly settings: ModemSettings;
  readonly clock: Clock;
  readonly log: Logger;
  /** Events of the runtime: `flows:started`. */
  readonly events: EventEmitter;
}

interface Kept {
  readonly station: Station;
  /** The settings that a new node has to share. */
  readonly key: string;
  readonly log: Logger;
  /** Ends the waiting for a new node. */
  readonly forget: () => void;
}

/** What `flows:stopping` says of a deploy; all lists are empty where the flows are only stopped. */
export interface FlowsStopping {
  readonly diff?: Readonly<Partial<Record<"added" | "changed" | "removed" | "rewired", readonly string[]>>>;
}

/** Whether the flows run again in a moment. */
export function isDeploy({ diff = {} }: FlowsStopping = {}): boolean {
  const { added = [], changed = [], removed = [], rewired = [] } = diff;
  return [added, changed, removed, rewired].some(({ length }) => length > 0);
}

/** By the folder of the modem. */
const stations = new Map<string, Kept>();
/** Those that are just being closed. */
const closing = new Map<string, Promise<void>>();

/** Keeps a station that is not in use now, if a new node could go on with it; else closes it, which this waits for. */
export async function keepStation(station: Station, options: KeepOptions): Promise<void> {
  const { directory, settings, clock, log, events } = options;
  const { modem } = station;
  // What still holds the lock is not done with the module; a new connection knows how to bring it back.
  if (modem.state.name !== "ready" || modem.lock.held || stations.has(directory)) return station.close();
  const close = (): void => {
    if (stations.get(directory)?.station === station) void closeKept(directory);
  };
  const timer = clock.after(KEEP_MS, close);
  const forget = (): void => {
    timer.clear();
    events.off("flows:started", close);
  };
  events.on("flows:started", close);
  stations.set(directory, { station, key: keyOf(settings), log, forget });
}

/** The station that was kept for a node with these settings; one that was kept for others is closed. */
export function takeStation(directory: string, settings: ModemSettings): Station | undefined {
  const kept = stations.get(directory);
  if (kept === undefined) return undefined;
  if (kept.key !== keyOf(settings)) {
    void closeKept(directory);
    return undefined;
  }
  stations.delete(directory);
  kept.forget();
  return kept.station;
}

/** Resolves when no station of this folder is being closed. Never rejects. */
export async function stationClosed(directory: string): Promise<void> {
  await closing.get(directory);
}

async function closeKept(directory: string): Promise<void> {
  const kept = stations.get(directory);
  if (kept === undefined) return;
  stations.delete(directory);
  kept.forget();
  const closed = kept.station
    .close()
    .catch((error: unknown) => kept.log.error(`the modem did not close cleanly: ${String(error)}`));
  closing.set(directory, closed);
  await closed;
  closing.delete(directory);
}

function keyOf({ connection, network }: ModemSettings): string {
  return JSON.stringify([connection, network]);
}
