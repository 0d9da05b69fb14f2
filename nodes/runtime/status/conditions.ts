/** What modem and outbox say about themselves, in the terms of the status. */
import { knownFields, type ModemError } from "../../../lib/errors";
import type { OutboxSummary, SendingNode } from "../../../lib/outbox/outbox-types";
import type { MailerProgress } from "../../../lib/mailer/mailer";
import type { ModemState } from "../../../lib/quectel/connection/modem-state";
import type { ModemSettings } from "../settings/modem-settings";
import type { Condition, ModemCondition, OutboxActivity, Sending, Upload } from "./status";

/** How far the mail of that id has come, and for how many milliseconds it has been uploaded. */
export type MailProgress = MailerProgress & { readonly id: string; readonly uploadMs: number };

interface RunningFacts {
  readonly state: ModemState;
  /** Why no mail can go out although the modem is ready. */
  readonly trouble: ModemError | undefined;
  readonly summary: OutboxSummary;
  readonly sendingNode: SendingNode | undefined;
  /** The last one that was told, perhaps of an earlier mail. */
  readonly progress: MailProgress | undefined;
  /** Why the folder of the outbox cannot be used. */
  readonly outboxError: ModemError | undefined;
  /** A connection test from the editor has the port. */
  readonly isUnderTest: boolean;
  /** Wall-clock time, milliseconds since 1970. */
  readonly wall: number;
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
  const { summary, outboxError, isUnderTest } = running;
  const outbox: OutboxActivity =
    outboxError === undefined ? outboxActivity(running) : { name: "unavailable", code: outboxError.code };
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

function outboxActivity({ summary, progress, sendingNode, wall }: RunningFacts): OutboxActivity {
  const { hold, sending, waitsFor, cause, nextTryInMs } = summary;
  if (sending !== undefined) {
    return {
      name: "sending",
      ...(progress?.id === sending && howFar(progress)),
      ...knownFields({ of: sendingNode }),
    };
  }
  const isTry = nextTryInMs !== undefined && nextTryInMs > 0 && waitsFor !== "result";
  const nextTry = isTry ? wall + nextTryInMs : undefined;
  switch (hold?.kind) {
    case undefined:
      return { name: "idle", ...knownFields({ waitsFor, cause, nextTry }) };
    case "paused":
      return { name: "paused" };
    case "pdp":
      return { name: "disconnected" };
    case "setup":
      return { name: "held", code: hold.code, ...knownFields({ nextTry }) };
  }
}

function howFar(progress: MailProgress): Pick<Sending, "stage" | "upload"> {
  const { stage } = progress;
  const upload = stage === "upload" || stage === "data" ? uploadOf(progress) : undefined;
  return upload === undefined ? { stage } : { upload };
}

/** An estimate needs so many milliseconds of upload behind it. */
const ESTIMATE_AFTER_MS = 3_000;

function uploadOf({ done, total, uploadMs }: MailProgress): Upload | undefined {
  if (total === 0) return undefined;
  const isEstimated = uploadMs >= ESTIMATE_AFTER_MS && done > 0 && done < total;
  const leftMs = isEstimated ? (uploadMs / done) * (total - done) : undefined;
  return { done, total, ...knownFields({ leftMs }) };
}

function codeOf({ error }: Extract<ModemState, { name: "offline" | "registering" }>) {
  return error === undefined ? {} : { code: error.code };
}
