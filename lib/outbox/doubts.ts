/**
 * Doubts: the mails that may have been sent and whose result was lost.
 *
 * Before anything else is prepared the mailer is asked what became of each, for no longer than the mail's own time.
 * When it cannot say, the outcome is unknown.
 */
import type { Clock } from "../clock";
import type { SpoolRecord } from "./spool/record";
import type { Mailer, Outcome } from "../mailer/mailer";
import type { LifeEvent } from "./life";
import { adopted, stateOf } from "./lifecycle";
import type { MailStore } from "./mail-store";
import type { Entry } from "./order";
import { lost } from "./outcome";

/** After so many questions that failed, the result is taken for unknown. */
const MOST_QUESTIONS = 3;
/** Milliseconds between two questions about one mail. */
const ASK_AGAIN_MS = 5_000;

export interface DoubtParts {
  readonly clock: Clock;
  readonly mailer: Mailer;
  readonly store: MailStore;
  /** Milliseconds that a mail may still wait. */
  readonly timeLeft: (entry: Entry) => number;
  readonly conclude: (entry: Entry, mail: SpoolRecord, events: readonly LifeEvent[]) => Promise<void>;
  readonly damaged: (entry: Entry, cause: unknown) => Promise<void>;
}

interface Doubt {
  questions: number;
  /** What happened to the mail meanwhile. */
  readonly events: LifeEvent[];
}

export class Doubts {
  private readonly mails = new Map<Entry, Doubt>();
  private askAt = 0;
  private abort: AbortController | undefined;
  private state: "open" | "stopped" | "abandoned" = "open";

  constructor(private readonly parts: DoubtParts) {}

  add(entry: Entry): void {
    this.mails.set(entry, { questions: 0, events: [] });
    this.askAt = this.parts.clock.now();
  }

  /** From now on nothing is asked for this mail. */
  delete(entry: Entry): void {
    if (this.mails.delete(entry)) this.abort?.abort();
  }

  /** Keeps an event until its result is known; false when the mail is not in doubt. */
  note(entry: Entry, event: LifeEvent): boolean {
    this.mails.get(entry)?.events.push(event);
    return this.mails.has(entry);
  }

  /** Milliseconds until the mailer is to be asked; infinite when no result is lost. */
  askIn(): number {
    return this.mails.size === 0 ? Infinity : Math.max(0, this.askAt - this.parts.clock.now());
  }

  /** Asks once for each mail. Never rejects. */
  async ask(): Promise<void> {
    this.askAt = this.parts.clock.now() + ASK_AGAIN_MS;
    for (const [entry, doubt] of this.mails) {
      if (this.state === "open") await this.askFor(entry, doubt);
    }
  }

  /** Interrupts a question; its mail is asked for again at the next start. */
  stop(): void {
    if (this.state === "open") this.state = "stopped";
    this.abort?.abort();
  }

  /** From now on an answer is left to the next start. */
  abandon(): void {
    this.state = "abandoned";
    this.abort?.abort();
  }

  private async askFor(entry: Entry, doubt: Doubt): Promise<void> {
    const { store, damaged, conclude, clock } = this.parts;
    let mail: SpoolRecord;
    try {
      mail = adopted(await store.load(entry), store.marked(entry));
    } catch (cause) {
      if (this.mails.delete(entry)) await damaged(entry, cause);
      return;
    }
    const outcome = await this.answer(entry, mail);
    if (this.mails.get(entry) !== doubt || this.isAbandoned()) return;
    if (outcome.kind === "unknown") {
      // What the mailer told at the last moment will not be told again; a doubt can wait for the next start.
      if (this.state !== "open") return;
      doubt.questions++;
      if (outcome.recoverable && doubt.questions < MOST_QUESTIONS) return;
    }
    this.mails.delete(entry);
    const at = new Date(clock.wall()).toISOString();
    await conclude(entry, mail, [...doubt.events, { kind: "outcome", outcome, at }]);
  }

  private async answer(entry: Entry, mail: SpoolRecord): Promise<Outcome> {
    const { mailer, store, timeLeft, clock } = this.parts;
    const state = stateOf(mail);
    const one = "index" in state ? mail.transactions[state.index] : undefined;
    const mark = one?.state.kind === "inDoubt" ? one.state.mark : undefined;
    const envelope = one?.envelope ?? { to: [], cc: [], bcc: [] };
    if (mark === undefined) return lost(envelope);
    const abort = new AbortController();
    this.abort = abort;
    try {
      const outgoing = await store.outgoing(entry, mail, clock.wall());
      const limitMs = Math.max(0, timeLeft(entry));
      return await mailer.recover({ mail: outgoing, envelope }, mark, { signal: abort.signal, limitMs });
    } catch {
      return lost(envelope);
    } finally {
      this.abort = undefined;
    }
  }

  private isAbandoned(): boolean {
    return this.state === "abandoned";
  }
}
