/**
 * Outbox: keeps accepted mails durably and sends them one after another until each has ended.
 *
 * No accepted mail is lost, and none is sent without end: each ends sent, partial or failed, and its end is told at
 * least once, after a restart too. This class is the face; the work is done in the folders outbox (sender.ts: the
 * loop, intake.ts, ending.ts, mail-store.ts, ledger.ts: holds, rate, time) and spool (files and their lock).
 */
import { EventEmitter } from "node:events";
import { delay, type Clock, type Timer } from "../clock";
import { ModemError } from "../errors";
import type { MailCarrier } from "../mailer/qsmtp/carrier";
import type { Logger } from "../quectel/settings";
import { thisHost, type Host } from "../mail/spool/host";
import type { Mail, MailOptions } from "../mail/mail";
import { listMails } from "./list";
import type {
  Composer,
  ListQuery,
  MailOrigin,
  OutboxEvents,
  OutboxList,
  OutboxSettings,
  OutboxSummary,
} from "./outbox-types";
import { OutboxRun } from "./run";
import { diskError } from "../mail/spool/files";
import { hostFiles, type FileLayer } from "../mail/spool/files";

export interface OutboxOptions {
  /** Folder of this outbox alone; made when missing. */
  readonly directory: string;
  readonly clock: Clock;
  readonly carrier: MailCarrier;
  readonly settings: OutboxSettings;
  readonly compose: Composer;
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

/** Opened by none, in vain (`error`), or by a run. */
type State =
  | { readonly kind: "closed" }
  | { readonly kind: "opening"; readonly run: Promise<OutboxRun>; readonly abort: AbortController }
  | { readonly kind: "failed"; readonly error: ModemError }
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
    if (this.state.kind === "open" || this.state.kind === "opening") return;
    const abort = new AbortController();
    const opening = OutboxRun.start({
      ...this.options,
      signal: abort.signal,
      random: this.options.random ?? Math.random,
      files: this.options.files ?? hostFiles,
      host: this.options.host ?? thisHost(),
      events: {
        ended: (ended) => this.emit("ended", ended),
        changed: () => this.changed(),
        progress: (id, progress) => this.guarded(() => this.emit("progress", { id, ...progress })),
        hold: (reason) => this.guarded(() => this.emit("hold", reason)),
        trouble: (error) => this.trouble(error),
      },
    });
    this.state = { kind: "opening", run: opening, abort };
    try {
      const run = await opening;
      this.state = { kind: "open", run };
      await run.begin();
      this.changed();
    } catch (cause) {
      const error = diskError(cause);
      this.state = { kind: "failed", error };
      throw error;
    }
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
    if (this.state.kind !== "open") return;
    const { run } = this.state;
    this.state = { kind: "closing", run };
    const over = new AbortController();
    const grace = delay(this.options.clock, graceMs, over.signal).catch(() => undefined);
    await Promise.race([run.stop(), grace]);
    over.abort();
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
    const { store, ledger } = await this.run();
    return listMails(store, ledger, query);
  }

  /** Holds the outbox until `resume`, over restarts too. The mail on the air goes on. */
  async pause(): Promise<void> {
    await this.command(({ ledger }) => ledger.hold("paused"));
  }

  /** Ends `pause` and a hold for a setup error. */
  async resume(): Promise<void> {
    await this.command(({ ledger }) => ledger.release("paused", "setup"));
  }

  /**
   * Holds the outbox, over restarts too: because a flow has deactivated the PDP context, until `releaseFrom`; or for
   * a setup error that the modem met itself, until the settings concerned change, the modem is ready (SIM errors), a
   * probe succeeds, or `resume`. Resolves with true when nothing of this kind held it before.
   */
  async holdFor(cause: "pdp" | ModemError): Promise<boolean> {
    return this.command(({ ledger }) => (cause === "pdp" ? ledger.hold("pdp") : ledger.meet(cause)));
  }

  async releaseFrom(kind: "pdp"): Promise<void> {
    await this.command(({ ledger }) => ledger.release(kind));
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

  /** All zero while the outbox is not open. */
  summary(): OutboxSummary {
    return this.state.kind === "open" ? this.state.run.summary() : EMPTY;
  }

  private async run(): Promise<OutboxRun> {
    const { state } = this;
    switch (state.kind) {
      case "open":
        return state.run;
      case "opening":
        return state.run;
      case "failed":
        throw state.error;
      case "closing":
      case "closed":
        throw new ModemError("OUTBOX_CLOSED");
    }
  }

  private async command<T>(work: (run: OutboxRun) => Promise<T>): Promise<T> {
    const run = await this.run();
    try {
      return await run.command(() => work(run));
    } catch (cause) {
      throw diskError(cause);
    }
  }

  private changed(): void {
    this.change ??= this.options.clock.after(CHANGE_PAUSE, () => {
      this.change = undefined;
      if (this.state.kind === "open") this.guarded(() => this.emit("changed", this.summary()));
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
