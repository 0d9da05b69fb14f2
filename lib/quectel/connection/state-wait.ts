/** Waiting for a state of the modem. */
import type { Modem } from "./modem";

/**
 * Resolves when `condition` holds, now or after a change of state. Rejects with what it throws, or with the signal's
 * reason when aborted before.
 */
export async function stateWhere(
  modem: Pick<Modem, "on" | "off">,
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
