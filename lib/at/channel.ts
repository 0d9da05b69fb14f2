/**
 * Channel: the AT engine over one connection. Commands in, responses and unsolicited lines out.
 *
 *   execute ─> queue ─> exchange ─> wire ─> transport
 *   transport ─> tokenizer ─> line kind ─┬─> exchange ─> response
 *                                        ├─> unsolicited, waiters, reset
 *                                        └─> resync ladder
 *
 * One command is on the line at a time. A time limit that runs out never frees the line for the next command: the
 * channel is out of sync until the resync ladder has found command state again, so a late answer cannot be taken for
 * another command's. It does not connect and does not reconnect; an ended connection ends the channel.
 */
import { EventEmitter } from "node:events";
import { systemClock, type Clock } from "../clock";
import { isModemError, ModemError } from "../errors";
import type { Transport } from "../serial/transport";
import { checkLine, type Command } from "./command";
import { beginData, leaveData, type DataPhaseHost } from "./data-phase";
import { Deferred } from "./deferred";
import { Exchange } from "./exchange";
import { Job, type ExecuteOptions } from "./job";
import { belongsTo, idleLineKind, lineKind, type Echo } from "./line-kind";
import { JobQueue } from "./queue";
import { resetSign, type ResetCause } from "./reset-signs";
import { FORMAT_LINE, ResyncLadder } from "./resync-ladder";
import type { ResultCode, ResultFormat } from "./result-codes";
import { nextState, type ChannelEvent, type ChannelState } from "./state";
import { Tokenizer, type Token } from "./tokenizer";
import { Waiters, type Waiter } from "./waiters";
import { Wire } from "./wire";

export interface ChannelEvents {
  /** A line that no command asked for, as latin1 text without line end. */
  unsolicited: [line: string];
  /** The module has restarted: its settings are gone; all commands and waiters were rejected with `MODEM_RESET`. */
  reset: [cause: ResetCause];
  /** A command did not end in time, or its data were cut short; the resync ladder runs. */
  outOfSync: [];
  /** The module is in command state. */
  synced: [];
  /** The connection has ended, once and for good; nothing is emitted afterwards. */
  closed: [error: ModemError | undefined];
  /** An answer or echo of a command that another program gave, secrets masked. */
  foreign: [line: string];
}

export interface ChannelOptions {
  /** Default: the clock of the host. */
  readonly clock?: Clock;
  /** Told the secrets of each command before it is written, so that a trace can mask them. */
  readonly hide?: (secrets: readonly string[]) => void;
}

/** A command line that sets or may set the echo: ATE, ATZ, AT&F, and what restarts the module. */
const SETS_ECHO = /^AT(?:[^+]*[EZ&]|\+CFUN=)/i;

export class Channel extends EventEmitter<ChannelEvents> {
  private current: ChannelState = { kind: "outOfSync" };
  private readonly clock: Clock;
  private readonly hide: (secrets: readonly string[]) => void;
  private readonly wire: Wire;
  private readonly tokenizer = new Tokenizer();
  private readonly queue = new JobQueue();
  private readonly waiters: Waiters;
  private ladder: ResyncLadder | undefined;
  private ladderTries = 0;
  private syncWanted: Deferred<void> | undefined;
  private echo: Echo = "unknown";
  private format: ResultFormat = "words";
  /** Answers of this command may still come, although it has ended. */
  private late: Command<unknown> | undefined;
  private lastResetSign = Number.NEGATIVE_INFINITY;

  /** @param transport open, or to be opened by the caller before the first command. */
  constructor(
    private readonly transport: Transport,
    options: ChannelOptions = {},
  ) {
    super();
    this.clock = options.clock ?? systemClock;
    this.hide = options.hide ?? (() => undefined);
    this.wire = new Wire(transport, this.clock);
    this.waiters = new Waiters(this.clock);
    transport.on("data", (bytes) => this.onData(bytes));
    transport.on("closed", (error) => this.end(error));
  }

  get state(): ChannelState["kind"] {
    return this.current.kind;
  }

  /**
   * Puts a command in the queue and resolves with what it makes of the answer.
   *
   * Out of sync it waits for the resync ladder, and starts it when it does not run. Rejects with a ModemError:
   * `INVALID_ARGUMENT` (nothing written), `MODEM_ERROR`, `MODEM_CME` with `modemCode`, `MODEM_TIMEOUT`,
   * `MODEM_RESET`, `MODEM_ABORTED`, `MODEM_SILENT` or `MODEM_OUT_OF_SYNC` when the ladder fails, `PORT_*`.
   */
  execute<T>(command: Command<T>, options: ExecuteOptions = {}): Promise<T> {
    const job = new Job(command, options, () => this.onAbort(job));
    try {
      checkLine(command);
    } catch (error) {
      job.fail(error);
    }
    if (this.current.kind === "closed") job.fail(this.closedError());
    if (!job.isSettled) {
      this.queue.add(job);
      this.pump();
    }
    return job.promise;
  }

  /** Registers interest in an unsolicited line; to be called before the command that causes it is executed. */
  expect(match: (line: string) => boolean): Waiter {
    const waiter = this.waiters.expect(match);
    if (this.current.kind === "closed") this.waiters.failAll(this.closedError());
    return waiter;
  }

  /**
   * Makes sure that the module is in command state: runs the resync ladder, after the command in flight and before
   * those that wait. Rejects with `MODEM_SILENT`, `MODEM_OUT_OF_SYNC` or `PORT_*`; then the queue is empty.
   */
  sync(): Promise<void> {
    if (this.current.kind === "closed") return Promise.reject(this.closedError());
    this.syncWanted ??= new Deferred();
    const { promise } = this.syncWanted;
    this.pump();
    return promise;
  }

  /** Ends the channel and closes the transport; everything pending rejects with `PORT_CLOSED`. */
  async close(): Promise<void> {
    this.end(undefined);
    await this.transport.close();
  }

  private advance(event: ChannelEvent): void {
    this.current = nextState(this.current, event);
  }

  private exchange(): Exchange | undefined {
    return "exchange" in this.current ? this.current.exchange : undefined;
  }

  /** Starts what may start now. */
  private pump(): void {
    if (this.current.kind === "outOfSync" && (this.syncWanted !== undefined || this.queue.length > 0))
      this.climb();
    if (this.current.kind !== "idle") return;
    if (this.syncWanted !== undefined) {
      this.climb();
      return;
    }
    const job = this.queue.take();
    if (job !== undefined) this.start(job);
  }

  private start(job: Job): void {
    const { command } = job;
    const exchange = new Exchange(job, this.clock);
    this.late = undefined;
    this.hide(command.secrets ?? []);
    this.advance({ kind: "start", exchange });
    this.wire.writeLine(command.line).then(
      () => {
        // The answer may have come before the host knew that the line had left.
        if (
          this.current.kind === "command" &&
          this.exchange() === exchange &&
          exchange.sender === undefined
        ) {
          exchange.limit(command.timeout, () => this.onTimeout());
        }
      },
      (error: unknown) => {
        if (this.exchange() === exchange) this.loseSync(isModemError(error) ? error : undefined);
      },
    );
  }

  private onData(bytes: Buffer): void {
    this.ladder?.onBytes();
    this.tokenizer.push(bytes);
    for (let token = this.tokenizer.next(); token !== undefined; token = this.tokenizer.next()) {
      if (this.current.kind === "closed") return;
      this.onToken(token);
    }
  }

  private onToken(token: Token): void {
    const exchange = this.exchange();
    switch (token.kind) {
      case "line":
        this.onLine(token.text);
        return;
      case "data":
        exchange?.addData(token.bytes);
        exchange?.limit(exchange.command.timeout, () => this.onTimeout());
        if (token.left === 0) this.advance({ kind: "dataSent" });
        return;
      case "ack":
        exchange?.sender?.acknowledge();
        return;
      case "garbage":
        return;
    }
  }

  private onLine(line: string): void {
    const exchange = this.exchange();
    if (exchange !== undefined) this.onAnswer(line, exchange);
    else if (this.current.kind === "idle") this.onIdleLine(line);
    else this.onLateLine(line);
  }

  private onAnswer(line: string, exchange: Exchange): void {
    const { command, echoSeen } = exchange;
    const { echo, format } = this;
    const kind = lineKind(line, { command, echo, echoSeen, format });
    switch (kind.kind) {
      case "echo":
        exchange.echoSeen = true;
        if (echo === "off") this.onReset("echo");
        return;
      case "result":
        if (kind.result.kind !== "connect") this.onFinal(kind.result, line, exchange);
        else if (this.current.kind === "command") beginData(this.host, exchange, kind.result.length);
        return;
      case "information":
        exchange.addLine(line);
        return;
      case "unsolicited":
        this.onUnsolicited(line);
        return;
      case "foreign":
        this.emit("foreign", withoutArguments(line));
        return;
    }
  }

  private onIdleLine(line: string): void {
    if (idleLineKind(line, this.format).kind === "foreign") this.emit("foreign", withoutArguments(line));
    else this.onUnsolicited(line);
  }

  /** Out of sync: what the module still owed for an earlier command is dropped. */
  private onLateLine(line: string): void {
    if (line.trim() === FORMAT_LINE && this.echo === "off") this.onReset("echo");
    if (this.ladder?.onLine(line) === true) return;
    if (idleLineKind(line, this.format).kind === "foreign") return;
    if (this.late !== undefined && belongsTo(line, this.late)) return;
    this.onUnsolicited(line);
  }

  private onUnsolicited(line: string): void {
    const cause = resetSign(line, this.clock.now() - this.lastResetSign);
    if (cause !== undefined) this.onReset(cause);
    this.waiters.offer(line);
    this.emit("unsolicited", line);
  }

  private onFinal(result: Exclude<ResultCode, { kind: "connect" }>, line: string, exchange: Exchange): void {
    const { sender, command, echoSeen } = exchange;
    const cut =
      this.current.kind === "escaping" || (this.current.kind === "data" && sender?.isComplete !== true);
    this.tokenizer.expectLines();
    this.echo = SETS_ECHO.test(command.line) ? "unknown" : echoSeen ? "on" : "off";
    this.advance({ kind: cut ? "cutShort" : "finished" });
    exchange.complete(result, line);
    if (cut) this.onOutOfSync();
    else this.pump();
  }

  private onTimeout(): void {
    const exchange = this.exchange();
    if (exchange === undefined) return;
    const error = exchange.job.error("MODEM_TIMEOUT");
    if (this.current.kind === "data") {
      exchange.failure ??= error;
      exchange.job.fail(error);
      leaveData(this.host, exchange);
    } else {
      this.loseSync(error);
    }
  }

  /** The command in flight will not end in the ordinary way. */
  private loseSync(error: ModemError | undefined): void {
    const exchange = this.exchange();
    this.late = exchange?.command;
    this.tokenizer.expectLines();
    this.advance({ kind: "timedOut" });
    exchange?.end(error ?? exchange.job.error("MODEM_TIMEOUT"));
    this.onOutOfSync();
  }

  private onOutOfSync(): void {
    this.emit("outOfSync");
    this.sync().catch(() => undefined);
  }

  private onReset(cause: ResetCause): void {
    this.lastResetSign = this.clock.now();
    this.echo = "unknown";
    this.tokenizer.expectLines();
    const exchange = this.exchange();
    this.advance({ kind: "restarted" });
    exchange?.end(exchange.job.error("MODEM_RESET"));
    for (const job of this.queue.clear()) job.fail(job.error("MODEM_RESET"));
    this.waiters.failAll(new ModemError("MODEM_RESET"));
    this.emit("reset", cause);
    this.sync().catch(() => undefined);
  }

  private onAbort(job: Job): void {
    this.queue.remove(job);
    const exchange = this.exchange();
    if (exchange?.job === job && this.current.kind === "data") leaveData(this.host, exchange);
  }

  /** Runs the resync ladder; what waits goes on, or fails with it. */
  private climb(): void {
    this.syncWanted ??= new Deferred();
    const { syncWanted } = this;
    const ladder = new ResyncLadder(this.wire, this.ladderTries);
    this.ladder = ladder;
    this.advance({ kind: "sync" });
    ladder
      .run()
      .then(
        ({ echo, format }) => {
          this.echo = echo;
          this.format = format;
          this.advance({ kind: "synced" });
          syncWanted.resolve();
        },
        (error: unknown) => {
          this.advance({ kind: "syncFailed" });
          for (const job of this.queue.clear()) job.fail(error);
          syncWanted.reject(error);
        },
      )
      .finally(() => {
        this.ladderTries = ladder.tries;
        this.ladder = undefined;
        this.syncWanted = undefined;
        if (this.current.kind === "idle") this.emit("synced");
        this.pump();
      });
  }

  private closedError(): ModemError {
    const error = this.current.kind === "closed" ? this.current.error : undefined;
    return error ?? new ModemError("PORT_CLOSED");
  }

  private end(error: ModemError | undefined): void {
    if (this.current.kind === "closed") return;
    const exchange = this.exchange();
    this.advance({ kind: "close", error });
    const reason = this.closedError();
    exchange?.end(reason);
    for (const job of this.queue.clear()) job.fail(reason);
    this.waiters.failAll(reason);
    this.ladder?.stop(reason);
    this.syncWanted?.reject(reason);
    this.emit("closed", error);
  }

  private get host(): DataPhaseHost {
    return {
      wire: this.wire,
      tokenizer: this.tokenizer,
      advance: (event) => this.advance(event),
      onTimeout: () => this.onTimeout(),
    };
  }
}

/** What may be shown of a line of unknown origin: another program's arguments may be secrets too. */
function withoutArguments(line: string): string {
  return line.replace(/=.*$/s, "=…");
}
