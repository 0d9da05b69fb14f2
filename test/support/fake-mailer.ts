/** A mailer without a modem: each transaction meets the next fate of a script, and what is delivered is kept. */
import { EventEmitter } from "node:events";
import { ModemError } from "../../lib/errors";
import { recipientsOf } from "../../lib/mailer/outgoing";
import type {
  Ended,
  EndedMail,
  Envelope,
  Mailer,
  MailerEvents,
  MailerLimits,
  Mark,
  Outcome,
  OutgoingMail,
  Prepared,
  PrepareOptions,
  RecipientOutcome,
  RecoverOptions,
  Retry,
  Transaction,
  Unknown,
} from "../../lib/mailer/mailer";
import type { MailTransaction } from "../../lib/mailer/qsmtp/compose/mail-transaction";
import { compose } from "../../lib/mailer/qsmtp/compose/compose";
import { planEnvelopes, type BccMode, splitAfter } from "../../lib/mailer/qsmtp/compose/envelopes";

/** What the mailer says when it is asked for a lost result. */
export type Answer =
  | { readonly kind: "sent" }
  | { readonly kind: "refused"; readonly error: ModemError }
  | { readonly kind: "unknown" }
  | "fails";

/** What becomes of one transaction. */
export type Fate =
  /** The server takes it. */
  | { readonly kind: "sent" }
  /** It fails before the commit, or with its result; delivered all the same, it is open. */
  | {
      readonly kind: "failed";
      readonly error: ModemError;
      readonly beforePut?: true;
      readonly delivered?: true;
      readonly open?: true;
      readonly retry?: Retry;
    }
  /** The result is lost; `answer` is what is known of it later, without one nobody needs to ask. */
  | { readonly kind: "lost"; readonly delivered: boolean; readonly answer?: Answer }
  /** Nothing comes any more, until it is aborted. */
  | { readonly kind: "hangs"; readonly beforePut?: true; readonly delivered?: true };

/** What a fate may depend on. */
export interface Tried extends Envelope {
  readonly subject: string;
  /** As it would go on the line, latin1. */
  readonly codedSubject: string;
}

export interface Delivered {
  readonly recipients: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly attachments: readonly { readonly name: string; readonly content: Buffer }[];
  /** It says that it may be a repeat. */
  readonly isMarked: boolean;
}

export class FakeMailer extends EventEmitter<MailerEvents> implements Mailer {
  readonly via = "module";
  readonly limits: MailerLimits = { attachments: 10, textBytes: 10_240, subjectBytes: 100 };
  available = true;
  trouble: ModemError | undefined;
  lastMail: EndedMail | undefined;
  bccMode: BccMode = "private";
  /** Minutes; 0 = off. */
  lateNote = 0;
  /** Called before each step that a kill could come after. */
  step: () => Promise<void> = async () => undefined;
  fate: (transaction: Tried, number: number) => Fate = () => ({ kind: "sent" });
  /** Transactions begun, in order. */
  readonly tried: { readonly subject: string; readonly recipients: readonly string[] }[] = [];
  /** Whether another mail was due when one had gone out, in order. */
  readonly nextDue: (boolean | undefined)[] = [];
  /** Questions for a lost result, with the milliseconds they may take. */
  readonly questions: { readonly id: string; readonly mark: Mark; readonly limitMs: number }[] = [];
  /** Answers the next question; undefined: as the fate of the transaction says. */
  recovering: ((transaction: Transaction, options: RecoverOptions) => Promise<Outcome>) | undefined;
  running = 0;
  mostRunning = 0;
  private answer: Answer = { kind: "unknown" };
  private marks = 0;

  /** @param delivered what the server has got, from earlier mailers too. */
  constructor(readonly delivered: Delivered[] = []) {
    super();
  }

  get recoveries(): number {
    return this.questions.length;
  }

  setAvailable(available: boolean): void {
    this.available = available;
    this.emit("available", available);
  }

  /** What is known when a lost result is asked for. */
  setAnswer(answer: Answer): void {
    this.answer = answer;
  }

  close(): void {}

  plan(mail: Pick<OutgoingMail, "to" | "cc" | "bcc">): readonly Envelope[] {
    return planEnvelopes(mail, this.bccMode);
  }

  async prepare(transaction: Transaction, options: PrepareOptions): Promise<Prepared | Ended> {
    this.running++;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    let isPrepared = false;
    try {
      const ready = await this.prepared(transaction, options);
      isPrepared = ready.kind === "prepared";
      return ready;
    } finally {
      if (!isPrepared) this.running--;
    }
  }

  async recover(transaction: Transaction, mark: Mark, options: RecoverOptions): Promise<Outcome> {
    const { mail, envelope } = transaction;
    this.questions.push({ id: mail.id, mark, limitMs: options.limitMs });
    if (this.recovering !== undefined) return this.recovering(transaction, options);
    await this.step();
    if (options.signal.aborted) return unknown(envelope, true);
    const { answer } = this;
    if (answer === "fails") return unknown(envelope, true);
    this.answer = { kind: "unknown" };
    switch (answer.kind) {
      case "sent":
        return ended(envelope, "accepted");
      case "refused":
        return this.failed(envelope, answer.error, { open: false });
      case "unknown":
        return unknown(envelope, false);
    }
  }

  private async prepared(
    { mail, envelope }: Transaction,
    { signal, ageMs, possibleDuplicate, onProgress, isNextDue }: PrepareOptions,
  ): Promise<Prepared | Ended> {
    const recipients = recipientsOf(envelope);
    const { subject } = mail;
    this.tried.push({ subject, recipients });
    const composed = this.composed(mail, envelope, ageMs, possibleDuplicate);
    const codedSubject = composed.subject.bytes.toString("latin1");
    const fate = this.fate({ ...envelope, subject, codedSubject }, this.tried.length);
    await this.step();
    if (signal.aborted) return aborted(envelope);
    onProgress?.({ stage: "connect", done: 0, total: 0 });
    const attachments = await Promise.all(
      mail.attachments.map(async (attachment) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of attachment.open()) chunks.push(chunk);
        return { name: attachment.filename, content: Buffer.concat(chunks) };
      }),
    ).catch((cause: unknown) => cause);
    if (!Array.isArray(attachments)) {
      const error = attachments instanceof ModemError ? attachments : new ModemError("MODEM_ERROR");
      return this.failed(envelope, error, { open: false });
    }
    if (fate.kind === "failed" && fate.beforePut)
      return this.failed(envelope, fate.error, { ...fate, open: false });
    if (fate.kind === "hangs" && fate.beforePut) {
      await whenAborted(signal);
      return aborted(envelope);
    }
    const deliver = (): void => {
      const text = composed.body.bytes.toString();
      this.delivered.push({ recipients, subject, text, attachments, isMarked: possibleDuplicate });
    };
    return {
      kind: "prepared",
      mark: { via: this.via, data: ++this.marks },
      settled: [],
      commit: (leave) =>
        this.commit(envelope, fate, deliver, leave, composed.body.bytes.length).finally(() => {
          this.nextDue.push(isNextDue?.());
          this.running--;
        }),
      abandon: async () => void this.running--,
    };
  }

  private async commit(
    envelope: Envelope,
    fate: Fate,
    deliver: () => void,
    leave: AbortSignal,
    bytes: number,
  ): Promise<Outcome> {
    await this.step();
    switch (fate.kind) {
      case "sent":
        deliver();
        await this.step();
        return { ...ended(envelope, "accepted"), sendMs: 1200, bytes };
      case "failed":
        if (fate.delivered) deliver();
        return this.failed(envelope, fate.error, { ...fate, open: fate.open ?? fate.delivered ?? false });
      case "lost":
        if (fate.delivered) deliver();
        if (fate.answer !== undefined) this.answer = fate.answer;
        return unknown(envelope, fate.answer !== undefined);
      case "hangs":
        if (fate.delivered) deliver();
        await whenAborted(leave);
        return unknown(envelope, true);
    }
  }

  private failed(
    envelope: Envelope,
    error: ModemError,
    { open, retry }: { readonly open: boolean; readonly retry?: Retry },
  ): Ended {
    const usual: Retry = this.available ? { kind: "backOff", atLeastMs: 0 } : { kind: "whenAvailable" };
    const split = splitAfter(error, envelope);
    return {
      ...ended(envelope, "deferred"),
      error,
      open,
      retry: retry ?? usual,
      ...(split !== undefined && { split }),
    };
  }

  /** As the reader gets it, notes included. */
  private composed(
    mail: OutgoingMail,
    envelope: Envelope,
    ageMs: number,
    possibleDuplicate: boolean,
  ): MailTransaction {
    return compose({ ...mail, attachments: [] }, envelope, {
      settings: {
        senderName: "Pump 7",
        senderAddress: "pump7@example.com",
        charset: "auto",
        lateNote: this.lateNote,
      },
      support: { subject: "raw", body: "raw" },
      history: { ageMs, possibleDuplicate, shortSubject: false },
    }).transaction;
  }
}

/** An outcome in which all recipients fare alike. */
export function ended(envelope: Envelope, state: RecipientOutcome["state"]): Ended {
  return {
    kind: "ended",
    recipients: recipientsOf(envelope).map((address) => ({ address, state })),
    retry: { kind: "backOff", atLeastMs: 0 },
    open: false,
    warnings: [],
  };
}

/** Nobody knows; `recoverable`: the mailer may still find out. */
export function unknown(envelope: Envelope, recoverable: boolean): Unknown {
  return {
    kind: "unknown",
    recipients: recipientsOf(envelope).map((address) => ({ address, state: "unknown" })),
    error: new ModemError("MODEM_RESULT_UNKNOWN"),
    open: true,
    recoverable,
    warnings: [],
  };
}

function aborted(envelope: Envelope): Ended {
  return {
    ...ended(envelope, "deferred"),
    error: new ModemError("MODEM_ABORTED"),
    retry: { kind: "whenAvailable" },
  };
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
