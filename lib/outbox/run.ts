/**
 * OutboxRun: one opening of the outbox's folder, from lock to release. It joins the parts and carries the commands.
 */
import type { Clock } from "../clock";
import { ModemError } from "../errors";
import type { CarrierProgress, MailCarrier } from "../mailer/qsmtp/carrier";
import type { Logger } from "../quectel/settings";
import { Commands } from "./commands";
import { Conclusion } from "./conclusion";
import { Ending } from "./ending";
import { Expiry } from "./expiry";
import type { Host } from "../mail/spool/host";
import { Intake } from "./intake";
import { Ledger } from "./ledger";
import { LostResults } from "./lost-results";
import type { Mail, MailOptions } from "../mail/mail";
import { MailStore } from "./mail-store";
import type {
  Composer,
  HoldReason,
  MailEnded,
  MailOrigin,
  OutboxSettings,
  OutboxSummary,
} from "./outbox-types";
import { Sender } from "./sender";
import { endsWhenReady } from "./setup-errors";
import { Spool } from "../mail/spool/spool";
import type { FileLayer } from "../mail/spool/files";
import { SpoolLock, type LockLoss } from "../mail/spool/lock";
import type { Entry } from "./waiting-mails";

export interface RunOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly carrier: MailCarrier;
  readonly settings: OutboxSettings;
  readonly compose: Composer;
  readonly log: Logger;
  readonly random: () => number;
  readonly files: FileLayer;
  readonly host: Host;
  readonly events: RunEvents;
  /** Ends the wait for a holder of the folder who does not answer. */
  readonly signal: AbortSignal;
  /** The folder was there before: it is taken again, not made. */
  readonly again: boolean;
}

export interface RunEvents {
  /** False when nobody listens. */
  readonly ended: (ended: MailEnded) => boolean;
  readonly changed: () => void;
  readonly progress: (id: string, progress: CarrierProgress) => void;
  readonly hold: (reason: HoldReason | undefined) => void;
  readonly trouble: (error: ModemError) => void;
  /** The folder is no longer ours: nothing of the run may touch it any more. */
  readonly lost: (error: ModemError) => void;
}

export class OutboxRun {
  private readonly ending: Ending;
  private readonly lost: LostResults;
  private readonly sender: Sender;
  private readonly intake: Intake;
  readonly commands: Commands;
  private stopped = false;
  private readonly underWay = new Set<Promise<unknown>>();

  private constructor(
    private readonly options: RunOptions,
    private readonly lock: SpoolLock,
    readonly ledger: Ledger,
    readonly store: MailStore,
    private readonly untold: readonly Entry[],
  ) {
    const { clock, carrier, settings, events, log, random, compose } = options;
    const { trouble, changed, progress } = events;
    const today = (): string => new Date(clock.wall()).toISOString();
    const assertHeld = (within?: number): Promise<void> => this.assertHeld(within);
    const { simulated, maxAge, keepFailedDays } = settings;
    const ending = new Ending({ store, time: ledger.time, simulated, tell: events.ended, trouble, log });
    const conclusion = new Conclusion({ store, ledger, ending, random });
    const lost = new LostResults({ clock, carrier, store, ending, conclusion, today });
    const expiry = new Expiry({ carrier, store, ledger, ending, lost, maxAge });
    this.ending = ending;
    this.lost = lost;
    this.intake = new Intake({ clock, store, ledger, ending, settings });
    const sender = new Sender({
      clock,
      carrier,
      compose,
      store,
      ledger,
      ending,
      conclusion,
      lost,
      expiry,
      log,
      keepFailedDays,
      today,
      assertHeld,
      progress,
      changed,
    });
    this.sender = sender;
    const { host } = options;
    this.commands = new Commands({ clock, host, store, ledger, ending, lost, sender, trouble });
  }

  /**
   * Takes the folder and finds its mails; sends nothing yet. Rejects with OUTBOX_LOCKED, the error of the disk, or the
   * reason of the signal.
   */
  static async start(options: RunOptions): Promise<OutboxRun> {
    const { directory, files, clock, host, settings, events, signal, again } = options;
    const lock = new SpoolLock(directory, files, clock, host, (loss) =>
      events.lost(lossError(loss, directory)),
    );
    await lock.take(signal, again);
    try {
      const spool = new Spool(directory, files);
      await spool.prepare();
      const ledger = await Ledger.open(spool, clock, host, settings, events);
      const store = new MailStore(spool, ledger.time, events.trouble);
      const untold = await store.open();
      await store.failed.removeOld(settings.keepFailedDays);
      return new OutboxRun(options, lock, ledger, store, untold);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Tells what the last run did not tell, and starts sending. */
  async begin(): Promise<void> {
    // First of all, because a command that comes meanwhile wakes the sender, who has to ask before he sends.
    for (const entry of this.store.waiting.inOrder()) if (entry.stage === "asking") this.lost.add(entry);
    for (const entry of this.untold) await this.ending.tellAgain(entry);
    if (this.stopped) return;
    const { carrier } = this.options;
    carrier.on("available", this.onAvailable);
    this.onAvailable(carrier.available);
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.options.carrier.off("available", this.onAvailable);
    await this.sender.stop();
    await Promise.allSettled(this.underWay);
    await this.ending.settled();
  }

  /** Gives the folder back, whatever still runs. Never rejects. */
  async leave(): Promise<void> {
    this.sender.abandon();
    this.ending.stop();
    await this.ledger.save();
    await this.lock.release();
  }

  /** Ends without another touch of the mails, because somebody else may have them. Never rejects. */
  async lose(): Promise<void> {
    this.stopped = true;
    this.options.carrier.off("available", this.onAvailable);
    this.ending.stop();
    void this.sender.stop();
    this.sender.abandon();
    await this.lock.release();
  }

  async accept(mail: Mail, options: MailOptions, origin: MailOrigin): Promise<string> {
    return this.intake.accept(mail, options, origin);
  }

  summary(): OutboxSummary {
    const { waiting, failed } = this.store;
    const oldest = waiting.oldest();
    const nextTry = this.sender.nextTry();
    const hold = this.ledger.holds.reason();
    const { sending } = this.sender;
    const waitsFor = this.sender.waitsFor();
    return {
      depth: waiting.depth,
      oldestAgeMs: oldest === undefined ? 0 : Math.max(0, this.ledger.time.now().time - oldest.accepted.time),
      ...(Number.isFinite(nextTry) && { nextTryInMs: nextTry }),
      ...(hold !== undefined && { hold }),
      ...(waitsFor !== undefined && { waitsFor }),
      ...(sending !== undefined && { sending }),
      failed: failed.count,
    };
  }

  private readonly onAvailable = (available: boolean): void => {
    const { setup } = this.ledger.holds;
    if (available && setup !== undefined && endsWhenReady(setup.error.code))
      void this.command(() => this.ledger.release("setup"));
    else this.sender.wake();
  };

  /** Does something that changes mails or holds; the folder is not given back before it is done. */
  async command<T>(work: () => Promise<T>): Promise<T> {
    const running = work();
    this.underWay.add(running);
    try {
      return await running;
    } finally {
      this.underWay.delete(running);
      this.options.events.changed();
      this.sender.wake();
    }
  }

  /**
   * Rejects when the folder is no longer ours.
   *
   * @param within milliseconds for which a former look at the disk will do.
   */
  async assertHeld(within = 0): Promise<void> {
    if (!(await this.lock.isHeld(within))) throw lossError("taken", this.options.directory);
  }
}

function lossError(loss: LockLoss, directory: string): ModemError {
  return loss === "taken"
    ? new ModemError("OUTBOX_LOCKED", { detail: "it was taken while this process stood still" })
    : new ModemError("OUTBOX_DISK", { detail: `the folder ${directory} is gone` });
}
