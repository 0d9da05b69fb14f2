/** What modem and outbox say about themselves, in the terms of the status. */
import type { OutboxSummary } from "../../lib/mail/outbox/outbox-types";
import type { CarrierProgress } from "../../lib/quectel/smtp/carrier";
import type { ModemState } from "../../lib/quectel/connection/modem-state";
import type { ModemCondition, OutboxActivity } from "./status";

export function modemCondition(state: ModemState): ModemCondition {
  switch (state.name) {
    case "offline":
      return { name: "offline", ...codeOf(state) };
    case "registering":
      return { name: "registering", waitingFor: state.waitingFor, ...codeOf(state) };
    case "connecting":
    case "ready":
    case "needsPowerCycle":
      return { name: state.name };
  }
}

/** @param progress of the mail that is being sent, if any was told. */
export function outboxActivity(
  { hold, sending }: OutboxSummary,
  progress: CarrierProgress | undefined,
): OutboxActivity {
  if (sending !== undefined) {
    const percent = progress?.stage === "upload" ? percentOf(progress) : undefined;
    return { name: "sending", ...(percent === undefined ? {} : { percent }) };
  }
  switch (hold?.kind) {
    case undefined:
      return { name: "idle" };
    case "paused":
      return { name: "paused" };
    case "pdp":
      return { name: "disconnected" };
    case "setup":
      return { name: "held", code: hold.code };
  }
}

function percentOf({ done, total }: CarrierProgress): number | undefined {
  return total === 0 ? undefined : Math.floor((done * 100) / total);
}

function codeOf({ error }: Extract<ModemState, { name: "offline" | "registering" }>) {
  return error === undefined ? {} : { code: error.code };
}
