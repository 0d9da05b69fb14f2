/**
 * AutoMailer: two ways out of one module, and for each mail the one that carries it.
 *
 *   prepare: chosen way ─(failed for a reason of the way)─> other way
 *   commit:  the way that prepared it, and no other; what it refuses for a reason of the way is due at once by the other
 *   recover: the way whose mark it is
 *
 * Which way a mail takes is decided in `choice.ts`. A way that failed as such is left out for an hour, then longer,
 * until the firmware is another one.
 */
import { EventEmitter } from "node:events";
import { copyOf, type ModemError } from "../../errors";
import type { Modem } from "../../quectel/connection/modem";
import type { KeyValueStore } from "../../quectel/key-value-store";
import type { SmtpSettings } from "../../quectel/settings";
import { MailMemories, undivided } from "../outgoing";
import type {
  Ended,
  EndedMail,
  Envelope,
  Mailer,
  MailerEvents,
  MailerLimits,
  Mark,
  Outcome,
  OutgoingMail,
  Prepared,
  PrepareOptions,
  RecoverOptions,
  Transaction,
} from "../mailer";
import { needsTextSupport, type ComposeSettings } from "../qsmtp/compose/compose";
import type { WrittenCoding } from "../qsmtp/readable-codings";
import {
  isBeyondModule,
  isOfTheWay,
  mayReplace,
  moduleCarries,
  moduleFits,
  moduleTakes,
  type Way,
} from "./choice";
import { WayPauses } from "./way-pauses";

export interface AutoMailerOptions {
  readonly modem: Pick<Modem, "clock" | "identity" | "log">;
  readonly ways: Readonly<Record<Way, Mailer>>;
  readonly settings: SmtpSettings;
  readonly text: ComposeSettings;
  /** Remembers which way has failed. */
  readonly store: KeyValueStore;
  /** In which coding a person has read what the module's client sent; undefined: ASCII alone is certain. */
  readonly readableCoding: () => Promise<WrittenCoding | undefined>;
}

export class AutoMailer extends EventEmitter<MailerEvents> implements Mailer {
  /** Another attempt by the same way is left to a mail that failed once, because a line may damage a byte. */
  private readonly retried = new MailMemories<Set<Way>>(() => new Set());
  private readonly pauses: WayPauses;
  private wasAvailable: boolean;
  private readonly onAvailable = (): void => {
    if (this.available === this.wasAvailable) return;
    this.wasAvailable = this.available;
    this.emit("available", this.available);
  };

  constructor(private readonly options: AutoMailerOptions) {
    super();
    const { modem, store } = options;
    const { host, port, security, user } = options.settings;
    const settings = JSON.stringify({ host, port, security, user });
    this.pauses = new WayPauses({ modem, store, settings });
    this.wasAvailable = this.available;
    const { module, socket } = options.ways;
    module.on("available", this.onAvailable);
    socket.on("available", this.onAvailable);
  }

  get limits(): MailerLimits {
    return this.options.ways.socket.limits;
  }

  get available(): boolean {
    const { module, socket } = this.options.ways;
    return module.available || socket.available;
  }

  /** What only one way suffers from is no trouble of the mails. */
  get trouble(): ModemError | undefined {
    const { module, socket } = this.options.ways;
    return socket.trouble === undefined ? undefined : module.trouble;
  }

  get lastMail(): EndedMail | undefined {
    const { module, socket } = this.options.ways;
    const [a, b] = [module.lastMail, socket.lastMail];
    if (a === undefined || b === undefined) return a ?? b;
    return a.at > b.at ? a : b;
  }

  /** As a socket carries it; the module's client divides it further when it is the one that is to send it. */
  plan(mail: Pick<OutgoingMail, "to" | "cc" | "bcc">): readonly Envelope[] {
    return this.options.ways.socket.plan(mail);
  }

  async prepare(transaction: Transaction, options: PrepareOptions): Promise<Prepared | Ended> {
    const [way, other] = await this.waysFor(transaction, options);
    const first = await this.tryBy(way, transaction, options);
    if (first.kind === "prepared" || !(await this.leave(way, transaction, first))) return first;
    // What the module's client cannot take at all is not made to wait for a way that failed with other mails.
    const next = other ?? (way === "module" && isBeyond(first) ? "socket" : undefined);
    if (next === undefined) {
      // What the module's client may not carry must not hold the mails that it does.
      return way === "socket" && moduleFits(this.options.settings) ? passing(first) : first;
    }
    this.options.modem.log.warn(`${String(first.error)}; the mail is sent the other way: ${next}`);
    const lastResort = { ...options, isLastResort: true };
    const second = await this.tryBy(next, transaction, next === "module" ? lastResort : options);
    if (second.kind === "prepared") return second;
    if (second.retry.kind === "whenAvailable") return second;
    const isWithoutSockets = (await this.leave(next, transaction, second)) && next === "socket";
    if (isBeyond(first)) {
      const third = isWithoutSockets ? await this.tryBy("module", transaction, lastResort) : second;
      return third.kind === "prepared" ? third : second;
    }
    // Next time the other way is the first, and then what it says is told; until then the first way blocks no other mail.
    return passing(first);
  }

  recover(transaction: Transaction, mark: Mark, options: RecoverOptions): Promise<Outcome> {
    const way: Way = mark.via === "module" ? "module" : "socket";
    return this.options.ways[way].recover(transaction, mark, options);
  }

  close(): void {
    for (const mailer of Object.values(this.options.ways)) {
      mailer.off("available", this.onAvailable);
      mailer.close();
    }
  }

  private async tryBy(
    way: Way,
    transaction: Transaction,
    options: PrepareOptions,
  ): Promise<Prepared | Ended> {
    const { mail } = transaction;
    const envelope = undivided(transaction.envelope, this.options.ways[way].plan(transaction.envelope));
    if ("kind" in envelope) return envelope;
    const { isNextDue, ...alone } = options;
    // A connection that is kept holds the module, which the next mail may need for the other way.
    const isOnlyWay = isNextDue !== undefined && !moduleFits(this.options.settings);
    const outcome = await this.options.ways[way].prepare({ mail, envelope }, isOnlyWay ? options : alone);
    if (outcome.kind !== "prepared") return outcome;
    return {
      kind: "prepared",
      mark: outcome.mark,
      settled: outcome.settled,
      abandon: () => outcome.abandon(),
      commit: async (signal) => this.committed(way, transaction, options, await outcome.commit(signal)),
    };
  }

  private async committed(
    way: Way,
    transaction: Transaction,
    options: PrepareOptions,
    outcome: Outcome,
  ): Promise<Outcome> {
    if (outcome.kind === "unknown" || outcome.open) return outcome;
    if (outcome.recipients.some(({ state }) => state === "accepted")) {
      await this.pauses.end(way);
      this.retried.forget(transaction.mail.id);
      return outcome;
    }
    if (!(await this.leave(way, transaction, outcome))) return outcome;
    const [next] = await this.waysFor(transaction, options);
    return next === way ? outcome : { ...passing(outcome), retry: { kind: "atOnce" } };
  }

  /**
   * Leaves a way that failed with a mail which certainly was not sent, if that was for a reason of the way: true, and the
   * mail may go by the other one. It is left out for a while, unless it fails with this mail only.
   */
  private async leave(way: Way, { mail }: Transaction, { error, retry }: Ended): Promise<boolean> {
    if (error === undefined || !isOfTheWay(way, error)) return false;
    const retried = this.retried.of(mail.id);
    if (retry.kind === "atOnce" && !retried.has(way)) {
      retried.add(way);
      return false;
    }
    if (!isBeyondModule(error)) await this.pauses.begin(way);
    return true;
  }

  /** A client that stays busy for ever is no way out. */
  private async isPaused(way: Way): Promise<boolean> {
    return this.options.ways[way].trouble !== undefined || this.pauses.has(way);
  }

  /** The way to be tried first, and the one that may follow. */
  private async waysFor(transaction: Transaction, options: PrepareOptions): Promise<readonly [Way, Way?]> {
    const { settings, text, readableCoding } = this.options;
    const fits = moduleFits(settings);
    const readable =
      fits && needsTextSupport(transaction.mail) ? await readableCoding().catch(() => undefined) : undefined;
    const isForModule = fits && moduleCarries(transaction, options, text, readable);
    const chosen: Way = isForModule ? "module" : "socket";
    const other: Way = isForModule ? "socket" : "module";
    const isForOther = other === "socket" || moduleTakes(transaction.mail, transaction.envelope, text);
    if (!isForOther || !mayReplace(chosen, settings) || (await this.isPaused(other))) return [chosen];
    return (await this.isPaused(chosen)) ? [other] : [chosen, other];
  }
}

/** True for what the module's client was not given because of a limit of its own. */
function isBeyond({ error }: Ended): boolean {
  return error !== undefined && isBeyondModule(error);
}

/** The same for this time only. */
function passing(ended: Ended): Ended {
  const { error } = ended;
  return error === undefined || error.class === "transient"
    ? ended
    : { ...ended, error: copyOf(error, { class: "transient" }) };
}
