/**
 * Outbox: keeps accepted mails durably and sends them one after another until each has ended.
 *
 * No accepted mail is lost, and none is sent without end: each ends sent, partial or failed, and its end is told at
 * least once, after a restart too. This class is the face; the work is done in the folders outbox (lifecycle.ts: the life
 * of a mail, worker.ts: the loop, reporter.ts, policy.ts: holds, rate, time) and spool (files and their lock).
 */
import { EventEmitter } from "node:events";
import { within } from "../async";
import type { Clock, Timer } from "../clock";
import { ModemError } from "../errors";
import type { Mailer } from "../mailer/mailer";
import { thisHost, type Host } from "./spool/host";
import type { Mail, MailOptions } from "../mail/mail";
import { listMails } from "./list";
import type {
  ListQuery,
  Logger,
  MailOrigin,
  OutboxEvents,
  OutboxList,
  OutboxSettings,
  OutboxSummary,
} from "./outbox-types";
import { OutboxRun } from "./run";
import { diskError } from "./spool/files";
import { hostFiles, type FileLayer } from "./spool/files";

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
export const CLOSE_GRACE = 8_000;

/** Collects what changes within so many milliseconds into one `changed`. */
const CHANGE_PAUSE = 100;

const EMPTY: OutboxSummary = { depth: 0, oldestAgeMs: 0, failed: 0 };

/** Milliseconds between two attempts to take a folder again that was lost. */
const RETAKE_EVERY = 5_000;

/** Opened by none, in vain (`error`), or by a run. */
type State =
  | { readonly kind: "closed" }
  | {
      readonly kind: "opening";
      readonly run: Promise<OutboxRun>;
      readonly abort: AbortController;
      /** Why it cannot be used meanwhile: the folder was lost. */
      readonly lost: ModemError | undefined;
    }
  | { readonly kind: "failed"; readonly error: ModemError }
  /** The folder was ours and is to be taken again. */
  | { readonly kind: "lost"; readonly error: ModemError; readonly retry: Timer }
  | { readonly kind: "open"; readonly run: OutboxRun }
  | { readonly kind: "closing"; readonly run: OutboxRun };

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
   * in the folder. Never rejects.
   */
  async close(graceMs = CLOSE_GRACE): Promise<void> {
    const { state } = this;
    this.cancelOpen();
    if (state.kind === "opening") await state.run.catch(() => undefined);
    if (this.state.kind === "lost") {
      this.state.retry.clear();
      this.state = { kind: "closed" };
    }
    if (this.state.kind !== "open") return;
    const { run } = this.state;
    this.state = { kind: "closing", run };
    await within(this.options.clock, graceMs, run.stop(), () => undefined);
    await run.leave();
    this.change?.clear();
    this.change = undefined;
    this.state = { kind: "closed" };
  }

  /** Resolves when the mail is durable. Rejects with OUTBOX_FULL, OUTBOX_DISK, OUTBOX_LOCKED or OUTBOX_CLOSED. */
  async accept(mail: Mail, options: MailOptions, origin: MailOrigin): Promise<{ readonly id: string }> {
    return { id: await this.command((run) => run.accept(mail, options, origin)) };
  }

  /** Mails in the order of sending, or failed ones from the oldest. */
  async list(query: ListQuery = {}): Promise<OutboxList> {
    const { store, policy } = await this.run();
    return listMails(store, policy, query);
  }

  /** Holds the outbox until `resume`, over restarts too. The mail on the air goes on. */
  async pause(): Promise<void> {
    await this.command(({ policy }) => policy.hold("paused"));
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
   * Ends waiting mails with OUTBOX_DISCARDED, all or one; with an id also removes a failed one. The mail on the air
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

  /** All zero while the outbox is not open. */
  summary(): OutboxSummary {
    return this.state.kind === "open" ? this.state.run.summary() : EMPTY;
  }

  /** @param lost why the folder is no longer ours; undefined: it never was. */
  private async start(lost: ModemError | undefined): Promise<void> {
    const abort = new AbortController();
    const opening = OutboxRun.start({
      ...this.options,
      signal: abort.signal,
      again: lost !== undefined,
      random: this.options.random ?? Math.random,
      files: this.options.files ?? hostFiles,
      host: this.options.host ?? thisHost(),
      events: {
        ended: (ended) => this.emit("ended", ended),
        changed: () => this.changed(),
        progress: (id, progress) => this.guarded(() => this.emit("progress", { id, ...progress })),
        hold: (reason) => this.guarded(() => this.emit("hold", reason)),
        trouble: (error) => this.trouble(error),
        lost: (error) => this.lose(error),
      },
    });
    this.state = { kind: "opening", run: opening, abort, lost };
    try {
      const run = await opening;
      this.state = { kind: "open", run };
      // Reading a long queue may have taken longer than a claim has to lie.
      await run.assertHeld();
      await run.begin();
      this.changed();
    } catch (cause) {
      const error = diskError(cause);
      await this.giveUp(error);
      throw error;
    }
  }

  /** A start has failed; if it was the folder that was lost meanwhile, it is to be taken again. */
  private async giveUp(error: ModemError): Promise<void> {
    const { state } = this;
    if (state.kind === "lost") return;
    this.state = { kind: "failed", error };
    if (state.kind === "open") await state.run.lose();
  }

  /** Another runtime has the folder, or it is gone: nothing is sent or accepted until it is ours again. */
  private lose(error: ModemError): void {
    if (this.state.kind !== "open") return;
    void this.state.run.lose();
    this.retakeLater(error);
    this.trouble(error);
    this.changed();
  }

  private retakeLater(error: ModemError): void {
    const retry = this.options.clock.after(RETAKE_EVERY, () => {
      this.start(error).then(
        () => this.options.log.info("Outbox: its folder was taken again"),
        // Why it could not be had the first time is told already; a close meanwhile ends it.
        () => {
          if (this.state.kind === "failed") this.retakeLater(error);
        },
      );
    });
    this.state = { kind: "lost", error, retry };
  }

  private async run(): Promise<OutboxRun> {
    const { state } = this;
    switch (state.kind) {
      case "open":
        return state.run;
      case "opening":
        if (state.lost !== undefined) throw state.lost;
        return state.run;
      case "failed":
      case "lost":
        throw state.error;
      case "closing":
      case "closed":
        throw new ModemError("OUTBOX_CLOSED");
    }
  }

  private async command<T>(work: (run: OutboxRun) => Promise<T>): Promise<T> {
    const run = await this.run();
    try {
      await run.assertHeld();
      return await run.command(() => work(run));
    } catch (cause) {
      throw diskError(cause);
    }
  }

  private changed(): void {
    this.change ??= this.options.clock.after(CHANGE_PAUSE, () => {
      this.change = undefined;
      const { kind } = this.state;
      if (kind === "open" || this.error !== undefined)
        this.guarded(() => this.emit("changed", this.summary()));
    });
  }

  private trouble(error: ModemError): void {
    this.options.log.error(`Outbox: ${error.message}`);
    this.guarded(() => this.emit("trouble", error));
  }

  /** A listener that throws stops no mail. */
  private guarded(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.options.log.error(`A listener of the outbox failed: ${String(error)}`);
    }
  }
}
