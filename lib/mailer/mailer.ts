/**
 * Mailer: how one mail leaves, in two phases, whatever protocol and device carry it.
 *
 * `prepare` does everything that can fail without doubt. Its caller then makes the mark durable and calls `commit`,
 * which alone can end in doubt. No callback runs upwards: a mailer never asks its caller for anything, and a caller
 * needs no word of the mailer's protocol. Which mail goes when, how long it is retried and what its end is belong to
 * the outbox. Types only; recipients are opaque strings, compared exactly.
 */
import type { ModemError } from "../errors";
import type { AttachmentPlace, Mail, Passage } from "../mail/mail";

/** A content on the disk or in memory; the same content may be opened several times, also at once. */
export interface OutgoingAttachment {
  /** As the flow named it; the mailer makes of it what its protocol can carry. */
  readonly filename: string;
  /** Bytes, exact. */
  readonly size: number;
  /** SHA-256 of the content in hex; equal contents may be transferred once. */
  readonly sha256: string;
  /** Undefined: a file beside the text. */
  readonly place?: AttachmentPlace;
  /** Reads the content from the start. */
  open(): AsyncIterable<Uint8Array>;
}

/** A mail as the outbox keeps it. */
export interface OutgoingMail extends Pick<
  Mail,
  "from" | "replyTo" | "fields" | "to" | "cc" | "bcc" | "subject" | "isSubjectInText" | "text"
> {
  /** Id of the mail in the outbox: letters, digits and dashes. */
  readonly id: string;
  /** 128 random bits as 32 hex digits, the same for all copies of the mail: what tells it from every other mail. */
  readonly unique: string;
  /** Wall-clock time of acceptance, milliseconds since 1970; for the reader only, never for a decision. */
  readonly raisedAt: number;
  readonly attachments: readonly OutgoingAttachment[];
  /** Parts of the mail that are gone, one sentence each: the reader is told. Undefined: none. */
  readonly lost?: readonly string[];
}

/**
 * Recipients of one transaction by the role in which the mail shows them; together at least one. The outbox keeps it,
 * and the state of its recipients, and may shorten its lists; what the roles mean is the mailer's business.
 */
export interface Envelope {
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
}

/** One transaction: a mail, and those of its recipients who are served together. */
export interface Transaction {
  readonly mail: OutgoingMail;
  readonly envelope: Envelope;
}

/** Steps of a session that this package has with the server itself, in their order; `data` is what takes time. */
export type SessionStage = "connect" | "tls" | "login" | "envelope" | "data" | "commit";

/**
 * How much of a transaction is done, for a person who watches. By the module's own client, `upload` is what takes time:
 * attachments into the module; `body` is a text that goes into it apart from them. Before a session of this package, a
 * `token` is fetched where the login needs one.
 */
export interface MailerProgress {
  readonly stage: "token" | SessionStage | "settings" | "upload" | "body" | "sending";
  /** Bytes of the mail, so far and in all; 0 of 0 where the stage has none. In `data`: those acknowledged by the server. */
  readonly done: number;
  readonly total: number;
}

export interface PrepareOptions {
  /** Ends the preparation; it then resolves with an `Ended` whose error is `MODEM_ABORTED`. */
  readonly signal: AbortSignal;
  /** Milliseconds since the mail was raised, 0 or more: by a monotonic clock, as far as that knows. */
  readonly ageMs: number;
  /** A former copy may have reached these recipients: the copy is marked as a possible duplicate. */
  readonly possibleDuplicate: boolean;
  readonly onProgress?: (progress: MailerProgress) => void;
  /** Asked when the mail has gone out: true while another one is due, for which a connection may be kept for a moment. */
  readonly isNextDue?: () => boolean;
  /** No other way is left: what this one refuses of the mail is left out, rather than all of it. */
  readonly isLastResort?: boolean;
}

/** A value that JSON carries as it is. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/**
 * What has to be durable before `commit`: enough for the mailer to recognise the result as that of this transaction
 * and no other, also in another process. At most 1 kB as JSON, without secrets or addresses. The outbox keeps it as it
 * is and gives it to `recover`; only the mailer that made it can read it, and takes a damaged one for no mark.
 */
export interface Mark {
  /** The mailer that made it. */
  readonly via: string;
  readonly data: JsonValue;
}

export interface RecipientOutcome {
  readonly address: string;
  /**
   * `accepted`: the server has taken the mail for them. `refused`: it never will. `deferred`: not this time.
   * `unknown`: the outcome is in doubt. Only `open` of the outcome says whether another copy must be marked.
   */
  readonly state: "accepted" | "refused" | "deferred" | "unknown";
  /** The module's own number. */
  readonly modemCode?: number;
  /** Reply code of the server (RFC 5321 section 4.2), 200..599. */
  readonly smtpCode?: number;
  /** The server's own words: one line of at most 500 characters without controls. */
  readonly response?: string;
}

/** When a transaction that failed may be tried again; the outbox adds its own back-off where this requests one. */
export type Retry =
  /** After the usual back-off, and at least `atLeastMs` milliseconds from now. */
  | { readonly kind: "backOff"; readonly atLeastMs: number }
  /**
   * A remedy is left that the mailer takes at the beginning of the next `prepare`: due at once. Each remedy is offered
   * once for a mail until its next `backOff`, so this ends.
   */
  | { readonly kind: "atOnce" }
  /**
   * The way out went away meanwhile, which says nothing about the mail: due as soon as `available` is true again, at
   * once if it is. It is not counted as a try.
   */
  | { readonly kind: "whenAvailable" };

/** Certain for every recipient whose state is not `unknown`. */
export interface Ended {
  readonly kind: "ended";
  /** Each recipient of the envelope once. */
  readonly recipients: readonly RecipientOutcome[];
  /**
   * Why not all were accepted; undefined when all were. Its `class` says what follows: `message` ends the transaction
   * for those not accepted, `setup` concerns every mail, `transient` is tried again.
   */
  readonly error?: ModemError;
  /** Meaningful with an `error` of class `transient`. */
  readonly retry: Retry;
  /**
   * The transactions that serve those not accepted and not refused, in place of this one and due at once; left out: one
   * with the same envelope, less those accepted or refused.
   */
  readonly split?: readonly Envelope[];
  /**
   * No refusal is proven: those not accepted may have received it all the same. Every further copy must be marked
   * (`possibleDuplicate`), and a mail that may be delivered at most once ends here. Class and back-off of `error` hold.
   */
  readonly open: boolean;
  /** Undefined where nothing was tried. */
  readonly passage?: Passage;
  /** Milliseconds from `commit` to the result; undefined where unknown. */
  readonly sendMs?: number;
  /** Payload bytes of the copy: text and attachments; undefined where unknown. */
  readonly bytes?: number;
  /** What the reader of the mail does not get as the flow gave it; one English sentence each. */
  readonly warnings: readonly string[];
}

/**
 * The result can no longer come, or cannot come to this process any more. Recipients refused or accepted before are
 * certain, all others `unknown`; `open` is always true.
 */
export interface Unknown {
  readonly kind: "unknown";
  readonly recipients: readonly RecipientOutcome[];
  /** Of class `unknown`. */
  readonly error: ModemError;
  readonly open: true;
  /** `recover` may still find the result out; false: it is lost for good, no need to ask. */
  readonly recoverable: boolean;
  readonly passage?: Passage;
  readonly warnings: readonly string[];
}

export type Outcome = Ended | Unknown;

/** A transaction of which everything but the last step is done. Exactly one of its two methods is to be called, once. */
export interface Prepared {
  readonly kind: "prepared";
  readonly mark: Mark;
  /** Recipients whose state is certain already, refused ones for instance; often empty. */
  readonly settled: readonly RecipientOutcome[];
  /**
   * The one step that can end in doubt; to be called when the mark is durable. Never rejects. The signal interrupts
   * nothing: it only ends the waiting for a result, and the outcome is then `unknown` and `recoverable`.
   */
  commit(signal: AbortSignal): Promise<Outcome>;
  /** Gives the preparation up; nothing was sent. Never rejects. */
  abandon(): Promise<void>;
}

export interface RecoverOptions {
  /** Ends the question; it then resolves with an outcome that is `unknown` and `recoverable`. */
  readonly signal: AbortSignal;
  /**
   * Milliseconds that the mail itself may still wait. When they are over and the device is still busy, it is
   * restarted where that is allowed, and the outcome is `unknown`.
   */
  readonly limitMs: number;
}

/** Beyond `refused` limits a mail ends with an error of class `message`; beyond the others it goes out changed. */
export interface MailerLimits {
  /** Attachments that one mail may have; more are refused at acceptance. */
  readonly attachments: number;
  /** Bytes of text after coding that travel as text; a longer one goes as an attachment. */
  readonly textBytes: number;
  /** Bytes of a subject after coding; a longer one is cut and stands whole in the text. */
  readonly subjectBytes: number;
}

export interface MailerEvents {
  /** `available` or `trouble` has changed. */
  available: [available: boolean];
}

/** What became of a mail, and when it ended in milliseconds of the clock. */
export type EndedMail = (
  | { readonly kind: "sent" }
  | { readonly kind: "failed"; readonly error: ModemError }
) & { readonly at: number };

/** One way out. One transaction runs at a time; a further call waits for the one before. */
export interface Mailer {
  readonly limits: MailerLimits;
  /** True while a mail could be sent now. */
  readonly available: boolean;
  /**
   * Why no mail can go out although the device answers, where waiting does not help but a person can; undefined where
   * there is nothing of this kind. `available` is false meanwhile.
   */
  readonly trouble: ModemError | undefined;
  /** The last mail that this object knows the end of; one that was called off does not count. For a diagnosis. */
  readonly lastMail: EndedMail | undefined;
  on(event: "available", listener: (available: boolean) => void): unknown;
  off(event: "available", listener: (available: boolean) => void): unknown;
  /**
   * The envelopes of a new mail in the order of sending, at least one. Depends on nothing but the lists and the
   * settings: made once, at acceptance, and kept with the mail. Pure.
   */
  plan(mail: Pick<OutgoingMail, "to" | "cc" | "bcc">): readonly Envelope[];
  /**
   * Everything up to the step that can end in doubt, its own retries included. Resolves with what is ready, or with
   * what became of it when it failed: then nothing was sent, and `open` is false. Never rejects.
   */
  prepare(transaction: Transaction, options: PrepareOptions): Promise<Prepared | Ended>;
  /**
   * What became of a transaction that was committed and whose result was not seen. Answers only where the result is
   * proven to be that of this transaction; else `unknown`, at once where nothing more can be learnt. To be called once
   * for each mark, before anything else is prepared. Never rejects.
   */
  recover(transaction: Transaction, mark: Mark, options: RecoverOptions): Promise<Outcome>;
  /** Ends what runs, and for good; a mail in flight is then of unknown outcome. */
  close(): void;
}
