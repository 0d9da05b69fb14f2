/**
 * The resync ladder: from an unknown state of the module back to command state.
 *
 *   1. listen until the line has been silent
 *   2. ATE0Q0V1, so that the module answers, in words; whatever result comes
 *   3. a probe that answers with text nothing else produces; a late OK alone is not taken for its answer
 *   4. listen once more; a result that comes now proves that step 3 saw a late one
 *   three times, with more patience each time; then `+++` and once more; then DTR and once more; then the frames that
 *   close a multiplexer down, and once more. Where no line has come to the first two tries, `+++` is before the third: an
 *   upload that an earlier process left unfinished takes whatever is written for half a minute, and its escape two seconds
 *
 * After the first try it sends empty command lines: a block behind a prompt that this or an earlier process left
 * unfinished swallows up to 1460 bytes before the module reads a command line again, and nothing cuts it short. To a
 * module in command state they say nothing (V.250 section 5.2.1).
 *
 * A module answers in order, so what it still owed for an earlier command comes before the answer to the probe. Each
 * probe asks another number of times on one line than the one before, so that its own late answer is not taken for
 * the next one's either.
 */
import { delay } from "../clock";
import { ModemError, type ErrorCode } from "../errors";
import { closeMultiplexer, holdsFrame } from "./multiplexer";
import { headerOf } from "./command";
import { readResultCode, type ResultFormat } from "./line-kind";
import { type Wire, escapeByDtr, escapeByPlus } from "./wire";

/** No echo, result codes, in words: V.250 sections 6.2.4, 6.2.5, 6.2.6. */
export const FORMAT_LINE = "ATE0Q0V1";

const PROBE_HEADER = "+CMEE";
const MOST_REPEATS = 4;
const DIGIT = /^\d/;

/** The line is silent when nothing came for so long, in ms; a chatting line is listened to no longer than the limit. */
const SILENCE_MS = 300;
const SILENCE_AFTER_MS = 100;
const SILENCE_LIMIT_MS = 2_000;

/** Milliseconds to wait for an answer at each try; a module answers simple commands within 300. */
const ANSWER_TIMES_MS = [600, 1_000] as const;
const LONGEST_ANSWER_TIME_MS = 2_000;
const ANSWER_TIME_AFTER_ESCAPE_MS = 1_000;

/** Fills up the longest block there is, that of `AT+QISEND`. */
const FILLING = Buffer.alloc(1_460, "\r");

/** What the ladder has learnt of the module. */
export interface LineSettings {
  readonly echo: "on" | "off";
  readonly format: ResultFormat;
  /** Another program had left the port in multiplexing mode. */
  readonly wasMultiplexed: boolean;
}

/** Bytes kept of what follows the close-down frames; the answers to both take 14. */
const ANSWER_FRAMES = 256;

export class ResyncLadder {
  private readonly stopped = new AbortController();
  private heard = 0;
  /** Lines in this run: a module that takes data sends none, though `A` may come for a block of it. */
  private lines = 0;
  /** What has come since the close-down frames were sent; undefined before. */
  private frames: Buffer | undefined;
  /** Tries on this connection, over all runs. */
  private tries = 0;
  private probe = "";
  private echoSeen = false;
  /** Lines of answer to the probe since the last result code. */
  private answers = 0;
  private results = 0;
  private resultsAtAnswer = 0;
  /** Called for each result code that comes; `own` when it ends the answer to the probe. */
  private onResult: (own: boolean, format: ResultFormat) => void = () => undefined;

  constructor(private readonly wire: Wire) {}

  /**
   * Climbs until the module answers; rejects with `MODEM_SILENT`, `MODEM_OUT_OF_SYNC`, `PORT_MULTIPLEXED` or what
   * `stop` was given.
   */
  async run(): Promise<LineSettings> {
    const before = this.tries;
    this.heard = 0;
    this.lines = 0;
    this.frames = undefined;
    for (const patienceMs of ANSWER_TIMES_MS) {
      const settings = await this.try(patienceMs);
      if (settings !== undefined) return settings;
      if (patienceMs === ANSWER_TIMES_MS[0]) await this.wire.write(FILLING);
    }
    const patient = (): Promise<LineSettings | undefined> => this.try(LONGEST_ANSWER_TIME_MS);
    const plus = this.tryAfter(escapeByPlus);
    const next = this.lines === 0 ? [plus, patient] : [patient, plus];
    for (const step of [...next, this.tryAfter(escapeByDtr), this.tryAfter(this.closeMultiplexer)]) {
      const settings = await step();
      if (settings !== undefined) return settings;
    }
    throw new ModemError(this.failure(), {
      detail: `${this.tries - before} attempts failed`,
    });
  }

  /** Ends the ladder for good; `run` rejects with `error`. */
  stop(error: unknown): void {
    this.stopped.abort(error);
  }

  /** Some bytes have come. */
  onBytes(bytes: Buffer): void {
    this.heard++;
    if (this.frames === undefined || this.frames.length >= ANSWER_FRAMES) return;
    this.frames = Buffer.concat([this.frames, bytes]).subarray(0, ANSWER_FRAMES);
  }

  /** Takes a line that belongs to the ladder: echo, answer or any result code. Returns false for all others. */
  onLine(line: string): boolean {
    const text = line.trim();
    this.lines++;
    if (text === FORMAT_LINE) return true;
    if (text === this.probe) {
      this.echoSeen = true;
      return true;
    }
    if (headerOf(text) === PROBE_HEADER) {
      this.answers++;
      return true;
    }
    const format: ResultFormat = DIGIT.test(text) ? "digits" : "words";
    const result = readResultCode(text, format);
    if (result === undefined) return false;
    const own = result.kind === "ok" && this.probe !== "" && this.answers === this.expectedAnswers();
    this.answers = 0;
    this.results++;
    this.onResult(own, format);
    return true;
  }

  private tryAfter(
    escape: (wire: Wire, signal: AbortSignal) => Promise<void>,
  ): () => Promise<LineSettings | undefined> {
    return async () => {
      await escape(this.wire, this.stopped.signal);
      return this.try(ANSWER_TIME_AFTER_ESCAPE_MS);
    };
  }

  private async try(patienceMs: number): Promise<LineSettings | undefined> {
    this.tries++;
    this.probe = "";
    await this.silence(SILENCE_MS);
    await this.ask(FORMAT_LINE, patienceMs, () => true);
    this.answers = 0;
    this.echoSeen = false;
    this.probe = `AT${Array<string>(this.expectedAnswers()).fill(`${PROBE_HEADER}?`).join(";")}`;
    const format = await this.ask(this.probe, patienceMs, (own) => own);
    if (format === undefined) return undefined;
    await this.silence(SILENCE_AFTER_MS);
    if (this.results !== this.resultsAtAnswer) return undefined;
    return { echo: this.echoSeen ? "on" : "off", format, wasMultiplexed: this.wasMultiplexed };
  }

  private readonly closeMultiplexer = async (wire: Wire): Promise<void> => {
    this.frames = Buffer.alloc(0);
    await closeMultiplexer(wire);
  };

  private get wasMultiplexed(): boolean {
    return this.frames !== undefined && holdsFrame(this.frames);
  }

  private failure(): ErrorCode {
    if (this.wasMultiplexed) return "PORT_MULTIPLEXED";
    return this.heard === 0 ? "MODEM_SILENT" : "MODEM_OUT_OF_SYNC";
  }

  private expectedAnswers(): number {
    return ((this.tries - 1) % MOST_REPEATS) + 1;
  }

  /** Writes a line and waits for a result that `isAnswer`; undefined when none came in time. */
  private async ask(
    line: string,
    patienceMs: number,
    isAnswer: (own: boolean) => boolean,
  ): Promise<ResultFormat | undefined> {
    const answered = new AbortController();
    let format: ResultFormat | undefined;
    this.onResult = (own, seen) => {
      if (!isAnswer(own)) return;
      format = seen;
      this.resultsAtAnswer = this.results;
      answered.abort(format);
    };
    await this.wire.write(line);
    try {
      await delay(this.wire.clock, patienceMs, answered.signal, this.stopped.signal);
    } catch {
      this.stopped.signal.throwIfAborted();
    }
    this.onResult = () => undefined;
    return format;
  }

  private async silence(ms: number): Promise<void> {
    const end = this.wire.clock.now() + SILENCE_LIMIT_MS;
    for (let before = -1; before !== this.heard && this.wire.clock.now() < end;) {
      before = this.heard;
      await delay(this.wire.clock, ms, this.stopped.signal);
    }
  }
}
