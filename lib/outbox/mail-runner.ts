/**
 * MailRunner: takes one mail through what follows from an event, until nothing more is to be done about it.
 *
 * What an event makes of the mail is decided by the lifecycle; here is only how each of its effects is carried out. An
 * event from outside may come at any time: an interruption takes effect at once, everything else in its turn.
 */
import { PACKAGE_DATE, type Clock } from "../clock";
import { asModemError, knownFields } from "../errors";
import { recipientsOf, undivided } from "../mailer/outgoing";
import type { Ended, Envelope, Mailer, Outcome, OutgoingMail, Prepared } from "../mailer/mailer";
import { next, stateOf, type Effect, type LifeEvent } from "./lifecycle";
import type { Entry, Order } from "./order";
import type { Tell } from "./outbox-types";
import { isInDoubt, lost } from "./outcome";
import type { Policy } from "./policy";
import type { Reporter } from "./reporter";
import type { SpoolLock } from "./spool/lock";
import type { SpoolRecord } from "./spool/record";
import type { Unread } from "./spool/spool";
import type { MailStore } from "./spool/store";

export interface RunnerParts {
  readonly clock: Clock;
  readonly mailer: Mailer;
  readonly order: Order;
  readonly store: MailStore;
  readonly policy: Policy;
  readonly reporter: Reporter;
  /** 0 to 1. */
  readonly random: () => number;
  readonly lock: Pick<SpoolLock, "assertHeld">;
  readonly tell: Tell;
  readonly changed: () => void;
}

export class MailRunner {
  /** Ends the preparation. */
  private readonly stop = new AbortController();
  /** Ends the waiting for a result. */
  private readonly leave = new AbortController();
  private prepared: Prepared | undefined;
  /** What the reader does not get because the disk has lost it. */
  private warnings: readonly string[] = [];
  /** What events from outside have left to do. */
  private readonly left: Effect[] = [];
  private state: "open" | "closing" | "closed" = "open";

  /**
   * @param mail the mail in its last state. @param doubt its result was lost, and is to be asked for before anything
   * else is sent.
   */
  constructor(
    readonly entry: Entry,
    private mail: SpoolRecord,
    private readonly parts: RunnerParts,
    private readonly doubt: (entry: Entry) => void,
  ) {}

  /** True when its time may end it: it can still be interrupted, and was not yet. */
  get mayExpire(): boolean {
    return this.entry.stage === "preparing" && this.mail.ending === undefined;
  }

  /** Goes through all that follows from these events. Never rejects because of mailer or disk. */
  async run(events: readonly LifeEvent[]): Promise<void> {
    const ahead = [...events];
    while (ahead.length > 0 || this.left.length > 0) {
      const event = ahead.shift();
      const effects = event === undefined ? this.left.splice(0) : this.apply(event);
      this.parts.changed();
      for (const effect of effects) {
        const following = await this.carryOut(effect);
        if (this.state === "closed") return this.letGo();
        if (following === undefined) continue;
        if (following.kind !== "ended" && following.kind !== "unknown") {
          ahead.unshift(following);
          continue;
        }
        const warnings = [...this.warnings, ...following.warnings];
        const at = new Date(this.parts.clock.wall()).toISOString();
        ahead.unshift({ kind: "outcome", outcome: { ...following, warnings }, at });
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
    const { order, policy, random } = this.parts;
    const step = next(this.mail, event, policy.time.now().time, random());
    this.mail = step.mail;
    order.settle(this.entry, step.mail);
    return step.effects;
  }

  /** Returns what follows from it at once: an event, or what became of the transaction. */
  private async carryOut(effect: Effect): Promise<LifeEvent | Outcome | undefined> {
    const { entry, prepared } = this;
    const { order, store, reporter, policy } = this.parts;
    switch (effect.kind) {
      case "prepare":
        return this.prepare(effect.index);
      case "mark":
        return this.mark(effect);
      case "commit": {
        this.prepared = undefined;
        const outcome = await prepared?.commit(this.leave.signal);
        // What the next start can ask for is left to it.
        const isLeft = outcome?.kind === "unknown" && outcome.recoverable && this.state !== "open";
        return isLeft ? undefined : outcome;
      }
      case "abandon":
        this.stop.abort();
        await this.letGo();
        return { kind: "abandoned" };
      case "recover":
        this.doubt(entry);
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
        await policy.learn(effect.lesson, (code) => order.hasFailed(code));
        return undefined;
      case "leave":
        return undefined;
    }
  }

  private async prepare(index: number): Promise<LifeEvent | Outcome> {
    const { mailer, order, tell } = this.parts;
    const { entry, mail, stop } = this;
    const one = mail.transactions[index];
    if (one === undefined || stop.signal.aborted) return { kind: "abandoned" };
    try {
      // Planned for another way, perhaps, of which only that one keeps Bcc private.
      const envelope = undivided(one.envelope, mailer.plan(one.envelope));
      if ("kind" in envelope) return envelope;
      const outgoing = await outgoingMail(entry, mail, this.parts, (entry.unread ??= new Map()));
      this.warnings = outgoing.warnings;
      const ready = await mailer.prepare(
        { mail: outgoing.mail, envelope },
        {
          signal: stop.signal,
          ageMs: outgoing.ageMs,
          possibleDuplicate: isInDoubt(one),
          onProgress: (state) => tell("progress", { id: entry.id, ...state }),
          isNextDue: () => order.survey().next !== undefined,
        },
      );
      if (ready.kind === "ended") return ready;
      this.prepared = ready;
      return { kind: "prepared", mark: ready.mark };
    } catch (cause) {
      return unreadable(one.envelope, cause);
    }
  }

  /** Makes durable that the mail may be on its way from now on. */
  private async mark({ index, mark }: Extract<Effect, { kind: "mark" }>): Promise<LifeEvent> {
    const { store, policy, lock, random } = this.parts;
    const marked: LifeEvent = { kind: "marked", mark };
    try {
      await lock.assertHeld();
      const { mail } = next(this.mail, marked, policy.time.now().time, random());
      await store.putInFlight(this.entry, mail, index);
      if (policy.ratePerHour > 0) await policy.countPut();
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
}

/** What became of a mail whose result was lost, as far as the mailer can say. Never rejects. */
export async function answerAbout(
  entry: Entry,
  record: SpoolRecord,
  { mail, warnings }: Outgoing,
  { mailer, order }: Pick<RunnerParts, "mailer" | "order">,
  signal: AbortSignal,
): Promise<Outcome> {
  const state = stateOf(record);
  const one = "index" in state ? record.transactions[state.index] : undefined;
  const mark = one?.state.kind === "inDoubt" ? one.state.mark : undefined;
  const envelope = one?.envelope ?? { to: [], cc: [], bcc: [] };
  if (mark === undefined) return lost(envelope);
  const limitMs = Math.max(0, order.timeLeft(entry));
  try {
    const outcome = await mailer.recover({ mail, envelope }, mark, { signal, limitMs });
    return { ...outcome, warnings: [...warnings, ...outcome.warnings] };
  } catch {
    return lost(envelope);
  }
}

/** A mail as it can be sent now; `warnings`: what the disk has lost of it. */
export interface Outgoing {
  readonly mail: OutgoingMail;
  /** Since it was raised: what a reader is told, not what limits its life. */
  readonly ageMs: number;
  readonly warnings: readonly string[];
}

/**
 * The mail as a mailer takes it. What the disk has lost of it is named in its text: an alarm without its picture is
 * worth more than none. Rejects with OUTBOX_DISK.
 *
 * When it was raised: the wall clock of the moment of acceptance may have been wrong, as on a host without battery. The
 * age is exact over a restart of the process; where it is not, after a restart of the host or because it started over,
 * that clock tells it, unless it was ahead. The age that the reader is told fits that moment.
 *
 * @param unread left out: the mail is only asked about, so no file is given up.
 */
export async function outgoingMail(
  entry: Entry,
  record: SpoolRecord,
  { store: { spool }, policy: { time }, clock }: Pick<RunnerParts, "store" | "policy" | "clock">,
  unread?: Unread,
): Promise<Outgoing> {
  const { id, unique, from, replyTo, fields, to, cc, bcc, subject, isSubjectInText } = record;
  const now = clock.wall();
  const byAge = now - time.age(entry.accepted);
  const isExact = !entry.recovered || time.isExact(entry.accepted);
  // While the clock is not set, it tells no moment at all: what the record tells may be right.
  const latest = now < PACKAGE_DATE ? record.raisedAt : byAge;
  const raisedAt = isExact ? byAge : Math.min(record.raisedAt, latest);
  // Of a clock that was not set, the years until it was are no age.
  const isAgeTold = !isExact && raisedAt >= PACKAGE_DATE && raisedAt <= now;
  const { text, attachments, lost } = await spool.remains(record, unread);
  const mail: OutgoingMail = {
    id,
    unique,
    raisedAt,
    from: from ?? undefined,
    ...knownFields({ replyTo, fields }),
    to,
    cc,
    bcc,
    subject,
    ...(isSubjectInText !== undefined && { isSubjectInText }),
    text,
    ...(lost.length > 0 && { lost }),
    attachments,
  };
  return { mail, ageMs: isAgeTold ? now - raisedAt : time.age(entry.accepted), warnings: lost };
}

/** The contents of the mail cannot be read from the disk, or the mailer fails in a way that is not its to tell. */
function unreadable(envelope: Envelope, cause: unknown): Ended {
  return {
    kind: "ended",
    recipients: recipientsOf(envelope).map((address) => ({ address, state: "deferred" })),
    error: asModemError(cause),
    retry: { kind: "backOff", atLeastMs: 0 },
    open: false,
    warnings: [],
  };
}
