/**
 * QsmtpClient: the module's own SMTP client with all that one needs to work with it, under the mail lock.
 *
 * It holds what both faces share: the state of the module's settings and files, the recovery, and the tidying up. What
 * a mail is and what becomes of it are the business of the faces.
 */
import { joinSignals } from "../../async";
import type { Timer } from "../../clock";
import { isModemError, ModemError } from "../../errors";
import type { Lease } from "../../quectel/connection/mail-lock";
import type { Modem } from "../../quectel/connection/modem";
import { FileStore, type StoredFile, type TransactionAttachment } from "../../quectel/files/file-store";
import { RootFiles } from "../../quectel/files/root-files";
import type { ModuleClock } from "../../quectel/network/module-clock";
import type { PdpContext } from "../../quectel/network/pdp";
import type { KeyValueStore } from "../../quectel/key-value-store";
import { ModuleRecovery } from "../../quectel/recovery/module-recovery";
import type { SmtpSettings } from "../../quectel/settings";
import { ModemMailer } from "../modem-mailer";
import type { TextSupport } from "./compose/mail-transaction";
import { BusyWatch } from "./busy-watch";
import { KnownSettings, TransactionModem } from "./guarded-modem";
import { mailState, ResultListener } from "./put";
import { clear, type TransactionParts } from "./transaction";
import { TextCoding } from "./text-coding";
import { TlsContext, type RootProvider } from "./tls";

export interface QsmtpClientOptions {
  readonly modem: Modem;
  readonly pdp: PdpContext;
  readonly moduleClock: ModuleClock;
  readonly settings: SmtpSettings;
  /** Names the root certificates for the server. */
  readonly roots: RootProvider;
  /** Remembers uploaded names, how this module takes text, and how it has failed. */
  readonly store: KeyValueStore;
  /** Where another mailer on the same module shares it; left out: one of its own. */
  readonly recovery?: ModuleRecovery;
}

/** Milliseconds that uploaded contents stay for another transaction of the same mail. */
const LINGER_MS = 5_000;

export class QsmtpClient extends ModemMailer {
  protected readonly work: TransactionParts;
  protected readonly recovery: ModuleRecovery;
  /** Hears results that are not awaited, as after a restart of the host. */
  protected readonly stray: ResultListener;
  protected readonly busy: BusyWatch;
  /** Until what was uploaded is deleted. */
  private linger: Timer | undefined;

  constructor(protected readonly client: QsmtpClientOptions) {
    super(client.modem);
    const { modem, moduleClock, pdp, settings, store, roots } = client;
    const guarded = new TransactionModem(modem);
    const known = new KnownSettings(guarded);
    this.work = {
      modem,
      guarded,
      settings,
      known,
      tls: new TlsContext(known, new RootFiles(guarded, store), roots),
      coding: new TextCoding(modem, guarded, known, store, settings.encoding),
      files: new FileStore(guarded, store),
      putForm: { isOkLate: false },
      pdp,
      moduleClock,
    };
    const { host } = settings;
    this.recovery =
      client.recovery ?? new ModuleRecovery({ modem, pdp, store, host, settings: wayOf(settings) });
    this.stray = new ResultListener(modem);
    this.busy = new BusyWatch(modem, () => this.isFree(), this.changed);
  }

  /** `MODEM_STUCK` while the module's mail client stays busy and it may not be restarted. */
  get trouble(): ModemError | undefined {
    return this.busy.trouble;
  }

  /** How this module takes text that is not ASCII, if it was asked before; asks nothing. */
  knownTextSupport(): Promise<TextSupport | undefined> {
    return this.work.coding.remembered();
  }

  /**
   * Uploads a content now, for a mail that follows. It stays until a mail has used it, the space is needed, or the
   * module restarts. Rejects with why it could not be uploaded.
   */
  async preload(attachment: TransactionAttachment, signal?: AbortSignal): Promise<StoredFile> {
    const { files, guarded } = this.work;
    return this.exclusively(signal, async (signal) => {
      await guarded.ready(signal);
      guarded.begin();
      // Refused while a mail of an earlier connection is in flight, whose result could be lost in the data.
      await clear(guarded, signal);
      return files.place(attachment, "preload", { signal }).finally(() => this.tidyLater());
    });
  }

  override close(): void {
    super.close();
    this.linger?.clear();
    this.stray.close();
    this.busy.close();
  }

  /** False also while it is not known: the module does not answer, or somebody works with it. */
  private async isFree(): Promise<boolean> {
    const { modem } = this.client;
    if (modem.lock.held || modem.state.name !== "ready") return false;
    return this.exclusively(undefined, async (signal) => (await mailState(modem, signal)) === "free").catch(
      () => false,
    );
  }

  /** The caller holds the mail lock. */
  protected async findTextSupport(signal: AbortSignal): Promise<TextSupport> {
    const { coding, guarded } = this.work;
    await guarded.ready(signal);
    guarded.begin();
    return coding.find(signal);
  }

  /** Takes the mail lock, and the uploaded contents are left alone from now on. */
  protected async lock(signal: AbortSignal): Promise<Lease> {
    const lease = await this.client.modem.lock.acquire(signal);
    this.linger?.clear();
    return lease;
  }

  /** Runs `work` under the mail lock; whatever else ends it, an aborted signal does so with `MODEM_ABORTED`. */
  protected async exclusively<T>(
    outer: AbortSignal | undefined,
    work: (signal: AbortSignal, lease: Lease) => Promise<T>,
  ): Promise<T> {
    const { signal, release } = joinSignals(outer, this.closing.signal);
    let lease: Lease | undefined;
    try {
      lease = await this.lock(signal);
      return await work(signal, lease);
    } catch (error) {
      if (signal.aborted && !isModemError(error)) throw new ModemError("MODEM_ABORTED", { cause: error });
      throw error;
    } finally {
      lease?.release();
      release();
    }
  }

  /** Deletes what a former run has left: where mails go by socket, none may come that would. Never rejects. */
  protected async tidyFormerRun(): Promise<void> {
    if (await this.work.files.mayHoldSome().catch(() => false)) this.tidyLater({ mayBeSending: true });
  }

  /**
   * Deletes the uploaded contents, unless another transaction comes that may need them. To be called under the lock, or
   * with `mayBeSending`: the module may still need them for a mail whose result is not known, so it is asked first.
   *
   * @param triesLeft where the module refuses; the next mail tidies up in any case
   */
  protected tidyLater({ mayBeSending = false, triesLeft = 2 } = {}): void {
    const { modem } = this.client;
    const { files, guarded } = this.work;
    this.linger?.clear();
    if (this.closing.signal.aborted) return;
    const later = (): void => this.tidyLater({ mayBeSending: true, triesLeft });
    this.linger = modem.clock.after(LINGER_MS, () => {
      // Another mailer or test mail that holds the lock, or a port that is away, leaves the contents where they are.
      if (modem.lock.held || !this.available) {
        later();
        return;
      }
      const tidy = this.exclusively(undefined, async (signal) => {
        guarded.begin();
        if (mayBeSending && (await mailState(modem, signal)) !== "free") return undefined;
        return files.tidy([], signal);
      });
      void tidy
        .catch((error: unknown) => {
          modem.log.debug(`files stay in the module for now: ${String(error)}`);
          return false;
        })
        .then((isTidy) => {
          if (isTidy === undefined) later();
          else if (!isTidy && triesLeft > 0) this.tidyLater({ mayBeSending, triesLeft: triesLeft - 1 });
        });
    });
  }
}

/** What mails go by, without secrets: with the same, a mail that went out before should go out again. */
function wayOf({ host, port, security, user, tls }: SmtpSettings): string {
  const { verify, root, contextId } = tls;
  return JSON.stringify({ host, port, security, user, tls: { verify, root, contextId } });
}
