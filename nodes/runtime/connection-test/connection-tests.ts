/**
 * ConnectionTests: all connection tests that editors have started, one at a time for each port.
 *
 * A connection test that has ended can be looked at for ten minutes; nothing of it is kept on the disk. A mail may take
 * longer to a reader, so what a person says of its letters is waited for a day.
 */
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../../../lib/clock";
import { ModemError } from "../../../lib/errors";
import type { EndedMail } from "../../../lib/mailer/mailer";
import type { ModemHost } from "../modem/modem-host";
import { deployedModems } from "../modem/registry";
import type { ModemSettings } from "../settings/modem-settings";
import { portKey } from "./port-key";
import { type LettersQuestion, TestRun, type TestRunOptions } from "./test-run";
import type { TestView } from "./test-view";

export type TestOrder = Omit<TestRunOptions, "lender" | "lastMail">;

/** Connection tests that can be looked at, and for how many milliseconds after their end. */
const KEPT = 20;
const KEPT_FOR_MS = 10 * 60_000;
/** Milliseconds from the end of a test mail in which a person may say whether its letters can be read. */
const ASKED_FOR_MS = 24 * 3_600_000;
/** Connection tests at a time; more than any gateway has modems. */
const MOST_RUNNING = 8;

interface NotedMail {
  readonly settings: Pick<ModemSettings, "connection" | "network" | "mailer" | "smtp">;
  readonly last: EndedMail;
}

interface KnownRun {
  readonly run: TestRun;
  /** Moment of `clock`; undefined while it runs. */
  endedAt?: number;
}

/** Not answered yet, or to be answered otherwise. */
interface OpenQuestion extends LettersQuestion {
  /** Moment of `clock`. */
  readonly since: number;
}

export class ConnectionTests {
  private readonly runs = new Map<string, KnownRun>();
  /** By the id of the test, the oldest first. */
  private readonly questions = new Map<string, OpenQuestion>();
  /** By the port that they have. */
  private readonly running = new Map<string, TestRun>();
  /** What became of the last test mails: they show what no command can. */
  private noted: readonly NotedMail[] = [];

  /** @param clock that of all connection tests. */
  constructor(private readonly clock: Clock) {}

  /** Starts a connection test and resolves with its id. Rejects with `PORT_UNDER_TEST`. */
  async start(order: TestOrder): Promise<string> {
    const { settings } = order;
    const key = await portKey(settings.connection);
    const lender = settings.connection.kind === "simulator" ? undefined : await holderOf(key);
    // Nothing is awaited from here to the entry, so no second connection test can come between.
    if (this.running.has(key)) throw new ModemError("PORT_UNDER_TEST");
    if (this.running.size >= MOST_RUNNING) {
      throw new ModemError("PORT_UNDER_TEST", { detail: `${MOST_RUNNING} tests are already running` });
    }
    const run = new TestRun({ ...order, lender, lastMail: this.lastMailWith(settings) });
    this.running.set(key, run);
    const known: KnownRun = { run };
    this.keep(known);
    void run.run().finally(() => {
      this.running.delete(key);
      if (run.lastMail !== undefined) this.note(settings, run.lastMail);
      const endedAt = this.clock.now();
      known.endedAt = endedAt;
      const { question } = run;
      if (question !== undefined) this.ask(run.id, { ...question, since: endedAt });
    });
    return run.id;
  }

  /** What is known of a test, and that somebody looks at it; undefined for one that is not known (any more). */
  look(id: string): TestView | undefined {
    const run = this.find(id);
    run?.touch();
    return run?.view;
  }

  /** Stops a connection test. @returns false for one that is not known. */
  cancel(id: string): boolean {
    const run = this.find(id);
    run?.stop("cancelled");
    return run !== undefined;
  }

  /** Keeps what a person says of a test mail. @returns false for a test that is not known. Rejects as the disk. */
  async judge(id: string, isReadable: boolean): Promise<boolean> {
    const question = this.questions.get(id);
    if (question === undefined || this.clock.now() - question.since > ASKED_FOR_MS)
      return this.find(id) !== undefined;
    await question.judge(isReadable);
    return true;
  }

  private ask(id: string, question: OpenQuestion): void {
    this.questions.set(id, question);
    const [oldest] = this.questions.keys();
    if (this.questions.size > KEPT && oldest !== undefined) this.questions.delete(oldest);
  }

  private find(id: string): TestRun | undefined {
    this.forgetOld();
    return this.runs.get(id)?.run;
  }

  private keep(known: KnownRun): void {
    this.forgetOld();
    this.runs.set(known.run.id, known);
    const ended = [...this.runs].filter(([, { endedAt }]) => endedAt !== undefined);
    for (const [id] of ended.slice(0, Math.max(0, this.runs.size - KEPT))) this.runs.delete(id);
  }

  /** A timer instead would keep a runtime that ends on its own alive for as long. */
  private forgetOld(): void {
    const now = this.clock.now();
    for (const [id, { endedAt }] of this.runs) {
      if (endedAt !== undefined && now - endedAt > KEPT_FOR_MS) this.runs.delete(id);
    }
  }

  private note(settings: ModemSettings, last: EndedMail): void {
    const others = this.noted.filter((mail) => !sameWay(mail.settings, settings));
    this.noted = [{ settings, last }, ...others].slice(0, KEPT);
  }

  /** What became of the last mail that went the way of these settings, as a test or from a flow. */
  private lastMailWith(settings: ModemSettings): EndedMail | undefined {
    const tests = this.noted.filter((mail) => sameWay(mail.settings, settings)).map(({ last }) => last);
    const flows = deployedModems().flatMap(({ host: { inUse } }) =>
      inUse !== undefined && sameWay(inUse.settings, settings) ? (inUse.mailer.lastMail ?? []) : [],
    );
    return [...tests, ...flows].sort((a, b) => b.at - a.at)[0];
  }

  /** Ends all that run, because the flows need their ports. */
  stopAll(): void {
    for (const run of this.running.values()) run.stop("deployed");
  }
}

/** The modem of the flows that keeps the port. */
async function holderOf(key: string): Promise<ModemHost | undefined> {
  for (const { host } of deployedModems()) {
    const { inUse } = host;
    if (inUse !== undefined && (await portKey(inUse.settings.connection)) === key) return host;
  }
  return undefined;
}

/** True where a mail would go the same way in the same name. */
function sameWay(a: NotedMail["settings"], b: NotedMail["settings"]): boolean {
  return (
    isDeepStrictEqual(a.connection, b.connection) &&
    isDeepStrictEqual(a.network, b.network) &&
    a.mailer === b.mailer &&
    isDeepStrictEqual(a.smtp, b.smtp)
  );
}
