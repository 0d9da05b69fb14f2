/**
 * Passage: one mail on its way through what follows from an event, until nothing more is to be done about it.
 *
 * What an event makes of the mail is decided by the lifecycle; here is only how each of its effects is carried out. An
 * event from outside may come at any time: an interruption takes effect at once, everything else in its turn.
 */
import type { Clock } from "../clock";
import { ModemError } from "../errors";
import type { SpoolRecord } from "./spool/record";
import { recipientsOf } from "../mailer/envelope";
import type { Ended, Envelope, Mailer, MailerProgress, Prepared } from "../mailer/mailer";
import type { Effect, LifeEvent, MailState } from "./life";
import { isInDoubt, next, stateOf } from "./lifecycle";
import type { MailStore } from "./mail-store";
import type { Entry } from "./order";
import type { Policy } from "./policy";
import type { Reporter } from "./reporter";

export interface PassageParts {
  readonly clock: Clock;
  readonly mailer: Mailer;
  readonly store: MailStore;
  readonly policy: Policy;
  readonly reporter: Reporter;
  /** 0 to 1. */
  readonly random: () => number;
  /** Rejects when the folder is no longer ours; with `within`, a look so many milliseconds ago will do. */
  readonly assertHeld: (within?: number) => Promise<void>;
  readonly progress: (id: string, progress: MailerProgress) => void;
  readonly changed: () => void;
  /** The result of this mail was lost: it is asked for before anything else is sent. */
  readonly doubt: (entry: Entry) => void;
}

export class Passage {
  /** Ends the preparation. */
  private readonly stop = new AbortController();
  /** Ends the waiting for a result. */
  private readonly leave = new AbortController();
  private prepared: Prepared | undefined;
  /** What events from outside have left to do. */
  private readonly left: Effect[] = [];
  private state: "open" | "closing" | "closed" = "open";

  /** @param mail the mail in its last state. */
  constructor(
    readonly entry: Entry,
    private mail: SpoolRecord,
    private readonly parts: PassageParts,
  ) {}

  get stage(): MailState["kind"] {
    return stateOf(this.mail).kind;
  }

  /** True when its time may end it: it can still be interrupted, and was not yet. */
  get mayExpire(): boolean {
    return this.stage === "preparing" && this.mail.ending === undefined;
  }

  /** True when events from outside have left something to do. */
  get hasMore(): boolean {
    return this.left.length > 0 && this.state !== "closed";
  }

  /** Never rejects because of mailer or disk. */
  async run(first?: LifeEvent): Promise<void> {
    let event: LifeEvent | undefined = first;
    while (event !== undefined || this.left.length > 0) {
      const effects: readonly Effect[] = event === undefined ? this.left.splice(0) : this.apply(event);
      event = undefined;
      this.parts.changed();
      for (const effect of effects) {
        event = (await this.carryOut(effect)) ?? event;
        if (this.isClosed()) return this.letGo();
      }
    }
  }

  interject(event: LifeEvent): void {
    for (const effect of this.apply(event)) {
      if (effect.kind === "abandon") this.stop.abort();
      else this.left.push(effect);
    }
  }

  /** The outbox closes. @param isHopeless no result can come any more: the next start asks for it. */
  close(isHopeless: boolean): void {
    this.state = "closing";
    this.interject({ kind: "stop" });
    if (isHopeless) this.leave.abort();
  }

  /** Whatever comes now is left to the next start. */
  abandon(): void {
    this.state = "closed";
    this.stop.abort();
    this.leave.abort();
  }

  private apply(event: LifeEvent): readonly Effect[] {
    const { policy, random, store } = this.parts;
    const step = next(this.mail, event, policy.time.now().time, random());
    this.mail = step.mail;
    store.waiting.settle(this.entry, step.mail);
    return step.effects;
  }

  private async carryOut(effect: Effect): Promise<LifeEvent | undefined> {
    const { entry } = this;
    const { store, reporter, policy, doubt } = this.parts;
    switch (effect.kind) {
      case "prepare":
        return this.prepare(effect.index);
      case "mark":
        return this.mark(effect);
      case "commit":
        return this.commit();
      case "abandon":
        this.stop.abort();
        await this.letGo();
        return { kind: "abandoned" };
      case "recover":
        doubt(entry);
        return undefined;
      case "save":
        if (effect.change !== "place" || entry.place.folder !== "queue") {
          await store.save(entry, this.mail, effect.change !== "content");
        }
        return undefined;
      case "tell":
        await reporter.tell(entry, this.mail);
        return undefined;
      case "learn":
        await policy.learn(effect.lesson);
        return undefined;
      case "leave":
        return undefined;
    }
  }

  private async prepare(index: number): Promise<LifeEvent> {
    const { mailer, store, policy, clock, progress } = this.parts;
    const { entry, mail } = this;
    const one = mail.transactions[index];
    if (one === undefined || this.stop.signal.aborted) return { kind: "abandoned" };
    const ageMs = Math.max(0, policy.time.now().time - entry.accepted.time);
    try {
      const outgoing = await store.outgoing(entry, mail, clock.wall());
      const ready = await mailer.prepare(
        { mail: outgoing, envelope: one.envelope },
        {
          signal: this.stop.signal,
          ageMs,
          possibleDuplicate: isInDoubt(one),
          onProgress: (state) => progress(entry.id, state),
        },
      );
      if (ready.kind === "ended") return { kind: "outcome", outcome: ready, at: this.today() };
      this.prepared = ready;
      return { kind: "prepared", mark: ready.mark };
    } catch (cause) {
      return { kind: "outcome", outcome: unreadable(one.envelope, cause), at: this.today() };
    }
  }

  /** Makes durable that the mail may be on its way from now on. */
  private async mark({ index, mark }: Extract<Effect, { kind: "mark" }>): Promise<LifeEvent> {
    const { store, policy, assertHeld, random } = this.parts;
    const marked: LifeEvent = { kind: "marked", mark };
    try {
      await assertHeld();
      const { mail } = next(this.mail, marked, policy.time.now().time, random());
      await store.putInFlight(this.entry, mail, index);
      await policy.countPut();
      return marked;
    } catch {
      policy.pauseForDisk();
      return { kind: "unmarked" };
    }
  }

  /** What was prepared holds the module until it is committed or abandoned. */
  private async letGo(): Promise<void> {
    const { prepared } = this;
    this.prepared = undefined;
    await prepared?.abandon();
  }

  private async commit(): Promise<LifeEvent | undefined> {
    const { prepared } = this;
    this.prepared = undefined;
    const outcome = await prepared?.commit(this.leave.signal);
    if (outcome === undefined) return undefined;
    // What the next start can ask for is left to it.
    const isLeft = outcome.kind === "unknown" && outcome.recoverable && this.state !== "open";
    return isLeft ? undefined : { kind: "outcome", outcome, at: this.today() };
  }

  private isClosed(): boolean {
    return this.state === "closed";
  }

  private today(): string {
    return new Date(this.parts.clock.wall()).toISOString();
  }
}

/** The contents of the mail cannot be read from the disk. */
function unreadable(envelope: Envelope, cause: unknown): Ended {
  const error =
    cause instanceof ModemError ? cause : new ModemError("MODEM_ERROR", { cause, detail: String(cause) });
  return {
    kind: "ended",
    recipients: recipientsOf(envelope).map((address) => ({ address, state: "deferred" })),
    error,
    retry: { kind: "backOff", atLeastMs: 0 },
    open: false,
    warnings: [],
  };
}
