/** What a flow does with the data connection of a modem, and what that means for the mails that wait. */
import type { PdpContext, PdpOptions, PdpStatus } from "../../../lib/quectel/network/pdp";
import type { Outbox } from "../../../lib/outbox/outbox";

export const PDP_ACTIONS = ["activate", "deactivate", "query", "reset"] as const;
export type PdpAction = (typeof PDP_ACTIONS)[number];

export interface PdpParts {
  readonly pdp: Pick<PdpContext, PdpAction>;
  readonly outbox: Pick<Outbox, "holdFor" | "releaseFrom">;
}

/**
 * Does one action. A deactivated context holds the outbox, over restarts too, until it is active again by an action.
 *
 * Rejects as the methods of `PdpContext`; the hold is then as it was.
 */
export async function performPdpAction(
  action: PdpAction,
  { pdp, outbox }: PdpParts,
  options: PdpOptions,
): Promise<PdpStatus> {
  switch (action) {
    case "activate":
    case "reset": {
      const status = await pdp[action](options);
      await outbox.releaseFrom("pdp");
      return status;
    }
    case "deactivate": {
      // Held first: the next mail would activate the context again.
      const isNew = await outbox.holdFor("pdp");
      try {
        return await pdp.deactivate(options);
      } catch (error) {
        if (isNew) await outbox.releaseFrom("pdp");
        throw error;
      }
    }
    case "query":
      return pdp.query();
  }
}
