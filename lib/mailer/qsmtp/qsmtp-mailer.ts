/**
 * QsmtpMailer: mails by the module's own SMTP client, in two phases.
 *
 *   prepare: lock ─> remedy left from before ─> compose ─> clear … attach      (own retries: start over, next root, …)
 *   commit:  QSMTPPUT ─> its result ─> lock given back
 *
 * From the first to the last the module's one mail is ours: the lock is held between the two phases. The dialogue is in
 * `transaction.ts`, what is to be done about a failure in `quectel/recovery`; when a mail is due is the outbox's
 * business. A result whose connection was lost is looked for in `recover.ts`.
 */
import { joinSignals } from "../../async";
import { asModemError, copyOf, isModemError, ModemError, SPECIAL_HINTS } from "../../errors";
import { MOST_ATTACHMENTS } from "../../mail/message/attachments";
import type { PutResult } from "../../quectel/commands/smtp";
import type { Lease } from "../../quectel/connection/mail-lock";
import type {
  Ended,
  Envelope,
  Mailer,
  MailerLimits,
  MailerProgress,
  Mark,
  Outcome,
  OutgoingMail,
  Prepared,
  PrepareOptions,
  RecoverOptions,
  Retry,
  Transaction,
} from "../mailer";
import { calledOff, recipientsOf } from "../outgoing";
import { withServer } from "../named-server";
import type { KeyValueStore } from "../../quectel/key-value-store";
import { QsmtpClient, type QsmtpClientOptions } from "./client";
import {
  compose,
  needsTextSupport,
  type Composed,
  type ComposeSettings,
  textFormOf,
  type TextForm,
} from "./compose/compose";
import {
  acceptedOutcome,
  type BccMode,
  type Copy,
  failedOutcome,
  planEnvelopes,
  refuseBeyondAscii,
  unknownOutcome,
} from "./compose/envelopes";
import { ASCII_ONLY, LIMITS } from "./compose/mail-transaction";
import { putSeconds, sendMail } from "./put";
import type { WrittenCoding } from "./readable-codings";
import { recoverOutcome } from "./recover";
import {
  endsDialogue,
  ForeignUse,
  markOf,
  type OwnMark,
  provesRefusal,
  putError,
  TestMailCount,
  VIA,
} from "./result";
import { hidesRefusals, mailMemories, type MailMemory, mayShorten, SecondChances } from "./second-chance";
import { fillMail, type FilledMail } from "./transaction";

export interface QsmtpMailerOptions extends QsmtpClientOptions {
  readonly text: ComposeSettings;
  readonly bccMode: BccMode;
  /** True while another way carries what the module refuses: then no mail goes out without attachments that are too many. */
  readonly hasOtherWay?: () => boolean;
  /**
   * For test mails, of which no outbox knows: the notes of the modem whose mails may be in flight. Each is counted
   * there, so that its result never passes for that of another mail. They wait a minute at most for a mail in flight.
   */
  readonly testNotes?: KeyValueStore;
}

/** Not a reset while sending, whose outcome would be unknown. */
const LATE_RESTART = "it restarted just before the mail was sent";

/** A mail that stands in the module, and the lock under which it does. */
interface Standing {
  readonly transaction: Transaction;
  readonly filled: FilledMail;
  readonly composed: Composed;
  readonly lease: Lease;
  /** By what its result is known. */
  readonly mark: OwnMark;
  readonly onProgress: (progress: MailerProgress) => void;
}

export class QsmtpMailer extends QsmtpClient implements Mailer {
  readonly via = VIA;
  readonly limits: MailerLimits = {
    attachments: MOST_ATTACHMENTS,
    textBytes: LIMITS.bodyBytes,
    subjectBytes: LIMITS.subjectBytes,
  };
  private readonly memories = mailMemories();
  private readonly testMails: TestMailCount;
  private readonly isTestMail: boolean;
  private readonly foreign: ForeignUse;
  private testsSeen: number | undefined;
  /** The mail that stands in the module while its caller makes the mark durable. */
  private standing: Standing | undefined;

  constructor(private readonly options: QsmtpMailerOptions) {
    super(options);
    this.isTestMail = options.testNotes !== undefined;
    this.testMails = new TestMailCount(options.testNotes ?? options.store);
    this.foreign = new ForeignUse(options.modem, options.store);
    if (!this.isTestMail) void this.tidyFormerRun();
  }

  /** Also lets go of the module where a mail stands ready, because no `commit` can put it any more. */
  override close(): void {
    super.close();
    this.standing?.lease.release();
    this.standing = undefined;
  }

  plan(mail: Pick<OutgoingMail, "to" | "cc" | "bcc">): readonly Envelope[] {
    return planEnvelopes(mail, this.options.bccMode);
  }

  async prepare(transaction: Transaction, options: PrepareOptions): Promise<Prepared | Ended> {
    const { signal, release } = joinSignals(options.signal, this.closing.signal);
    const { envelope, mail } = transaction;
    let lease: Lease | undefined;
    try {
      lease = await this.lock(signal);
      const standing = await this.fill(transaction, lease, options, signal);
      this.closing.signal.throwIfAborted();
      this.standing = standing;
      return {
        kind: "prepared",
        mark: standing.mark,
        settled: [],
        commit: (signal) => this.commit(standing, signal),
        abandon: async () => {
          this.standing = undefined;
          standing.lease.release();
          this.tidyLater();
        },
      };
    } catch (cause) {
      lease?.release();
      this.tidyLater();
      if (signal.aborted) return calledOff(envelope, cause);
      return this.failed(transaction, asModemError(cause), this.memories.of(mail.id), []);
    } finally {
      release();
    }
  }

  async recover(transaction: Transaction, mark: Mark, options: RecoverOptions): Promise<Outcome> {
    const { signal, release } = joinSignals(options.signal, this.closing.signal);
    try {
      return await this.exclusively(options.signal, async (signal) =>
        recoverOutcome(
          { modem: this.client.modem, recovery: this.recovery, testMails: this.testMails, busy: this.busy },
          transaction,
          mark,
          { signal, limitMs: options.limitMs },
          (result) => this.concluded(transaction, result, []),
        ).finally(() => this.tidyLater()),
      );
    } catch (cause) {
      const error = new ModemError("MODEM_RESULT_UNKNOWN", { cause, stage: "send" });
      return unknownOutcome(transaction.envelope, error, signal.aborted || endsDialogue(cause));
    } finally {
      release();
    }
  }

  /** How the text of a mail is written as far as is known; asks the module nothing. */
  async formOf(mail: OutgoingMail): Promise<TextForm> {
    const support = (await this.work.coding.remembered()) ?? ASCII_ONLY;
    return textFormOf(mail, this.options.text, support);
  }

  /** The same with all that it depends on, for a person to judge; undefined while the module was not asked. */
  async codingOf(mail: OutgoingMail): Promise<WrittenCoding | undefined> {
    return this.work.coding.written((await this.formOf(mail)).charset);
  }

  /** The coding that a person has read, if text beyond ASCII is written so now; undefined: ASCII alone is certain. */
  readableCoding(): Promise<WrittenCoding | undefined> {
    return this.work.coding.readable(this.options.text.charset);
  }

  /** All that can fail without doubt, with the retries that are the mail's own. Rejects with why it cannot go out. */
  private async fill(
    transaction: Transaction,
    lease: Lease,
    options: PrepareOptions,
    signal: AbortSignal,
  ): Promise<Standing> {
    const { mail, envelope } = transaction;
    const { possibleDuplicate, onProgress = () => undefined } = options;
    refuseBeyondAscii(mail.from?.address ?? this.options.text.senderAddress, envelope);
    const memory = this.memories.of(mail.id);
    this.stray.forget();
    const began = this.client.modem.clock.now();
    const testMails = await this.testMails.now();
    // A module that is busy right after a test mail, or a start of the host, is so with a mail of ours.
    const isAfterTest = testMails !== this.testsSeen;
    this.testsSeen = testMails;
    const { pending } = memory;
    memory.pending = undefined;
    if (
      pending !== undefined &&
      !(await this.chancesOf(memory).apply(pending.step, pending.error, lease, signal))
    )
      throw pending.error;
    let attachments = 0;
    for (;;) {
      try {
        const ageMs = options.ageMs + (this.client.modem.clock.now() - began);
        const support = needsTextSupport(mail)
          ? ((await this.work.coding.remembered()) ?? (await this.findTextSupport(signal)))
          : ASCII_ONLY;
        const composed = compose(mail, envelope, {
          settings: this.options.text,
          support,
          history: { ageMs, possibleDuplicate, ...memory.changes },
        });
        attachments = composed.transaction.attachments.length;
        const filled = await fillMail(this.work, composed.transaction, { signal, onProgress });
        const recipients = recipientsOf(envelope);
        if (await this.foreign.isLikely()) await this.foreign.check(recipients, signal);
        const mark = markOf(this.client.modem, recipients, filled.subject, testMails);
        return { transaction, filled, composed, lease, mark, onProgress };
      } catch (error) {
        signal.throwIfAborted();
        const isLeftToOther = options.isLastResort !== true && this.options.hasOtherWay?.() === true;
        if (mayShorten(memory, error, isLeftToOther ? 0 : attachments)) continue;
        if (!isAfterTest) await this.foreign.judge(error);
        const chances = this.chancesOf(memory);
        const step = await chances.next(error, signal);
        if (typeof step !== "string") throw step ?? error;
        if (!(await chances.apply(step, error, lease, signal))) throw error;
      }
    }
  }

  private async commit(standing: Standing, leave: AbortSignal): Promise<Outcome> {
    const { signal, release } = joinSignals(leave, this.closing.signal);
    const { transaction, filled, composed, lease, mark, onProgress } = standing;
    const { envelope, mail } = transaction;
    const warnings = [...composed.warnings, ...filled.warnings];
    this.standing = undefined;
    try {
      if (this.isTestMail) await this.testMails.add();
      onProgress({ stage: "sending", done: 0, total: 0 });
      const { guarded, modem, putForm, settings } = this.work;
      if (modem.epoch !== guarded.epoch)
        throw new ModemError("MODEM_NOT_READY", { detail: LATE_RESTART, stage: "send" });
      // It may have told meanwhile which one it is; until then its other ports were not locked out. Certainly unsent.
      modem.lock.requireResults();
      const seconds = putSeconds(settings.sendTimeout, filled.bytes);
      const { result, sendMs, wasLost } = await sendMail(modem, { seconds, signal, form: putForm });
      // Between the last look at the recipients and QSMTPPUT another host may have put its own mail there.
      if (wasLost || (await this.foreign.isLikely())) await this.foreign.prove(mark, guarded, signal);
      return await this.concluded(transaction, result, warnings, { sendMs, bytes: filled.bytes });
    } catch (cause) {
      const error = asModemError(cause);
      if (error.code === "MODEM_RESULT_UNKNOWN") {
        this.last = { kind: "failed", error, at: this.client.modem.clock.now() };
        return unknownOutcome(envelope, error, signal.aborted, warnings);
      }
      if (signal.aborted) return calledOff(envelope, cause);
      return await this.failed(transaction, error, this.memories.of(mail.id), warnings);
    } finally {
      this.stray.forget();
      lease.release();
      release();
      if (filled.hasFiles) this.tidyLater();
    }
  }

  /** What the module's word about a transaction means. */
  private async concluded(
    transaction: Transaction,
    result: PutResult,
    warnings: readonly string[],
    sent: Pick<Copy, "sendMs" | "bytes"> = {},
  ): Promise<Outcome> {
    const { envelope, mail } = transaction;
    const refusal = putError(result);
    const error = refusal && withServer(refusal, this.client.settings);
    if (error === undefined) {
      const { modem, pdp } = this.client;
      pdp.used();
      await this.recovery.succeeded();
      this.last = { kind: "sent", at: modem.clock.now() };
      this.memories.forget(mail.id);
      return acceptedOutcome(envelope, { ...sent, warnings });
    }
    if (error.class === "unknown") return unknownOutcome(envelope, error, false, warnings);
    return this.failed(transaction, error, this.memories.of(mail.id), warnings, !provesRefusal(result));
  }

  private chancesOf(memory: MailMemory): SecondChances {
    const { work, recovery, busy, isTestMail } = this;
    return new SecondChances({ work, recovery, busy, isTestMail }, memory);
  }

  /** The outcome of a try that failed, and when the next one is due. @param open it may have arrived all the same */
  private async failed(
    { envelope }: Transaction,
    error: ModemError,
    memory: MailMemory,
    warnings: readonly string[],
    open = false,
  ): Promise<Ended> {
    this.last = { kind: "failed", error, at: this.client.modem.clock.now() };
    if (!this.available && (endsDialogue(error) || error.code === "MODEM_NOT_READY")) {
      return failedOutcome(envelope, error, { retry: { kind: "whenAvailable" }, open, warnings });
    }
    if (this.trouble !== undefined && isModemError(error, "SMTP_BUSY")) {
      memory.taken.clear();
      return failedOutcome(envelope, this.trouble, { retry: { kind: "whenAvailable" }, open, warnings });
    }
    if (this.isTestMail && isModemError(error, "SMTP_BUSY"))
      error = copyOf(error, { hint: SPECIAL_HINTS.testMailLater });
    await this.recovery.failed(error);
    const step = await this.chancesOf(memory).next(error, this.closing.signal);
    if (typeof step === "string") {
      memory.pending = { step, error };
      const passing = copyOf(error, { class: "transient" });
      return failedOutcome(envelope, passing, { retry: { kind: "atOnce" }, open, warnings });
    }
    const retry = (minutes: number): Retry => ({ kind: "backOff", atLeastMs: minutes * 60_000 });
    if (hidesRefusals(memory, error, open)) {
      const named = copyOf(error, { hint: SPECIAL_HINTS.hiddenRefusal });
      return failedOutcome(envelope, named, { retry: retry(30), open, warnings });
    }
    const told = (await this.recovery.mayPass(error)) ? copyOf(error, { class: "transient" }) : error;
    return failedOutcome(envelope, step ?? told, { retry: retry(0), open, warnings });
  }
}
