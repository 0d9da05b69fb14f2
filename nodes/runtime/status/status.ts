/**
 * The one reducer behind the status of every node: what is known of modem and outbox in, fill, shape and text out.
 *
 * Pure. Green only while a mail could really go out and the last one of the node did; red where a person has to do
 * something; yellow where waiting helps. A text that starts with a letter is a word of status-words.ts, which the
 * editor translates; one that starts with a figure is shown as it is, so its word is translated here, in the language
 * of the runtime.
 */
import type { ErrorCode } from "../../../lib/errors";
import type { WaitReason } from "../../../lib/outbox/outbox-types";
import type { RegisteringStep } from "../../../lib/quectel/registration/readiness";
import { STATE_WORDS, WAITING_WORDS, wordForError } from "./status-words";

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
  /** Nothing is sent just now; `waitsFor` while mails wait. */
  | { readonly name: "idle"; readonly waitsFor?: WaitReason }
  /** A mail is on its way; `percent` while its content is uploaded. */
  | { readonly name: "sending"; readonly percent?: number }
  /** A person or a flow has paused it. */
  | { readonly name: "paused" }
  /** A flow has deactivated the data connection. */
  | { readonly name: "disconnected" }
  /** Its folder cannot be used. */
  | { readonly name: "unavailable"; readonly code: ErrorCode }
  /** It stopped itself, because `code` would hit every mail. */
  | { readonly name: "held"; readonly code: ErrorCode };

export interface Condition {
  readonly modem: ModemCondition;
  readonly outbox: OutboxActivity;
  /** Mails that are not yet sent, the one on its way included. */
  readonly waiting: number;
  readonly simulated: boolean;
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

/**
 * The status of a node that uses a modem in `condition`; `translate` gives a word in the runtime's language.
 *
 * @param failure why the last mail of this node was not sent, `INVALID_CONFIG` where none can be; it shows where modem
 *   and outbox have nothing to say.
 */
export function statusOf(condition: Condition, translate: Translate, failure?: ErrorCode): ShownStatus {
  const { fill, shape, word } = lookOf(condition, failure);
  return {
    fill,
    shape,
    text: textOf(condition, word, translate),
    state: stateOf(condition),
    waiting: condition.waiting,
  };
}

function lookOf(condition: Condition, failure: ErrorCode | undefined): Look {
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
      return lookOfOutbox(condition, failure);
  }
}

function lookOfOutbox({ outbox, waiting }: Condition, failure: ErrorCode | undefined): Look {
  switch (outbox.name) {
    case "disconnected":
      return { fill: "yellow", shape: "ring", word: STATE_WORDS.disconnected };
    case "idle":
      if (waiting > 0) return lookOfWaiting(outbox.waitsFor ?? "turn");
      return failure === undefined
        ? { fill: "green", shape: "dot", word: STATE_WORDS.ready }
        : { fill: "red", shape: "ring", word: wordForFailure(failure) };
    case "sending":
      return { fill: "blue", shape: "dot", word: STATE_WORDS.sending };
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

/** Blue while the package itself has something to do, yellow where only time helps. */
function lookOfWaiting(reason: WaitReason): Look {
  switch (reason) {
    case "turn":
    case "result":
      return { fill: "blue", shape: "ring", word: WAITING_WORDS[reason] };
    case "retry":
    case "rate":
      return { fill: "yellow", shape: "dot", word: WAITING_WORDS[reason] };
  }
}

/** `ready`, `3 ✉ no network`, `45 %`, `2 ✉ 45 %`, `SIMULATED ready`. */
function textOf(
  { modem, outbox, waiting, simulated }: Condition,
  word: string,
  translate: Translate,
): string {
  const uploading = modem.name === "ready" && outbox.name === "sending" ? outbox.percent : undefined;
  // The mail that is being sent is what the word speaks of; only others are worth a figure.
  const others = outbox.name === "sending" ? waiting - 1 : waiting;
  const figures = [
    ...(simulated ? ["SIMULATED"] : []),
    ...(others > 0 ? [`${others} ✉`] : []),
    ...(uploading === undefined ? [] : [`${uploading} %`]),
  ];
  if (figures.length === 0) return word;
  return uploading === undefined ? [...figures, translate(word)].join(" ") : figures.join(" ");
}

type Translate = (word: string) => string;
