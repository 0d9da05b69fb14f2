/**
 * LostResults: mails that stood at QSMTPPUT or later when host or connection went away.
 *
 * Before anything else is sent, the module is asked whether it is still busy with a mail and what became of it. When
 * it cannot say, the outcome is unknown.
 */
import type { Clock } from "../clock";
import { ModemError } from "../errors";
import type { MailCarrier } from "../mailer/qsmtp/carrier";
import type { Conclusion } from "./conclusion";
import type { Ending } from "./ending";
import type { MailStore } from "./mail-store";
import { SHORTEST_WAIT } from "./schedule";
import { nextTransaction, type Outcome } from "./transactions";
import type { Entry } from "./waiting-mails";

/** After so many questions that failed, the result is taken for unknown. */
const MOST_QUESTIONS = 3;

export interface LostResultsParts {
  readonly clock: Clock;
  readonly carrier: MailCarrier;
  readonly store: MailStore;
  readonly ending: Ending;
  readonly conclusion: Conclusion;
  /** Wall-clock time, ISO 8601. */
  readonly today: () => string;
}

export class LostResults {
  private readonly mails: Entry[] = [];
  private questions = 0;
  private askAt = 0;
  private abort: AbortController | undefined;
  private state: "open" | "stopped" | "abandoned" = "open";

  constructor(private readonly parts: LostResultsParts) {
    this.askAt = parts.clock.now();
  }

  add(entry: Entry): void {
    entry.stage = "asking";
    this.mails.push(entry);
    this.askAt = this.parts.clock.now();
  }

  list(): readonly Entry[] {
    return [...this.mails];
  }

  /** Milliseconds until the module is to be asked; infinite when no result is lost. */
  askIn(): number {
    return this.mails.length === 0 ? Infinity : Math.max(0, this.askAt - this.parts.clock.now());
  }

  /** Asks once. Never rejects. */
  async ask(): Promise<void> {
    const abort = new AbortController();
    this.abort = abort;
    const asked = this.list();
    const outcome = await this.answer(abort.signal, asked.length);
    this.abort = undefined;
    if (outcome === undefined || this.state === "abandoned") return;
    // What the module told at the last moment will not be told again; a doubt can wait for the next start.
    if (this.state === "stopped" && outcome.kind === "unknown") return;
    this.questions = 0;
    for (const entry of asked) if (this.take(entry)) await this.conclude(entry, outcome);
  }

  /** Gives a mail up that could not be asked for in its time. Never rejects. */
  async giveUp(entry: Entry, error: ModemError): Promise<void> {
    if (this.take(entry)) await this.conclude(entry, unknown(), error);
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

  /** False when the mail is no longer to be asked for. */
  private take(entry: Entry): boolean {
    const at = this.mails.indexOf(entry);
    if (at >= 0) this.mails.splice(at, 1);
    return at >= 0;
  }

  /** Undefined: to be asked again later. @param mails that the question is about. */
  private async answer(signal: AbortSignal, mails: number): Promise<Outcome | undefined> {
    const { carrier, clock, today } = this.parts;
    try {
      const result = await carrier.recover(signal);
      // The answer is about one mail; of several nobody can say about which.
      if (mails > 1) return unknown();
      switch (result.kind) {
        case "sent":
          return { kind: "sent", at: today(), warnings: [], isRepeat: false };
        case "refused":
          return { kind: "failed", error: result.error, away: false, isRepeat: false };
        case "unknown":
          return unknown();
      }
    } catch {
      this.questions++;
      if (this.questions >= MOST_QUESTIONS) return unknown();
      this.askAt = clock.now() + SHORTEST_WAIT;
      return undefined;
    }
  }

  private async conclude(entry: Entry, outcome: Outcome, discard?: ModemError): Promise<void> {
    const { store, ending, conclusion } = this.parts;
    try {
      const record = await store.load(entry);
      const index = entry.place.folder === "sending" ? entry.place.transaction : nextTransaction(record);
      await conclusion.draw(entry, record, { index, outcome, wasPut: true, discard });
    } catch (cause) {
      await ending.endWithoutRecord(entry, cause);
    }
  }
}

function unknown(): Outcome {
  return { kind: "unknown", error: new ModemError("MODEM_RESULT_UNKNOWN") };
}
