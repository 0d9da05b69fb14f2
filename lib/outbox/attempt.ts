/**
 * Attempt: one try of one transaction, from the record to an outcome. What follows from it is not its business.
 */
import type { Clock } from "../clock";
import { ModemError } from "../errors";
import type { CarrierProgress, MailCarrier } from "../mailer/qsmtp/carrier";
import { endsDialogue } from "../mailer/qsmtp/put-result";
import type { OutgoingMail } from "../mailer/mailer";
import type { Ledger } from "./ledger";
import type { MailStore } from "./mail-store";
import type { Composer } from "./outbox-types";
import type { SpoolRecord, StoredTransaction } from "../mail/spool/record";
import { isInDoubt, type Outcome } from "./transactions";
import type { Entry } from "./waiting-mails";

export interface AttemptParts {
  readonly clock: Clock;
  readonly carrier: MailCarrier;
  readonly compose: Composer;
  readonly store: MailStore;
  readonly ledger: Ledger;
  /** Wall-clock time, ISO 8601. */
  readonly today: () => string;
  /** Rejects when the folder is no longer ours; with `within`, a look so many milliseconds ago will do. */
  readonly assertHeld: (within?: number) => Promise<void>;
  readonly progress: (id: string, progress: CarrierProgress) => void;
}

/** How a try went. */
export type Tried =
  | { readonly kind: "outcome"; readonly outcome: Outcome; readonly wasPut: boolean }
  /** QSMTPPUT was written and its result can no longer come; the module may still know. */
  | { readonly kind: "lost" }
  /** The disk did not take the mark that must stand before QSMTPPUT. */
  | { readonly kind: "unmarked"; readonly isRepeat: boolean }
  /** Stopped before QSMTPPUT by us: as if it had not been tried, unless it was to be a repeat. */
  | { readonly kind: "interrupted"; readonly isRepeat: boolean };

export class Attempt {
  private readonly abort = new AbortController();
  /** From `put` on only the result ends it. */
  private stage: "preparing" | "unmarked" | "put" = "preparing";
  /** The carrier has put it on the air a second time, or was not let to, after a failure that leaves its outcome open. */
  private isRepeat = false;

  constructor(
    readonly entry: Entry,
    private readonly parts: AttemptParts,
  ) {}

  /** Stops it unless QSMTPPUT may have been written. */
  interrupt(): void {
    if (this.stage !== "put") this.abort.abort();
  }

  /** Tells the carrier that nobody waits any more, whatever has been written. */
  abandon(): void {
    this.abort.abort();
  }

  /** Never rejects. */
  async run(record: SpoolRecord, index: number, transaction: StoredTransaction): Promise<Tried> {
    const { carrier, compose, ledger, today, progress } = this.parts;
    const history = {
      ageMs: Math.max(0, ledger.time.now().time - this.entry.accepted.time),
      possibleDuplicate: isInDoubt(transaction),
      shortSubject: transaction.shortSubject,
    };
    try {
      const mail = await this.storedMail(record);
      const composed = await compose(mail, transaction.envelope, history);
      const { sendMs, bytes, warnings } = await carrier.send(composed.transaction, {
        signal: this.abort.signal,
        onProgress: (state) => progress(record.id, state),
        beforePut: () => this.mark(index),
        beforeRepeat: async () => {
          this.isRepeat = true;
          if (record.delivery === "atMostOnce") throw new ModemError("MODEM_RESULT_UNKNOWN");
          const marked = { ...history, possibleDuplicate: true };
          return (await compose(mail, transaction.envelope, marked)).transaction;
        },
      });
      const outcome: Outcome = {
        kind: "sent",
        at: today(),
        sendMs,
        bytes,
        warnings: [...composed.warnings, ...warnings],
        isRepeat: this.isRepeat,
      };
      return { kind: "outcome", outcome, wasPut: true };
    } catch (cause) {
      return this.failed(cause);
    }
  }

  private failed(cause: unknown): Tried {
    const wasPut = this.stage === "put";
    const { isRepeat } = this;
    if (!wasPut && this.abort.signal.aborted) return { kind: "interrupted", isRepeat };
    if (this.stage === "unmarked") return { kind: "unmarked", isRepeat };
    const isKnown = cause instanceof ModemError;
    if (wasPut && (!isKnown || endsDialogue(cause))) return { kind: "lost" };
    const error = isKnown ? cause : new ModemError("MODEM_ERROR", { cause, detail: String(cause) });
    const away = !this.parts.carrier.available;
    return { kind: "outcome", outcome: { kind: "failed", error, away, isRepeat }, wasPut };
  }

  /** Makes durable that the mail may be on its way from now on. */
  private async mark(index: number): Promise<void> {
    const { store, ledger, assertHeld } = this.parts;
    this.stage = "unmarked";
    await assertHeld();
    await store.putOnAir(this.entry, index);
    await ledger.countPut();
    this.abort.signal.throwIfAborted();
    this.stage = "put";
  }

  private async storedMail(record: SpoolRecord): Promise<OutgoingMail> {
    const { id, from, replyTo, to, cc, bcc, subject } = record;
    const { spool } = this.parts.store;
    return {
      id,
      raisedAt: this.raisedAt(record),
      from: from ?? undefined,
      ...(replyTo !== undefined && { replyTo }),
      to,
      cc,
      bcc,
      subject,
      text: await spool.text(record),
      attachments: spool.attachments(record),
    };
  }

  /**
   * When the mail was raised, by the wall clock as it is now: the one of that moment may have been wrong, as on a host
   * without battery. The age is exact over a restart of the process; only a restart of the host loses it, and then that
   * clock tells it, unless it was ahead.
   */
  private raisedAt(record: SpoolRecord): number {
    const { clock, ledger } = this.parts;
    const { accepted, recovered } = this.entry;
    const byAge = clock.wall() - Math.max(0, ledger.time.now().time - accepted.time);
    const isExact = !recovered || ledger.time.isExact(record.accepted);
    return isExact ? byAge : Math.min(record.raisedAt, byAge);
  }
}
