/**
 * Outbox: keeps accepted mails durably and sends them one after another until each has ended.
 *
 * No accepted mail is lost, and none is sent without end: each ends sent, partial or failed, and its result is reported at
 * least once, after a restart too. This class is the face, and takes the folder: opens it, gives it back, notices that it
 * was lost and takes it again. The work is done by lifecycle.ts (the life of a mail), worker.ts (the loop), reporter.ts,
 * policy.ts (holds, rate, time), commands.ts, and the folder spool (files and their lock).
 */
import { EventEmitter } from "node:events";
import { within } from "../async";
import type { Clock, Timer } from "../clock";
import { ModemError } from "../errors";
import type { Mail, MailOptions } from "../mail/mail";
import type { Mailer } from "../mailer/mailer";
import { Commands } from "./commands";
import { Order, type Entry } from "./order";
import type {
  ListQuery,
  Logger,
  MailOrigin,
  OutboxEvent,
  OutboxEvents,
  OutboxList,
  OutboxSettings,
  OutboxSummary,
  SendingNode,
} from "./outbox-types";
import { Policy } from "./policy";
import { Reporter } from "./reporter";
import { diskError, hostFiles, oncePerFault, type FileLayer } from "./spool/files";
import { SpoolLock, thisHost, type Host } from "./spool/lock";
import { Spool } from "./spool/spool";
import { MailStore } from "./spool/store";
import { Worker } from "./worker";

export interface OutboxOptions {
  /** Folder of this outbox alone; made when missing. */
  readonly directory: string;
  readonly clock: Clock;
  readonly mailer: Mailer;
  readonly settings: OutboxSettings;
  readonly log: Logger;
  /** 0 to 1; left out: Math.random. */
  readonly random?: () => number;
  /** Left out: the files of the host. */
  readonly files?: FileLayer;
  readonly host?: Host;
}

/** Milliseconds a close waits for a pending result: Node-RED gives a node 15 s. */
const CLOSE_GRACE_MS = 8_000;

/** Collects what changes within so many milliseconds into one `changed`. */
const CHANGE_PAUSE_MS = 100;

/** Milliseconds between two attempts to take a folder again that was lost. */
const RETAKE_INTERVAL_MS = 5_000;

const MINUTE_MS = 60_000;

/** Of an outbox that is not open. */
const EMPTY_SUMMARY: OutboxSummary = { depth: 0, oldestAgeMs: 0, failed: 0 };

/** The folder while it is ours, and what works on it. */
interface Run {
  readonly lock: SpoolLock;
  readonly order: Order;
  readonly store: MailStore;
  readonly policy: Policy;
  readonly reporter: Reporter;
  readonly worker: Worker;
  readonly commands: Commands;
  /** Mails that had ended before, and were perhaps not told. */
  readonly untold: readonly Entry[];
  /** Commands that are not done: the folder is not given back before. */
  readonly underWay: Set<Promise<unknown>>;
}

/** Opened by none, in vain (`error`), or by a run. */
type State =
  | { readonly kind: "closed" }
  | {
      readonly kind: "opening";
      readonly run: Promise<Run>;
      readonly abort: AbortController;
      /** Why it cannot be used meanwhile: the folder was lost. */
      readonly lost: ModemError | undefined;
    }
  | { readonly kind: "failed"; readonly error: ModemError }
  /** The folder was ours and is to be taken again. */
  | { readonly kind: "lost"; readonly error: ModemError; readonly retry: Timer }
  | { readonly kind: "open"; readonly run: Run }
  | { readonly kind: "closing" };

export class Outbox extends EventEmitter<OutboxEvents> {
  private state: State = { kind: "closed" };
  private change: Timer | undefined;

  constructor(private readonly options: OutboxOptions) {
    super();
  }

  /**
   * Takes the folder, finds its mails and starts sending. Listeners must be there before, because ends that were not
   * told by the last run are told now. Rejects with OUTBOX_LOCKED (another runtime) or OUTBOX_DISK; may then be called
   * again.
   */
  async open(): Promise<void> {
    if (this.state.kind === "closed" || this.state.kind === "failed") await this.start(undefined);
  }

  /** Ends an `open` that asks whether a former holder of the folder still lives; it rejects with OUTBOX_CLOSED. */
  cancelOpen(): void {
    if (this.state.kind === "opening") this.state.abort.abort(new ModemError("OUTBOX_CLOSED"));
  }

  /**
   * Stops: what has not reached QSMTPPUT is interrupted, a pending result is awaited up to `graceMs`. All mails stay
   * in the folder, which is given back when all commands are done; those that take too long end with OUTBOX_CLOSED.
   * Never rejects.
   */
  async close(graceMs = CLOSE_GRACE_MS): Promise<void> {
    const { state } = this;
    this.cancelOpen();
    if (state.kind === "opening") await state.run.catch(() => undefined);
    if (this.state.kind === "lost") {
      this.state.retry.clear();
      this.state = { kind: "closed" };
    }
    if (this.state.kind !== "open") return;
    const { worker, store, reporter, policy, lock, underWay } = this.state.run;
    this.state = { kind: "closing" };
    store.limitCommands();
    this.options.mailer.off("available", this.onAvailable);
    const stopping = worker
      .stop()
      .then(() => Promise.allSettled(underWay))
      .then(() => reporter.settled());
    await within(this.options.clock, graceMs, stopping, () => undefined);
    worker.abandon();
    reporter.stop();
    await policy.save();
    // The next outbox takes away what belongs to no mail: it opens behind a mail that a slow disk has still to take.
    await lock.releaseBehind(underWay);
    this.change?.clear();
    this.change = undefined;
    this.state = { kind: "closed" };
  }

  /**
   * A place in the order of acceptance for a message that has still to be read, because reading it may take longer than
   * reading a younger one; undefined while the outbox is not open, when mails wait in the order of their `accept`.
   */
  reservePlace(): number | undefined {
    return this.state.kind === "open" ? this.state.run.order.nextSeq() : undefined;
  }

  /** Resolves when the mail is durable. Rejects with OUTBOX_FULL, OUTBOX_DISK, OUTBOX_LOCKED or OUTBOX_CLOSED. */
  async accept(mail: Mail, options: MailOptions, origin: MailOrigin): Promise<{ readonly id: string }> {
    return this.command(({ commands }) => commands.accept(mail, options, origin));
  }

  /** Mails in the order of sending, or failed ones from the oldest. */
  async list(query: ListQuery = {}): Promise<OutboxList> {
    const run = this.state.kind === "open" ? this.state.run : await this.opened();
    return run.commands.list(query);
  }

  /** Holds the outbox until `resume`, over restarts too. A mail that is being prepared waits; one in flight goes on. */
  async pause(): Promise<void> {
    await this.command(async ({ policy, worker }) => {
      await policy.hold("paused");
      worker.interrupt();
    });
  }

  /** Ends `pause` and a hold for a setup error. */
  async resume(): Promise<void> {
    await this.command(({ policy }) => policy.release("paused", "setup"));
  }

  /**
   * Holds the outbox, over restarts too: because a flow has deactivated the PDP context, until `releaseFrom`; or for
   * a setup error that the modem met itself, until the settings concerned change, the modem is ready (SIM errors), a
   * probe succeeds, or `resume`. Resolves with true when nothing of this kind held it before.
   */
  async holdFor(cause: "pdp" | ModemError): Promise<boolean> {
    return this.command(({ policy }) => (cause === "pdp" ? policy.hold("pdp") : policy.meet(cause)));
  }

  async releaseFrom(kind: "pdp"): Promise<void> {
    await this.command(({ policy }) => policy.release(kind));
  }

  /** Makes waiting mails due now, all or one; holds and the rate stay. Resolves with their number. */
  async flush(id?: string): Promise<number> {
    return this.command(({ commands }) => commands.flush(id));
  }

  /**
   * Puts failed mails back, all or one, with a fresh age; only recipients without the mail get it. Resolves with
   * their number. Rejects with OUTBOX_NOT_FOUND, OUTBOX_DAMAGED or OUTBOX_DISK.
   */
  async retry(id?: string): Promise<number> {
    return this.command(({ commands }) => commands.retry(id));
  }

  /**
   * Ends waiting mails with OUTBOX_DISCARDED, all or one; with an id also removes a failed one. The mail in flight
   * ends so unless it goes out. Resolves with their number. Rejects with OUTBOX_NOT_FOUND or OUTBOX_DISK.
   */
  async discard(id?: string): Promise<number> {
    return this.command(({ commands }) => commands.discard(id));
  }

  /**
   * Moves the mails of another spool, whose modem is gone from the flows, into this one. Resolves with their number.
   * Rejects with OUTBOX_LOCKED or OUTBOX_DISK.
   */
  async adopt(directory: string): Promise<number> {
    return this.command(({ commands }) => commands.adopt(directory));
  }

  /** Why the outbox that was open cannot be used now: its folder was lost. */
  get error(): ModemError | undefined {
    const { state } = this;
    if (state.kind === "lost") return state.error;
    return state.kind === "opening" ? state.lost : undefined;
  }

  /** Mails that may have been sent and whose result is not known yet; 0 while the outbox is not open. */
  get inDoubt(): number {
    if (this.state.kind !== "open") return 0;
    return this.state.run.order.inOrder().filter(({ stage }) => stage === "inDoubt").length;
  }

  /** All zero while the outbox is not open. */
  summary(): OutboxSummary {
    return this.state.kind === "open" ? this.state.run.worker.summary() : EMPTY_SUMMARY;
  }

  /** Undefined while nothing is sent. */
  sendingNode(): SendingNode | undefined {
    return this.state.kind === "open" ? this.state.run.worker.sendingNode() : undefined;
  }

  /** @param lost why the folder is no longer ours; undefined: it never was. */
  private async start(lost: ModemError | undefined): Promise<void> {
    const abort = new AbortController();
    const opening = this.take(abort.signal, lost !== undefined);
    this.state = { kind: "opening", run: opening, abort, lost };
    try {
      const run = await opening;
      this.state = { kind: "open", run };
      // Reading a long queue may have taken longer than a claim has to lie.
      await run.lock.assertHeld();
      await this.begin(run);
      this.changed();
    } catch (cause) {
      const error = diskError(cause);
      await this.giveUp(error);
      throw error;
    }
  }

  /**
   * Takes the folder and finds its mails; sends nothing yet. Rejects with OUTBOX_LOCKED, the error of the disk, or the
   * reason of the signal.
   *
   * @param again the folder was there before: it is taken again, not made.
   */
  private async take(signal: AbortSignal, again: boolean): Promise<Run> {
    const { directory, clock, mailer, settings, log, random = Math.random } = this.options;
    const { files = hostFiles, host = thisHost() } = this.options;
    const { maxAge, keepFailedDays, simulated } = settings;
    const lock = new SpoolLock(directory, files, clock, host, (error) => this.lose(error));
    const trouble = oncePerFault(clock, (error) => this.trouble(error));
    await lock.take(signal, again);
    try {
      const spool = new Spool(directory, files);
      await spool.prepare();
      const { tell } = this;
      const policy = await Policy.open(spool, clock, host, settings, { tell, trouble });
      const store = new MailStore(spool, policy.time, trouble, lock);
      const order = new Order(policy.time, maxAge * MINUTE_MS);
      for (const one of await store.open()) order.add(one, true);
      // What failed under the old settings need not wait for its back-off.
      if (policy.settingsChanged) order.hurry(policy.time.now().time);
      await store.removeOld(keepFailedDays);
      const parts = {
        clock,
        host,
        mailer,
        settings,
        log,
        lock,
        order,
        store,
        policy,
        tell,
        trouble,
        random,
      };
      const reporter = new Reporter({ ...parts, time: policy.time, simulated });
      const worker = new Worker({ ...parts, reporter, keepFailedDays, changed: this.changed });
      const commands = new Commands({ ...parts, reporter, worker });
      const [untold, underWay] = [order.untold(), new Set<Promise<unknown>>()];
      return { lock, order, store, policy, reporter, worker, commands, untold, underWay };
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Tells what the last run did not tell, and starts sending. */
  private async begin({ order, reporter, worker, untold }: Run): Promise<void> {
    // First of all, because a command that comes meanwhile wakes the worker, which has to ask before it sends.
    for (const entry of order.inOrder()) if (entry.stage === "inDoubt") worker.doubt(entry);
    for (const entry of untold) await reporter.tellAgain(entry);
    if (this.state.kind !== "open") return;
    this.options.mailer.on("available", this.onAvailable);
    this.onAvailable(this.options.mailer.available);
  }

  /** A start has failed; if it was the folder that was lost meanwhile, it is to be taken again. */
  private async giveUp(error: ModemError): Promise<void> {
    const { state } = this;
    if (state.kind === "lost") return;
    this.state = { kind: "failed", error };
    if (state.kind === "open") await this.leave(state.run, error);
  }

  /** Another runtime has the folder, or it is gone: nothing is sent or accepted until it is ours again. */
  private lose(error: ModemError): void {
    if (this.state.kind !== "open") return;
    void this.leave(this.state.run, error);
    this.retakeLater(error);
    this.trouble(error);
    this.changed();
  }

  /** Ends without another touch of the mails, because somebody else may have them. Never rejects. */
  private async leave({ worker, store, reporter, lock }: Run, error: ModemError): Promise<void> {
    store.endCommands(error);
    this.options.mailer.off("available", this.onAvailable);
    reporter.stop();
    void worker.stop();
    worker.abandon();
    await lock.release();
  }

  private retakeLater(error: ModemError): void {
    const retry = this.options.clock.after(RETAKE_INTERVAL_MS, () => {
      this.start(error).then(
        () => this.options.log.info("Outbox: its folder was taken again"),
        // Why it could not be taken the first time is already reported; a close meanwhile ends it.
        () => {
          if (this.state.kind === "failed") this.retakeLater(error);
        },
      );
    });
    this.state = { kind: "lost", error, retry };
  }

  /** The run of an outbox that is not open yet. Rejects when it will not be. */
  private async opened(): Promise<Run> {
    const { state, error } = this;
    if (error !== undefined) throw error;
    if (state.kind === "opening") return state.run;
    throw state.kind === "failed" ? state.error : new ModemError("OUTBOX_CLOSED");
  }

  /** Does something that changes mails or holds. Rejects when the folder is no longer ours. */
  private async command<T>(work: (run: Run) => Promise<T>): Promise<T> {
    const run = this.state.kind === "open" ? this.state.run : await this.opened();
    try {
      // Under way from the first look on: the folder is not given back between the two.
      const running = run.lock.assertHeld().then(() => work(run));
      run.underWay.add(running);
      try {
        return await running;
      } finally {
        run.underWay.delete(running);
        this.changed();
        run.worker.wake();
      }
    } catch (cause) {
      throw diskError(cause);
    }
  }

  private readonly onAvailable = (available: boolean): void => {
    if (this.state.kind !== "open") return;
    const { policy, worker } = this.state.run;
    if (available && policy.setup !== undefined) {
      // A folder that is lost is reported, and taken again.
      this.command(() => policy.ready()).catch(() => undefined);
    } else worker.wake();
  };

  private readonly changed = (): void => {
    this.change ??= this.options.clock.after(CHANGE_PAUSE_MS, () => {
      this.change = undefined;
      const { kind } = this.state;
      if (kind === "open" || this.error !== undefined) this.tell("changed");
    });
  };

  private trouble(error: ModemError): void {
    this.options.log.error(`Outbox: ${error.message}`);
    this.tell("trouble", error);
  }

  /** Returns false without a listener. A listener that throws stops no mail. */
  private readonly tell = (...[name, told]: OutboxEvent): boolean => {
    try {
      return (this as EventEmitter).emit(name, told);
    } catch (error) {
      const mail = told !== undefined && "id" in told ? ` of mail ${told.id}` : "";
      this.options.log.error(`A listener of the outbox failed, event ${name}${mail}: ${String(error)}`);
      return true;
    }
  };
}
