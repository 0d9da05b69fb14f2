/** What modem and outbox say about themselves, in the terms of the status. */
import type { ModemError } from "../../../lib/errors";
import type { OutboxSummary } from "../../../lib/outbox/outbox-types";
import type { MailerProgress } from "../../../lib/mailer/mailer";
import type { ModemState } from "../../../lib/quectel/connection/modem-state";
import type { ModemSettings } from "../settings/modem-settings";
import type { Condition, ModemCondition, OutboxActivity } from "./status";

/** How far the mail of that id has come. */
export type MailProgress = MailerProgress & { readonly id: string };

interface RunningFacts {
  readonly state: ModemState;
  /** Why no mail can go out although the modem is ready. */
  readonly trouble: ModemError | undefined;
  readonly summary: OutboxSummary;
  /** The last one that was told, perhaps of an earlier mail. */
  readonly progress: MailProgress | undefined;
  /** Why the folder of the outbox cannot be used. */
  readonly outboxError: ModemError | undefined;
  /** A connection test from the editor has the port. */
  readonly isUnderTest: boolean;
}

/** @param running undefined for a modem that is not opened. */
export function conditionOf(
  settings: ModemSettings | ModemError,
  running: RunningFacts | undefined,
): Condition {
  if (!("connection" in settings)) return restingCondition("notSetUp", false);
  const simulated = settings.connection.kind === "simulator";
  return running === undefined ? restingCondition("unused", simulated) : runningCondition(running, simulated);
}

function restingCondition(name: "notSetUp" | "unused", simulated: boolean): Condition {
  return { modem: { name }, outbox: { name: "idle" }, waiting: 0, simulated };
}

function runningCondition(running: RunningFacts, simulated: boolean): Condition {
  const { summary, progress, outboxError, isUnderTest } = running;
  const outbox: OutboxActivity =
    outboxError === undefined
      ? outboxActivity(summary, progress?.id === summary.sending ? progress : undefined)
      : { name: "unavailable", code: outboxError.code };
  return {
    modem: isUnderTest ? { name: "underTest" } : modemCondition(running),
    outbox,
    waiting: summary.depth,
    simulated,
  };
}

function modemCondition({ state, trouble }: RunningFacts): ModemCondition {
  switch (state.name) {
    case "offline":
      // Nothing was tried yet: an alarm about a modem that is just starting would come with each deploy.
      return state.error === undefined ? { name: "connecting" } : { name: "offline", ...codeOf(state) };
    case "registering":
      return { name: "registering", waitingFor: state.waitingFor, ...codeOf(state) };
    case "ready":
      return { name: trouble === undefined ? "ready" : "needsPowerCycle" };
    case "connecting":
    case "needsPowerCycle":
      return { name: state.name };
  }
}

/** @param progress of the mail that is being sent, if any was told. */
function outboxActivity(
  { hold, sending, waitsFor }: OutboxSummary,
  progress: MailerProgress | undefined,
): OutboxActivity {
  if (sending !== undefined) {
    const percent = progress?.stage === "upload" ? percentOf(progress) : undefined;
    return { name: "sending", ...(percent === undefined ? {} : { percent }) };
  }
  switch (hold?.kind) {
    case undefined:
      return { name: "idle", ...(waitsFor === undefined ? {} : { waitsFor }) };
    case "paused":
      return { name: "paused" };
    case "pdp":
      return { name: "disconnected" };
    case "setup":
      return { name: "held", code: hold.code };
  }
}

function percentOf({ done, total }: MailerProgress): number | undefined {
  return total === 0 ? undefined : Math.floor((done * 100) / total);
}

function codeOf({ error }: Extract<ModemState, { name: "offline" | "registering" }>) {
  return error === undefined ? {} : { code: error.code };
}
