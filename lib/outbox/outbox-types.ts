/**
 * What the outbox takes and tells: settings, events, summary, rows of the list.
 *
 * Types only. The states of a mail on the disk stand in spool/record.ts.
 */
import type { ErrorCode, ModemError } from "../errors";
import type { MailerProgress } from "../mailer/mailer";
import type { AttachmentPlace, MailFailure, Priority, SmtpResult } from "../mail/mail";

/** The parts of the settings of which an error can say that all mails will fail until they change. */
export type Concern = "port" | "sim" | "apn" | "server" | "login" | "sender";

/**
 * For each concern all its settings as one string, secrets included: only a salted hash of it is ever kept, to see
 * after a restart whether the settings have changed since the outbox was held.
 */
export type Fingerprint = Readonly<Record<Concern, string>>;

export interface OutboxSettings {
  /** Minutes a mail is tried when its node names no limit of its own. Time under a hold does not count. */
  readonly maxAge: number;
  /** Mails that may wait. */
  readonly maxQueued: number;
  /** 10^6 bytes on the disk, attachments and failed mails included. */
  readonly maxSpoolMB: number;
  /** Days of running time a failed mail is kept for `retry`. */
  readonly keepFailedDays: number;
  /** Transactions in any 60 minutes; 0 = no limit. */
  readonly ratePerHour: number;
  readonly fingerprint: Fingerprint;
  /** Results carry `simulated`. */
  readonly simulated: boolean;
}

/** Takes what a person who looks for a fault may want to read. */
export interface Logger {
  error(message: string): void;
  info(message: string): void;
}

/** Who sent a mail, and the rest of its message for the result. */
export interface MailOrigin {
  /** Id of the node, as the flow has it now. */
  readonly nodeId: string;
  /** Kept as far as JSON and Buffers go and 64 kB allow; largest properties are left out first. */
  readonly message: unknown;
  /** Place in the order of acceptance, from `Outbox.reservePlace`; without it, that of the call of `accept`. */
  readonly place?: number;
}

/** An attachment of a mail that has ended; readable until the work given to `waitUntil` has settled. */
export interface EndedAttachment {
  readonly filename: string;
  /** Bytes. */
  readonly size: number;
  /** Undefined: a file beside the text. */
  readonly place?: AttachmentPlace;
  /** Reads the content from the start; may be called again. */
  open(): AsyncIterable<Uint8Array>;
  /** The whole content in memory. */
  readBack(): Promise<Buffer>;
}

/**
 * The end of one mail. With `failure` the mail is failed, or partial (`outcome: "partial"`): some recipients have it,
 * some never will.
 */
export interface MailEnded {
  readonly id: string;
  readonly origin: MailOrigin;
  /** Empty when the record could not be read. */
  readonly subject: string;
  readonly result: SmtpResult;
  readonly failure?: MailFailure;
  readonly error?: ModemError;
  /** The mail was accepted by an earlier run of the outbox. */
  readonly recovered: boolean;
  readonly attachments: readonly EndedAttachment[];
  /** The text of the mail, lines ended by CR LF; may be called while the attachments can be read. Rejects as they do. */
  readText(): Promise<string>;
  /**
   * Keeps the record and the attachments until `work` has settled. Should `work` reject or the process end before,
   * the same result is reported again at the next start.
   */
  waitUntil(work: Promise<unknown>): void;
}

/** Why nothing goes out although mails wait. All kinds are kept over restarts. */
export type HoldReason =
  /** An error that every mail would meet; ends with the settings concerned or by `resume`. */
  | { readonly kind: "setup"; readonly code: ErrorCode; readonly message: string; readonly since: string }
  /** The PDP context was deactivated by a flow; ends by `releaseFrom("pdp")`. */
  | { readonly kind: "pdp"; readonly since: string }
  /** `pause`; ends by `resume`. */
  | { readonly kind: "paused"; readonly since: string };

/**
 * What the next mail waits for while the modem is ready: its turn, which comes at once; the time after a failure; the
 * module's word about a mail whose result was lost; the next hour of `ratePerHour`.
 */
export type WaitReason = "turn" | "retry" | "result" | "rate";

export interface OutboxSummary {
  /** Mails that wait or are being sent. */
  readonly depth: number;
  /** Milliseconds since the oldest of them was accepted; 0 without mails. */
  readonly oldestAgeMs: number;
  /** Milliseconds until the next mail is tried, 0 = due; absent when none waits or only an event can start it. */
  readonly nextTryInMs?: number;
  readonly hold?: HoldReason;
  /** Absent when no mail waits or one is sent, under a hold, and while the modem is not ready. */
  readonly waitsFor?: WaitReason;
  /** With `retry`: why the mail that is tried next was not sent when it was last tried. */
  readonly cause?: ErrorCode;
  /** Id of the mail whose transaction runs. */
  readonly sending?: string;
  /** Mails kept for `retry`. */
  readonly failed: number;
}

/** Whose mail is being sent, by the ids of the nodes that accepted the mails. */
export interface SendingNode {
  readonly nodeId: string;
  /** Those whose mails wait behind it, the same one perhaps among them. */
  readonly behind: ReadonlySet<string>;
}

export interface OutboxEvents {
  /** A mail has ended; told at least once for each accepted mail. */
  ended: [ended: MailEnded];
  /** Something in the summary has changed; told once for all that changes within 100 ms. */
  changed: [];
  progress: [progress: { readonly id: string } & MailerProgress];
  /** A hold began, became another, or ended (undefined); not repeated after a restart. */
  hold: [reason: HoldReason | undefined];
  /** Three tries have failed with this error; the mails are tried again. Once until a mail goes out while none waits for it, or another error is told. */
  failing: [error: ModemError];
  /** The disk failed, told once in each way until an hour has passed without it, or a record was damaged; the outbox goes on. */
  trouble: [error: ModemError];
}

/** One of them with what it tells. */
export type OutboxEvent = {
  [Name in keyof OutboxEvents]: readonly [name: Name, ...told: OutboxEvents[Name]];
}[keyof OutboxEvents];

/** Returns false without a listener. Never throws. */
export type Tell = (...event: OutboxEvent) => boolean;

export type ListState = "waiting" | "sending" | "failed";

export interface ListQuery {
  /** Undefined: waiting and sending. */
  readonly state?: ListState;
  /** Rows to skip, 0 or more (0). */
  readonly offset?: number;
  /** Rows, 1..1000 (100). */
  readonly limit?: number;
}

/** A mail in the list, without its contents. */
export interface OutboxRow {
  readonly id: string;
  readonly state: ListState;
  readonly nodeId: string;
  readonly priority: Priority;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly subject: string;
  /** Bytes of text and attachments. */
  readonly size: number;
  readonly attachments: readonly { readonly filename: string; readonly size: number }[];
  readonly attempts: number;
  /** Wall-clock time of acceptance, ISO 8601. */
  readonly raisedAt: string;
  readonly ageMs: number;
  readonly nextTryInMs?: number;
  /** The last error, or why it failed. */
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

export interface OutboxList {
  /** Mails in that state. */
  readonly total: number;
  readonly rows: readonly OutboxRow[];
}
