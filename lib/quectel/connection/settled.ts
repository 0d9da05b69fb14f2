/** Waiting for the end of an attempt to connect: the module answers, or it is known why not. */
import { delay } from "../../clock";
import type { Modem } from "./modem";

/** Milliseconds that each attempt is waited for; enough to ask for the line rate too. */
const CONNECT_TIME = 45_000;

/**
 * Resolves when the modem is connected, or `attempts` to connect have failed, or after 45 s for each of them. Rejects
 * only with the reason of `signal`.
 */
export async function settled(modem: Modem, signal: AbortSignal | undefined, attempts = 1): Promise<void> {
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
    await delay(modem.clock, CONNECT_TIME * attempts, done.signal, signal).catch(() =>
      signal?.throwIfAborted(),
    );
  } finally {
    modem.off("state", look);
  }
}
