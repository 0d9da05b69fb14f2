/**
 * Worker: the one loop that sends, so that two transactions never run at once.
 *
 * Each turn does one thing: ends what has expired, asks what became of a mail whose result was lost, or takes one
 * transaction through prepare, mark and commit (mail-runner.ts). Then it looks again, so a mail that was raised meanwhile
 * takes its place in the order.
 */
import type { Timer } from "../clock";
import { isModemError, knownFields, ModemError } from "../errors";
import { adopted, type LifeEvent } from "./lifecycle";
import type { Entry } from "./order";
import { SHORTEST_WAIT_MS } from "./outcome";
import type { Logger, OutboxSummary, SendingNode } from "./outbox-types";
import { answerAbout, MailRunner, outgoingMail, type Outgoing, type RunnerParts } from "./mail-runner";
import { expired as expiredFor } from "./reporter";
import { diskError } from "./spool/files";
import type { SpoolRecord } from "./spool/record";
import { KEEP_TIME_EVERY_MS } from "./spool/state";
import { storeError, type StoredError } from "../stored-error";

/** The folder of a process that looked at it so many milliseconds ago cannot be taken over. */
const LOOK_WITHIN_MS = 6_000;
const LOOK_AT_FAILED_EVERY_MS = 60 * 60_000;
/** Milliseconds after which mails that have come meanwhile are looked at. */
const WATCH_EVERY_MS = 60_000;
/** After so many questions that failed, a lost result is taken for unknown. */
const MOST_QUESTIONS = 3;
/** After so many times that the disk did not give a mail to ask about, the others wait for it no longer. */
const MOST_READS = 3;
/** Milliseconds between two questions about one mail. */
const ASK_AGAIN_MS = 5_000;

export interface WorkerParts extends RunnerParts {
  readonly log: Logger;
  readonly trouble: (error: ModemError) => void;
  /** Days. */
  readonly keepFailedDays: number;
}

/** A mail that may have been sent, and whose result was lost. */
interface Doubt {
  questions: number;
  /** Times in a row that the disk did not give the mail; a number above those that others wait for. */
  unread: number;
  /** Time of the clock before which it is not asked about again. */
  askAt: number;
  /** What happened to the mail meanwhile. */
  readonly events: LifeEvent[];
}

type EndEvent = Extract<LifeEvent, { kind: "end" | "supersede" | "evict" }>;

export class Worker {
  private timer: Timer | undefined;
  private expiryTimer: Timer | undefined;
  private loop: Promise<void> | undefined;
  private again = false;
  private state: "open" | "closing" | "closed" = "open";
  private timeKeptAt: number;
  /** The mail that is under way. */
  private runner: MailRunner | undefined;
  /** Mails that end alongside it. */
  private readonly beside = new Set<Promise<void>>();
  private readonly doubts = new Map<Entry, Doubt>();
  private question: AbortController | undefined;

  constructor(private readonly parts: WorkerParts) {
    this.timeKeptAt = parts.clock.now();
  }

  /** Looks whether there is something to do, now or after the step that runs. */
  readonly wake = (): void => {
    if (this.state !== "open") return;
    this.again = true;
    this.loop ??= this.run().finally(() => {
      this.loop = undefined;
      // Asked for between the last look and here.
      if (this.again) this.wake();
    });
  };

  /** The result of this mail was lost: what became of it is asked before anything else is sent. */
  readonly doubt = (entry: Entry): void => {
    this.doubts.set(entry, { questions: 0, unread: 0, askAt: this.parts.clock.now(), events: [] });
  };

  /**
   * Something ends a mail that has not ended yet. Resolves when its result is reported, or noted where the mail is under way.
   * Never rejects.
   */
  async end(entry: Entry, event: EndEvent): Promise<void> {
    const { order, reporter, store } = this.parts;
    if (this.runner?.entry === entry) {
      this.runner.interject(event);
      return;
    }
    const doubt = this.doubts.get(entry);
    if (doubt !== undefined && event.kind === "supersede") {
      doubt.events.push(event);
      return;
    }
    if (this.doubts.delete(entry)) this.question?.abort();
    order.startEnding(entry);
    let mail: SpoolRecord;
    try {
      mail = entry.unsaved ?? adopted(await store.load(entry), entry.place);
    } catch (cause) {
      await reporter.endWithoutRecord(entry, cause);
      return;
    }
    await new MailRunner(entry, mail, this.parts, this.doubt).run([event]);
  }

  /** A mail that is being prepared goes back into the queue: nothing of it was out. One in flight goes on. */
  interrupt(): void {
    this.runner?.interject({ kind: "stop" });
  }

  /** Starts nothing more; resolves when the pending result is there and kept. */
  async stop(): Promise<void> {
    this.state = "closing";
    this.timer?.clear();
    this.expiryTimer?.clear();
    // No result can come while the modem is away.
    this.runner?.close(!this.parts.mailer.available);
    this.question?.abort();
    await this.loop;
    await Promise.all(this.beside);
  }

  /** Waits no longer: whatever comes now is left to the next start. */
  abandon(): void {
    this.state = "closed";
    this.runner?.abandon();
    this.question?.abort();
  }

  /** How the outbox stands: what is sent, or when the next transaction could start and what it waits for. */
  summary(): OutboxSummary {
    const { order, policy, mailer, store } = this.parts;
    const { oldest, next: first, dueIn, soonest } = order.survey();
    const under = this.runner?.entry;
    const sending = under?.stage === "preparing" || under?.stage === "sending" ? under : undefined;
    // Of its own: a flow may change what it gets.
    const hold = policy.reason && { ...policy.reason };
    const summary: OutboxSummary = {
      depth: order.depth,
      oldestAgeMs: oldest === undefined ? 0 : policy.time.age(oldest.accepted),
      failed: store.failed.size,
      ...knownFields({ sending: sending?.id, hold }),
    };
    if (!mailer.available) return summary;
    const blocked = policy.wait();
    const nextTry = Math.min(this.askIn(), Math.max(first === undefined ? dueIn : 0, blocked));
    const outlook = { ...summary, ...(Number.isFinite(nextTry) && { nextTryInMs: nextTry }) };
    if (sending !== undefined || policy.reason !== undefined) return outlook;
    if (this.doubts.size > 0) return { ...outlook, waitsFor: "result" };
    if (order.depth === 0) return outlook;
    if (first !== undefined && policy.rateWait() > 0) return { ...outlook, waitsFor: "rate" };
    if (!Number.isFinite(dueIn) && blocked === 0) return { ...outlook, waitsFor: "turn" };
    return { ...outlook, waitsFor: "retry", ...knownFields({ cause: (first ?? soonest)?.lastError }) };
  }

  /** Undefined while nothing is sent. */
  sendingNode(): SendingNode | undefined {
    const { order } = this.parts;
    const sent = order.entries.get(this.summary().sending ?? "");
    return sent && { nodeId: sent.nodeId, behind: order.sendersBehind(sent) };
  }

  private async run(): Promise<void> {
    while (this.again && this.state === "open") {
      this.again = false;
      this.timer?.clear();
      let wait: number;
      try {
        wait = await this.turn();
      } catch (error) {
        if (this.isOver()) return;
        this.parts.log.error(`The outbox encountered an error and will retry: ${String(error)}`);
        wait = SHORTEST_WAIT_MS;
      }
      this.parts.changed();
      if (wait === 0) this.again = true;
      else if (this.state === "open" && Number.isFinite(wait)) {
        this.timer = this.parts.clock.after(Math.ceil(wait), this.wake);
      }
    }
  }

  /** Does one thing. Returns the milliseconds until there may be another; 0 = look again at once. */
  private async turn(): Promise<number> {
    const { clock, order, store, policy, mailer, lock, keepFailedDays } = this.parts;
    // A process that stood still may find its mails in other hands.
    await lock.assertHeld(LOOK_WITHIN_MS);
    if (clock.now() - this.timeKeptAt >= KEEP_TIME_EVERY_MS) {
      this.timeKeptAt = clock.now();
      await policy.save();
      await store.removeOld(keepFailedDays);
      await store.removeLeftovers();
    }
    const { expired, expiresIn } = order.expiring(policy.reason !== undefined);
    for (const entry of expired) await this.expire(entry);
    if (expired.length > 0) return 0;
    // From here on nothing may come between: `first` could be discarded meanwhile.
    const { next: first, dueIn } = order.survey();
    // Never 0, however instants are rounded.
    const keepIn = Math.max(1, this.timeKeptAt + KEEP_TIME_EVERY_MS - clock.now());
    const lookIn = store.failed.size > 0 ? LOOK_AT_FAILED_EVERY_MS : Infinity;
    const rest = Math.min(expiresIn, order.depth > 0 ? keepIn : lookIn);
    if (!mailer.available) return rest;
    const askIn = this.askIn();
    // Nothing is sent before it was asked for the lost result.
    const isToAsk = askIn === 0;
    const isHeldUp = [...this.doubts.values()].some(({ unread }) => unread < MOST_READS);
    const blocked = isHeldUp ? Infinity : policy.wait();
    if (!isToAsk && (first === undefined || blocked > 0)) {
      return Math.min(rest, askIn, Math.max(first === undefined ? dueIn : 0, blocked));
    }
    // What may take minutes; mails whose time is over are ended meanwhile.
    const working = isToAsk || first === undefined ? this.ask() : this.start(first);
    this.watch();
    try {
      await working;
    } finally {
      this.expiryTimer?.clear();
      this.expiryTimer = undefined;
    }
    return 0;
  }

  private watch(): void {
    const { clock, log, order, policy, changed } = this.parts;
    this.expiryTimer?.clear();
    if (this.state !== "open") return;
    const spared = this.runner?.mayExpire === false ? this.runner.entry : undefined;
    const { expired, expiresIn } = order.expiring(policy.reason !== undefined, spared);
    for (const entry of expired) {
      const done = this.expire(entry)
        .catch((error: unknown) => log.error(`A mail could not be completed: ${String(error)}`))
        .then(() => {
          this.beside.delete(done);
          changed();
        });
      this.beside.add(done);
    }
    const waitMs = Math.min(WATCH_EVERY_MS, Math.max(1, Math.ceil(expiresIn)));
    this.expiryTimer = clock.after(waitMs, () => this.watch());
  }

  /** Tells why it could not be sent in its time: what holds the outbox, else the last failure of the mail. */
  private async expire(entry: Entry): Promise<void> {
    const { policy, mailer } = this.parts;
    const last = policy.setup?.error ?? (await this.lastErrorOf(entry));
    const away = mailer.available ? undefined : storeError(new ModemError("MODEM_NOT_READY"));
    // Meanwhile it may be on its way, or have been discarded or pushed out.
    if (entry.stage === "ended" || entry.stage === "sending") return;
    await this.end(entry, { kind: "end", error: expiredFor(last ?? away), keep: true });
  }

  private async lastErrorOf(entry: Entry): Promise<StoredError | undefined> {
    try {
      const { transactions } = await this.parts.store.load(entry);
      return transactions.flatMap(({ lastError }) => lastError ?? []).at(-1);
    } catch {
      // A record that cannot be read is reported as such when it is ended.
      return undefined;
    }
  }

  private async start(entry: Entry): Promise<void> {
    const { policy, store, reporter } = this.parts;
    const isProbe = policy.reason !== undefined;
    if (isProbe) await policy.probe();
    let mail: SpoolRecord | undefined;
    try {
      mail = entry.unsaved ?? adopted(await store.load(entry), entry.place);
      // What the disk does not have yet is saved first; until it takes that, the mail waits.
      if (entry.unsaved !== undefined && !(await store.save(entry, mail, false))) mail = undefined;
    } catch (cause) {
      if (isModemError(cause, "OUTBOX_DAMAGED")) await reporter.endWithoutRecord(entry, cause);
    }
    const { reason } = policy;
    // Meanwhile it may have been discarded or pushed out, or a person may have paused the outbox.
    const isFree = reason === undefined || reason.kind === "setup";
    if (mail === undefined) entry.due = policy.time.now().time + SHORTEST_WAIT_MS;
    else if (entry.stage === "queued" && this.state === "open" && isFree) {
      await this.pass(entry, mail, [{ kind: "start" }]);
    }
    // Under a hold for a setup error this mail was a probe.
    if (isProbe && this.state !== "closed") await policy.endProbe();
  }

  /** Takes the one mail that is under way through all that follows from these events. */
  private async pass(entry: Entry, mail: SpoolRecord, events: readonly LifeEvent[]): Promise<void> {
    this.runner = new MailRunner(entry, mail, this.parts, this.doubt);
    try {
      await this.runner.run(events);
    } finally {
      this.runner = undefined;
    }
  }

  /** Milliseconds until the mailer is to be asked for a lost result; infinite when none is lost. */
  private askIn(): number {
    const askAt = Math.min(...[...this.doubts.values()].map((doubt) => doubt.askAt));
    return Math.max(0, askAt - this.parts.clock.now());
  }

  /** Asks once for each mail whose result was lost and that is due. Never rejects. */
  private async ask(): Promise<void> {
    const now = this.parts.clock.now();
    for (const [entry, doubt] of this.doubts)
      if (!this.isOver() && doubt.askAt <= now) await this.askFor(entry, doubt);
  }

  private async askFor(entry: Entry, doubt: Doubt): Promise<void> {
    const { reporter, clock, store, trouble } = this.parts;
    doubt.askAt = clock.now() + ASK_AGAIN_MS;
    let mail: SpoolRecord;
    let outgoing: Outgoing;
    try {
      mail = entry.unsaved ?? adopted(await store.load(entry), entry.place);
      outgoing = await outgoingMail(entry, mail, this.parts);
    } catch (cause) {
      if (!isModemError(cause, "OUTBOX_DAMAGED")) {
        // What became of the mail is not for the disk to say.
        if (++doubt.unread >= MOST_READS) doubt.askAt = clock.now() + SHORTEST_WAIT_MS;
        trouble(diskError(cause));
      } else if (this.doubts.delete(entry)) await reporter.endWithoutRecord(entry, cause);
      return;
    }
    doubt.unread = 0;
    // Meanwhile it may have been ended, or the outbox may be closing.
    if (this.doubts.get(entry) !== doubt || this.isOver()) return;
    this.question = new AbortController();
    const outcome = await answerAbout(entry, mail, outgoing, this.parts, this.question.signal);
    this.question = undefined;
    if (this.doubts.get(entry) !== doubt || this.state === "closed") return;
    if (outcome.kind === "unknown") {
      // What the mailer told at the last moment will not be told again; a doubt can wait for the next start.
      if (this.isOver()) return;
      doubt.questions++;
      if (outcome.recoverable && doubt.questions < MOST_QUESTIONS) return;
    }
    this.doubts.delete(entry);
    const at = new Date(clock.wall()).toISOString();
    await this.pass(entry, mail, [...doubt.events, { kind: "outcome", outcome, at }]);
  }

  private isOver(): boolean {
    return this.state !== "open";
  }
}
