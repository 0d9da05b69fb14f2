/** Every state of a mail and every event of the lifecycle, by name: one recipient unless said otherwise. */
import { ModemError, type ErrorCode, type ModemErrorOptions } from "../../../lib/errors";
import type { Ended, Mark, Outcome, RecipientOutcome, Unknown } from "../../../lib/mailer/mailer";
import type { Effect, LifeEvent, MailLife, TransactionLife } from "../../../lib/outbox/lifecycle";
import { stateOf } from "../../../lib/outbox/lifecycle";
import { storeError } from "../../../lib/stored-error";

export const NOW = 100_000;
export const AT = "2026-01-02T03:04:05.000Z";
export const MARK: Mark = { via: "module", data: "start 3, mail 9" };
const ALONE = { to: ["ops@example.com"], cc: [], bcc: [] };

export function transaction(more: Partial<TransactionLife> = {}): TransactionLife {
  return { envelope: ALONE, state: { kind: "queued", due: 5 }, tries: 0, attempts: 0, unknown: 0, ...more };
}

export function life(more: Partial<MailLife> = {}): MailLife {
  return { delivery: "atLeastOnce", transactions: [transaction()], attempts: 0, warnings: [], ...more };
}

/** An outcome in which all recipients of `addresses` fare alike. */
export function ended(
  state: RecipientOutcome["state"],
  more: Partial<Ended> = {},
  addresses: readonly string[] = ALONE.to,
): Ended {
  return {
    kind: "ended",
    recipients: addresses.map((address) => ({ address, state })),
    retry: { kind: "backOff", atLeastMs: 0 },
    open: false,
    warnings: [],
    ...more,
  };
}

export function failed(code: ErrorCode, options: ModemErrorOptions = {}, more: Partial<Ended> = {}): Ended {
  return ended("deferred", { error: new ModemError(code, options), ...more });
}

export function unknown(recoverable: boolean): Unknown {
  return {
    kind: "unknown",
    recipients: [{ address: "ops@example.com", state: "unknown" }],
    error: new ModemError("MODEM_RESULT_UNKNOWN"),
    open: true,
    recoverable,
    warnings: [],
  };
}

const ENDING = { error: storeError(new ModemError("OUTBOX_DISCARDED")), keep: false };

function under(state: TransactionLife["state"], more: Partial<MailLife> = {}): MailLife {
  return life({ transactions: [transaction({ state })], ...more });
}

export const STATES = {
  queued: life(),
  preparing: under({ kind: "preparing", due: 5 }),
  "preparing, stopped": under({ kind: "preparing", due: 5, stopped: true }),
  "preparing, to end": under({ kind: "preparing", due: 5, stopped: true }, { ending: ENDING }),
  sending: under({ kind: "sending", mark: MARK }),
  "sending, to end": under({ kind: "sending", mark: MARK }, { ending: ENDING }),
  inDoubt: under({ kind: "inDoubt", mark: MARK }),
  "inDoubt, to end": under({ kind: "inDoubt", mark: MARK }, { ending: ENDING }),
  done: under({ kind: "done", at: AT }, { end: { time: 9, keep: true } }),
  failed: under({ kind: "failed", error: ENDING.error }, { end: { time: 9, keep: true } }),
} as const satisfies Record<string, MailLife>;

const outcome = (one: Outcome): LifeEvent => ({ kind: "outcome", outcome: one, at: AT });

export const EVENTS = {
  start: { kind: "start" },
  prepared: { kind: "prepared", mark: MARK },
  marked: { kind: "marked", mark: MARK },
  unmarked: { kind: "unmarked" },
  abandoned: { kind: "abandoned" },
  accepted: outcome(ended("accepted")),
  "transient failure": outcome(failed("SMTP_NETWORK")),
  "open failure": outcome(failed("SMTP_UNKNOWN", {}, { open: true })),
  interruption: outcome(failed("MODEM_RESET", {}, { retry: { kind: "whenAvailable" } })),
  "message refused": outcome(failed("SMTP_TRANSACTION_FAILED", { smtpCode: 554 })),
  "login refused": outcome(failed("SMTP_AUTH_FAILED", { smtpCode: 535 })),
  "result lost": outcome(unknown(true)),
  "result unknown": outcome(unknown(false)),
  end: { kind: "end", error: new ModemError("OUTBOX_EXPIRED"), keep: true },
  supersede: { kind: "supersede", error: new ModemError("OUTBOX_SUPERSEDED") },
  evict: { kind: "evict", error: new ModemError("OUTBOX_FULL") },
  stop: { kind: "stop" },
  told: { kind: "told" },
  retry: { kind: "retry" },
} as const satisfies Record<string, LifeEvent>;

/** The mail in a few words: its state, how it ended and what it carries on. */
export function shown(mail: MailLife): string {
  const state = stateOf(mail);
  const [one] = mail.transactions;
  const words = [
    state.kind === "ended" ? (one?.state.kind ?? "") : state.kind,
    ...(one?.state.kind === "failed" ? [one.state.error.code] : []),
    ...(state.kind === "queued" ? [state.due <= NOW ? "due" : "later"] : []),
    ...((one?.unknown ?? 0) > 0 || one?.open === true ? ["marked"] : []),
    ...(mail.ending === undefined ? [] : ["to end"]),
  ];
  return words.join(" ");
}

export function shownEffect(effect: Effect): string {
  switch (effect.kind) {
    case "save":
      return `save ${effect.change}`;
    case "leave":
      return effect.keep ? "keep" : "remove";
    case "learn":
      return effect.lesson.kind;
    case "prepare":
    case "mark":
    case "commit":
    case "abandon":
    case "recover":
    case "tell":
      return effect.kind;
  }
}
