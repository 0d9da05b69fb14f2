/** The shape of a row of the error table. */

/**
 * What the outbox does with an error: `transient` tries again, `message` gives this mail up at once, `setup` holds
 * the outbox because every mail would fail, `unknown` means that there is no way to know whether the mail was sent.
 */
export type ErrorClass = "transient" | "message" | "setup" | "unknown";

export interface ErrorRow {
  /** The module's number: `+CME ERROR: <number>` or `+QSMTPPUT: <number>,…`. */
  readonly number?: number;
  /** What happened, in one sentence without a full stop. */
  readonly text: string;
  /** What the person beside the machine can do now. */
  readonly hint: string;
  readonly class: ErrorClass;
}
