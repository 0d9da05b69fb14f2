/**
 * SmtpCarrier: mails through the module's own SMTP client, one transaction at a time under the mail lock.
 *
 * It is what the mail layer sees of a modem (`carrier.ts`). The dialogue itself is in `transaction.ts`, what is done
 * about a failure within one call of `send` in `recovery/second-chance.ts`; trying again later is the outbox's business.
 */
import { EventEmitter } from "node:events";
import type { Timer } from "../../clock";
import { isModemError, ModemError } from "../../errors";
import type {
  CarrierEvents,
  EndedMail,
  MailCarrier,
  MailTransaction,
  RecoveredResult,
  SendOptions,
  SendReport,
  TextSupport,
} from "./carrier";
import type { TransactionAttachment } from "../../quectel/files/file-store";
import { BODY_LENGTH } from "../../quectel/commands/smtp";
import { FileStore, type StoredFile } from "../../quectel/files/file-store";
import { clear } from "./fill";
import { GuardedModem } from "./guarded-modem";
import { KnownSettings } from "./known-settings";
import type { Lease } from "../../quectel/connection/mail-lock";
import { deliverMail } from "./delivery";
import type { Modem } from "../../quectel/connection/modem";
import type { ModuleClock } from "../../quectel/network/module-clock";
import type { Notebook } from "../../quectel/notebook";
import type { PdpContext } from "../../quectel/network/pdp";
import { putError } from "./put-result";
import { RestartPacing } from "../../quectel/recovery/recovery";
import { RootFiles } from "../../quectel/files/root-files";
import { ResultListener } from "./result-listener";
import { mailState, runningMailResult } from "./running-mail";
import { SecondChances } from "./second-chance";
import type { SmtpSettings } from "../../quectel/settings";
import { TextCoding } from "./text-coding";
import { TlsContext, type RootProvider } from "./tls";
import type { Workshop } from "./transaction";

export interface SmtpCarrierOptions {
  readonly modem: Modem;
  readonly pdp: PdpContext;
  readonly moduleClock: ModuleClock;
  readonly settings: SmtpSettings;
  /** Names the root certificates for the server. */
  readonly roots: RootProvider;
  /** Remembers uploaded names and how this module takes text. */
  readonly notebook: Notebook;
}

/** Milliseconds that uploaded contents stay for another transaction of the same mail. */
const LINGER = 5_000;
/** Seconds on top of the send timeout that a mail of a former connection may still take. */
const LONGEST_FOREIGN_MAIL = 3_600;

export class SmtpCarrier extends EventEmitter<CarrierEvents> implements MailCarrier {
  private readonly work: Workshop;
  private readonly closing = new AbortController();
  private readonly pacing: RestartPacing;
  /** Hears results that nobody waits for, as after a restart of the host. */
  private readonly stray: ResultListener;
  private wasAvailable: boolean;
  private last: EndedMail | undefined;
  private linger: Timer | undefined;
  private readonly onState = (): void => {
    if (this.available === this.wasAvailable) return;
    this.wasAvailable = this.available;
    this.emit("available", this.available);
  };

  constructor(private readonly options: SmtpCarrierOptions) {
    super();
    const { modem, settings, notebook, roots } = options;
    const guarded = new GuardedModem(modem);
    const known = new KnownSettings(guarded);
    this.work = {
      modem,
      guarded,
      settings,
      known,
      tls: new TlsContext(known, new RootFiles(guarded, notebook), roots),
      coding: new TextCoding(guarded, known, notebook, settings.encoding),
      files: new FileStore(guarded, notebook),
      connect: (dates, signal) => this.connect(dates, signal),
    };
    this.pacing = new RestartPacing(modem.clock);
    this.stray = new ResultListener(modem);
    this.wasAvailable = this.available;
    modem.on("state", this.onState);
  }

  get available(): boolean {
    return this.options.modem.state.name === "ready";
  }

  /** What became of the last mail of this object. */
  get lastMail(): EndedMail | undefined {
    return this.last;
  }

  /** How this module takes text that is not ASCII, if it was asked before; asks nothing. */
  knownTextSupport(): Promise<TextSupport | undefined> {
    return this.work.coding.remembered();
  }

  async textSupport(): Promise<TextSupport> {
    const { coding, guarded } = this.work;
    const remembered = await coding.remembered();
    if (remembered !== undefined) return remembered;
    return this.exclusively(undefined, async (signal) => {
      await this.ready(signal);
      guarded.begin();
      return coding.find(signal);
    });
  }

  async send(transaction: MailTransaction, options: SendOptions = {}): Promise<SendReport> {
    const { length } = transaction.body.bytes;
    if (length > BODY_LENGTH.max) {
      throw new ModemError("LIMIT_BODY", { detail: `${length} bytes`, stage: "body" });
    }
    return this.exclusively(options.signal, async (signal, lease) => {
      this.linger?.clear();
      this.stray.forget();
      try {
        const { modem, pdp } = this.options;
        const chances = new SecondChances(this.work, pdp, this.pacing, lease);
        const report = await deliverMail(this.work, chances, transaction, {
          signal,
          onProgress: options.onProgress ?? (() => undefined),
          beforePut: options.beforePut ?? (() => Promise.resolve()),
          beforeRepeat: options.beforeRepeat ?? (() => Promise.resolve(transaction)),
        });
        pdp.used();
        this.pacing.succeeded();
        this.last = { kind: "sent", at: modem.clock.now() };
        return report;
      } catch (error) {
        if (isModemError(error) && !signal.aborted) {
          this.last = { kind: "failed", error, at: this.options.modem.clock.now() };
        }
        throw error;
      } finally {
        this.stray.forget();
        this.tidyLater();
      }
    });
  }

  async recover(signal?: AbortSignal): Promise<RecoveredResult> {
    return this.exclusively(signal, (signal) => this.recoverResult(signal).finally(() => this.tidyLater()));
  }

  /**
   * Uploads a content now, for a mail that follows. It stays until a mail has used it, the space is needed, or the
   * module restarts. Rejects as `send` does.
   */
  async preload(attachment: TransactionAttachment, signal?: AbortSignal): Promise<StoredFile> {
    const { files, guarded } = this.work;
    return this.exclusively(signal, async (signal) => {
      await this.ready(signal);
      guarded.begin();
      // Refused while a mail of an earlier connection is on the air, whose result could be lost in the data.
      await clear(guarded, signal);
      return files.place(attachment, "preload", { signal }).finally(() => this.tidyLater());
    });
  }

  /** Ends what runs; a mail on the air is then of unknown outcome. */
  close(): void {
    this.closing.abort();
    this.linger?.clear();
    this.stray.close();
    this.options.modem.off("state", this.onState);
  }

  private async recoverResult(signal: AbortSignal): Promise<RecoveredResult> {
    const { modem, settings } = this.options;
    if ((await mailState(modem, signal)) === "absent") throw new ModemError("MODEM_NOT_READY");
    const limit = (settings.sendTimeout + LONGEST_FOREIGN_MAIL) * 1000;
    const result = await runningMailResult(modem, this.stray, limit, signal);
    this.stray.forget();
    if (result === undefined) return { kind: "unknown" };
    const error = putError(result);
    if (error === undefined) return { kind: "sent" };
    return error.class === "unknown" ? { kind: "unknown" } : { kind: "refused", error };
  }

  private async connect(dates: "checked" | "unchecked", signal: AbortSignal): Promise<void> {
    const { moduleClock, pdp } = this.options;
    await this.ready(signal);
    await pdp.ensure(signal);
    if (dates === "checked") await moduleClock.ensure(signal);
  }

  /** Rejects with why no mail could go out now. */
  private async ready(signal: AbortSignal): Promise<void> {
    await this.work.guarded.settled(signal);
    const notReady = this.options.modem.notReady();
    if (notReady !== undefined) throw notReady;
  }

  /** Runs `work` under the mail lock; whatever else ends it, an aborted signal does so with `MODEM_ABORTED`. */
  private async exclusively<T>(
    outer: AbortSignal | undefined,
    work: (signal: AbortSignal, lease: Lease) => Promise<T>,
  ): Promise<T> {
    const { modem } = this.options;
    const signal = outer === undefined ? this.closing.signal : AbortSignal.any([outer, this.closing.signal]);
    try {
      return await modem.lock.run((lease) => work(signal, lease), { signal });
    } catch (error) {
      if (signal.aborted && !isModemError(error)) throw new ModemError("MODEM_ABORTED", { cause: error });
      throw error;
    }
  }

  /** Deletes the uploaded contents, unless another transaction comes that may need them. To be called under the lock. */
  private tidyLater(): void {
    const { modem } = this.options;
    const { files, guarded } = this.work;
    this.linger?.clear();
    if (this.closing.signal.aborted) return;
    this.linger = modem.clock.after(LINGER, () => {
      // Who holds the lock now tidies up before it uploads, or calls this again when it has done.
      if (modem.lock.held || !this.available) return;
      this.exclusively(undefined, (signal) => {
        guarded.begin();
        return files.tidy([], signal);
      }).catch((error: unknown) => modem.log.debug(`files stay in the module for now: ${String(error)}`));
    });
  }
}
