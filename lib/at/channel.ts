/**
 * Channel: the AT engine over one connection. Commands in, responses and unsolicited lines out.
 *
 *   execute ─> queue ─> dialogue ─> wire ─> transport
 *   transport ─> dialogue ─┬─> response
 *                          └─> waiters, events
 *
 * One command is on the line at a time (`dialogue.ts`). It does not connect and does not reconnect; an ended
 * connection ends the channel, and a new one is made for the next connection.
 */
import { EventEmitter } from "node:events";
import { systemClock, type Clock, type Timer } from "../clock";
import { ModemError } from "../errors";
import type { Transport } from "../serial/transport";
import { type Command, ONE_LINE, shownLine } from "./command";
import { Deferred } from "../async";
import { Dialogue } from "./dialogue";
import { type ChannelState, Exchange, type ExecuteOptions, type Priority } from "./exchange";
import type { ResetCause } from "./line-kind";
import { Wire } from "./wire";

export type { ExecuteOptions, Priority } from "./exchange";
export type { ResetCause } from "./line-kind";

export interface ChannelEvents {
  /** A line that no command asked for, as latin1 text without line end. */
  unsolicited: [line: string];
  /**
   * The module has restarted: its settings are gone; all commands and waiters were rejected with `MODEM_RESET`.
   * The resync ladder runs; commands given from now on wait for it.
   */
  reset: [cause: ResetCause];
  /** A command did not end in time, or its data were cut short; the resync ladder runs. */
  outOfSync: [];
  /** The resync ladder has found command state. */
  synced: [];
  /** Before `synced`: another program had left the port in multiplexing mode, which was closed down. */
  multiplexed: [];
  /** The connection has ended, once and for good; nothing is emitted afterwards. */
  closed: [error: ModemError | undefined];
  /** An answer or echo of a command that another program gave, arguments removed; several within minutes: `PORT_SHARED`. */
  foreign: [line: string];
}

export interface ChannelOptions {
  /** Default: the clock of the host. */
  readonly clock?: Clock;
  /** Told the secrets of each command before it is written, so that a trace can mask them. */
  readonly hide?: (secrets: readonly string[]) => void;
}

export interface Waiter {
  /**
   * The first line that matched. Rejects with `MODEM_TIMEOUT` when the time started by `start` is over, `MODEM_RESET` when
   * the module restarts, `MODEM_ABORTED` after `cancel`, or the error that ended the connection.
   */
  readonly promise: Promise<string>;
  /** Starts the time limit in milliseconds; starts over when called again. */
  start(ms: number): void;
  /** Gives up waiting; without effect once settled. */
  cancel(): void;
}

/** Place of each priority in the queue. */
const PLACE: Readonly<Record<Priority, number>> = { high: 0, normal: 1, low: 2 };

export class Channel extends EventEmitter<ChannelEvents> {
  private readonly dialogue: Dialogue;
  /** Waiters for unsolicited lines: what ends each, with the line that it matches or an error. */
  private readonly waiting = new Map<(end: string | ModemError) => void, (line: string) => boolean>();
  /** Commands that wait for the line: by priority, then in the order they came. */
  private queue: Exchange[] = [];
  /** Time of the clock at which a command was given last. */
  lastUse = Number.NEGATIVE_INFINITY;
  /** Present while a synchronisation is wanted or runs. */
  private syncing: Deferred<void> | undefined;
  /** `schedule` runs once the bytes at hand are dealt with. */
  private isScheduled = false;
  private readonly clock: Clock;

  /** @param transport open, or to be opened by the caller before the first command. */
  constructor(
    private readonly transport: Transport,
    private readonly options: ChannelOptions = {},
  ) {
    super();
    const { clock = systemClock } = options;
    this.clock = clock;
    this.dialogue = new Dialogue(new Wire(transport, clock), clock, {
      onIdle: this.schedule,
      onSynced: (wasMultiplexed) => this.onSynced(wasMultiplexed),
      onSyncFailed: (error) => this.onSyncFailed(error),
      onOutOfSync: () => this.resync(() => this.emit("outOfSync")),
      onReset: (cause) => this.onReset(cause),
      onUnsolicited: (line) => {
        for (const [end, match] of this.waiting) if (match(line)) end(line);
        this.emit("unsolicited", line);
      },
      onForeign: (line) => this.emit("foreign", line),
    });
    transport.on("data", (bytes) => this.dialogue.onData(bytes));
    transport.on("closed", (error) => this.end(error));
  }

  get state(): ChannelState["kind"] {
    return this.dialogue.state.kind;
  }

  /**
   * Puts a command in the queue and resolves with what it makes of the answer.
   *
   * Out of sync it waits for the resync ladder, and starts it when it does not run. Rejects with a ModemError:
   * `INVALID_ARGUMENT` (nothing written), `MODEM_ERROR`, `MODEM_CME` with `modemCode`, `MODEM_TIMEOUT`,
   * `MODEM_RESET`, `MODEM_ABORTED`, `MODEM_SILENT` or `MODEM_OUT_OF_SYNC` when the ladder fails, `PORT_*`.
   */
  execute<T>(command: Command<T>, options: ExecuteOptions = {}): Promise<T> {
    this.lastUse = this.clock.now();
    const exchange = new Exchange(command, options, this.clock, () => {
      this.queue = this.queue.filter((other) => other !== exchange);
      this.dialogue.abandon(exchange);
    });
    if (!ONE_LINE.test(command.line)) {
      const detail = "the command line holds a control character or an odd quote";
      const shown = shownLine(command).replace(/[^\x20-\x7e]/g, "?");
      exchange.end(new ModemError("INVALID_ARGUMENT", { detail, command: shown }));
    }
    if (this.dialogue.state.kind === "closed") exchange.end(this.closedError());
    if (!exchange.isSettled) {
      const { priority = "normal" } = options;
      const place = this.queue.findLastIndex(
        ({ options: other }) => PLACE[other.priority ?? "normal"] <= PLACE[priority],
      );
      this.queue.splice(place + 1, 0, exchange);
      this.schedule();
    }
    return exchange.promise;
  }

  /**
   * Waits for an unsolicited line, such as the result of a mail minutes after the OK of its command. To be called before
   * that command is executed, so that a line that comes with the OK is not missed; the time limit starts when the
   * caller starts it.
   */
  expect(match: (line: string) => boolean): Waiter {
    const { promise, resolve, reject } = new Deferred<string>();
    let timer: Timer | undefined;
    const end = (outcome?: string | ModemError): void => {
      if (!this.waiting.delete(end)) return;
      timer?.clear();
      if (typeof outcome === "string") resolve(outcome);
      else reject(outcome ?? new ModemError("MODEM_ABORTED"));
    };
    this.waiting.set(end, match);
    if (this.dialogue.state.kind === "closed") end(this.closedError());
    return {
      promise,
      start: (ms) => {
        timer?.clear();
        if (!this.waiting.has(end)) return;
        timer = this.clock.after(ms, () =>
          end(new ModemError("MODEM_TIMEOUT", { detail: "no result line" })),
        );
      },
      cancel: () => end(),
    };
  }

  /**
   * Makes sure that the module is in command state: runs the resync ladder, after the command in flight and before
   * those that wait. Rejects with `MODEM_SILENT`, `MODEM_OUT_OF_SYNC`, `PORT_*`, or `MODEM_TIMEOUT` when the line
   * takes no bytes; then the commands that waited were rejected with the same error.
   */
  sync(): Promise<void> {
    if (this.state === "closed") return Promise.reject(this.closedError());
    const { promise } = (this.syncing ??= new Deferred());
    this.schedule();
    return promise;
  }

  /** Ends the channel and closes the transport; everything pending rejects with `PORT_CLOSED`. */
  async close(): Promise<void> {
    this.end(undefined);
    await this.transport.close();
  }

  /**
   * Starts the ladder when it is needed or wanted, else the next command; once the bytes at hand are dealt with, because
   * what has come already answers nothing to come.
   */
  private readonly schedule = (): void => {
    // A module may say thousands of times in a read that it starts.
    if (this.isScheduled) return;
    this.isScheduled = true;
    queueMicrotask(() => {
      this.isScheduled = false;
      const state = this.dialogue.state.kind;
      if (state !== "idle" && state !== "outOfSync") return;
      if (this.syncing !== undefined || (state === "outOfSync" && this.queue.length > 0)) {
        this.syncing ??= new Deferred();
        this.dialogue.synchronise();
        return;
      }
      const exchange = state === "idle" ? this.queue.shift() : undefined;
      if (exchange === undefined) return;
      const { secrets } = exchange.command;
      if (secrets !== undefined) this.options.hide?.(secrets);
      this.dialogue.start(exchange);
    });
  };

  private onSynced(wasMultiplexed: boolean): void {
    if (wasMultiplexed) this.emit("multiplexed");
    this.syncing?.resolve();
    this.syncing = undefined;
    this.schedule();
    this.emit("synced");
  }

  private onSyncFailed(error: unknown): void {
    for (const exchange of this.queue.splice(0)) exchange.end(error);
    this.syncing?.reject(error);
    this.syncing = undefined;
  }

  /** Tells the listeners, who may add commands, and starts the ladder, whose failure they learn from `sync`. */
  private resync(tell: () => void): void {
    tell();
    // One that is wanted already is not asked again for its end: a module may say a million times that it starts.
    if (this.syncing === undefined) this.sync().catch(() => undefined);
    else this.schedule();
  }

  private onReset(cause: ResetCause): void {
    for (const exchange of this.queue.splice(0)) exchange.end(exchange.error("MODEM_RESET"));
    // A module may repeat it thousands of times, and creating an error takes time.
    if (this.waiting.size > 0) this.failWaiters(new ModemError("MODEM_RESET"));
    this.resync(() => this.emit("reset", cause));
  }

  private closedError(): ModemError {
    const { state } = this.dialogue;
    return (state.kind === "closed" ? state.error : undefined) ?? new ModemError("PORT_CLOSED");
  }

  private end(error: ModemError | undefined): void {
    if (this.state === "closed") return;
    const reason = error ?? new ModemError("PORT_CLOSED");
    this.dialogue.end(error, reason);
    for (const exchange of this.queue.splice(0)) exchange.end(reason);
    this.failWaiters(reason);
    this.syncing?.reject(reason);
    this.emit("closed", error);
  }

  private failWaiters(error: ModemError): void {
    for (const end of this.waiting.keys()) end(error);
  }
}
