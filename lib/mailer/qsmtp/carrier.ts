/**
 * MailCarrier: what the mail layer may ask of a modem.
 *
 * Implemented by `smtp-carrier.ts`. One transaction is one complete QSMTP dialogue, all or nothing: the module gives a mail
 * up when the server refuses a single recipient.
 */
import type { EventEmitter } from "node:events";
import type { ModemError } from "../../errors";
import type { MailerProgress } from "../mailer";
import type { CharsetName } from "../../quectel/commands/smtp";
import type { TransactionAttachment } from "../../quectel/files/file-store";

/** Text in the bytes of a charset; how they are written on the line (raw or as hex digits) is the carrier's business. */
export interface CodedText {
  readonly charset: CharsetName;
  readonly bytes: Buffer;
}

export interface MailTransaction {
  readonly senderName: string;
  readonly senderAddress: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly subject: CodedText;
  /** Empty text: a mail with a subject only. */
  readonly body: CodedText;
  /** The body for a module that refuses the coding of `body`, which then is a guess. ASCII. */
  readonly plainBody?: CodedText;
  readonly attachments: readonly TransactionAttachment[];
}

/**
 * How the module takes text that is not ASCII: `raw` bytes, `hex` digits, or `unknown`, when only ASCII is certain to
 * arrive. The two answers may differ, because `bodyoriginal` concerns the body only.
 */
export interface TextSupport {
  readonly subject: "raw" | "hex" | "unknown";
  readonly body: "raw" | "hex" | "unknown";
}

/** How a body that is not ASCII is written: where nothing is known of bodies, as the subject is, which is a guess. */
export function bodyCoding({ subject, body }: TextSupport): TextSupport["body"] {
  return body === "unknown" ? subject : body;
}

export interface SendOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: MailerProgress) => void;
  /**
   * Awaited after all is ready and before QSMTPPUT is written: the caller makes durable that from now on the mail may
   * go out. When it rejects, the mail is not sent and `send` rejects with its error.
   */
  readonly beforePut?: () => Promise<void>;
  /**
   * Awaited before the mail is put on the air once more by the same call although it may have arrived: gives the
   * transaction that says so to its reader. When it rejects, the mail is not sent again and `send` rejects with the
   * error of the former try. Left out: it is sent again as it is.
   */
  readonly beforeRepeat?: () => Promise<MailTransaction>;
}

export interface SendReport {
  /** Milliseconds from QSMTPPUT to its result. */
  readonly sendMs: number;
  /** Bytes of body and attachments. */
  readonly bytes: number;
  /** What the reader should know although the mail went out. */
  readonly warnings: readonly string[];
}

/** What became of a mail whose result line was not seen, because the host or its connection went away meanwhile. */
export type RecoveredResult =
  | { readonly kind: "sent" }
  | { readonly kind: "refused"; readonly error: ModemError }
  /** The module knows of no mail: it was sent, or failed, or never started. */
  | { readonly kind: "unknown" };

export interface CarrierEvents {
  /** `available` has changed. */
  available: [available: boolean];
}

export interface MailCarrier extends EventEmitter<CarrierEvents> {
  /** True while a mail could be sent now: modem connected, SIM ready, registered. */
  readonly available: boolean;
  /** Asks once per module and firmware; ASCII needs no answer. Rejects as `send` does. */
  textSupport(): Promise<TextSupport>;
  /**
   * Runs one transaction; resolves when the server has accepted the mail for all its recipients.
   *
   * Rejects with a ModemError whose `class` says what to do next, `stage` how far it came, and `modemCode` and
   * `smtpCode` what module and server said. `MODEM_RESULT_UNKNOWN` only when QSMTPPUT was written and its result can
   * no longer come.
   */
  send(transaction: MailTransaction, options?: SendOptions): Promise<SendReport>;
  /**
   * Asks whether the module is still busy with a mail (652) of an earlier connection and waits for its result line.
   * To be called before any other transaction when a mail stood before QSMTPPUT or later as the host went away.
   */
  recover(signal?: AbortSignal): Promise<RecoveredResult>;
}
