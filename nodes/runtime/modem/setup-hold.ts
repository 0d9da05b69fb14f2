/** What a person has to set right at the modem (a SIM card without its PIN) would hit every mail: the outbox is held. */
import type { ModemError } from "../../../lib/errors";
import type { Outbox } from "../../../lib/outbox/outbox";
import type { ModemState } from "../../../lib/quectel/connection/modem-state";
import type { Logger } from "../../../lib/quectel/settings";

export function holdForSetup(outbox: Outbox, state: ModemState, log: Logger): void {
  const error = "error" in state ? state.error : undefined;
  if (error?.class === "setup") holdFor(outbox, error, log);
}

/** A hold that cannot be kept is left to the next mail, which meets the same error. */
export function holdFor(outbox: Outbox, error: ModemError, log: Logger): void {
  outbox.holdFor(error).catch((cause: unknown) => log.debug(`not held: ${String(cause)}`));
}
