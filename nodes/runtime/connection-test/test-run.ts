/**
 * TestRun: one connection test of a modem's settings, from the request to the free port.
 *
 *   waiting ──> running ──> ended        the port is borrowed or opened, tried, put back as it was, closed
 *      └───────────┴── cancelled, late, left, deployed ──> ended
 *
 * Whatever happens, the port is closed, and a port that was borrowed goes back.
 */
import { randomUUID } from "node:crypto";
import { type Clock, delay, type Timer } from "../../../lib/clock";
import { ModemError } from "../../../lib/errors";
import { settled } from "../../../lib/quectel/connection/modem-state";
import type { PinMemory } from "../../../lib/quectel/registration/pin-memory";
import type { KeyValueStore } from "../../../lib/quectel/key-value-store";
import type { Logger } from "../../../lib/quectel/settings";
import type { EndedMail } from "../../../lib/mailer/mailer";
import type { ReadableCodings } from "../../../lib/mailer/qsmtp/readable-codings";
import type { LastMail } from "../../../lib/quectel/diagnosis/diagnosis-report";
import { Trace } from "../../../lib/serial/trace";
import { errorView } from "../admin/admin-routes";
import { assembleMailPath, type MailPath } from "../modem/assembly";
import type { ModemSettings } from "../settings/modem-settings";
import type { ModemHost } from "../modem/modem-host";
import { keptContext, putBack } from "./kept-context";
import { testReport } from "./report";
import type { TestKind } from "./request";
import { type StopReason, type TestEnd, type TestStep, type TestView, withoutSecrets } from "./test-view";
import { KINDS, type TestWork, type TestYield } from "./test-work";

/** Whether the letters of a test mail could be read. */
export interface LettersQuestion {
  /** Keeps the answer of a person. Rejects when it could not. */
  judge(isReadable: boolean): Promise<void>;
}

export interface TestRunOptions {
  readonly kind: TestKind;
  readonly settings: ModemSettings;
  readonly recipient: string;
  /** The modem of the flows that has the port now. */
  readonly lender: ModemHost | undefined;
  readonly lastMail: LastMail | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: KeyValueStore;
  /** The notes in which test mails are counted: those of the modem that leased its port out, by its folder. */
  readonly testNotes: (inUse: string | undefined) => KeyValueStore;
  readonly pinMemory: PinMemory;
  /** What persons have said of test mails of this modem. */
  readonly readable: ReadableCodings;
  readonly versions: string;
}

/** Milliseconds for each kind; a mail has its own time limit on top. */
const LIMITS: Readonly<Record<TestKind, number>> = {
  diagnosis: 8 * 60_000,
  mail: 8 * 60_000,
  facts: 40 * 60_000,
};
/** Milliseconds after which a test that no editor asks about any more ends; a browser slows down hidden pages. */
const LOOK_MS = 90_000;
/** Milliseconds to put back what the test has set where the flows need the port: the runtime gives little time. */
const URGENT_TIDY_MS = 2_000;
/** Characters of the dialogue; that of the facts is the longest. */
const TRACE_LIMIT = 4 * 1024 * 1024;

export class TestRun {
  /** Not to be guessed. */
  readonly id = randomUUID();
  /** What became of the mail of this connection test. */
  lastMail: EndedMail | undefined;
  private readonly stopping = new AbortController();
  /** Aborted when the flows need the port. */
  private readonly urgent = new AbortController();
  private readonly steps: TestStep[] = [];
  private readonly limit: Timer;
  private attention: Timer | undefined;
  private phase: TestView["phase"];
  private end: TestEnd | undefined;
  private yielded: TestYield = {};
  private report: string | undefined;
  private identity: MailPath["modem"]["identity"];

  constructor(private readonly options: TestRunOptions) {
    const { clock, kind, settings, lender } = options;
    this.phase = lender === undefined ? "running" : "waiting";
    const own = kind === "mail" ? settings.smtp.sendTimeout * 1000 : 0;
    this.limit = clock.after(LIMITS[kind] + own, () => this.stop("late"));
    this.touch();
  }

  get view(): TestView {
    const { kind, settings } = this.options;
    const ladder = KINDS[kind].ladder(settings);
    const { total = ladder.length } = KINDS[kind];
    const view: TestView = {
      id: this.id,
      kind,
      phase: this.phase,
      ladder,
      total,
      steps: this.steps,
      ...(this.end === undefined ? {} : { end: this.end }),
      ...(this.yielded.mail === undefined ? {} : { mail: this.yielded.mail }),
      ...(this.report === undefined ? {} : { report: this.report }),
    };
    return withoutSecrets(view, settings);
  }

  /** Somebody looks: it goes on. */
  touch(): void {
    this.attention?.clear();
    if (this.end !== undefined) return;
    this.attention = this.options.clock.after(LOOK_MS, () => this.stop("left"));
  }

  stop(why: StopReason): void {
    this.stopping.abort(new TestStopped(why));
    if (why === "deployed") this.urgent.abort();
  }

  /** What a person may have to say about the letters of the test mail; undefined where none depends on the module. */
  get question(): LettersQuestion | undefined {
    const { coding } = this.yielded;
    const { readable } = this.options;
    return coding && { judge: (isReadable) => readable.judge(coding, isReadable) };
  }

  /** Resolves when the port is free. */
  async run(): Promise<void> {
    const { signal } = this.stopping;
    try {
      await this.withPort(signal);
      signal.throwIfAborted();
      this.finish({ kind: "done" });
    } catch (error) {
      const { reason } = signal;
      this.finish(
        reason instanceof TestStopped
          ? { kind: "stopped", why: reason.why }
          : { kind: "failed", error: errorView(error) },
      );
    }
  }

  private async withPort(signal: AbortSignal): Promise<void> {
    const { lender, kind } = this.options;
    const portLease = await lender?.leasePort(signal, {
      isForMail: kind === "mail",
      recall: () => this.stop("deployed"),
    });
    this.phase = "running";
    try {
      await this.withMailPath(signal);
    } finally {
      // The modem of the flows may take a while to come back; whoever wants the port next waits for its lock.
      void portLease?.giveBack().catch((error: unknown) => this.options.log.error(String(error)));
    }
  }

  private async withMailPath(signal: AbortSignal): Promise<void> {
    const { settings, clock, log, store, pinMemory, lender } = this.options;
    const testNotes = this.options.testNotes(lender?.directory);
    const trace = new Trace(clock, TRACE_LIMIT);
    const mailPath = assembleMailPath(settings, { clock, log, store, pinMemory, trace, testNotes });
    const finished = new AbortController();
    const gone = new AbortController();
    // Whatever still waits for the module then ends with its connection.
    const closed = this.untilUrgent(finished.signal).then(() => {
      gone.abort(new ModemError("PORT_CLOSED"));
      return mailPath.close();
    });
    // It is awaited when the work has ended, which may be later.
    closed.catch(() => undefined);
    try {
      const { modem } = mailPath;
      const first = await modem.lock.acquire(signal);
      modem.acquire();
      await settled(modem, signal, this.attempts).finally(() => first.release());
      // Now it is known which module it is, and whether another port has it.
      const lease = await modem.lock.acquire(signal);
      const kept = await keptContext(mailPath, settings.network, signal);
      try {
        await this.work({ mailPath, lease, signal, gone: gone.signal });
      } finally {
        await putBack(mailPath, kept);
      }
    } finally {
      finished.abort();
      await closed;
    }
  }

  /** Resolves when the work is finished, or a while after the flows need the port. */
  private async untilUrgent(finished: AbortSignal): Promise<void> {
    const { clock } = this.options;
    await Promise.race([aborted(finished), aborted(this.urgent.signal)]);
    await delay(clock, URGENT_TIDY_MS, finished).catch(() => undefined);
  }

  /** A serial-over-IP server may still be busy with the connection of the modem that leased its port out just now. */
  private get attempts(): number {
    return this.options.lender === undefined ? 1 : 3;
  }

  private async work(given: Pick<TestWork, "mailPath" | "lease" | "signal" | "gone">): Promise<void> {
    const { kind, settings, recipient, lastMail } = this.options;
    const { mailPath, lease } = given;
    const tell = (step: TestStep): void => void this.steps.push(step);
    try {
      this.yielded = await KINDS[kind].run({
        ...given,
        settings,
        recipient,
        lastMail,
        tell,
      });
    } finally {
      lease.release();
      this.lastMail = mailPath.mailer.lastMail;
      this.identity = mailPath.modem.identity;
    }
  }

  private finish(end: TestEnd): void {
    this.end = end;
    this.phase = "ended";
    this.limit.clear();
    this.attention?.clear();
    const { kind, settings, recipient, versions } = this.options;
    const { steps, identity } = this;
    const { facts, ...shown } = this.yielded;
    this.report = testReport({ kind, settings, recipient, identity, steps, end, facts, versions });
    // The report holds them in words.
    this.yielded = shown;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

class TestStopped extends Error {
  constructor(readonly why: StopReason) {
    super(`the connection test was stopped: ${why}`);
  }
}
