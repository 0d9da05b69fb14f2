/**
 * For tests of servers that say nothing: lets a virtual clock run on although work on a real socket has not settled.
 *
 * A virtual clock stands still while real work is under way, so a server that never answers would stop it for ever.
 */
import type { VirtualClock } from "./virtual-clock";

/**
 * Makes a `busy` that holds `clock` until the work settles or the host has waited `realMs` for it.
 *
 * Use it only where a server stays silent on purpose; otherwise a slow host would look like a silent server.
 */
export function allowSilence(clock: VirtualClock, realMs = 150): <T>(work: Promise<T>) => Promise<T> {
  return (work) => {
    const patience = new Promise<void>((resolve) => setTimeout(resolve, realMs));
    void clock.busy(Promise.race([work.then(noop, noop), patience]));
    return work;
  };
}

function noop(): void {}
