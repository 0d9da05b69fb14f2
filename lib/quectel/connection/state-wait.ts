/** Waiting for a state of the modem, and for the end of an attempt to connect: it answers, or it is known why not. */
import { delay, type Clock } from "../../clock";
import type { ModemState } from "./modem-state";

/** What tells when the state has changed. */
interface StateSource {
  on(event: "state", listener: () => void): unknown;
  off(event: "state", listener: () => void): unknown;
}

/**
 * Resolves when `condition` holds, now or after a change of state. Rejects with what it throws, or with the signal's
 * reason when aborted before.
 */
export async function stateWhere(
  modem: StateSource,
  condition: () => boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  if (condition()) return;
  await new Promise<void>((resolve, reject) => {
    const end = (): void => {
      modem.off("state", onState);
      signal?.removeEventListener("abort", onAbort);
    };
    const onState = (): void => {
      try {
        if (!condition()) return;
        resolve();
      } catch (error) {
        reject(error);
      }
      end();
    };
    const onAbort = (): void => {
      end();
      reject(signal?.reason);
    };
    modem.on("state", onState);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Milliseconds that each attempt is waited for; enough to ask for the line rate too. */
const CONNECT_TIME_MS = 45_000;

/**
 * Resolves when the modem is connected, or `attempts` to connect have failed, or after 45 s for each of them. Rejects
 * only with the reason of `signal`.
 */
export async function settled(
  modem: StateSource & { readonly clock: Clock; readonly state: ModemState },
  signal: AbortSignal | undefined,
  attempts = 1,
): Promise<void> {
  const done = new AbortController();
  let left = attempts;
  const look = (): void => {
    const { state } = modem;
    if (state.name === "offline" && state.error !== undefined) left--;
    const isOpen = state.name === "connecting" || (state.name === "offline" && left > 0);
    if (!isOpen) done.abort();
  };
  modem.on("state", look);
  look();
  try {
    await delay(modem.clock, CONNECT_TIME_MS * attempts, done.signal, signal).catch(() =>
      signal?.throwIfAborted(),
    );
  } finally {
    modem.off("state", look);
  }
}
