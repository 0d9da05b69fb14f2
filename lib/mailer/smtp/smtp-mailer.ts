/**
 * SmtpMailer: mails by this package itself, over a TCP connection of the module, in two phases.
 *
 *   prepare: lock ─> remedy left from before ─> context ─> connection ─> greeting … the message but its last kilobyte
 *   commit:  the rest ─> the server's word ─> QUIT, lock given back
 *
 * Whatever goes wrong before the last kilobyte leaves the host is certainly not sent. The session is in `dialogue.ts`,
 * the message in `message.ts`; what is done to the module about a failure belongs to `quectel/recovery`, when a mail is
 * due to the outbox.
 */
import { joinSignals } from "../../async";
import { PACKAGE_DATE } from "../../clock";
import { copyOf, isModemError, knownFields, ModemError } from "../../errors";
import type { Passage } from "../../mail/mail";
import type { Lease } from "../../quectel/connection/mail-lock";
import type { Modem } from "../../quectel/connection/modem";
import { settled } from "../../quectel/connection/modem-state";
import type { ModuleClock } from "../../quectel/network/module-clock";
import type { PdpContext } from "../../quectel/network/pdp";
import { ModuleRecovery } from "../../quectel/recovery/module-recovery";
import type { KeyValueStore } from "../../quectel/key-value-store";
import type { SmtpSettings } from "../../quectel/settings";
import type { ModuleSockets } from "../../quectel/sockets/module-sockets";
import { calledOff, recipientsOf } from "../outgoing";
import type {
  Ended,
  Envelope,
  Mailer,
  Mark,
  Outcome,
  Prepared,
  PrepareOptions,
  Transaction,
} from "../mailer";
import { ModemMailer } from "../modem-mailer";
import { dividedByLetters, SOCKET_LIMITS } from "../socket-plan";
import type { Dialogue } from "./dialogue";
import { watcherOf } from "./dialogue-watcher";
import { HeldMessage } from "./held-message";
import { inAscii, OTHER_SENDER } from "./letters";
import { Login } from "./login";
import { byTime, makeMessage, withoutReports, type Message, type MessageSettings } from "./message";
import {
  acceptedOutcome,
  errorOf,
  failedOutcome,
  failureOf,
  resultUnknown,
  SessionFailure,
  settledBy,
  unknownOutcome,
  type Failure,
  type Refusal,
} from "./outcomes";
import { isOfTheWay, Remedies, wayOf } from "./remedies";
import { Sessions, type Session } from "./sessions";
import {
  assignedId,
  isAboutRecipients,
  isDateError,
  readReply,
  refusesParameters,
  responseOf,
  sessionError,
} from "./smtp-error";

export interface SmtpMailerOptions {
  readonly modem: Modem;
  readonly pdp: PdpContext;
  readonly moduleClock: ModuleClock;
  readonly sockets: ModuleSockets;
  /** Remembers how the module has failed. */
  readonly store: KeyValueStore;
  /** Where another mailer on the same module shares it; left out: one of its own. */
  readonly recovery?: ModuleRecovery;
  readonly settings: SmtpSettings;
  readonly text: MessageSettings;
}

const VIA = "socket";
const NO_REPORTS = "The server sends no reports of the delivery (DSN); msg.dsn was not passed on.";

/** A session that waits for the end of its message. */
interface Standing extends Session {
  readonly transaction: Transaction;
  readonly message: Message;
  /** The mail asks for reports of the delivery, whether or not they are asked for in this session. */
  readonly wantsReports: boolean;
  /** What the reader sees otherwise because of what the server does not take. */
  readonly remark?: string;
  readonly isNextDue: PrepareOptions["isNextDue"];
}

export class SmtpMailer extends ModemMailer implements Mailer {
  readonly via = VIA;
  readonly limits = SOCKET_LIMITS;
  private readonly recovery: ModuleRecovery;
  private readonly remedies: Remedies;
  /** The module's mail client may be busy as long as it likes. */
  readonly trouble = undefined;
  private readonly login: Login;
  private readonly sessions: Sessions;

  constructor(private readonly options: SmtpMailerOptions) {
    super(options.modem);
    const { modem, pdp, store, settings } = options;
    const recovery = { modem, pdp, store, host: settings.host, settings: wayOf(settings) };
    this.recovery = options.recovery ?? new ModuleRecovery(recovery);
    this.login = new Login(options);
    this.sessions = new Sessions(options);
    this.remedies = new Remedies({ modem, settings, recovery: this.recovery });
  }

  /** One for all of a kind: a server tells each recipient's fate, and Bcc stands in no header. */
  plan(mail: Envelope): readonly Envelope[] {
    return dividedByLetters(mail);
  }

  async prepare(transaction: Transaction, options: PrepareOptions): Promise<Prepared | Ended> {
    const { signal, release } = joinSignals(options.signal, this.closing.signal);
    const kept = this.sessions.take();
    let lease = kept?.lease;
    try {
      lease ??= await this.options.modem.lock.acquire(signal);
      signal.throwIfAborted();
      return await this.prepared(transaction, lease, options, signal, kept?.dialogue);
    } catch (cause) {
      if (kept !== undefined) this.sessions.drop(kept.dialogue);
      lease?.release();
      if (signal.aborted) return calledOff(transaction.envelope, cause);
      return await this.failed(transaction, failureOf(cause));
    } finally {
      release();
    }
  }

  /** A connection that is gone tells nothing any more. */
  async recover({ envelope }: Transaction, _mark: Mark): Promise<Outcome> {
    return unknownOutcome(envelope, resultUnknown(undefined), [], { via: VIA });
  }

  /** Ends what runs; a mail whose end was on its way is then of unknown outcome. */
  override close(): void {
    super.close();
    this.sessions.close();
  }

  /** @param kept a session that has sent the previous mail; where it fails, a new one decides */
  private async prepared(
    transaction: Transaction,
    lease: Lease,
    options: PrepareOptions,
    signal: AbortSignal,
    kept?: Dialogue,
    wantsReports = transaction.mail.fields?.dsn !== undefined,
  ): Promise<Prepared> {
    const { mail, envelope } = transaction;
    await this.remedies.apply(mail.id, lease, signal);
    await this.connected(signal);
    const message = await this.message(transaction, options, signal);
    if (kept === undefined && this.options.settings.tokens !== undefined) {
      options.onProgress?.({ stage: "token", done: 0, total: 0 });
      await this.login.ready(signal);
    }
    options.onProgress?.({ stage: "connect", done: 0, total: 0 });
    // A module may tell late which one it is, or be replaced meanwhile.
    this.options.modem.lock.requireResults();
    const dialogue = kept ?? (await this.sessions.open(signal));
    dialogue.watcher = watcherOf(message.size, options);
    const onAbort = (): void => dialogue.destroy(new ModemError("MODEM_ABORTED"));
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    const { isNextDue } = options;
    let standing: Standing = { transaction, dialogue, message, lease, wantsReports, isNextDue };
    let held: HeldMessage | undefined;
    try {
      if (kept === undefined) {
        await dialogue.greet();
        await this.login.into(dialogue, signal);
      }
      const taken = dialogue.takesUtf8 ? transaction : inAscii(transaction, this.options.text.senderAddress);
      if (taken !== transaction) {
        const other = await this.message(taken, options, signal);
        standing = { ...standing, message: other, transaction: taken, remark: OTHER_SENDER };
      }
      const prepared = standing;
      held = new HeldMessage(prepared.message.open());
      await dialogue.begin(prepared.message.envelopeTo([...recipientsOf(envelope)]), held);
      return {
        kind: "prepared",
        mark: { via: VIA, data: { messageId: mail.unique } },
        settled: settledBy(this.refusals(dialogue)),
        commit: (leave) => this.commit(prepared, leave),
        abandon: async () => {
          dialogue.destroy();
          this.sessions.end(standing);
        },
      };
    } catch (cause) {
      held?.destroy();
      this.sessions.drop(dialogue);
      const isCertain = isModemError(cause, "SMTP_UTF8_UNSUPPORTED");
      if (kept !== undefined && !signal.aborted && !isCertain)
        return await this.prepared(transaction, lease, options, signal);
      if (mail.fields?.dsn !== undefined && dialogue.stage === "envelope" && refusesParameters(cause)) {
        // The mail is worth more than its reports.
        const plain = { ...transaction, mail: withoutReports(mail) };
        return await this.prepared(plain, lease, options, signal, undefined, wantsReports);
      }
      throw await this.explained(standing, cause);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  private async commit(standing: Standing, leave: AbortSignal): Promise<Outcome> {
    const { transaction, dialogue, message, wantsReports } = standing;
    const { envelope, mail } = transaction;
    const { modem, pdp } = this.options;
    const refusals = this.refusals(dialogue);
    const onLeave = (): void => dialogue.destroy(new ModemError("MODEM_ABORTED"));
    if (leave.aborted) onLeave();
    const isWhole = !dialogue.isOver && !dialogue.isAnswered;
    const asked = mail.fields?.dsn !== undefined && dialogue.reports;
    const warnings = [wantsReports && !asked ? NO_REPORTS : [], standing.remark ?? []].flat();
    const began = modem.clock.now();
    leave.addEventListener("abort", onLeave, { once: true });
    let isSent = false;
    try {
      const { serverMessageId, response } = await dialogue.finish();
      isSent = true;
      pdp.used();
      await this.recovery.succeeded();
      this.remedies.forget(mail.id);
      this.last = { kind: "sent", at: modem.clock.now() };
      const messageId = assignedId(serverMessageId, this.guarded) ?? message.messageId;
      return acceptedOutcome(envelope, refusals, {
        passage: { ...this.passage(dialogue, response), messageId },
        sendMs: modem.clock.now() - began,
        bytes: message.payloadBytes,
        warnings,
      });
    } catch (cause) {
      const failure = await this.explained(standing, cause);
      const { error, passage } = failure;
      // The server has refused it, or not a byte of what makes it a mail has left the host.
      if (error.smtpCode !== undefined || !isWhole) {
        return await this.failed(transaction, { error, passage, refusals });
      }
      dialogue.destroy();
      this.last = { kind: "failed", error, at: modem.clock.now() };
      await this.recovery.failed(error);
      const { messageId } = message;
      return unknownOutcome(envelope, resultUnknown(error), refusals, { ...passage, messageId });
    } finally {
      leave.removeEventListener("abort", onLeave);
      if (isSent && this.mayKeep(standing)) this.sessions.keep(standing);
      else this.sessions.end(standing);
    }
  }

  /** Others who wait for the module come before further mails. */
  private mayKeep({ isNextDue }: Standing): boolean {
    return !this.closing.signal.aborted && !this.options.modem.lock.isWanted && isNextDue?.() === true;
  }

  /** A module that is there, identified, no other port's, and connected to its network. */
  private async connected(signal: AbortSignal): Promise<void> {
    const { modem, pdp } = this.options;
    if (modem.state.name === "connecting") await settled(modem, signal);
    const notReady = modem.notReady();
    if (notReady !== undefined) throw notReady;
    modem.lock.requireResults();
    await pdp.ensure(signal);
  }

  /** Rejects with an error of the mail's contents. */
  private async message(
    transaction: Transaction,
    { ageMs, possibleDuplicate }: PrepareOptions,
    signal: AbortSignal,
  ): Promise<Message> {
    const { clock } = this.options.modem;
    const network = clock.wall() >= PACKAGE_DATE ? undefined : await this.networkTime(signal);
    const history = { ageMs, possibleDuplicate, raisedAt: transaction.mail.raisedAt };
    const told = network === undefined ? history : byTime(history, network);
    return makeMessage(transaction, this.options.text, told);
  }

  /** The settings, and what no reply may show. */
  private get guarded(): SmtpSettings & { readonly secrets: readonly string[] } {
    return { ...this.options.settings, secrets: this.login.secrets };
  }

  private refusals(dialogue: Dialogue): readonly Refusal[] {
    return dialogue.refused.flatMap(({ address, response }) => {
      const reply = readReply(response, this.guarded);
      return reply === undefined ? [] : [{ address, reply }];
    });
  }

  private passage({ tls }: Dialogue, response: string | undefined): Passage {
    const reply = response === undefined ? undefined : readReply(response, this.guarded);
    return { via: VIA, ...knownFields({ response: reply?.text, tls }) };
  }

  /** What a failure of the session means, with the recipients that had been refused by then. */
  private async explained({ dialogue, transaction }: Standing, cause: unknown): Promise<SessionFailure> {
    const isOfRecipients = isAboutRecipients(cause);
    // Of a server that has refused the sender, or is gone, the words about recipients say nothing about them.
    const refusals = isOfRecipients || dialogue.stage !== "envelope" ? this.refusals(dialogue) : [];
    const refusal = isOfRecipients ? errorOf(refusals) : undefined;
    const passage = this.passage(dialogue, responseOf(cause));
    if (refusal !== undefined) return new SessionFailure(refusal, refusals, passage);
    const broken = dialogue.explain(cause);
    const networkTime = isDateError(broken) ? await this.networkTime(this.closing.signal) : undefined;
    const error = isModemError(cause)
      ? copyOf(cause, { stage: cause.stage ?? dialogue.stage })
      : sessionError(broken, {
          stage: dialogue.stage,
          settings: this.guarded,
          hasOwnSender: transaction.mail.from !== undefined,
          hostTime: this.options.modem.clock.wall(),
          networkTime,
        });
    return new SessionFailure(error, refusals, passage);
  }

  private networkTime(signal: AbortSignal): Promise<number | undefined> {
    return this.options.moduleClock.network(signal).catch(() => undefined);
  }

  /** The outcome of a try that failed for certain, and when the next one is due. */
  private async failed(
    { envelope, mail }: Transaction,
    { error, refusals, passage }: Failure,
  ): Promise<Ended> {
    this.last = { kind: "failed", error, at: this.options.modem.clock.now() };
    if (!this.available && isOfTheWay(error)) {
      return failedOutcome(envelope, error, passage, refusals, { kind: "whenAvailable" });
    }
    const told = await this.remedies.next(mail.id, error, this.closing.signal);
    if (told !== undefined) return failedOutcome(envelope, told, passage, refusals);
    const passing = copyOf(error, { class: "transient" });
    return failedOutcome(envelope, passing, passage, refusals, { kind: "atOnce" });
  }
}
