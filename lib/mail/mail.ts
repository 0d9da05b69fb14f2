/**
 * Mail: a message of a flow after checking, ready to be kept and sent; and what became of it.
 *
 * Nothing here depends on the module: texts are Unicode, addresses are checked, contents are not yet coded.
 */
import type { ErrorClass, ErrorCode } from "../errors";

export type Priority = "high" | "normal" | "low";

/** `atLeastOnce`: a mail whose result was lost is sent once more; `atMostOnce`: it is not. */
export type Delivery = "atLeastOnce" | "atMostOnce";

/** An address with its display name; the name is empty when there is none. */
export interface Mailbox {
  readonly name: string;
  /** Bare; the domain in ASCII (an IDN domain in its A-label form), what stands before the @ in NFC. */
  readonly address: string;
}

export interface MailAttachment {
  /** As the flow named it; made safe for the module later. */
  readonly filename: string;
  readonly content: AttachmentContent;
  /** Undefined: a file beside the text. */
  readonly place?: AttachmentPlace;
}

/** An event of which the server shall tell the sender (RFC 3461 section 4.1). */
export type DsnEvent = "success" | "failure" | "delay";

export interface DsnRequest {
  /** Empty: never. */
  readonly notify: readonly DsnEvent[];
  /** The report holds the whole mail, not its header alone. */
  readonly isWhole: boolean;
}

export interface HeaderField {
  /** Printable ASCII without colon. */
  readonly name: string;
  /** One line of Unicode. */
  readonly value: string;
}

/** What a mail may have beyond texts and files, where the way out carries it; at most 3 kB. */
export interface MailFields {
  /** Message-IDs in angle brackets (RFC 5322 section 3.6.4): the mail that this one answers, and those of its thread. */
  readonly inReplyTo?: string;
  readonly references?: readonly string[];
  readonly headers?: readonly HeaderField[];
  readonly dsn?: DsnRequest;
}

/** What an attachment is in a mail of which the way out can show HTML; for any other way it is a file. */
export type AttachmentPlace =
  /** The text in HTML, UTF-8. `isSource`: the plain text is an extract of it. At most one of a mail. */
  | { readonly kind: "html"; readonly isSource: boolean }
  /** The HTML shows it as `cid:` (RFC 2392). At most 200 characters of ASCII, no blank and no angle bracket. */
  | { readonly kind: "inline"; readonly cid: string };

/** Content in memory, or in a file that is read when the mail is accepted (the path has been checked). */
export type AttachmentContent =
  | { readonly kind: "bytes"; readonly bytes: Buffer }
  | { readonly kind: "file"; readonly path: string };

export interface Mail {
  /** Replaces the sender of the settings; undefined: the settings hold. */
  readonly from: Mailbox | undefined;
  /** Who is to get the answers, where the way out carries a Reply-To; undefined: the sender. */
  readonly replyTo?: readonly Mailbox[];
  /** Undefined: none. */
  readonly fields?: MailFields;
  /** Bare addresses as in `Mailbox`, no duplicates over the three lists. */
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  /** Entries of the lists that are no addresses: never sent to, told with the result. Undefined: none. */
  readonly unreadable?: readonly UnreadableRecipient[];
  /** One line. */
  readonly subject: string;
  /** It was cut, and stands whole at the beginning of `text`, which is told already. */
  readonly isSubjectInText?: boolean;
  readonly text: string;
  readonly attachments: readonly MailAttachment[];
  /** How many of them, at the beginning, were made of the payload; undefined: none. */
  readonly attachmentsOfPayload?: number;
  readonly priority: Priority;
  /** Takes the place of mails of the same node with the same key that have not gone out; undefined: of none. */
  readonly replaces?: string;
  /** What the mail could not carry, for `msg.smtp.warnings`. */
  readonly warnings: readonly string[];
}

/** What a node asks for one mail beyond its content. */
export interface MailOptions {
  /** Minutes until this mail is given up; undefined: the modem's `maxAge`. */
  readonly maxAge: number | undefined;
  readonly delivery: Delivery;
}

/** The encryption of a session. */
export interface SessionTls {
  /** Such as `TLSv1.3`. */
  readonly version: string;
  /** As OpenSSL names it, such as `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
}

/** How a copy of a mail went, or was tried. */
export interface Passage {
  /** Who spoke SMTP: the module's own client, or this package over a socket of the module. */
  readonly via: "module" | "socket";
  /** In angle brackets (RFC 5322 section 3.6.4), where this package wrote it and a copy may be out. */
  readonly messageId?: string;
  /** What the server said last: one line of at most 500 characters, without controls and secrets. */
  readonly response?: string;
  /** Undefined for a session without encryption, and where the module encrypts. */
  readonly tls?: SessionTls;
}

/** `msg.smtp` as design section "smtp-send" lists it; the passage is that of the last copy, once one was tried. */
export interface SmtpResult extends Partial<Passage> {
  readonly status: "sent" | "partial" | "queued" | "failed";
  readonly id: string;
  readonly accepted: readonly string[];
  readonly rejected: readonly RejectedRecipient[];
  readonly attempts: number;
  /** ISO 8601 time of the host at the server's acceptance. */
  readonly acceptedAt?: string;
  /** Milliseconds in the outbox, and from QSMTPPUT to its result, where that was seen. */
  readonly queuedMs: number;
  readonly sendMs?: number;
  /** Bytes of texts and attachments that were sent; absent where unknown, as in a recovered result. */
  readonly bytes?: number;
  readonly warnings: readonly string[];
  readonly possibleDuplicate?: true;
  readonly recovered?: true;
  readonly simulated?: true;
  readonly modemCode?: number;
  readonly smtpCode?: number;
}

/** An entry of a list of recipients that is no address; `address` is what was given, cut to 80 characters. */
export interface UnreadableRecipient {
  readonly address: string;
  readonly code: ErrorCode;
}

export interface RejectedRecipient {
  readonly address: string;
  /** Why, where it was no server or module that refused it. */
  readonly code?: ErrorCode;
  readonly modemCode?: number;
  readonly smtpCode?: number;
}

/** `msg.error` of output 2 without `source`, which the node adds. */
export interface MailFailure {
  readonly message: string;
  readonly code: ErrorCode;
  readonly hint: string;
  readonly class: ErrorClass;
  readonly stage?: string;
  /** Whether anything may have reached a recipient. */
  readonly outcome: "notSent" | "unknown" | "partial";
  readonly attempts: number;
  readonly modemCode?: number;
  readonly smtpCode?: number;
  /** What it follows from: of OUTBOX_EXPIRED the last failure. */
  readonly cause?: Omit<MailFailure, "outcome" | "attempts" | "cause">;
}
