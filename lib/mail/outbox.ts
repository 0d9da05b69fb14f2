/**
 * Outbox: keeps accepted mails and sends them one after another until each has ended.
 */
import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { ModemError, isModemError } from "../errors";
import type { Clock } from "../clock";
import type { MailCarrier } from "../quectel/carrier";
import type { Logger } from "../quectel/settings";
import { planEnvelopes, recipientsOf } from "./envelopes";
import type { Mail, MailOptions } from "./mail";
import type {
  Composer,
  HoldReason,
  ListQuery,
  MailOrigin,
  OutboxEvents,
  OutboxList,
  OutboxSettings,
  OutboxSummary,
} from "./outbox-types";

export interface OutboxOptions {
  /** Folder of this outbox alone; made when missing. */
  readonly directory: string;
  readonly clock: Clock;
  readonly carrier: MailCarrier;
  readonly settings: OutboxSettings;
  readonly compose: Composer;
  readonly log: Logger;
}

interface Waiting {
  readonly id: string;
  readonly mail: Mail;
  readonly origin: MailOrigin;
  readonly acceptedAt: number;
}

export class Outbox extends EventEmitter<OutboxEvents> {
  private readonly waiting: Waiting[] = [];
  private held: HoldReason | undefined;
  private running: string | undefined;
  private opened = false;

  constructor(private readonly options: OutboxOptions) {
    super();
  }

  /** Takes the folder and starts sending. Rejects with OUTBOX_LOCKED or OUTBOX_DISK; may be called again then. */
  async open(): Promise<void> {
    this.opened = true;
    this.options.carrier.on("available", this.wake);
    this.wake();
  }

  /** Waits up to `graceMs` for a pending result, then stops; the mails stay in the folder. */
  async close(_graceMs = 8000): Promise<void> {
    this.opened = false;
    this.options.carrier.off("available", this.wake);
  }

  /** Resolves when the mail is durable. Rejects with OUTBOX_FULL, OUTBOX_DISK or OUTBOX_CLOSED. */
  async accept(mail: Mail, _options: MailOptions, origin: MailOrigin): Promise<{ readonly id: string }> {
    if (!this.opened) throw new ModemError("OUTBOX_CLOSED");
    const id = randomBytes(5).toString("hex");
    this.waiting.push({ id, mail, origin, acceptedAt: this.options.clock.now() });
    this.changed();
    this.wake();
    return { id };
  }

  async list(_query: ListQuery = {}): Promise<OutboxList> {
    return { total: this.waiting.length, rows: [] };
  }

  /** Holds the outbox until `resume`. */
  async pause(): Promise<void> {
    this.setHold({ kind: "paused", since: new Date(this.options.clock.wall()).toISOString() });
  }

  /** Ends `pause` and a hold for a setup error. */
  async resume(): Promise<void> {
    this.setHold(undefined);
    this.wake();
  }

  /** Holds the outbox because the PDP context was deactivated, until `releaseFrom`. */
  async holdFor(_kind: "pdp"): Promise<void> {
    this.setHold({ kind: "pdp", since: new Date(this.options.clock.wall()).toISOString() });
  }

  async releaseFrom(_kind: "pdp"): Promise<void> {
    await this.resume();
  }

  /** Makes waiting mails due now; resolves with their number. */
  async flush(_id?: string): Promise<number> {
    this.wake();
    return this.waiting.length;
  }

  /** Puts failed mails back with a fresh age; resolves with their number. Rejects with OUTBOX_NOT_FOUND. */
  async retry(_id?: string): Promise<number> {
    return 0;
  }

  /** Ends waiting mails with OUTBOX_DISCARDED; with an id also removes a failed one. Resolves with their number. */
  async discard(_id?: string): Promise<number> {
    return 0;
  }

  summary(): OutboxSummary {
    const oldest = this.waiting[0];
    return {
      depth: this.waiting.length,
      oldestAgeMs: oldest === undefined ? 0 : this.options.clock.now() - oldest.acceptedAt,
      ...(this.held !== undefined && { hold: this.held }),
      ...(this.running !== undefined && { sending: this.running }),
      failed: 0,
    };
  }

  private setHold(reason: HoldReason | undefined): void {
    this.held = reason;
    this.emit("hold", reason);
    this.changed();
  }

  private changed(): void {
    this.emit("changed", this.summary());
  }

  private readonly wake = (): void => {
    const next = this.waiting[0];
    if (!this.opened || this.held || this.running !== undefined || !this.options.carrier.available) return;
    if (next === undefined) return;
    this.running = next.id;
    void this.send(next).finally(() => {
      this.running = undefined;
      this.waiting.shift();
      this.changed();
      this.wake();
    });
  };

  private async send(entry: Waiting): Promise<void> {
    const { mail, id } = entry;
    const base = { id, attempts: 1, bytes: 0, queuedMs: this.options.clock.now() - entry.acceptedAt };
    const end = { id, origin: entry.origin, recovered: false, attachments: [], waitUntil: () => undefined };
    try {
      const stored = { ...mail, id, raisedAt: this.options.clock.wall(), attachments: [] };
      for (const envelope of planEnvelopes(mail, this.options.settings.bccMode)) {
        const history = { ageMs: base.queuedMs, possibleDuplicate: false, shortSubject: false };
        const { transaction } = await this.options.compose(stored, envelope, history);
        await this.options.carrier.send(transaction, {
          onProgress: (progress) => this.emit("progress", { id, ...progress }),
        });
      }
      this.emit("ended", {
        ...end,
        result: {
          ...base,
          status: "sent",
          accepted: recipientsOf(mail),
          rejected: [],
          warnings: mail.warnings,
        },
      });
    } catch (cause) {
      const error = isModemError(cause) ? cause : new ModemError("MODEM_ERROR", { cause });
      const { message, code, hint } = error;
      this.emit("ended", {
        ...end,
        error,
        failure: { message, code, hint, class: error.class, outcome: "notSent", attempts: 1 },
        result: { ...base, status: "failed", accepted: [], rejected: [], warnings: mail.warnings },
      });
    }
  }
}
