/**
 * What is known of a mail's way out: its transactions and the state of each. Types only.
 *
 * `lifecycle.ts` is the only place that makes one state from another. To all of them recipients are opaque strings.
 */
import type { ModemError } from "../errors";
import type { Delivery } from "../mail/mail";
import type { StoredError } from "../mail/spool/stored-error";
import type { Envelope, Mark, Outcome } from "../mailer/mailer";

export type { StoredError };

/** One transaction: a mail may need several, each with a state of its own, so a retry never serves anyone twice. */
export type TransactionState =
  /** `due`: running time at which it may be tried. */
  | { readonly kind: "queued"; readonly due: number }
  /** Everything that can fail without doubt is being done; `due` as before. `stopped`: it is to be given up. */
  | { readonly kind: "preparing"; readonly due: number; readonly stopped?: true }
  /** The mark is durable: from here on it may have been sent. */
  | { readonly kind: "sending"; readonly mark: Mark | undefined }
  /** Its result was lost; whoever carried it may still know. Without a mark only its place on the disk tells of it. */
  | { readonly kind: "inDoubt"; readonly mark: Mark | undefined }
  /** The server has taken it. `at`: wall-clock time of the host, ISO 8601. */
  | { readonly kind: "done"; readonly at: string; readonly sendMs?: number; readonly bytes?: number }
  /** Only `retry` tries it again. */
  | { readonly kind: "failed"; readonly error: StoredError };

export interface TransactionLife {
  readonly envelope: Envelope;
  readonly state: TransactionState;
  /** Failures since the last success or `retry`; the back-off grows with it. */
  readonly tries: number;
  /** Tries in a row that ended because the way out went away: only the first is repeated without back-off. */
  readonly interruptions?: number | undefined;
  /** Times its recipients were tried, in other transactions too. */
  readonly attempts: number;
  /** Outcomes of it that stayed unknown. */
  readonly unknown: number;
  /** No refusal was proven: it may have arrived although it counts as failed. */
  readonly open?: true;
  readonly lastError?: StoredError;
}

/** The part of a mail that the lifecycle reads and writes. */
export interface MailLife {
  readonly delivery: Delivery;
  readonly transactions: readonly TransactionLife[];
  /** Times the mail was tried: those of the recipient who was tried most often. */
  readonly attempts: number;
  readonly warnings: readonly string[];
  /** Asked for while it could not be interrupted: what has not gone out by then ends so. Never durable. */
  readonly ending?: EndRequest | undefined;
  /** Nothing more is sent; perhaps not yet told. `time`: running time. `keep`: `retry` may have it back. */
  readonly end?: { readonly time: number; readonly keep: boolean } | undefined;
}

export interface EndRequest {
  readonly error: StoredError;
  readonly keep: boolean;
}

/** The state of a mail, computed from its transactions. */
export type MailState =
  | { readonly kind: "queued"; readonly due: number }
  | { readonly kind: "preparing" | "sending" | "inDoubt"; readonly index: number }
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

export type Lesson =
  /** Results reach us. */
  | { readonly kind: "known" }
  /** A server that judges mails has let us in: what held the outbox is over. */
  | { readonly kind: "passed" }
  /** A result did not reach us. */
  | { readonly kind: "lost"; readonly error: ModemError }
  /** Every mail would meet this. */
  | { readonly kind: "hold"; readonly error: ModemError };
