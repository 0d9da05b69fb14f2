/**
 * OutboxState: what the outbox keeps beside its mails, in `state.json`: its time, its holds, its rate.
 *
 * A lost or damaged state loses no mail: ages begin anew and holds are found again by the next error.
 */
import { join } from "node:path";
import type { StoredHolds } from "./holds";
import type { SettingsSeal } from "./settings-seal";
import type { StoredTime } from "./time";
import type { MinuteCount } from "./send-rate";
import type { Spool } from "./spool/spool";
import { isMissing } from "./spool/files";
import { areTexts, isNumber, isObject, isText } from "./spool/record";

export const STATE_FORMAT = 1;

export interface OutboxState {
  readonly format: typeof STATE_FORMAT;
  readonly time: StoredTime;
  readonly holds: StoredHolds;
  readonly sent: readonly MinuteCount[];
  /** Outcomes that stayed unknown, without a known one between them. */
  readonly unknownInRow: number;
  /** Tells whether any setting has changed since. */
  readonly settings?: SettingsSeal | undefined;
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
  return (
    isObject(value) &&
    value["format"] === STATE_FORMAT &&
    isTime(value["time"]) &&
    areHolds(value["holds"]) &&
    Array.isArray(value["sent"]) &&
    value["sent"].every(isMinuteCount) &&
    isNumber(value["unknownInRow"]) &&
    (value["settings"] === undefined || isSeal(value["settings"]))
  );
}

function isTime(value: unknown): boolean {
  return (
    isObject(value) &&
    isText(value["clock"]) &&
    isNumber(value["time"]) &&
    isNumber(value["active"]) &&
    isNumber(value["uptime"]) &&
    (value["uncertain"] === undefined || isNumber(value["uncertain"]))
  );
}

function areHolds(value: unknown): boolean {
  return (
    isObject(value) &&
    [value["pdp"], value["paused"], value["setup"]].every((hold) => hold === undefined || isHold(hold)) &&
    (value["setup"] === undefined || isSetupHold(value["setup"]))
  );
}

function isHold(value: unknown): boolean {
  return isObject(value) && isText(value["since"]);
}

function isSetupHold(value: unknown): boolean {
  return isObject(value) && isError(value["error"]) && isNumber(value["tried"]) && isSeal(value["seal"]);
}

function isError(value: unknown): boolean {
  return isObject(value) && isText(value["code"]) && isText(value["message"]);
}

function isSeal(value: unknown): boolean {
  return isObject(value) && areTexts(value["concerns"]) && isText(value["salt"]) && isText(value["hash"]);
}

function isMinuteCount(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every(isNumber);
}
