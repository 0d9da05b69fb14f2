/**
 * OutboxState: what the outbox keeps beside its mails, in `state.json`: its time, its holds, its rate.
 *
 * A lost or damaged state loses no mail: ages begin anew and holds are found again by the next error.
 */
import { join } from "node:path";
import type { SetupHold, StoredHolds } from "./holds";
import type { StoredTime } from "./time";
import type { MinuteCount } from "./send-rate";
import type { Spool } from "../spool/spool";
import { isMissing } from "../spool/files";

export const STATE_FORMAT = 1;

export interface OutboxState {
  readonly format: typeof STATE_FORMAT;
  readonly time: StoredTime;
  readonly holds: StoredHolds;
  readonly sent: readonly MinuteCount[];
  /** Outcomes that stayed unknown, without a known one between them. */
  readonly unknownInRow: number;
}

/** `damaged` carries the reason for a person. */
export type ReadState =
  | { readonly kind: "state"; readonly state: OutboxState }
  | { readonly kind: "none" }
  | { readonly kind: "damaged"; readonly reason: string };

/** Reads the state. Rejects with the error of the disk. */
export async function readState(spool: Spool): Promise<ReadState> {
  let text: string;
  try {
    text = (await spool.files.read(pathIn(spool))).toString();
  } catch (error) {
    if (isMissing(error)) return { kind: "none" };
    throw error;
  }
  try {
    const state: unknown = JSON.parse(text);
    return isState(state) ? { kind: "state", state } : { kind: "damaged", reason: "a part is missing" };
  } catch {
    return { kind: "damaged", reason: "not a JSON text" };
  }
}

/** Writes the state durably. Rejects with the error of the disk. */
export async function writeState(spool: Spool, state: OutboxState): Promise<void> {
  await spool.replace(pathIn(spool), `${JSON.stringify(state)}\n`);
}

function pathIn(spool: Spool): string {
  return join(spool.directory, "state.json");
}

function isState(value: unknown): value is OutboxState {
  if (typeof value !== "object" || value === null) return false;
  const { format, time, holds, sent, unknownInRow } = value as Partial<Record<keyof OutboxState, unknown>>;
  return (
    format === STATE_FORMAT &&
    isTime(time) &&
    areHolds(holds) &&
    Array.isArray(sent) &&
    typeof unknownInRow === "number"
  );
}

function areHolds(value: unknown): value is StoredHolds {
  if (typeof value !== "object" || value === null) return false;
  const { setup } = value as Partial<Record<keyof StoredHolds, Partial<Record<keyof SetupHold, unknown>>>>;
  return (
    setup === undefined ||
    [setup.error, setup.seal].every((part) => typeof part === "object" && part !== null)
  );
}

function isTime(value: unknown): value is StoredTime {
  if (typeof value !== "object" || value === null) return false;
  const time = value as Partial<Record<keyof StoredTime, unknown>>;
  return (
    typeof time.clock === "string" &&
    typeof time.time === "number" &&
    typeof time.active === "number" &&
    typeof time.uptime === "number"
  );
}
