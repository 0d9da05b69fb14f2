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
import type { SmtpSettings } from "../../quectel/settings";
import { MailMemories } from "../modem-mailer";
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
import type { ComposeSettings } from "../qsmtp/compose/compose";
import { isBeyondModule, isOfTheWay, mayReplace, moduleCarries, moduleFits, type Way } from "./choice";

export interface AutoMailerOptions {
  readonly modem: Pick<Modem, "clock" | "identity" | "log">;
  readonly ways: Readonly<Record<Way, Mailer>>;
  readonly settings: SmtpSettings;
  readonly text: ComposeSettings;
}

/** Milliseconds that a way is left out after it failed; doubled with each further failure up to the second. */
const FIRST_PAUSE_MS = 3_600_000;
const LONGEST_PAUSE_MS = 24 * FIRST_PAUSE_MS;

/** Times of the monotonic clock, milliseconds. */
interface Pause {
  readonly until: number;
  readonly ms: number;
}

export class AutoMailer extends EventEmitter<MailerEvents> implements Mailer {
  /** Another attempt by the same way is left to a mail that failed once, because a line may damage a byte. */
  private readonly retried = new MailMemories<Set<Way>>(() => new Set());
  private readonly pauses = new Map<Way, Pause>();
  /** Firmware whose ways are paused. */
  private firmware: string | undefined;
  private wasAvailable: boolean;
  private readonly onAvailable = (): void => {
    if (this.available === this.wasAvailable) return;
    this.wasAvailable = this.available;
    this.emit("available", this.available);
  };

  constructor(private readonly options: AutoMailerOptions) {
    super();
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

  /** As the module's client needs it wherever that may be chosen: what is planned so is good for a socket, too. */
  plan(mail: Pick<OutgoingMail, "to" | "cc" | "bcc">): readonly Envelope[] {
    const { ways, settings } = this.options;
    return ways[moduleFits(settings) ? "module" : "socket"].plan(mail);
  }

  async prepare(transaction: Transaction, options: PrepareOptions): Promise<Prepared | Ended> {
    const [way, other] = this.waysFor(transaction, options);
    const first = await this.tryBy(way, transaction, options);
    if (first.kind === "prepared" || !this.leave(way, transaction, first)) return first;
    if (other === undefined) {
      // What the module's client may not carry must not hold the mails that it does.
      return way === "socket" && moduleFits(this.options.settings) ? passing(first) : first;
    }
    this.options.modem.log.warn(`${String(first.error)}; the mail is sent the other way: ${other}`);
    const second = await this.tryBy(other, transaction, options);
    if (second.kind === "prepared") return second;
    if (second.retry.kind === "whenAvailable") return second;
    this.leave(other, transaction, second);
    if (first.error !== undefined && isBeyondModule(first.error)) return second;
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
    const { isNextDue, ...alone } = options;
    // A connection that is kept holds the module, which the next mail may need for the other way.
    const isOnlyWay = isNextDue !== undefined && !moduleFits(this.options.settings);
    const outcome = await this.options.ways[way].prepare(transaction, isOnlyWay ? options : alone);
    if (outcome.kind !== "prepared") return outcome;
    return {
      kind: "prepared",
      mark: outcome.mark,
      settled: outcome.settled,
      abandon: () => outcome.abandon(),
      commit: async (signal) => this.committed(way, transaction, options, await outcome.commit(signal)),
    };
  }

  private committed(way: Way, transaction: Transaction, options: PrepareOptions, outcome: Outcome): Outcome {
    if (outcome.kind === "unknown" || outcome.open) return outcome;
    if (outcome.recipients.some(({ state }) => state === "accepted")) {
      this.pauses.delete(way);
      this.retried.forget(transaction.mail.id);
      return outcome;
    }
    if (!this.leave(way, transaction, outcome)) return outcome;
    const [next] = this.waysFor(transaction, options);
    return next === way ? outcome : { ...passing(outcome), retry: { kind: "atOnce" } };
  }

  /**
   * Leaves a way that failed with a mail which certainly was not sent, if that was for a reason of the way: true, and the
   * mail may go by the other one. It is left out for a while, unless it fails with this mail only.
   */
  private leave(way: Way, { mail }: Transaction, { error, retry }: Ended): boolean {
    if (error === undefined || !isOfTheWay(way, error)) return false;
    const retried = this.retried.of(mail.id);
    if (retry.kind === "atOnce" && !retried.has(way)) {
      retried.add(way);
      return false;
    }
    if (!isBeyondModule(error)) this.pause(way);
    return true;
  }

  private pause(way: Way): void {
    const { clock } = this.options.modem;
    const before = this.pauses.get(way)?.ms;
    const ms = before === undefined ? FIRST_PAUSE_MS : Math.min(2 * before, LONGEST_PAUSE_MS);
    this.pauses.set(way, { until: clock.now() + ms, ms });
  }

  private isPaused(way: Way): boolean {
    const { modem, ways } = this.options;
    const firmware = modem.identity?.firmware;
    if (firmware !== undefined && firmware !== this.firmware) {
      if (this.firmware !== undefined) this.pauses.clear();
      this.firmware = firmware;
    }
    // A client that stays busy for ever is no way out.
    return ways[way].trouble !== undefined || (this.pauses.get(way)?.until ?? 0) > modem.clock.now();
  }

  /** The way to be tried first, and the one that may follow. */
  private waysFor(transaction: Transaction, options: PrepareOptions): readonly [Way, Way?] {
    const { settings, text } = this.options;
    const isForModule = moduleFits(settings) && moduleCarries(transaction, options, text);
    const chosen: Way = isForModule ? "module" : "socket";
    const other: Way = isForModule ? "socket" : "module";
    if (!mayReplace(chosen, settings) || this.isPaused(other)) return [chosen];
    return this.isPaused(chosen) ? [other] : [chosen, other];
  }
}

/** The same for this time only. */
function passing(ended: Ended): Ended {
  const { error } = ended;
  return error === undefined || error.class === "transient"
    ? ended
    : { ...ended, error: copyOf(error, { class: "transient" }) };
}
