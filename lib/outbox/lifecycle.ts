/**
 * Lifecycle: the one drawing of a mail's life. `next` takes a mail and what happened, and gives the mail as it is then
 * and what is to be done. Pure, and the only place that writes the state of a mail.
 *
 * ```
 *            start          prepared, mark          commit
 *   queued ────────> preparing ────────> sending ────────> done, failed ──told──> (gone)
 *     ^  ^               │                  │ lost                 ^        <──retry──┘
 *     │  └── abandoned ──┘                  v                      │
 *     └───────── deferred ──────────── inDoubt ── answer, given up ┘
 * ```
 *
 * State is kept for each transaction; at most one of a mail is preparing, sending or in doubt. An event that does not
 * fit the state changes nothing. What an outcome makes of one transaction stands in outcome.ts.
 */
import { ModemError } from "../errors";
import type { Envelope, Mark, Outcome } from "../mailer/mailer";
import {
  afterUnknown,
  lessonsOf,
  successors,
  type Lesson,
  type MailLife,
  type TransactionLife,
} from "./outcome";
import type { EndRequest, Place } from "./spool/record";
import { storeError } from "../stored-error";

export type { Lesson, MailLife, TransactionLife } from "./outcome";

/** The state of a mail, computed from its transactions. */
export type MailState =
  | { readonly kind: "queued"; readonly due: number }
  /** `isStopped`: it is to be given up while nothing is out. */
  | { readonly kind: "preparing"; readonly index: number; readonly isStopped: boolean }
  | { readonly kind: "sending" | "inDoubt"; readonly index: number }
  | { readonly kind: "ended" };

export type LifeEvent =
  /** The order has chosen the mail. */
  | { readonly kind: "start" }
  /** All is ready; nothing was sent. */
  | { readonly kind: "prepared"; readonly mark: Mark }
  /** The mark is durable. */
  | { readonly kind: "marked"; readonly mark: Mark }
  /** The disk does not take the mark. */
  | { readonly kind: "unmarked" }
  /** What was prepared has been given up on our wish; nothing was sent. */
  | { readonly kind: "abandoned" }
  /** What the mailer says became of it. `at`: wall-clock time of the host, ISO 8601. */
  | { readonly kind: "outcome"; readonly outcome: Outcome; readonly at: string }
  /** Discarded, or its time is over. */
  | { readonly kind: "end"; readonly error: ModemError; readonly keep: boolean }
  /** A younger mail takes its place: ends what has not gone out, without touching what may be going out. */
  | { readonly kind: "supersede"; readonly error: ModemError }
  /** A mail of higher priority needs its room: concerns a mail that waits, and no other. */
  | { readonly kind: "evict"; readonly error: ModemError }
  /** The outbox closes, or a person pauses it. */
  | { readonly kind: "stop" }
  /** Its end was told, and the listeners' work is done. */
  | { readonly kind: "told" }
  /** A person wants what failed tried again. */
  | { readonly kind: "retry" };

/** What is to be done about an event, in this order. */
export type Effect =
  | { readonly kind: "prepare"; readonly index: number }
  /** Make durable that the transaction may go out; then `marked` or `unmarked`. */
  | { readonly kind: "mark"; readonly index: number; readonly mark: Mark }
  | { readonly kind: "commit" }
  /** Give up what is prepared or being prepared; then `abandoned`, or its outcome where that came first. */
  | { readonly kind: "abandon" }
  /** Ask the mailer what became of it, before anything else is prepared. */
  | { readonly kind: "recover"; readonly index: number }
  /**
   * Make the mail durable. `content`: must not be forgotten. `timing`: says only when and how often it was tried, so
   * an older state would do no harm. `place`: it only has to stand in the queue again.
   */
  | { readonly kind: "save"; readonly change: "content" | "timing" | "place" }
  /** Tell its end, once that is durable. */
  | { readonly kind: "tell" }
  /** Remove its files, or keep them for `retry`. */
  | { readonly kind: "leave"; readonly keep: boolean }
  /** What the outcome says about all mails. */
  | { readonly kind: "learn"; readonly lesson: Lesson };

export interface Step<M> {
  readonly mail: M;
  readonly effects: readonly Effect[];
}

interface When {
  /** Running time. */
  readonly now: number;
  /** 0 to 1. */
  readonly random: number;
}

/** A new transaction, due at `due` of the running time. */
export function newTransaction(envelope: Envelope, due: number): TransactionLife {
  return { envelope, state: { kind: "queued", due }, tries: 0, attempts: 0, unknown: 0 };
}

/** The state of a mail, computed from its transactions. */
export function stateOf({ end, transactions }: Pick<MailLife, "end" | "transactions">): MailState {
  if (end !== undefined) return { kind: "ended" };
  let due = Infinity;
  for (const [index, { state }] of transactions.entries()) {
    if (state.kind === "preparing") return { kind: state.kind, index, isStopped: state.stopped === true };
    if (state.kind === "sending" || state.kind === "inDoubt") return { kind: state.kind, index };
    if (state.kind === "queued") due = Math.min(due, state.due);
  }
  return { kind: "queued", due };
}

/**
 * The mail as a start finds it on the disk. In the folder `sending` one of its transactions has a mark: it may have
 * been sent. Anything else that was under way had not begun.
 */
export function adopted<M extends Pick<MailLife, "end" | "transactions">>(mail: M, place: Place): M {
  if (mail.end !== undefined) return mail;
  const marked = place.folder === "sending" ? place.transaction : undefined;
  const transactions = mail.transactions.map((one, index): TransactionLife => {
    const { state } = one;
    if (index === marked && state.kind !== "done" && state.kind !== "failed") {
      return { ...one, state: { kind: "inDoubt", mark: "mark" in state ? state.mark : undefined } };
    }
    return state.kind === "preparing" || state.kind === "sending" || state.kind === "inDoubt"
      ? { ...one, state: { kind: "queued", due: 0 } }
      : one;
  });
  return { ...mail, transactions };
}

/**
 * What becomes of a mail by an event.
 *
 * @param now running time of the outbox, milliseconds. @param random 0 to 1, for the back-off.
 */
export function next<M extends MailLife>(mail: M, event: LifeEvent, now: number, random: number): Step<M> {
  const unchanged: Step<M> = { mail, effects: [] };
  const state = stateOf(mail);
  const index = "index" in state ? state.index : -1;
  const isAllDone = mail.transactions.every(({ state }) => state.kind === "done");
  switch (event.kind) {
    case "start": {
      if (state.kind === "inDoubt") return { mail, effects: [{ kind: "recover", index }] };
      if (state.kind !== "queued") return unchanged;
      const { due } = state;
      // Of several that are due at the same time the first in the mail goes first.
      const first = mail.transactions.findIndex(({ state }) => state.kind === "queued" && state.due === due);
      if (first < 0) return unchanged;
      const effects: readonly Effect[] = [{ kind: "prepare", index: first }];
      return { mail: withState(mail, first, { kind: "preparing", due }), effects };
    }
    case "prepared":
      if (state.kind !== "preparing") return unchanged;
      if (state.isStopped) return abandoned(mail);
      return { mail, effects: [{ kind: "mark", index, mark: event.mark }] };
    case "marked":
      if (state.kind !== "preparing") return unchanged;
      // Asked for while the mark was written: it must not go out, and the mark says more than is true.
      if (state.isStopped) return abandoned(mail);
      return {
        mail: withState(mail, index, { kind: "sending", mark: event.mark }),
        effects: [{ kind: "commit" }],
      };
    case "unmarked":
      return state.kind === "preparing" ? abandoned(mail) : unchanged;
    case "abandoned":
      return state.kind === "preparing" ? putBack(mail, index, now) : unchanged;
    case "outcome":
      return state.kind === "queued" || state.kind === "ended"
        ? unchanged
        : afterOutcome(mail, state, event, { now, random });
    case "end":
    case "supersede":
    case "evict":
      return ending(mail, state, event, now);
    case "stop":
      return state.kind === "preparing" ? stopped(mail, index) : unchanged;
    case "told": {
      if (state.kind !== "ended") return unchanged;
      const keep = mail.end?.keep === true && !isAllDone;
      return { mail, effects: [{ kind: "leave", keep }] };
    }
    case "retry":
      return state.kind === "ended" && !isAllDone ? retried(mail, now) : unchanged;
  }
}

function afterOutcome<M extends MailLife>(
  mail: M,
  state: Extract<MailState, { index: number }>,
  { outcome, at }: Extract<LifeEvent, { kind: "outcome" }>,
  when: When,
): Step<M> {
  const { index } = state;
  const before = mail.transactions[index];
  if (before === undefined) return { mail, effects: [] };
  // Whatever it failed with, we made it stop: as if it had not been tried.
  if (state.kind === "preparing" && state.isStopped && outcome.error !== undefined) {
    return putBack(mail, index, when.now);
  }
  if (
    before.state.kind === "sending" &&
    outcome.kind === "unknown" &&
    outcome.recoverable &&
    mail.ending === undefined
  ) {
    const { mark } = before.state;
    return {
      mail: withState(mail, index, { kind: "inDoubt", mark }),
      effects: [{ kind: "recover", index }],
    };
  }
  const parts = successors(before, outcome, mail.delivery, { at, ...when });
  const after = {
    ...mail,
    attempts: Math.max(mail.attempts, ...parts.map(({ attempts }) => attempts)),
    warnings: [...new Set([...mail.warnings, ...outcome.warnings])],
    transactions: mail.transactions.flatMap((other, place) => (place === index ? parts : [other])),
  };
  const [only] = parts;
  const isTiming =
    outcome.kind === "ended" &&
    parts.length === 1 &&
    only?.state.kind === "queued" &&
    only.open === before.open;
  const saved = settled(after, [{ kind: "save", change: isTiming ? "timing" : "content" }], when.now);
  // A mail given up before it was asked for says nothing about whether results arrive.
  if (outcome.kind === "unknown" && mail.ending !== undefined) return saved;
  const learn = lessonsOf(outcome, state.kind !== "preparing").map((lesson): Effect => ({
    kind: "learn",
    lesson,
  }));
  return { mail: saved.mail, effects: [...saved.effects, ...learn] };
}

/** Something wants the mail to end. Of several such events the first holds. */
function ending<M extends MailLife>(
  mail: M,
  state: MailState,
  event: Extract<LifeEvent, { kind: "end" | "supersede" | "evict" }>,
  now: number,
): Step<M> {
  const request: EndRequest = {
    error: storeError(event.error),
    keep: event.kind === "end" && event.keep,
  };
  const noted = { ...mail, ending: mail.ending ?? request };
  if (state.kind === "queued") return settled(noted, [], now);
  if (state.kind === "ended" || event.kind === "evict") return { mail, effects: [] };
  if (state.kind === "preparing") return stopped(noted, state.index);
  if (state.kind === "sending" || event.kind === "supersede") return { mail: noted, effects: [] };
  // What it waits for could still say that it went out; asking ends here, so the outcome stays unknown.
  const doubtful = afterUnknown(noted, state.index, new ModemError("MODEM_RESULT_UNKNOWN"), now);
  return settled(doubtful, [], now);
}

/** As if it had not been tried. */
function putBack<M extends MailLife>(mail: M, index: number, now: number): Step<M> {
  const { state } = mail.transactions[index] ?? {};
  const waiting =
    state?.kind === "preparing" ? withState(mail, index, { kind: "queued", due: state.due }) : mail;
  return settled(waiting, [{ kind: "save", change: "place" }], now);
}

/** Ends a mail of which nothing waits any more, or whose end was requested: then all that still waits has failed. */
function settled<M extends MailLife>(mail: M, effects: readonly Effect[], now: number): Step<M> {
  const { ending } = mail;
  const transactions = mail.transactions.map((one): TransactionLife => {
    const isGivenUp = ending !== undefined && one.state.kind === "queued";
    return isGivenUp ? { ...one, state: { kind: "failed", error: ending.error } } : one;
  });
  const isComplete = transactions.every(({ state }) => state.kind === "done" || state.kind === "failed");
  if (ending === undefined && !isComplete) return { mail, effects };
  return {
    mail: { ...mail, transactions, ending: undefined, end: { time: now, keep: ending?.keep ?? true } },
    effects: [{ kind: "save", change: "content" }, { kind: "tell" }],
  };
}

/** As new, but who may have it already still counts as such: of a lost result one more try is left. */
function retried<M extends MailLife>(mail: M, now: number): Step<M> {
  const transactions = mail.transactions.map((one): TransactionLife =>
    one.state.kind === "done"
      ? one
      : {
          ...newTransaction(one.envelope, now),
          attempts: one.attempts,
          unknown: Math.min(one.unknown, 1),
          ...(one.open === true && { open: true }),
        },
  );
  return {
    mail: { ...mail, transactions, end: undefined },
    effects: [{ kind: "save", change: "content" }],
  };
}

/** It is to be given up while nothing is out. */
function stopped<M extends MailLife>(mail: M, index: number): Step<M> {
  const { state } = mail.transactions[index] ?? {};
  return abandoned(state?.kind === "preparing" ? withState(mail, index, { ...state, stopped: true }) : mail);
}

function abandoned<M extends MailLife>(mail: M): Step<M> {
  return { mail, effects: [{ kind: "abandon" }] };
}

function withState<M extends MailLife>(mail: M, index: number, state: TransactionLife["state"]): M {
  const transactions = mail.transactions.map((one, at) => (at === index ? { ...one, state } : one));
  return { ...mail, transactions };
}
