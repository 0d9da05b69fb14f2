/**
 * Supervisor: connects to the module and, whenever the connection is lost, connects again; for ever.
 *
 * What it decides is when: with a back-off after each failure, with a restart when the module has long been silent,
 * and slowly when only a power switch can help. What happens on a connection is told in `connection.ts`.
 */
import { Wire } from "../at/wire";
import { delay } from "../clock";
import { isModemError, ModemError } from "../errors";
import type { Transport } from "../serial/transport";
import { Backoff } from "./backoff";
import { restartModule } from "./commands/general";
import { Connection, type ConnectionListener } from "./connection";
import type { LineProperties } from "./line-time";
import type { ModemOptions } from "./modem-options";
import { forgetfulPinMemory, type PinMemory } from "./pin-memory";
import { Silence } from "./silence";

const RECONNECT = { first: 1_000, cap: 60_000 } as const;
const RECONNECT_DEAD = { first: 60_000, cap: 600_000 } as const;

export class Supervisor {
  private readonly stopping = new AbortController();
  private readonly silence = new Silence();
  private readonly backoff: Backoff;
  private readonly deadBackoff: Backoff;
  private readonly pinMemory: PinMemory;
  private readonly listener: ConnectionListener;
  private ended: Promise<void> = Promise.resolve();
  private transport: Transport | undefined;
  private current: Connection | undefined;
  /** Set after two restarts without an answer, until the module answers. */
  private dead: ModemError | undefined;

  constructor(
    private readonly options: ModemOptions,
    private readonly modem: Omit<ConnectionListener, "answered">,
    private readonly restartAllowed: boolean,
  ) {
    const random = options.random ?? Math.random;
    this.backoff = new Backoff({ ...RECONNECT, random });
    this.deadBackoff = new Backoff({ ...RECONNECT_DEAD, random });
    this.pinMemory = options.pinMemory ?? forgetfulPinMemory();
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

  /** The connection over which commands may be given now. */
  get connection(): Connection | undefined {
    return this.current?.answers === true ? this.current : undefined;
  }

  /** What the line of the present connection can carry; undefined before the first one. */
  get line(): LineProperties | undefined {
    return this.transport;
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
    if (this.dead === undefined) this.modem.enter({ name: "connecting" });
    const transport = this.options.transport();
    this.transport = transport;
    try {
      await transport.open();
      this.stopping.signal.throwIfAborted();
      this.current = new Connection(transport, this.options, this.pinMemory, this.listener);
      return await this.current.serve();
    } catch (error) {
      if (isModemError(error, "MODEM_SILENT")) await this.onSilence(transport);
      throw error;
    } finally {
      this.current = undefined;
      await transport.close();
    }
  }

  private async pause(error: ModemError): Promise<void> {
    const { clock, log } = this.options;
    const { dead } = this;
    const ms = (dead === undefined ? this.backoff : this.deadBackoff).next();
    const retryAt = clock.now() + ms;
    log.info(`${error.message}; next attempt in ${Math.ceil(ms / 1000)} s`);
    this.modem.enter(
      dead === undefined
        ? { name: "offline", error, retryAt }
        : { name: "needsPowerCycle", error: dead, retryAt },
    );
    await delay(clock, ms, this.stopping.signal);
  }

  private onAnswer(): void {
    this.dead = undefined;
    this.silence.heard();
    this.backoff.reset();
    this.deadBackoff.reset();
    this.options.onContact?.(true);
  }

  private async onSilence(transport: Transport): Promise<void> {
    const { clock, log } = this.options;
    this.options.onContact?.(false);
    switch (this.silence.next(clock.now(), this.restartAllowed)) {
      case "reconnect":
        return;
      case "restart":
        log.warn(`${transport.label} does not answer; the module is told to restart`);
        // It may still read what it does not answer.
        await new Wire(transport, clock).writeLine(restartModule().line).catch(() => undefined);
        return;
      case "dead":
        this.dead = new ModemError("MODEM_DEAD");
        return;
    }
  }
}

function asModemError(error: unknown): ModemError {
  if (isModemError(error)) return error;
  return new ModemError("PORT_FAILED", { detail: String(error), cause: error });
}
