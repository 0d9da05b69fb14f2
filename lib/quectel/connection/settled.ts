/** Waiting for the end of an attempt to connect: the module answers, or it is known why not. */
import { delay } from "../../clock";
import type { Modem } from "./modem";

/** Milliseconds that a connection under way is waited for; enough to ask for the line rate too. */
const CONNECT_TIME = 45_000;

/**
 * Resolves when the modem is connected, or an attempt to connect has failed, or after 45 s. Rejects only with the
 * reason of `signal`.
 */
export async function settled(modem: Modem, signal: AbortSignal | undefined): Promise<void> {
  const done = new AbortController();
  const look = (): void => {
    const { state } = modem;
    const isOpen = state.name === "connecting" || (state.name === "offline" && state.error === undefined);
    if (!isOpen) done.abort();
  };
  modem.on("state", look);
  look();
  try {
    await delay(modem.clock, CONNECT_TIME, done.signal, signal).catch(() => signal?.throwIfAborted());
  } finally {
    modem.off("state", look);
  }
}
