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
import { storeError } from "./spool/stored-error";
import type { Envelope, Outcome } from "../mailer/mailer";
import type { Effect, EndRequest, LifeEvent, MailLife, MailState, TransactionLife } from "./life";
import { afterUnknown, attempted, lessonsOf, successors } from "./outcome";

export { isInDoubt } from "./outcome";

interface When {
  /** Running time. */
  readonly now: number;
  /** 0 to 1. */
  readonly random: number;
}

export interface Step<M> {
  readonly mail: M;
  readonly effects: readonly Effect[];
}

/** A new transaction, due at `due` of the running time. */
export function newTransaction(envelope: Envelope, due: number): TransactionLife {
  return { envelope, state: { kind: "queued", due }, tries: 0, attempts: 0, unknown: 0 };
}

/** The state of a mail, computed from its transactions. */
export function stateOf(mail: MailLife): MailState {
  if (mail.end !== undefined) return { kind: "ended" };
  for (const [index, { state }] of mail.transactions.entries()) {
    if (state.kind === "preparing" || state.kind === "sending" || state.kind === "inDoubt") {
      return { kind: state.kind, index };
    }
  }
  return { kind: "queued", due: nextDue(mail) };
}

/** The queued transaction that is to be sent next: due first, of several the first in the mail; -1 when none waits. */
export function nextTransaction({ transactions }: MailLife): number {
  let next = -1;
  let due = Infinity;
  for (const [index, { state }] of transactions.entries()) {
    if (state.kind !== "queued" || state.due >= due) continue;
    next = index;
    due = state.due;
  }
  return next;
}

/** Running time at which the next queued transaction is due; infinite when none waits. */
export function nextDue({ transactions }: Pick<MailLife, "transactions">): number {
  return Math.min(...transactions.map(({ state }) => (state.kind === "queued" ? state.due : Infinity)));
}

/**
 * The mail as a start finds it on the disk. `marked`: index of the transaction whose mark stands there; it may have
 * been sent. Anything else that was under way had not begun.
 */
export function adopted<M extends MailLife>(mail: M, marked: number | undefined): M {
  if (mail.end !== undefined) return mail;
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
  const state = stateOf(mail);
  const when: When = { now, random };
  switch (state.kind) {
    case "queued":
      return whileQueued(mail, event, now);
    case "preparing":
      return whilePreparing(mail, state.index, event, when);
    case "sending":
      return whileSending(mail, state.index, event, when);
    case "inDoubt":
      return whileInDoubt(mail, state.index, event, when);
    case "ended":
      return afterEnd(mail, event, now);
  }
}

function whileQueued<M extends MailLife>(mail: M, event: LifeEvent, now: number): Step<M> {
  switch (event.kind) {
    case "start": {
      const index = nextTransaction(mail);
      const { state } = mail.transactions[index] ?? {};
      if (state?.kind !== "queued") return unchanged(mail);
      return {
        mail: withState(mail, index, { ...state, kind: "preparing" }),
        effects: [{ kind: "prepare", index }],
      };
    }
    case "end":
      return givenUp(mail, requestOf(event.error, event.keep), now);
    case "supersede":
    case "evict":
      return givenUp(mail, requestOf(event.error, false), now);
    case "prepared":
    case "marked":
    case "unmarked":
    case "abandoned":
    case "outcome":
    case "stop":
    case "told":
    case "retry":
      return unchanged(mail);
  }
}

function whilePreparing<M extends MailLife>(mail: M, index: number, event: LifeEvent, when: When): Step<M> {
  switch (event.kind) {
    case "prepared":
      if (isStopped(mail, index)) return { mail, effects: [{ kind: "abandon" }] };
      return { mail, effects: [{ kind: "mark", index, mark: event.mark }] };
    case "marked":
      // Asked for while the mark was written: it must not go out, and the mark says more than is true.
      if (isStopped(mail, index)) return { mail, effects: [{ kind: "abandon" }] };
      return {
        mail: withState(mail, index, { kind: "sending", mark: event.mark }),
        effects: [{ kind: "commit" }],
      };
    case "unmarked":
      return { mail, effects: [{ kind: "abandon" }] };
    case "abandoned":
      return settled(requeued(mail, index), [{ kind: "save", change: "place" }], when.now);
    case "outcome":
      // Whatever it failed with, we made it stop: as if it had not been tried.
      if (isStopped(mail, index) && event.outcome.error !== undefined) {
        return whilePreparing(mail, index, { kind: "abandoned" }, when);
      }
      return concluded(mail, index, event.outcome, event.at, when);
    case "end":
      return stopped(noted(mail, requestOf(event.error, event.keep)), index);
    case "supersede":
      return stopped(noted(mail, requestOf(event.error, false)), index);
    case "stop":
      return stopped(mail, index);
    case "start":
    case "evict":
    case "told":
    case "retry":
      return unchanged(mail);
  }
}

function whileSending<M extends MailLife>(mail: M, index: number, event: LifeEvent, when: When): Step<M> {
  switch (event.kind) {
    case "outcome": {
      const { outcome } = event;
      if (outcome.kind === "ended" || !outcome.recoverable || mail.ending !== undefined) {
        return concluded(mail, index, outcome, event.at, when);
      }
      const { state } = mail.transactions[index] ?? {};
      const mark = state?.kind === "sending" ? state.mark : undefined;
      return {
        mail: withState(mail, index, { kind: "inDoubt", mark }),
        effects: [{ kind: "recover", index }],
      };
    }
    case "end":
      return { mail: noted(mail, requestOf(event.error, event.keep)), effects: [] };
    case "supersede":
      return { mail: noted(mail, requestOf(event.error, false)), effects: [] };
    case "start":
    case "prepared":
    case "marked":
    case "unmarked":
    case "abandoned":
    case "evict":
    case "stop":
    case "told":
    case "retry":
      return unchanged(mail);
  }
}

function whileInDoubt<M extends MailLife>(mail: M, index: number, event: LifeEvent, when: When): Step<M> {
  switch (event.kind) {
    case "outcome":
      return concluded(mail, index, event.outcome, event.at, when);
    case "end": {
      // What it waits for could still say that it went out; asking ends here, so the outcome stays unknown.
      const doubtful = afterUnknown(mail, index, new ModemError("MODEM_RESULT_UNKNOWN"), when.now);
      return settled(noted(doubtful, requestOf(event.error, event.keep)), [], when.now);
    }
    case "supersede":
      return { mail: noted(mail, requestOf(event.error, false)), effects: [] };
    case "start":
      return { mail, effects: [{ kind: "recover", index }] };
    case "prepared":
    case "marked":
    case "unmarked":
    case "abandoned":
    case "evict":
    case "stop":
    case "told":
    case "retry":
      return unchanged(mail);
  }
}

function afterEnd<M extends MailLife>(mail: M, event: LifeEvent, now: number): Step<M> {
  switch (event.kind) {
    case "told": {
      const failed = mail.transactions.some(({ state }) => state.kind !== "done");
      return { mail, effects: [{ kind: "leave", keep: failed && mail.end?.keep === true }] };
    }
    case "retry": {
      if (mail.transactions.every(({ state }) => state.kind === "done")) return unchanged(mail);
      const transactions = mail.transactions.map((one) =>
        one.state.kind === "done" ? one : revived(one, now),
      );
      return {
        mail: { ...mail, transactions, end: undefined },
        effects: [{ kind: "save", change: "content" }],
      };
    }
    case "start":
    case "prepared":
    case "marked":
    case "unmarked":
    case "abandoned":
    case "outcome":
    case "end":
    case "supersede":
    case "evict":
    case "stop":
      return unchanged(mail);
  }
}

function concluded<M extends MailLife>(
  mail: M,
  index: number,
  outcome: Outcome,
  at: string,
  { now, random }: When,
): Step<M> {
  const before = mail.transactions[index];
  if (before === undefined) return unchanged(mail);
  const wasSent = before.state.kind !== "preparing";
  const one = attempted(before, outcome);
  const parts = successors(one, outcome, mail.delivery, { at, now, random });
  const warnings = [...new Set([...mail.warnings, ...outcome.warnings])];
  const after = {
    ...mail,
    attempts: Math.max(mail.attempts, one.attempts),
    warnings,
    transactions: mail.transactions.flatMap((other, place) => (place === index ? parts : [other])),
  };
  // A mail given up before it was asked for says nothing about whether results arrive.
  const isSilent = outcome.kind === "unknown" && mail.ending !== undefined;
  const lessons = isSilent ? [] : lessonsOf(outcome, wasSent);
  const learn = lessons.map((lesson): Effect => ({ kind: "learn", lesson }));
  const [only] = parts;
  const isTiming =
    outcome.kind === "ended" &&
    parts.length === 1 &&
    only?.state.kind === "queued" &&
    only.open === before.open;
  const saved = settled(after, [{ kind: "save", change: isTiming ? "timing" : "content" }], now);
  return { mail: saved.mail, effects: [...saved.effects, ...learn] };
}

/** Ends a mail of which nothing waits any more, or whose end was asked for meanwhile. */
function settled<M extends MailLife>(mail: M, effects: readonly Effect[], now: number): Step<M> {
  if (mail.ending !== undefined) return givenUp(mail, mail.ending, now);
  const isComplete = mail.transactions.every(({ state }) => state.kind === "done" || state.kind === "failed");
  return isComplete ? ended(mail, true, now) : { mail, effects };
}

/** Gives up all that waits. */
function givenUp<M extends MailLife>(mail: M, { error, keep }: EndRequest, now: number): Step<M> {
  const transactions = mail.transactions.map((one): TransactionLife =>
    one.state.kind === "queued" ? { ...one, state: { kind: "failed", error } } : one,
  );
  return ended({ ...mail, transactions }, keep, now);
}

function ended<M extends MailLife>(mail: M, keep: boolean, now: number): Step<M> {
  return {
    mail: { ...mail, ending: undefined, end: { time: now, keep } },
    effects: [{ kind: "save", change: "content" }, { kind: "tell" }],
  };
}

/** As new, but who may have it already still counts as such: of a lost result one more try is left. */
function revived(one: TransactionLife, now: number): TransactionLife {
  return {
    ...newTransaction(one.envelope, now),
    attempts: one.attempts,
    unknown: Math.min(one.unknown, 1),
    ...(one.open === true && { open: true }),
  };
}

function requeued<M extends MailLife>(mail: M, index: number): M {
  const { state } = mail.transactions[index] ?? {};
  return state?.kind === "preparing" ? withState(mail, index, { kind: "queued", due: state.due }) : mail;
}

/** It is to be given up while nothing is out. */
function stopped<M extends MailLife>(mail: M, index: number): Step<M> {
  const { state } = mail.transactions[index] ?? {};
  if (state?.kind !== "preparing") return unchanged(mail);
  return { mail: withState(mail, index, { ...state, stopped: true }), effects: [{ kind: "abandon" }] };
}

function isStopped(mail: MailLife, index: number): boolean {
  const { state } = mail.transactions[index] ?? {};
  return state?.kind === "preparing" && state.stopped === true;
}

/** The first request holds. */
function noted<M extends MailLife>(mail: M, ending: EndRequest): M {
  return { ...mail, ending: mail.ending ?? ending };
}

function requestOf(error: ModemError, keep: boolean): EndRequest {
  return { error: storeError(error), keep };
}

function withState<M extends MailLife>(mail: M, index: number, state: TransactionLife["state"]): M {
  const transactions = mail.transactions.map((one, at) => (at === index ? { ...one, state } : one));
  return { ...mail, transactions };
}

function unchanged<M extends MailLife>(mail: M): Step<M> {
  return { mail, effects: [] };
}
