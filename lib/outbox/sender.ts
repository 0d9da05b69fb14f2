/**
 * Sender: the one loop that sends, so that two transactions never run at once.
 *
 * Each step does one thing: ends what has expired, asks the module for a lost result, or runs one transaction. Then
 * it looks again, so a mail that was raised meanwhile takes its place in the order. A mail that fails stops no other.
 */
import type { Timer } from "../clock";
import { isModemError, type ModemError } from "../errors";
import type { Logger } from "../quectel/settings";
import { Attempt, type AttemptParts } from "./attempt";
import type { Conclusion } from "./conclusion";
import type { Ending } from "./ending";
import type { Expiry } from "./expiry";
import type { LostResults } from "./lost-results";
import { isComplete } from "./mail-result";
import { SHORTEST_WAIT } from "./schedule";
import type { WaitReason } from "./outbox-types";
import type { SpoolRecord } from "../mail/spool/record";
import { givenUp, nextTransaction, withOpenTry } from "./transactions";
import type { Entry } from "./waiting-mails";

/** The outbox's time is kept this often while mails wait: so much of their age a power cut may take away. */
const KEEP_TIME_EVERY = 10 * 60_000;
/** Nobody can take the folder of a process that looked at it so many milliseconds ago. */
const LOOK_WITHIN = 6_000;
const LOOK_AT_FAILED_EVERY = 60 * 60_000;

export interface SenderParts extends AttemptParts {
  readonly ending: Ending;
  readonly conclusion: Conclusion;
  readonly lost: LostResults;
  readonly log: Logger;
  readonly expiry: Expiry;
  /** Days. */
  readonly keepFailedDays: number;
  readonly changed: () => void;
}

export class Sender {
  private timer: Timer | undefined;
  private loop: Promise<void> | undefined;
  private again = false;
  private state: "open" | "closing" | "closed" = "open";
  private timeKeptAt: number;
  private attempt: Attempt | undefined;
  /** Monotonic time before which nothing is tried, because the disk takes no mark. */
  private diskPause = 0;
  /** Ends the mail of the attempt unless it goes out. */
  private discard: ModemError | undefined;

  constructor(private readonly parts: SenderParts) {
    this.timeKeptAt = parts.clock.now();
  }

  /** Id of the mail whose transaction runs. */
  get sending(): string | undefined {
    return this.attempt?.entry.id;
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

  /** Ends the mail that runs with `error` unless it goes out. */
  discardRunning(error: ModemError): void {
    this.discard = error;
    this.attempt?.interrupt();
  }

  /** Starts nothing more; resolves when the pending result is there and kept. */
  async stop(): Promise<void> {
    this.state = "closing";
    this.timer?.clear();
    this.attempt?.interrupt();
    this.parts.lost.stop();
    await this.loop;
  }

  /** Waits no longer: whatever comes now is left to the next start. */
  abandon(): void {
    this.state = "closed";
    this.attempt?.abandon();
    this.parts.lost.abandon();
  }

  /** Milliseconds until the next transaction could start; infinite when only an event can start it. */
  nextTry(): number {
    const { store, ledger, carrier, lost, expiry } = this.parts;
    if (!carrier.available) return Infinity;
    const { next, dueIn } = store.waiting.survey(ledger.time.now(), expiry.limit, ledger.holds.any);
    return Math.min(lost.askIn(), Math.max(next === undefined ? dueIn : 0, this.blockedFor()));
  }

  /** Undefined while a mail is sent, none waits, a hold lets none out, or the modem is not ready. */
  waitsFor(): WaitReason | undefined {
    const { store, ledger, carrier, lost, expiry } = this.parts;
    if (!carrier.available || this.attempt !== undefined || ledger.holds.any) return undefined;
    if (Number.isFinite(lost.askIn())) return "result";
    if (store.waiting.depth === 0) return undefined;
    const now = ledger.time.now();
    const { next, dueIn } = store.waiting.survey(now, expiry.limit, false);
    if (next !== undefined && ledger.rate.wait(now.time) > 0) return "rate";
    return Number.isFinite(dueIn) || this.blockedFor() > 0 ? "retry" : "turn";
  }

  private async run(): Promise<void> {
    while (this.again && this.state === "open") {
      this.again = false;
      this.timer?.clear();
      let wait: number;
      try {
        wait = await this.step();
      } catch (error) {
        if (this.isOver()) return;
        this.parts.log.error(`The outbox could not go on and tries again: ${String(error)}`);
        wait = SHORTEST_WAIT;
      }
      this.parts.changed();
      if (wait === 0) this.again = true;
      else if (this.state === "open" && Number.isFinite(wait)) {
        this.timer = this.parts.clock.after(Math.ceil(wait), this.wake);
      }
    }
  }

  /** Does one thing. Returns the milliseconds until there may be another; 0 = look again at once. */
  private async step(): Promise<number> {
    const { store, ledger, lost, carrier, expiry, assertHeld } = this.parts;
    // A process that stood still may find its mails in other hands.
    await assertHeld(LOOK_WITHIN);
    await this.keepHouse();
    const lostExpiresIn = await expiry.endLost();
    // From here on nothing may come between: `next` could be discarded meanwhile.
    const { next, expired, dueIn, expiresIn } = store.waiting.survey(
      ledger.time.now(),
      expiry.limit,
      ledger.holds.any,
    );
    for (const entry of expired) await expiry.end(entry);
    if (expired.length > 0) return 0;
    const rest = Math.min(expiresIn, lostExpiresIn, this.houseIn());
    if (!carrier.available) return rest;
    const askIn = lost.askIn();
    if (askIn === 0) {
      await lost.ask();
      return 0;
    }
    // Nothing is sent before the module was asked for the lost result.
    if (Number.isFinite(askIn)) return Math.min(rest, askIn);
    const blocked = this.blockedFor();
    if (next === undefined || blocked > 0) {
      return Math.min(rest, Math.max(next === undefined ? dueIn : 0, blocked));
    }
    await this.tryOne(next);
    return 0;
  }

  private async tryOne(entry: Entry): Promise<void> {
    const { clock, ledger, lost, conclusion, changed } = this.parts;
    entry.stage = "running";
    this.discard = undefined;
    if (ledger.holds.setup !== undefined) await ledger.probe();
    const record = await this.load(entry);
    if (record === undefined) {
      await this.discardLate(entry);
      return;
    }
    const index = nextTransaction(record);
    const transaction = record.transactions[index];
    if (transaction === undefined || this.state !== "open" || this.isDiscarded()) {
      await this.putBack(entry, record);
      return;
    }
    this.attempt = new Attempt(entry, this.parts);
    changed();
    const tried = await this.attempt.run(record, index, transaction);
    this.attempt = undefined;
    // A late result after `abandon` is left to the next start, which asks for it.
    if (this.wasAbandoned()) return;
    switch (tried.kind) {
      case "outcome": {
        const { outcome, wasPut } = tried;
        await conclusion.draw(entry, record, { index, outcome, wasPut, discard: this.discard });
        await this.discardLate(entry);
        return;
      }
      case "lost":
        lost.add(entry);
        if (this.discard !== undefined) await lost.giveUp(entry, this.discard);
        return;
      case "unmarked":
        this.diskPause = clock.now() + SHORTEST_WAIT;
        await this.putBackTried(entry, record, tried.isRepeat ? index : undefined);
        await this.discardLate(entry);
        return;
      case "interrupted":
        await this.putBackTried(entry, record, tried.isRepeat ? index : undefined);
        await this.discardLate(entry);
    }
  }

  /** Ends a mail that was to be discarded while the outcome of its last try was being written. */
  private async discardLate(entry: Entry): Promise<void> {
    if (this.discard !== undefined && entry.stage === "waiting") {
      await this.parts.ending.giveUp(entry, this.discard, false);
    }
  }

  /** The record in its last state, saved; undefined when the disk does not have it, and the mail then waits. */
  private async load(entry: Entry): Promise<SpoolRecord | undefined> {
    const { store, ledger, ending } = this.parts;
    try {
      const record = await store.load(entry);
      if (entry.unsaved === undefined) return record;
      if (await store.save(entry, record, false)) return await store.load(entry);
    } catch (cause) {
      if (isModemError(cause, "OUTBOX_DAMAGED")) {
        await ending.endWithoutRecord(entry, cause);
        return undefined;
      }
    }
    entry.due = ledger.time.now().time + SHORTEST_WAIT;
    entry.stage = "waiting";
    return undefined;
  }

  /** @param open transaction that may have arrived before; undefined: as if none had been tried. */
  private async putBackTried(entry: Entry, record: SpoolRecord, open: number | undefined): Promise<void> {
    if (open === undefined) await this.putBack(entry, record);
    else await this.putBack(entry, withOpenTry(record, open), false);
  }

  /** @param mayForget the old record on the disk would do as well. */
  private async putBack(entry: Entry, record: SpoolRecord, mayForget = true): Promise<void> {
    const { store, ending } = this.parts;
    if (isComplete(record)) await ending.end(entry, record);
    else if (this.discard !== undefined) await ending.end(entry, givenUp(record, this.discard), false);
    else {
      if (entry.place.folder !== "queue") await store.save(entry, record, mayForget);
      entry.stage = "waiting";
    }
  }

  private isDiscarded(): boolean {
    return this.discard !== undefined;
  }

  private isOver(): boolean {
    return this.state !== "open";
  }

  private wasAbandoned(): boolean {
    return this.state === "closed";
  }

  /** Milliseconds for which a hold, the rate or the disk lets nothing out. */
  private blockedFor(): number {
    const { clock, ledger } = this.parts;
    const { holds, rate, time } = ledger;
    const now = time.now().time;
    return Math.max(holds.wait(now), rate.wait(now), this.diskPause - clock.now());
  }

  private async keepHouse(): Promise<void> {
    const { clock, store, ledger, keepFailedDays } = this.parts;
    if (clock.now() - this.timeKeptAt < KEEP_TIME_EVERY) return;
    this.timeKeptAt = clock.now();
    await ledger.save();
    await store.failed.removeOld(keepFailedDays);
    await store.removeLeftovers();
  }

  /** Milliseconds until there is something to do for `keepHouse`; never 0, however instants are rounded. */
  private houseIn(): number {
    const { clock, store } = this.parts;
    if (store.waiting.depth > 0) return Math.max(1, this.timeKeptAt + KEEP_TIME_EVERY - clock.now());
    return store.failed.count > 0 ? LOOK_AT_FAILED_EVERY : Infinity;
  }
}
