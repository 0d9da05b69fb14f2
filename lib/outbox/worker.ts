/**
 * Worker: the one loop that sends, so that two transactions never run at once.
 *
 * Each turn does one thing: ends what has expired, asks for a lost result, or takes one transaction through prepare,
 * mark and commit. Then it looks again, so a mail that was raised meanwhile takes its place in the order. What happens
 * to a mail is an event of its lifecycle; here is only how each effect of it is carried out.
 */
import type { Timer } from "../clock";
import { isModemError, ModemError } from "../errors";
import type { SpoolRecord } from "./spool/record";
import { Doubts } from "./doubts";
import type { LifeEvent } from "./life";
import { adopted } from "./lifecycle";
import { timeLeft, type Entry } from "./order";
import { SHORTEST_WAIT_MS } from "./outcome";
import type { Logger, WaitReason } from "./outbox-types";
import { Passage, type PassageParts } from "./passage";
import { expiredError } from "./reporter";

/** The outbox's time is kept this often while mails wait: so much of their age a power cut may take away. */
const KEEP_TIME_EVERY_MS = 10 * 60_000;
/** Nobody can take the folder of a process that looked at it so many milliseconds ago. */
const LOOK_WITHIN_MS = 6_000;
const LOOK_AT_FAILED_EVERY_MS = 60 * 60_000;

/** Milliseconds after which mails that have come meanwhile are looked at. */
const WATCH_EVERY_MS = 60_000;
const MINUTE_MS = 60_000;

export interface WorkerParts extends Omit<PassageParts, "doubt"> {
  readonly log: Logger;
  /** Minutes, for mails without a limit of their own. */
  readonly maxAge: number;
  /** Days. */
  readonly keepFailedDays: number;
}

export class Worker {
  private timer: Timer | undefined;
  private expiryTimer: Timer | undefined;
  private loop: Promise<void> | undefined;
  private again = false;
  private state: "open" | "closing" | "closed" = "open";
  private timeKeptAt: number;
  /** The mail that is under way. */
  private passage: Passage | undefined;
  /** Mails that end beside it. */
  private readonly beside = new Set<Promise<void>>();
  private readonly doubts: Doubts;

  constructor(private readonly parts: WorkerParts) {
    this.timeKeptAt = parts.clock.now();
    const { clock, mailer, store, reporter, policy } = parts;
    this.doubts = new Doubts({
      clock,
      mailer,
      store,
      timeLeft: (entry) => timeLeft(entry, policy.time.now(), this.limit),
      conclude: (entry, mail, events) => this.pass(entry, mail, events),
      damaged: (entry, cause) => reporter.endWithoutRecord(entry, cause),
    });
  }

  /** Id of the mail whose transaction runs. */
  get sending(): string | undefined {
    const { entry, stage } = this.passage ?? {};
    return stage === "preparing" || stage === "sending" ? entry?.id : undefined;
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

  /** The result of this mail was lost by an earlier run. */
  doubt(entry: Entry): void {
    this.doubts.add(entry);
  }

  /**
   * Something ends a mail that has not ended yet. Resolves when its end is told, or noted where the mail is under way.
   * Never rejects.
   */
  async end(entry: Entry, event: Extract<LifeEvent, { kind: "end" | "supersede" | "evict" }>): Promise<void> {
    const { store, reporter } = this.parts;
    if (this.passage?.entry === entry) {
      this.passage.interject(event);
      return;
    }
    if (event.kind === "supersede" && this.doubts.note(entry, event)) return;
    this.doubts.delete(entry);
    store.waiting.startEnding(entry);
    let mail: SpoolRecord;
    try {
      mail = adopted(await store.load(entry), store.marked(entry));
    } catch (cause) {
      await reporter.endWithoutRecord(entry, cause);
      return;
    }
    await this.passageOf(entry, mail).run(event);
  }

  /** Ends the mails whose place a younger one takes. Resolves when their ends are told, or noted. Never rejects. */
  async supersede(entry: Entry): Promise<void> {
    for (const older of this.parts.store.waiting.replaced(entry)) {
      if (older.stage === "ended") continue;
      await this.end(older, { kind: "supersede", error: new ModemError("OUTBOX_SUPERSEDED") });
    }
  }

  /** Starts nothing more; resolves when the pending result is there and kept. */
  async stop(): Promise<void> {
    this.state = "closing";
    this.timer?.clear();
    this.expiryTimer?.clear();
    // No result can come while the modem is away.
    this.passage?.close(!this.parts.mailer.available);
    this.doubts.stop();
    await this.loop;
    await Promise.all(this.beside);
  }

  /** Waits no longer: whatever comes now is left to the next start. */
  abandon(): void {
    this.state = "closed";
    this.passage?.abandon();
    this.doubts.abandon();
  }

  /** Milliseconds until the next transaction could start; infinite when only an event can start it. */
  nextTry(): number {
    const { store, policy, mailer } = this.parts;
    if (!mailer.available) return Infinity;
    const { next: first, dueIn } = store.waiting.survey(policy.time.now(), this.limit);
    return Math.min(this.doubts.askIn(), Math.max(first === undefined ? dueIn : 0, this.blockedFor()));
  }

  /** Undefined while a mail is sent, none waits, a hold lets none out, or the modem is not ready. */
  waitsFor(): WaitReason | undefined {
    const { store, policy, mailer } = this.parts;
    if (!mailer.available || this.sending !== undefined || policy.holds.any) return undefined;
    if (Number.isFinite(this.doubts.askIn())) return "result";
    if (store.waiting.depth === 0) return undefined;
    const now = policy.time.now();
    const { next: first, dueIn } = store.waiting.survey(now, this.limit);
    if (first !== undefined && policy.rate.wait(now.time) > 0) return "rate";
    return Number.isFinite(dueIn) || this.blockedFor() > 0 ? "retry" : "turn";
  }

  /** Milliseconds of active time for mails without a limit of their own. */
  private get limit(): number {
    return this.parts.maxAge * MINUTE_MS;
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
        this.parts.log.error(`The outbox could not go on and tries again: ${String(error)}`);
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
    const { store, policy, mailer, assertHeld } = this.parts;
    // A process that stood still may find its mails in other hands.
    await assertHeld(LOOK_WITHIN_MS);
    await this.keepHouse();
    const { expired, expiresIn } = this.expiring();
    for (const entry of expired) await this.expire(entry);
    if (expired.length > 0) return 0;
    // From here on nothing may come between: `first` could be discarded meanwhile.
    const { next: first, dueIn } = store.waiting.survey(policy.time.now(), this.limit);
    const rest = Math.min(expiresIn, this.houseIn());
    if (!mailer.available) return rest;
    const askIn = this.doubts.askIn();
    // Nothing is sent before it was asked for the lost result.
    if (askIn > 0 && Number.isFinite(askIn)) return Math.min(rest, askIn);
    if (askIn === 0) return this.whileExpiring(() => this.doubts.ask());
    const blocked = this.blockedFor();
    if (first === undefined || blocked > 0) {
      return Math.min(rest, Math.max(first === undefined ? dueIn : 0, blocked));
    }
    return this.whileExpiring(() => this.start(first));
  }

  /** Does something that may take minutes; mails whose time is over are ended meanwhile. */
  private async whileExpiring(work: () => Promise<void>): Promise<0> {
    const working = work();
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
    this.expiryTimer?.clear();
    if (this.state !== "open") return;
    const { expired, expiresIn } = this.expiring();
    for (const entry of expired) this.aside(this.expire(entry));
    const waitMs = Math.min(WATCH_EVERY_MS, Math.max(1, Math.ceil(expiresIn)));
    this.expiryTimer = this.parts.clock.after(waitMs, () => this.watch());
  }

  private aside(work: Promise<void>): void {
    const { log, changed } = this.parts;
    const done = work
      .catch((error: unknown) => log.error(`A mail could not be ended: ${String(error)}`))
      .then(() => {
        this.beside.delete(done);
        changed();
      });
    this.beside.add(done);
  }

  private expiring(): { readonly expired: readonly Entry[]; readonly expiresIn: number } {
    const { store, policy } = this.parts;
    const { passage } = this;
    const isSpared = (entry: Entry): boolean => entry === passage?.entry && !passage.mayExpire;
    return store.waiting.expiring(policy.time.now(), this.limit, policy.holds.any, isSpared);
  }

  private async expire(entry: Entry): Promise<void> {
    const { store, policy, mailer } = this.parts;
    const error = await expiredError(entry, { store, policy, available: mailer.available });
    // Meanwhile it may be on its way, or have been discarded or pushed out.
    if (entry.stage === "ended" || entry.stage === "sending") return;
    await this.end(entry, { kind: "end", error, keep: true });
  }

  private async start(entry: Entry): Promise<void> {
    const { policy, store } = this.parts;
    if (policy.holds.setup !== undefined) await policy.probe();
    const mail = await this.load(entry);
    // Meanwhile it may have been discarded or pushed out.
    if (mail === undefined || entry.stage !== "queued" || this.state !== "open") return;
    await this.pass(entry, adopted(mail, store.marked(entry)), [{ kind: "start" }]);
  }

  /** Takes the one mail that is under way through all that follows from these events. */
  private async pass(entry: Entry, mail: SpoolRecord, events: readonly LifeEvent[]): Promise<void> {
    const passage = this.passageOf(entry, mail);
    this.passage = passage;
    try {
      for (const event of events) await passage.run(event);
      while (passage.hasMore) await passage.run();
    } finally {
      this.passage = undefined;
    }
  }

  private passageOf(entry: Entry, mail: SpoolRecord): Passage {
    return new Passage(entry, mail, { ...this.parts, doubt: (one) => this.doubts.add(one) });
  }

  /** The record in its last state, saved; undefined when the disk does not have it, and the mail then waits. */
  private async load(entry: Entry): Promise<SpoolRecord | undefined> {
    const { store, policy, reporter } = this.parts;
    try {
      const record = await store.load(entry);
      if (entry.unsaved === undefined) return record;
      if (await store.save(entry, record, false)) return await store.load(entry);
    } catch (cause) {
      if (isModemError(cause, "OUTBOX_DAMAGED")) {
        await reporter.endWithoutRecord(entry, cause);
        return undefined;
      }
    }
    entry.due = policy.time.now().time + SHORTEST_WAIT_MS;
    entry.stage = "queued";
    return undefined;
  }

  private isOver(): boolean {
    return this.state !== "open";
  }

  /** Milliseconds for which a hold, the rate or the disk lets nothing out. */
  private blockedFor(): number {
    return this.parts.policy.wait();
  }

  private async keepHouse(): Promise<void> {
    const { clock, store, policy, keepFailedDays } = this.parts;
    if (clock.now() - this.timeKeptAt < KEEP_TIME_EVERY_MS) return;
    this.timeKeptAt = clock.now();
    await policy.save();
    await store.failed.removeOld(keepFailedDays);
    await store.removeLeftovers();
  }

  /** Milliseconds until there is something to do for `keepHouse`; never 0, however instants are rounded. */
  private houseIn(): number {
    const { clock, store } = this.parts;
    if (store.waiting.depth > 0) return Math.max(1, this.timeKeptAt + KEEP_TIME_EVERY_MS - clock.now());
    return store.failed.count > 0 ? LOOK_AT_FAILED_EVERY_MS : Infinity;
  }
}
