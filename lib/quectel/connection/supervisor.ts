/**
 * Supervisor: connects to the module and, whenever the connection is lost, connects again; for ever.
 *
 * What it decides is when: with a back-off after each failure, and with a restart when the module has long been
 * silent. What happens on a connection is reported in `connection.ts`.
 */
import { backOff, type BackOffOptions } from "../../async";
import { type LineProperties, Wire } from "../../at/wire";
import { delay } from "../../clock";
import { isModemError, ModemError, type ErrorCode, SPECIAL_HINTS } from "../../errors";
import type { Transport } from "../../serial/transport";
import { restartModule } from "../commands/general";
import { Connection, type ConnectionListener, type ModemOptions } from "./connection";
import type { PinMemory } from "../registration/pin-memory";
import { LineSource } from "./line-source";

/** Never longer than 15 s apart: whoever sets a port free or right stands there and waits. */
const RECONNECT: BackOffOptions = { firstMs: 1_000, capMs: 12_500, chance: [0.8, 1.2] };
/** A module that was plugged in or switched on again is found soon: mails wait for it. */
const LOOK_AGAIN: BackOffOptions = { ...RECONNECT, capMs: 2_000 };
/** Milliseconds after an ordered restart in which a port that is gone or silent is no trouble yet. */
const BOOT_TIME_MS = 60_000;

/** The port went, or is not there: somebody has switched the power, or pulled the cable. */
const GONE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["PORT_UNPLUGGED", "PORT_NOT_FOUND"]);
/** No command state was found on the line. Bytes without sense, as at a wrong line rate, are no answer. */
const NO_CONTACT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "MODEM_SILENT",
  "MODEM_OUT_OF_SYNC",
  "MODEM_TIMEOUT",
]);

/** Receives what happens on all connections. */
interface SupervisorListener extends Omit<ConnectionListener, "answered"> {
  /** A connection is being opened, over a line that carries so much. */
  connecting(line: LineProperties): void;
}

export class Supervisor {
  private readonly stopping = new AbortController();
  private readonly silence = new Silence();
  /** Attempts in a row that have failed in the same way: the module was away, or it was not. */
  private failures = 0;
  private wasAway = false;
  private readonly random: () => number;
  private readonly source: LineSource;
  private readonly listener: ConnectionListener;
  private ended: Promise<void> = Promise.resolve();
  /** Of the present connection or the last one. */
  private transport: Transport | undefined;
  /** The connection there is; commands may be given while it `answers`. */
  connection: Connection | undefined;
  /** Set after two restarts without an answer, until the module answers or its port goes. */
  private dead: ModemError | undefined;
  private hasAnswered = false;
  /** A person is informed that the port does not exist. */
  private isGone = false;
  private bootUntil = 0;
  /** The time between two attempts: when the next one comes (monotonic, ms), and what brings it forward. */
  private rest: { readonly until: number; readonly end: AbortController } | undefined;
  /** What the log was told last. */
  private told: string | undefined;

  constructor(
    private readonly options: ModemOptions,
    private readonly pinMemory: PinMemory,
    private readonly modem: SupervisorListener,
    private readonly restartAllowed: boolean,
  ) {
    this.random = options.random ?? Math.random;
    this.source = new LineSource(options.transport, options.clock);
    this.listener = { ...modem, answered: () => this.onAnswer() };
  }

  start(): void {
    this.ended = this.run();
  }

  /** Resolves when the port is free. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.transport?.close();
    await this.ended;
  }

  /** Milliseconds until the next attempt to connect; undefined while one is under way, or a connection is there. */
  get nextTryInMs(): number | undefined {
    return this.rest && Math.max(0, this.rest.until - this.options.clock.now());
  }

  /** Tries to connect now, where the next attempt is still to come. */
  tryNow(): void {
    this.rest?.end.abort();
  }

  /** To be called when the module has taken the command to restart. */
  expectRestart(): void {
    this.bootUntil = this.options.clock.now() + BOOT_TIME_MS;
    if (this.connection?.usable !== undefined) this.connection.expectRestart();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.connect();
      } catch (error) {
        if (!signal.aborted) await this.pause(asModemError(error)).catch(() => undefined);
      }
    }
  }

  /** One connection from its opening to its end; rejects with why it ended. */
  private async connect(): Promise<never> {
    // A missing port is looked for every two seconds, which is no news.
    if (this.dead === undefined && !this.isGone) this.modem.enter({ name: "connecting" });
    const { signal } = this.stopping;
    try {
      const transport = await this.source.next((made) => (this.transport = made), signal);
      this.transport = transport;
      this.modem.connecting(transport);
      await transport.open();
      signal.throwIfAborted();
      if (this.isGone) this.modem.enter({ name: "connecting" });
      this.isGone = false;
      this.connection = new Connection(transport, this.options, this.pinMemory, this.listener);
      return await this.connection.serve();
    } catch (error) {
      if (isModemError(error)) await this.onLoss(error);
      throw error;
    } finally {
      this.connection = undefined;
      await this.transport?.close();
    }
  }

  private async pause(error: ModemError): Promise<void> {
    const { clock, log } = this.options;
    const { dead } = this;
    const isAway = GONE.has(error.code) || error.code === "MODEM_SILENT" || error.code === "MODEM_TIMEOUT";
    // A module that has said something at last, as one does at its start, is tried again soon.
    if (isAway !== this.wasAway) this.failures = 0;
    this.wasAway = isAway;
    const ms = backOff(++this.failures, isAway ? LOOK_AGAIN : RECONNECT, this.random());
    const text = `${error.message}; next attempt in ${Math.ceil(ms / 1000)} s`;
    if (this.told === error.message) log.debug(text);
    else log.info(text);
    this.told = error.message;
    if (dead !== undefined) this.modem.enter({ name: "needsPowerCycle", error: dead });
    else if (clock.now() >= this.bootUntil) {
      this.isGone = GONE.has(error.code);
      this.modem.enter({ name: "offline", error });
    }
    const rest = { until: clock.now() + ms, end: new AbortController() };
    this.rest = rest;
    await delay(clock, ms, this.stopping.signal, rest.end.signal).finally(() => (this.rest = undefined));
  }

  private onAnswer(): void {
    this.dead = undefined;
    this.hasAnswered = true;
    this.bootUntil = 0;
    this.told = undefined;
    this.silence.heard();
    this.failures = 0;
    this.source.contact(true);
  }

  private async onLoss({ code }: ModemError): Promise<void> {
    if (NO_CONTACT.has(code)) this.source.contact(false);
    // A module that talks without sense may be used by somebody else, so only a silent one is restarted.
    if (code === "MODEM_SILENT" || code === "MODEM_TIMEOUT") await this.onSilence();
    if (this.dead === undefined || !GONE.has(code)) return;
    this.dead = undefined;
    this.silence.heard();
    this.failures = 0;
  }

  private async onSilence(): Promise<void> {
    const { clock, log } = this.options;
    const { transport } = this;
    if (transport === undefined) return;
    switch (this.silence.next(clock.now(), this.restartAllowed)) {
      case "reconnect":
        return;
      case "restart":
        log.warn(`${transport.label} does not answer; the module is being restarted`);
        // It may still read what it does not answer.
        await new Wire(transport, clock).write(restartModule().line).catch(() => undefined);
        return;
      case "dead":
        this.dead = new ModemError("MODEM_DEAD", this.hasAnswered ? {} : { hint: SPECIAL_HINTS.neverHeard });
        return;
    }
  }
}

function asModemError(error: unknown): ModemError {
  if (isModemError(error)) return error;
  return new ModemError("PORT_FAILED", { detail: String(error), cause: error });
}

/** What follows from a silence of the module. */
type SilenceStep =
  /** Try to connect again. */
  | "reconnect"
  /** Write the restart command, although nothing answers: it may still be read. */
  | "restart"
  /** Nothing but its power switch will help. */
  | "dead";

/** Milliseconds without an answer after which a restart is due. */
const RESTART_AFTER_MS = 60_000;
const MOST_RESTARTS = 2;

/**
 * How long the module has not answered: the manual wants it restarted when a command is not answered within 60 s. Who does
 * not even answer after two restarts has to be switched off and on.
 */
export class Silence {
  private since: number | undefined;
  private restarts = 0;

  /** The module has answered. */
  heard(): void {
    this.since = undefined;
    this.restarts = 0;
  }

  /** What to do after an attempt without an answer has ended at `now` (ms). */
  next(now: number, restartAllowed: boolean): SilenceStep {
    this.since ??= now;
    if (!restartAllowed || now - this.since < RESTART_AFTER_MS) return "reconnect";
    if (this.restarts === MOST_RESTARTS) return "dead";
    this.restarts++;
    this.since = now;
    return "restart";
  }
}
