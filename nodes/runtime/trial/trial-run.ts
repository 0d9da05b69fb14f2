/**
 * TrialRun: one trial of a modem's settings, from the request to the free port.
 *
 *   waiting ──> running ──> ended        the port is borrowed or opened, tried, put back as it was, closed
 *      └───────────┴── cancelled, late, left, deployed ──> ended
 *
 * Whatever happens, the port is closed, and a port that was borrowed goes back.
 */
import { randomUUID } from "node:crypto";
import { type Clock, delay, type Timer } from "../../../lib/clock";
import type { Lease } from "../../../lib/quectel/connection/mail-lock";
import { settled } from "../../../lib/quectel/connection/settled";
import type { PinMemory } from "../../../lib/quectel/network/pin-memory";
import {
  keepDefinition,
  type KeptDefinition,
  restoreDefinition,
} from "../../../lib/quectel/network/kept-definition";
import type { Notebook } from "../../../lib/quectel/notebook";
import type { Logger } from "../../../lib/quectel/settings";
import type { EndedMail, LastMail } from "../../../lib/quectel/smtp/carrier";
import { maskSecrets } from "../../../lib/serial/secrets";
import { Trace } from "../../../lib/serial/trace";
import { errorView } from "../admin-routes";
import { assembleWorkshop, type Workshop } from "../assembly";
import type { ModemSettings } from "../modem-settings";
import type { ModemHost } from "../modem-host";
import { trialReport } from "./report";
import type { TrialKind } from "./request";
import type { StopReason, TrialEnd, TrialStep, TrialView } from "./trial-view";
import { TRIALS, type TrialYield } from "./works";

export interface TrialOptions {
  readonly kind: TrialKind;
  readonly settings: ModemSettings;
  readonly recipient: string;
  /** The modem of the flows that has the port now. */
  readonly lender: ModemHost | undefined;
  readonly lastMail: LastMail | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly notebook: Notebook;
  readonly pinMemory: PinMemory;
  readonly versions: string;
}

/** Milliseconds for each kind; a mail has its own time limit on top. */
const LIMITS: Readonly<Record<TrialKind, number>> = {
  diagnosis: 8 * 60_000,
  mail: 8 * 60_000,
  facts: 40 * 60_000,
};
/** Milliseconds after which a trial that no editor asks about any more ends; a browser slows down hidden pages. */
const LOOK = 90_000;
/** Milliseconds to put back what the trial has set. */
const TIDY = 15_000;
/** Characters of the dialogue; that of the facts is the longest. */
const TRACE_LIMIT = 4 * 1024 * 1024;

/** Shorter secrets would be found in any text. */
const SHORTEST_SECRET = 4;

export class TrialRun {
  /** Not to be guessed. */
  readonly id = randomUUID();
  /** What became of the mail of this trial. */
  lastMail: EndedMail | undefined;
  private readonly stopping = new AbortController();
  private readonly steps: TrialStep[] = [];
  private readonly limit: Timer;
  private attention: Timer | undefined;
  private phase: TrialView["phase"];
  private end: TrialEnd | undefined;
  private yielded: TrialYield = {};
  private report: string | undefined;
  private identity: Workshop["modem"]["identity"];

  constructor(private readonly options: TrialOptions) {
    const { clock, kind, settings, lender } = options;
    this.phase = lender === undefined ? "running" : "waiting";
    const own = kind === "mail" ? settings.smtp.sendTimeout * 1000 : 0;
    this.limit = clock.after(LIMITS[kind] + own, () => this.stop("late"));
    this.touch();
  }

  get view(): TrialView {
    const { kind } = this.options;
    const { ladder, total } = TRIALS[kind];
    const view: TrialView = {
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
    return this.masked(view);
  }

  /** Somebody looks: it goes on. */
  touch(): void {
    this.attention?.clear();
    if (this.end !== undefined) return;
    this.attention = this.options.clock.after(LOOK, () => this.stop("left"));
  }

  stop(why: StopReason): void {
    this.stopping.abort(new TrialStopped(why));
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
        reason instanceof TrialStopped
          ? { kind: "stopped", why: reason.why }
          : { kind: "failed", error: errorView(error) },
      );
    }
  }

  private async withPort(signal: AbortSignal): Promise<void> {
    const { lender } = this.options;
    const loan = await lender?.lend(signal, () => this.stop("deployed"));
    this.phase = "running";
    try {
      await this.withWorkshop(signal);
    } finally {
      // The modem of the flows may take a while to come back; whoever wants the port next waits for its lock.
      void loan?.giveBack().catch((error: unknown) => this.options.log.error(String(error)));
    }
  }

  private async withWorkshop(signal: AbortSignal): Promise<void> {
    const { settings, clock, log, notebook, pinMemory } = this.options;
    const trace = new Trace(clock, TRACE_LIMIT);
    const workshop = assembleWorkshop(settings, { clock, log, notebook, pinMemory, trace });
    try {
      const { modem } = workshop;
      const lease = await modem.lock.acquire(signal);
      modem.acquire();
      await settled(modem, signal, this.attempts);
      const kept = await this.keep(workshop, signal);
      try {
        await this.work(workshop, lease, signal);
      } finally {
        await this.putBack(workshop, kept);
      }
    } finally {
      await workshop.close();
    }
  }

  /** A serial-over-IP server may still be busy with the connection of the modem that has lent its port just now. */
  private get attempts(): number {
    return this.options.lender === undefined ? 1 : 3;
  }

  private async work(workshop: Workshop, lease: Lease, signal: AbortSignal): Promise<void> {
    const { kind, settings, recipient, lastMail } = this.options;
    const tell = (step: TrialStep): void => void this.steps.push(step);
    try {
      this.yielded = await TRIALS[kind].run({ workshop, settings, lease, recipient, lastMail, signal, tell });
    } finally {
      lease.release();
      this.lastMail = workshop.carrier.lastMail;
      this.identity = workshop.modem.identity;
    }
  }

  /** The definition of the context as it was; undefined where it is not ours to touch, or nobody can tell. */
  private async keep({ modem }: Workshop, signal: AbortSignal): Promise<KeptDefinition | undefined> {
    const { shared, apn, contextId } = this.options.settings.network;
    if (shared || apn === "") return undefined;
    if (modem.state.name !== "ready" && modem.state.name !== "registering") return undefined;
    return keepDefinition((command) => modem.execute(command, { signal }), contextId).catch(() => {
      signal.throwIfAborted();
      return undefined;
    });
  }

  private async putBack({ modem, pdp }: Workshop, kept: KeptDefinition | undefined): Promise<void> {
    const { clock, log } = this.options;
    const late = new AbortController();
    const { signal } = late;
    const tidy = async (): Promise<void> => {
      await pdp.giveUp({ signal });
      if (kept !== undefined) {
        await restoreDefinition((command) => modem.execute(command, { signal }), kept);
      }
    };
    const done = tidy()
      .catch((error: unknown) => log.debug(`the trial leaves something behind: ${String(error)}`))
      .finally(() => late.abort());
    await delay(clock, TIDY, signal).catch(() => undefined);
    late.abort();
    await done;
  }

  private finish(end: TrialEnd): void {
    this.end = end;
    this.phase = "ended";
    this.limit.clear();
    this.attention?.clear();
    const { kind, settings, versions } = this.options;
    const { steps, identity } = this;
    this.report = trialReport({ kind, settings, identity, steps, end, facts: this.yielded.facts, versions });
  }

  /** Nothing that an error may repeat leaves the runtime. */
  private masked(view: TrialView): TrialView {
    const { network, smtp } = this.options.settings;
    const secrets = [smtp.password, network.apnPassword, network.simPin].filter(
      (secret) => secret.length >= SHORTEST_SECRET,
    );
    const mask = (value: unknown): unknown =>
      typeof value === "string" ? maskSecrets(value, secrets) : value;
    return JSON.parse(JSON.stringify(view, (_key, value: unknown) => mask(value)));
  }
}

class TrialStopped extends Error {
  constructor(readonly why: StopReason) {
    super(`the trial was stopped: ${why}`);
  }
}
