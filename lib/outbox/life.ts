/**
 * What happens to a mail, and what is to be done about it. Types only; the state of a transaction is a part of its
 * record (spool/record.ts), and `lifecycle.ts` is the only place that makes one state from another.
 */
import type { ModemError } from "../errors";
import type { SpoolRecord } from "./spool/record";
import type { Mark, Outcome } from "../mailer/mailer";

export type { EndRequest, StoredTransaction as TransactionLife } from "./spool/record";

/** The part of a mail that the lifecycle reads and writes. */
export type MailLife = Pick<
  SpoolRecord,
  "delivery" | "transactions" | "attempts" | "warnings" | "ending" | "end"
>;

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
