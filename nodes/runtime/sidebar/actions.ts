/** What a person may do with a modem in the sidebar. */
import { ModemError } from "../../../lib/errors";
import type { Assembly } from "../modem/assembly";
import type { TraceRecording } from "./trace-recording";

export const ACTIONS = [
  "connect",
  "pause",
  "resume",
  "flush",
  "flushAll",
  "retry",
  "discard",
  "startTrace",
  "stopTrace",
] as const;
export type Action = (typeof ACTIONS)[number];

export interface ActionTarget {
  readonly parts: Assembly;
  readonly recording: TraceRecording;
}

/**
 * Does it. The actions on a mail need its id, so that whoever means one does not touch all.
 *
 * Rejects with INVALID_ACTION without that id, OUTBOX_NOT_FOUND, or what the outbox rejects with.
 */
export async function perform(
  action: Action,
  mail: string | undefined,
  { parts, recording }: ActionTarget,
): Promise<void> {
  const { modem, outbox, trace } = parts;
  switch (action) {
    case "connect":
      modem.tryNow();
      return;
    case "pause":
      return outbox.pause();
    case "resume":
      return outbox.resume();
    case "flush":
      await outbox.flush(named(mail));
      return;
    case "flushAll":
      await outbox.flush();
      return;
    case "retry":
      await outbox.retry(named(mail));
      return;
    case "discard":
      await outbox.discard(named(mail));
      return;
    case "startTrace":
      recording.start(trace);
      return;
    case "stopTrace":
      recording.stop();
  }
}

export function isAction(value: unknown): value is Action {
  return ACTIONS.some((action) => action === value);
}

function named(mail: string | undefined): string {
  if (mail === undefined || mail === "")
    throw new ModemError("INVALID_ACTION", { detail: "no mail is named" });
  return mail;
}
