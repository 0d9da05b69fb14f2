/**
 * LeftMails: mails whose modem was deleted or disabled, as the sidebar shows them, and what a person can do about them.
 */
import type { NodeAPI } from "node-red";
import { ModemError } from "../../../lib/errors";
import { adoptLeft, discardLeft, leftSpools, recordsLeftBy, type LeftSpool } from "../disk/left-spools";
import { deployedModems, modemWithId } from "../modem/registry";
import type { QueueRow } from "./modem-view";
import { shownRecipients } from "./recipients";

export interface LeftView extends LeftSpool {
  /** The first of them; no credential, no address in full, no text. */
  readonly rows: readonly LeftRow[];
}

export interface LeftRow extends Pick<QueueRow, "id" | "subject" | "raisedAt" | "recipients"> {
  readonly state: "waiting" | "failed";
}

/** Rows of each modem. */
const MOST_ROWS = 20;

export async function leftMails(RED: NodeAPI): Promise<readonly LeftView[]> {
  const left = await leftSpools(RED, deployedModems);
  return Promise.all(
    left.map(async (spool) => {
      const records = await recordsLeftBy(RED, spool.modem, MOST_ROWS);
      const rows = records.map(({ record, place }): LeftRow => {
        const { id, subject, to, cc, bcc, raisedAt } = record;
        return {
          id,
          subject,
          raisedAt: new Date(raisedAt).toISOString(),
          recipients: shownRecipients([...to, ...cc, ...bcc]),
          state: place.folder === "failed" ? "failed" : "waiting",
        };
      });
      return { ...spool, rows };
    }),
  );
}

/**
 * `adopt`: the running modem with the id `into` sends them. `discard`: they are thrown away. Rejects with INVALID_ACTION,
 * OUTBOX_NOT_FOUND, OUTBOX_LOCKED, OUTBOX_DISK, or MODEM_NOT_READY where that modem is not in use.
 */
export async function performOnLeft(
  RED: NodeAPI,
  { action, modem, into }: { readonly action?: unknown; readonly modem?: unknown; readonly into?: unknown },
): Promise<readonly LeftView[]> {
  if (typeof modem !== "string" || modem === "") {
    throw new ModemError("INVALID_ACTION", { detail: "no modem is named" });
  }
  switch (action) {
    case "adopt": {
      const outbox = typeof into === "string" ? modemWithId(into)?.host.inUse?.outbox : undefined;
      if (outbox === undefined) throw new ModemError("MODEM_NOT_READY", { detail: "no node uses it" });
      await adoptLeft(RED, deployedModems, outbox, modem);
      break;
    }
    case "discard": {
      const mails = await discardLeft(RED, deployedModems, modem);
      RED.log.warn(`quectel-modem: ${mails} mail(s) of the modem ${modem} were discarded in the editor`);
      break;
    }
    default:
      throw new ModemError("INVALID_ACTION", { detail: "adopt, discard" });
  }
  return leftMails(RED);
}
