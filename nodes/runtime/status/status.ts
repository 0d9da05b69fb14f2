/**
 * The one reducer behind the status of every node: what is known of modem and outbox in, fill, shape and text out.
 *
 * Pure. Green only while a mail could really go out and the last one of the node did; red where a person has to do
 * something; yellow where waiting helps. A text is English: words of status-words.ts with a dot between them, which the
 * editor translates one by one. It begins with a letter, because Node-RED shows any other text as it is.
 */
import type { ErrorCode } from "../../../lib/errors";
import type { MailerProgress } from "../../../lib/mailer/mailer";
import type { SendingNode, WaitReason } from "../../../lib/outbox/outbox-types";
import type { RegisteringStep } from "../../../lib/quectel/registration/readiness";
import { DETAIL_WORDS, STAGE_WORDS, STATE_WORDS, WAITING_WORDS, wordForError } from "./status-words";

/** What is known of the modem. */
export type ModemCondition =
  /** A setting is missing or not valid. */
  | { readonly name: "notSetUp" }
  /** No node uses the modem, so it is not opened. */
  | { readonly name: "unused" }
  /** A test from the editor has its port. */
  | { readonly name: "underTest" }
  | { readonly name: "offline"; readonly code?: ErrorCode }
  | { readonly name: "connecting" }
  | { readonly name: "registering"; readonly waitingFor: RegisteringStep; readonly code?: ErrorCode }
  | { readonly name: "ready" }
  | { readonly name: "needsPowerCycle" };

/** What the outbox does. */
export type OutboxActivity =
  /** Nothing is sent just now; `waitsFor` while mails wait, `cause` after a try that failed. */
  | {
      readonly name: "idle";
      readonly waitsFor?: WaitReason;
      readonly cause?: ErrorCode;
      readonly nextTry?: number;
    }
  /** A mail is on its way; `upload` while its content is uploaded, `stage` while anything else is known of it. */
  | {
      readonly name: "sending";
      readonly stage?: MailerProgress["stage"];
      readonly upload?: Upload;
      readonly of?: SendingNode;
    }
  /** A person or a flow has paused it. */
  | { readonly name: "paused" }
  /** A flow has deactivated the data connection. */
  | { readonly name: "disconnected" }
  /** Its folder cannot be used. */
  | { readonly name: "unavailable"; readonly code: ErrorCode }
  /** It stopped itself, because `code` would hit every mail. */
  | { readonly name: "held"; readonly code: ErrorCode; readonly nextTry?: number };

/** How far the content of a mail is uploaded, in bytes; milliseconds that the rest will take, where that is known. */
export interface Upload {
  readonly done: number;
  readonly total: number;
  readonly leftMs?: number;
}

export interface Condition {
  readonly modem: ModemCondition;
  readonly outbox: OutboxActivity;
  /** Mails that are not yet sent, the one on its way included. */
  readonly waiting: number;
  readonly simulated: boolean;
}

/** The node whose status it is. */
export interface Onlooker {
  readonly nodeId?: string;
  /**
   * Why its last mail was not sent, `INVALID_CONFIG` where none can be; it shows where modem and outbox have nothing to
   * say.
   */
  readonly failure?: ErrorCode | undefined;
  /** When its last mail was sent, milliseconds since 1970, while that is news; it shows where nothing else does. */
  readonly sentAt?: number | undefined;
}

/** The states that `modem-status` reports. */
export type StateName =
  | "offline"
  | "connecting"
  | "registering"
  | "ready"
  | "sending"
  | "held"
  | "needsPowerCycle";

/** What Node-RED shows; `state` and `waiting` reach Status nodes only. */
export interface ShownStatus {
  readonly fill: "red" | "green" | "yellow" | "blue" | "grey";
  readonly shape: "ring" | "dot";
  readonly text: string;
  readonly state: StateName;
  readonly waiting: number;
}

interface Look {
  readonly fill: ShownStatus["fill"];
  readonly shape: ShownStatus["shape"];
  readonly word: string;
}

/** True when both look the same in the editor. */
export function sameStatus(a: ShownStatus, b: ShownStatus): boolean {
  return a.text === b.text && a.fill === b.fill && a.shape === b.shape;
}

/** True when only figures or words differ, not what they are about. */
export function isSameLook(a: ShownStatus, b: ShownStatus): boolean {
  return a.state === b.state && a.fill === b.fill && a.shape === b.shape;
}

/** The state of modem and outbox in one word. */
export function stateOf({ modem, outbox }: Condition): StateName {
  switch (modem.name) {
    case "notSetUp":
    case "unused":
    case "underTest":
      return "offline";
    case "offline":
    case "connecting":
    case "registering":
    case "needsPowerCycle":
      return modem.name;
    case "ready":
      switch (outbox.name) {
        case "idle":
          return "ready";
        case "sending":
          return "sending";
        case "paused":
        case "disconnected":
        case "unavailable":
        case "held":
          return "held";
      }
  }
}

/** The status of a modem in `condition`, or of a node that uses it. */
export function statusOf(condition: Condition, who: Onlooker = {}): ShownStatus {
  const { fill, shape, word } = lookOf(condition, who);
  return {
    fill,
    shape,
    text: textOf(condition, word, who),
    state: stateOf(condition),
    waiting: condition.waiting,
  };
}

function lookOf(condition: Condition, who: Onlooker): Look {
  const { modem, outbox } = condition;
  // Without its folder no mail is accepted, whatever the modem does.
  if (outbox.name === "unavailable") {
    return { fill: "red", shape: "ring", word: wordForError(outbox.code, STATE_WORDS.held) };
  }
  switch (modem.name) {
    case "notSetUp":
      return { fill: "red", shape: "ring", word: STATE_WORDS.notSetUp };
    case "unused":
      return { fill: "grey", shape: "ring", word: STATE_WORDS.unused };
    case "underTest":
      return { fill: "yellow", shape: "ring", word: STATE_WORDS.underTest };
    case "offline":
      return { fill: "red", shape: "ring", word: wordForError(modem.code, STATE_WORDS.offline) };
    case "connecting":
      return { fill: "yellow", shape: "ring", word: STATE_WORDS.connecting };
    case "registering":
      return {
        fill: modem.code === undefined ? "yellow" : "red",
        shape: "ring",
        word: wordForError(modem.code, STATE_WORDS[modem.waitingFor]),
      };
    case "needsPowerCycle":
      return { fill: "red", shape: "dot", word: STATE_WORDS.needsPowerCycle };
    case "ready":
      return lookOfOutbox(condition, who);
  }
}

function lookOfOutbox({ outbox, waiting }: Condition, { nodeId, failure, sentAt }: Onlooker): Look {
  switch (outbox.name) {
    case "disconnected":
      return { fill: "yellow", shape: "ring", word: STATE_WORDS.disconnected };
    case "idle":
      if (waiting > 0) return lookOfWaiting(outbox.waitsFor ?? "turn", outbox.cause);
      return failure === undefined
        ? { fill: "green", shape: "dot", word: sentAt === undefined ? STATE_WORDS.ready : sentWord(sentAt) }
        : { fill: "red", shape: "ring", word: wordForFailure(failure) };
    case "sending":
      return isBehind(outbox, nodeId)
        ? { fill: "blue", shape: "ring", word: DETAIL_WORDS.behind }
        : { fill: "blue", shape: "dot", word: sendingWord(outbox) };
    case "paused":
      return { fill: "yellow", shape: "ring", word: STATE_WORDS.paused };
    case "unavailable":
    case "held":
      return { fill: "red", shape: "dot", word: wordForError(outbox.code, STATE_WORDS.held) };
  }
}

/** What a node shows of its own: why its last mail was not sent, or that its own settings cannot be used. */
function wordForFailure(failure: ErrorCode): string {
  return failure === "INVALID_CONFIG" ? STATE_WORDS.notSetUp : wordForError(failure, STATE_WORDS.notSent);
}

function sentWord(at: number): string {
  return filled(DETAIL_WORDS.sent, timeOfDay(at));
}

/** Blue while the package itself has something to do, yellow where only time helps. */
function lookOfWaiting(reason: WaitReason, cause: ErrorCode | undefined): Look {
  switch (reason) {
    case "turn":
    case "result":
      return { fill: "blue", shape: "ring", word: WAITING_WORDS[reason] };
    case "retry":
      return { fill: "yellow", shape: "dot", word: wordForError(cause, WAITING_WORDS.retry) };
    case "rate":
      return { fill: "yellow", shape: "dot", word: WAITING_WORDS.rate };
  }
}

/** A mail of this node waits behind that of another node. */
function isBehind({ of }: Sending, nodeId: string | undefined): boolean {
  return of !== undefined && nodeId !== undefined && of.nodeId !== nodeId && of.behind.has(nodeId);
}

function sendingWord({ upload }: Sending): string {
  if (upload === undefined) return STATE_WORDS.sending;
  return filled(DETAIL_WORDS.percent, Math.floor((upload.done * 100) / upload.total));
}

/**
 * `ready`, `sent, 14:03`, `no network · 3 ✉`, `server unreachable · 2 ✉ · next try 14:05`, `sending · logging in`, `SIMULATED sending 45 %`,
 * `behind another mail · 4.2 MB · about 5 min left`.
 */
function textOf({ modem, outbox, waiting, simulated }: Condition, word: string, who: Onlooker): string {
  // The mail that is being sent is what the word speaks of; only others are worth a figure.
  const others = outbox.name === "sending" ? waiting - 1 : waiting;
  const isReady = modem.name === "ready";
  const parts = [
    word,
    ...(isReady && outbox.name === "sending" ? uploadParts(outbox, who) : []),
    ...(others > 0 ? [`${others} ✉`] : []),
    ...(isReady && waiting > 0 && "nextTry" in outbox ? [nextTryPart(outbox.nextTry)] : []),
  ];
  return `${simulated ? `${DETAIL_WORDS.simulated} ` : ""}${parts.join(" · ")}`;
}

/** Uploads of fewer bytes are over before more than the percentage can be read. */
const LONG_UPLOAD = 100_000;

function uploadParts(outbox: Sending, { nodeId }: Onlooker): readonly string[] {
  const { stage, upload, of } = outbox;
  if (upload === undefined) return isBehind(outbox, nodeId) ? [] : stageParts(stage);
  if (upload.total < LONG_UPLOAD) return [];
  const left = upload.leftMs === undefined ? [] : [leftPart(upload.leftMs)];
  if (isBehind(outbox, nodeId)) return [sizePart(upload.total), ...left];
  return nodeId === undefined || of?.nodeId === nodeId ? [donePart(upload), ...left] : left;
}

function stageParts(stage: Sending["stage"]): readonly string[] {
  const words: Partial<Record<MailerProgress["stage"], string>> = STAGE_WORDS;
  const word = stage === undefined ? undefined : words[stage];
  return word === undefined ? [] : [word];
}

const MEGABYTE = 1e6;

function sizePart(bytes: number): string {
  return bytes < MEGABYTE ? `${Math.round(bytes / 1000)} kB` : `${(bytes / MEGABYTE).toFixed(1)} MB`;
}

function donePart({ done, total }: Upload): string {
  return total < MEGABYTE
    ? filled(DETAIL_WORDS.kilobytes, Math.round(done / 1000), Math.round(total / 1000))
    : filled(DETAIL_WORDS.megabytes, (done / MEGABYTE).toFixed(1), (total / MEGABYTE).toFixed(1));
}

/** In steps in which an estimate means something. */
function leftPart(ms: number): string {
  return ms < 55_000
    ? filled(DETAIL_WORDS.secondsLeft, Math.max(1, Math.ceil(ms / 10_000)) * 10)
    : filled(DETAIL_WORDS.minutesLeft, Math.ceil(ms / 60_000));
}

function nextTryPart(at: number): string {
  return filled(DETAIL_WORDS.nextTry, timeOfDay(at));
}

/** @param at wall-clock time, milliseconds since 1970; shown as the clock of this host shows it. */
function timeOfDay(at: number): string {
  const [hours, minutes] = new Date(at).toTimeString().split(":");
  return `${hours}:${minutes}`;
}

/** Puts figures in the places of a word. */
function filled(word: string, ...figures: readonly (string | number)[]): string {
  const left = [...figures];
  return word.replaceAll("#", () => String(left.shift()));
}

export type Sending = Extract<OutboxActivity, { name: "sending" }>;
