/** What a connection test changes of the PDP context, kept before and put back after it; never of one that is shared. */
import { delay } from "../../../lib/clock";
import {
  keepDefinition,
  type KeptDefinition,
  restoreDefinition,
} from "../../../lib/quectel/network/kept-definition";
import type { NetworkSettings } from "../../../lib/quectel/settings";
import type { MailPath } from "../modem/assembly";

/** Milliseconds to put it back. */
const TIDY_MS = 15_000;

/**
 * The definition of the context as it is; undefined where it is not ours to touch, or is unknown. Rejects with
 * the reason of `signal`.
 */
export async function keptContext(
  { modem }: MailPath,
  { shared, apn, contextId }: NetworkSettings,
  signal: AbortSignal,
): Promise<KeptDefinition | undefined> {
  if (shared || apn === "") return undefined;
  if (modem.state.name !== "ready" && modem.state.name !== "registering") return undefined;
  return keepDefinition((command) => modem.execute(command, { signal }), contextId).catch(() => {
    signal.throwIfAborted();
    return undefined;
  });
}

/** Gives up what the test has activated and restores the definition; what does not succeed goes to the log. */
export async function putBack(
  { modem, pdp }: MailPath,
  definition: KeptDefinition | undefined,
): Promise<void> {
  const late = new AbortController();
  const { signal } = late;
  const tidy = async (): Promise<void> => {
    await pdp.giveUp({ signal });
    if (definition !== undefined) {
      await restoreDefinition((command) => modem.execute(command, { signal }), definition);
    }
  };
  const done = tidy()
    .catch((error: unknown) => modem.log.debug(`the connection test could not clean up: ${String(error)}`))
    .finally(() => late.abort());
  await delay(modem.clock, TIDY_MS, signal).catch(() => undefined);
  late.abort();
  await done;
}
