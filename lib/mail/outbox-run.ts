/**
 * OutboxRun: one opening of the outbox's folder, from lock to release. It joins the parts and carries the commands.
 */
import type { Clock } from "../clock";
import { ModemError } from "../errors";
import type { CarrierProgress, MailCarrier } from "../quectel/carrier";
import type { Logger } from "../quectel/settings";
import { adoptSpool } from "./adoption";
import { Conclusion } from "./conclusion";
import { Ending } from "./ending";
import { Expiry } from "./expiry";
import type { Host } from "./host";
import { Intake } from "./intake";
import { Ledger } from "./ledger";
import { LostResults } from "./lost-results";
import type { Mail, MailOptions } from "./mail";
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
import { Spool } from "./spool";
import type { FileLayer } from "./spool-files";
import { SpoolLock } from "./spool-lock";
import { revived } from "./transactions";
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
}

export interface RunEvents {
  /** False when nobody listens. */
  readonly ended: (ended: MailEnded) => boolean;
  readonly changed: () => void;
  readonly progress: (id: string, progress: CarrierProgress) => void;
  readonly hold: (reason: HoldReason | undefined) => void;
  readonly trouble: (error: ModemError) => void;
}

export class OutboxRun {
  private readonly ending: Ending;
  private readonly lost: LostResults;
  private readonly sender: Sender;
  private readonly intake: Intake;
  /** Commands under way: the folder is not given back before they are done. */
  private readonly commands = new Set<Promise<unknown>>();

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
    const assertHeld = (): Promise<void> => this.assertHeld();
    const { simulated, maxAge, keepFailedDays } = settings;
    const ending = new Ending({ store, time: ledger.time, simulated, tell: events.ended, trouble, log });
    const conclusion = new Conclusion({ store, ledger, ending, random });
    const lost = new LostResults({ clock, carrier, store, ending, conclusion, today });
    const expiry = new Expiry({ carrier, store, ledger, ending, lost, maxAge });
    this.ending = ending;
    this.lost = lost;
    this.intake = new Intake({ clock, store, ledger, ending, settings });
    this.sender = new Sender({
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
  }

  /** Takes the folder and finds its mails; sends nothing yet. Rejects with OUTBOX_LOCKED or the error of the disk. */
  static async start(options: RunOptions): Promise<OutboxRun> {
    const { directory, files, clock, host, settings, events } = options;
    const lock = new SpoolLock(directory, files, clock, host);
    await lock.take();
    try {
      const spool = new Spool(directory, files);
      await spool.prepare();
      const ledger = await Ledger.open(spool, clock, host, settings, events);
      const store = new MailStore(spool, ledger.time, events.trouble);
      const untold = await store.open();
      await store.removeOldFailed(settings.keepFailedDays);
      return new OutboxRun(options, lock, ledger, store, untold);
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Tells what the last run did not tell, and starts sending. */
  async begin(): Promise<void> {
    for (const entry of this.untold) await this.ending.tellAgain(entry);
    for (const entry of this.store.waiting.inOrder()) if (entry.stage === "asking") this.lost.add(entry);
    this.options.carrier.on("available", this.onAvailable);
    this.sender.wake();
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.options.carrier.off("available", this.onAvailable);
    await this.sender.stop();
    await Promise.allSettled(this.commands);
    await this.ending.settled();
  }

  /** Gives the folder back, whatever still runs. Never rejects. */
  async leave(): Promise<void> {
    this.sender.abandon();
    this.ending.stop();
    await this.ledger.save();
    await this.lock.release();
  }

  async accept(mail: Mail, options: MailOptions, origin: MailOrigin): Promise<string> {
    return this.command(async () => {
      await this.assertHeld();
      return this.intake.accept(mail, options, origin);
    });
  }

  async hold(kind: "pdp" | "paused"): Promise<void> {
    await this.command(() => this.ledger.hold(kind));
  }

  async release(...kinds: readonly ("pdp" | "paused" | "setup")[]): Promise<void> {
    await this.command(() => this.ledger.release(...kinds));
  }

  async meet(error: ModemError): Promise<void> {
    await this.command(() => this.ledger.meet(error));
  }

  async flush(id: string | undefined): Promise<number> {
    const { time } = this.ledger.time.now();
    const entries = this.waiting(id);
    for (const entry of entries) entry.due = Math.min(entry.due, time);
    this.sender.wake();
    return entries.length;
  }

  async retry(id: string | undefined): Promise<number> {
    return this.command(async () => {
      const ids = id === undefined ? this.store.failedIds() : [id];
      for (const one of ids) {
        const now = this.ledger.time.now();
        const record = revived(await this.store.loadFailed(one), now.time);
        await this.store.requeue({ ...record, seq: this.store.nextSeq(), accepted: now, written: now });
      }
      return ids.length;
    });
  }

  async discard(id: string | undefined): Promise<number> {
    return this.command(async () => {
      const error = new ModemError("OUTBOX_DISCARDED");
      if (id !== undefined && this.store.waiting.get(id) === undefined) {
        await this.store.removeFailed(id);
        return 1;
      }
      const entries = this.waiting(id);
      for (const entry of entries) {
        switch (entry.stage) {
          case "running":
            this.sender.discardRunning(error);
            break;
          case "asking":
            await this.lost.giveUp(entry, error);
            break;
          case "waiting":
            await this.ending.giveUp(entry, error, false);
            break;
          case "ending":
            break;
        }
      }
      return entries.length;
    });
  }

  async adopt(directory: string): Promise<number> {
    return this.command(async () => {
      const { clock, host, events } = this.options;
      const ids = await adoptSpool(directory, this.store, clock, host, events.trouble);
      for (const id of ids) {
        const entry = this.store.waiting.get(id);
        if (entry?.stage === "asking") this.lost.add(entry);
        if (entry?.stage === "ending") await this.ending.tellAgain(entry);
      }
      return ids.length;
    });
  }

  summary(): OutboxSummary {
    const { waiting, failedCount } = this.store;
    const oldest = waiting.oldest();
    const nextTry = this.sender.nextTry();
    const hold = this.ledger.holds.reason();
    const { sending } = this.sender;
    return {
      depth: waiting.depth,
      oldestAgeMs: oldest === undefined ? 0 : Math.max(0, this.ledger.time.now().time - oldest.accepted.time),
      ...(Number.isFinite(nextTry) && { nextTryInMs: nextTry }),
      ...(hold !== undefined && { hold }),
      ...(sending !== undefined && { sending }),
      failed: failedCount,
    };
  }

  private readonly onAvailable = (available: boolean): void => {
    const { setup } = this.ledger.holds;
    if (available && setup !== undefined && endsWhenReady(setup.error.code)) void this.release("setup");
    else this.sender.wake();
  };

  /** Waiting mails: all, or the one named. Throws OUTBOX_NOT_FOUND. */
  private waiting(id: string | undefined): readonly Entry[] {
    if (id === undefined) return this.store.waiting.inOrder();
    const entry = this.store.waiting.get(id);
    if (entry === undefined || entry.stage === "ending")
      throw new ModemError("OUTBOX_NOT_FOUND", { detail: id });
    return [entry];
  }

  private async command<T>(work: () => Promise<T>): Promise<T> {
    const running = work();
    this.commands.add(running);
    try {
      return await running;
    } finally {
      this.commands.delete(running);
      this.options.events.changed();
      this.sender.wake();
    }
  }

  /** Rejects when another runtime has taken the folder, because this process stood still too long. */
  private async assertHeld(): Promise<void> {
    if (await this.lock.isHeld()) return;
    void this.sender.stop();
    const error = new ModemError("OUTBOX_LOCKED", { detail: "it was taken while this process stood still" });
    this.options.events.trouble(error);
    throw error;
  }
}
