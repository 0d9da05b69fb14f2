/**
 * OutboxRun: one opening of the outbox's folder, from lock to release. It joins the parts and carries the commands.
 */
import type { Clock } from "../clock";
import { ModemError } from "../errors";
import type { Mail, MailOptions } from "../mail/mail";
import type { FileLayer } from "./spool/files";
import type { Host } from "./spool/host";
import { SpoolLock, type LockLoss } from "./spool/lock";
import { Spool } from "./spool/spool";
import type { Mailer, MailerProgress } from "../mailer/mailer";
import { Commands } from "./commands";
import { Intake } from "./intake";
import { MailStore } from "./mail-store";
import type { Entry } from "./order";
import type {
  HoldReason,
  Logger,
  MailEnded,
  MailOrigin,
  OutboxSettings,
  OutboxSummary,
} from "./outbox-types";
import { Policy } from "./policy";
import { Reporter } from "./reporter";
import { endsWhenReady } from "./setup-errors";
import { Worker } from "./worker";

export interface RunOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly mailer: Mailer;
  readonly settings: OutboxSettings;
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
  readonly progress: (id: string, progress: MailerProgress) => void;
  readonly hold: (reason: HoldReason | undefined) => void;
  readonly trouble: (error: ModemError) => void;
  /** The folder is no longer ours: nothing of the run may touch it any more. */
  readonly lost: (error: ModemError) => void;
}

export class OutboxRun {
  private readonly reporter: Reporter;
  private readonly worker: Worker;
  private readonly intake: Intake;
  readonly commands: Commands;
  private stopped = false;
  private readonly underWay = new Set<Promise<unknown>>();

  private constructor(
    private readonly options: RunOptions,
    private readonly lock: SpoolLock,
    readonly policy: Policy,
    readonly store: MailStore,
    private readonly untold: readonly Entry[],
  ) {
    const { clock, host, mailer, settings, events, log, random } = options;
    const { trouble, changed, progress } = events;
    const { simulated, maxAge, keepFailedDays } = settings;
    const reporter = new Reporter({ store, time: policy.time, simulated, tell: events.ended, trouble, log });
    const worker = new Worker({
      clock,
      mailer,
      store,
      policy,
      reporter,
      log,
      random,
      maxAge,
      keepFailedDays,
      assertHeld: (within) => this.assertHeld(within),
      progress,
      changed,
    });
    this.reporter = reporter;
    this.worker = worker;
    this.intake = new Intake({ clock, store, policy, worker, mailer, settings });
    this.commands = new Commands({ clock, host, store, policy, reporter, worker, trouble });
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
      const policy = await Policy.open(spool, clock, host, settings, events);
      const store = new MailStore(spool, policy.time, events.trouble);
      const untold = await store.open();
      // What failed under the old settings need not wait for its back-off.
      if (policy.settingsChanged) store.waiting.hurry(policy.time.now().time);
      await store.failed.removeOld(settings.keepFailedDays);
      return new OutboxRun(options, lock, policy, store, untold);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Tells what the last run did not tell, and starts sending. */
  async begin(): Promise<void> {
    // First of all, because a command that comes meanwhile wakes the worker, which has to ask before it sends.
    for (const entry of this.store.waiting.inOrder()) if (entry.stage === "inDoubt") this.worker.doubt(entry);
    for (const entry of this.untold) await this.reporter.tellAgain(entry);
    if (this.stopped) return;
    const { mailer } = this.options;
    mailer.on("available", this.onAvailable);
    this.onAvailable(mailer.available);
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.options.mailer.off("available", this.onAvailable);
    await this.worker.stop();
    await Promise.allSettled(this.underWay);
    await this.reporter.settled();
  }

  /** Gives the folder back, whatever still runs. Never rejects. */
  async leave(): Promise<void> {
    this.worker.abandon();
    this.reporter.stop();
    await this.policy.save();
    await this.lock.release();
  }

  /** Ends without another touch of the mails, because somebody else may have them. Never rejects. */
  async lose(): Promise<void> {
    this.stopped = true;
    this.options.mailer.off("available", this.onAvailable);
    this.reporter.stop();
    void this.worker.stop();
    this.worker.abandon();
    await this.lock.release();
  }

  async accept(mail: Mail, options: MailOptions, origin: MailOrigin): Promise<string> {
    return this.intake.accept(mail, options, origin);
  }

  summary(): OutboxSummary {
    const { waiting, failed } = this.store;
    const oldest = waiting.oldest();
    const nextTry = this.worker.nextTry();
    const hold = this.policy.holds.reason();
    const { sending } = this.worker;
    const waitsFor = this.worker.waitsFor();
    return {
      depth: waiting.depth,
      oldestAgeMs: oldest === undefined ? 0 : Math.max(0, this.policy.time.now().time - oldest.accepted.time),
      ...(Number.isFinite(nextTry) && { nextTryInMs: nextTry }),
      ...(hold !== undefined && { hold }),
      ...(waitsFor !== undefined && { waitsFor }),
      ...(sending !== undefined && { sending }),
      failed: failed.count,
    };
  }

  private readonly onAvailable = (available: boolean): void => {
    const { setup } = this.policy.holds;
    if (available && setup !== undefined && endsWhenReady(setup.error.code))
      void this.command(() => this.policy.release("setup"));
    else this.worker.wake();
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
      this.worker.wake();
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
