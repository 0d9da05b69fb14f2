/**
 * Asker: what a question asks the module with. It keeps the exchanges as evidence and the names of the files it made.
 *
 * A refusal is an answer here, not an error. What rejects is a connection that has ended, a silent module, and the
 * caller's signal; tidying up goes on in spite of the signal.
 */
import type { Command } from "../at/command";
import type { ExecuteOptions, Waiter } from "../at/channel";
import { delay, type Clock } from "../clock";
import { isModemError, ModemError } from "../errors";
import type { SocketTarget } from "../quectel/commands/sockets";
import { isRefusal } from "../quectel/execute";
import { form, type FormOptions, type Reply } from "./forms";
import { OwnFiles } from "./own-files";
import { publicAnswer } from "./public-lines";
import type { Recording } from "./recording";

/** The module that is asked, a Channel or a Modem; borrowed, never opened or closed here. */
export interface AskedModule {
  execute<T>(command: Command<T>, options?: ExecuteOptions): Promise<T>;
  expect(match: (line: string) => boolean): Waiter;
}

/** A mail that may really be sent, and over which context. */
export interface MailSample {
  readonly host: string;
  readonly port: number;
  readonly security: "none" | "tls" | "starttls";
  readonly user: string;
  /** Secret. */
  readonly password: string;
  readonly sender: string;
  readonly recipient: string;
  /** PDP context 1..16. */
  readonly contextId: number;
}

/** What was seen of a restart on the connection. */
export interface RestartSeen {
  /** Unsolicited lines from the command on, in order. */
  readonly lines: readonly string[];
  readonly port: "stays" | "vanishes";
}

export interface AskerTools {
  readonly clock: Clock;
  /** Ends the asking; what was begun is put back. */
  readonly signal?: AbortSignal | undefined;
  /** Aborted, with a ModemError, when the module is taken away: then nothing more can be put back. */
  readonly gone?: AbortSignal | undefined;
  /** Allows `connect` questions: a mail server that greets in clear, over a context that is active. */
  readonly connect?: SocketTarget | undefined;
  /** With `connect`: allows 90 kB of NOOP lines to that server, to fill the buffer of a connection. */
  readonly fill?: "allowed" | undefined;
  /** Allows `send` questions. */
  readonly send?: MailSample | undefined;
  /** Allows `restart` questions: restarts the module and resolves when it answers again. */
  readonly restart?: (() => Promise<RestartSeen>) | undefined;
  readonly recording: Recording;
}

/** Number of the error of a mail command while a mail is sent. */
export const BUSY = 652;
/** Mail commands are served some seconds later than the AT port; so often they are asked for. */
const SERVED_POLLS = 60;

/** So often a refusal without number is asked again, and after so many ms. */
const MOST_ATTEMPTS = 2;
const AGAIN_MS = 3_000;

/** Longest time for a module to come back, ms. */
const ABSENT_MS = 90_000;
const PRESENT_POLL_MS = 500;

export class Asker {
  readonly files = new OwnFiles();
  private exchanges: string[] = [];
  private accountIsOurs = true;
  private replayable = true;

  constructor(
    readonly module: AskedModule,
    readonly tools: AskerTools,
  ) {}

  get clock(): Clock {
    return this.tools.clock;
  }

  /** Begins the next question. */
  begin(): void {
    this.exchanges = [];
    this.replayable = true;
    this.tools.recording.begin();
  }

  /** Command lines of the question with their answers, oldest first. */
  get said(): readonly string[] {
    return this.exchanges;
  }

  get isReplayable(): boolean {
    return this.replayable;
  }

  /** Asks one command line. Rejects as `AskedModule.execute` but for refusals, and with `MODEM_ABORTED`. */
  async ask(line: string, options: FormOptions = {}): Promise<Reply> {
    this.goOn();
    try {
      const reply = await this.tidy(line, options);
      this.note(exchangeText(line, reply));
      return reply;
    } catch (error) {
      this.note(`${line} -> ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  }

  /** As `ask`, but no evidence, and also after the caller's signal: for what puts something back. */
  async tidy(line: string, options: FormOptions = {}): Promise<Reply> {
    try {
      return { kind: "ok", lines: await this.execute(form(line, options)) };
    } catch (error) {
      if (!isModemError(error) || !isRefusal(error)) throw error;
      return { kind: "refused", number: error.modemCode };
    }
  }

  /** As `AskedModule.execute`, but waits for a module that is about to come back. */
  async execute<T>(command: Command<T>): Promise<T> {
    await this.untilPresent();
    return this.module.execute(command);
  }

  /** A Modem takes no commands while it finds its step again after data that were cut short, or after a restart. */
  async untilPresent(): Promise<void> {
    for (const end = this.clock.now() + ABSENT_MS; ; await this.rest(PRESENT_POLL_MS)) {
      try {
        this.module.expect(() => false).cancel();
        return;
      } catch (error) {
        if (!isModemError(error, "MODEM_NOT_READY") || this.clock.now() > end) throw error;
      }
    }
  }

  /** Adds what was seen otherwise to the exchanges. */
  note(text: string): void {
    this.exchanges.push(text);
  }

  /** Makes this the only evidence of the question. */
  proveBy(text: string): void {
    this.exchanges = [text];
  }

  /** True when the module says OK. */
  async accepts(line: string): Promise<boolean> {
    return (await this.ask(line)).kind === "ok";
  }

  /** As `ask`; see `firstLineOf`. */
  async firstLine(line: string): Promise<string | undefined> {
    return firstLineOf(await this.ask(line));
  }

  /** The line of an answer without header that has this form; others came unasked. Asked again where there is none. */
  async lineLike(line: string, pattern: RegExp): Promise<string | undefined> {
    for (let attempt = 1; ; attempt++) {
      const reply = await this.ask(line);
      const found = reply.kind === "ok" ? reply.lines.find((text) => pattern.test(text.trim())) : undefined;
      if (found !== undefined || attempt === MOST_ATTEMPTS) return found?.trim();
      await this.wait(AGAIN_MS);
    }
  }

  /**
   * As `ask`, but a bare ERROR is believed only when it comes again some seconds later: right after its start a module
   * refuses what it knows, and gives no number.
   */
  async insist(line: string, options: FormOptions = {}): Promise<Reply> {
    for (let attempt = 1; ; attempt++) {
      const reply = await this.ask(line, options);
      const isFinal = reply.kind === "ok" || reply.number !== undefined;
      if (isFinal || attempt === MOST_ATTEMPTS) return reply;
      await this.wait(AGAIN_MS);
    }
  }

  /** True when the module says OK; see `insist`. */
  async knows(line: string): Promise<boolean> {
    return (await this.insist(line)).kind === "ok";
  }

  /** Waits until the module serves mail commands, asking every `pollMs` ms. @returns false when it has none */
  async untilServed(pollMs: number): Promise<boolean> {
    for (let poll = 0; poll < SERVED_POLLS; poll++) {
      const reply = await this.ask("AT+QSMTPCFG=?");
      if (reply.kind === "ok" || reply.number === BUSY) return true;
      await this.wait(pollMs);
    }
    return false;
  }

  /** Clears the mail that the module holds. */
  async clearMail(): Promise<void> {
    await this.tidy("AT+QSMTPCLR");
  }

  /** Waits milliseconds; rejects with `MODEM_ABORTED`. */
  async wait(ms: number): Promise<void> {
    await delay(this.clock, ms, this.tools.signal).catch(() => this.goOn());
  }

  /** Waits milliseconds, whatever the caller's signal says. Rejects when the module is taken away. */
  rest(ms: number): Promise<void> {
    return delay(this.clock, ms, this.tools.gone);
  }

  /** False where the account of the module could not be put back, so that no question may set it. */
  get mayChangeAccount(): boolean {
    return this.accountIsOurs;
  }

  leaveAccount(): void {
    this.accountIsOurs = false;
  }

  /** What has just been said would not be said again: the transcript has it as a remark. */
  remarkOnly(): void {
    this.replayable = false;
  }

  /** @throws ModemError `MODEM_ABORTED` once the caller has stopped the asking. */
  goOn(): void {
    if (this.tools.signal?.aborted === true) throw new ModemError("MODEM_ABORTED");
  }
}

/** A command line with its answer, as evidence. */
export function exchangeText(line: string, reply: Reply): string {
  return `${line} -> ${reply.kind === "ok" ? [...publicAnswer(line, reply.lines), "OK"].join(" | ") : resultText(reply)}`;
}

/** Final result code of a reply. */
export function resultText(reply: Reply): string {
  if (reply.kind === "ok") return "OK";
  return reply.number === undefined ? "ERROR" : `+CME ERROR: ${reply.number}`;
}

/** First line of an answer; undefined when there is none or the module refuses. */
export function firstLineOf(reply: Reply): string | undefined {
  return reply.kind === "ok" ? reply.lines[0] : undefined;
}

/** OK, the number of an error, or ERROR, as answers say it. */
export function resultValue(reply: Reply): string {
  return reply.kind === "ok" ? "OK" : String(reply.number ?? "ERROR");
}
