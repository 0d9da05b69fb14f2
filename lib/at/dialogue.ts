/**
 * Dialogue: one command at a time on the line, and every byte from the module put where it belongs.
 *
 *   job ─start─> exchange ─> wire                 states and arrows: `state.ts`
 *   bytes ─> tokenizer ─> line kind ─┬─> exchange ─> outcome of the job
 *                                    ├─> unsolicited, reset, foreign ─> listener
 *                                    └─> resync ladder
 *
 * A time limit that runs out never frees the line: the dialogue is out of sync until the ladder has found command
 * state again. It has no queue, and waits for nobody: what is to happen next is the listener's business.
 */
import type { Clock } from "../clock";
import type { ModemError } from "../errors";
import { type Block, type Command, headerOf, informationText } from "./command";
import { beginBlock, beginData, beginPrompted, canEscape, leaveData, type DataPhaseHost } from "./data-phase";
import { Exchange, type Job } from "./job";
import { lineKind, type Echo, type LineContext, resetSign, type ResetCause, isBeforeText } from "./line-kind";
import { FORMAT_LINE, ResyncLadder } from "./resync-ladder";
import type { ResultCode, ResultFormat } from "./result-codes";
import { nextState, type ChannelEvent, type ChannelState } from "./state";
import { Tokenizer, type Token } from "./tokenizer";
import type { Wire } from "./wire";

export interface DialogueListener {
  /** A command has ended in the ordinary way: the next may start, when the bytes at hand have been dealt with. */
  onIdle(): void;
  /** The ladder has found command state; the port may have been in multiplexing mode before. */
  onSynced(wasMultiplexed: boolean): void;
  /** The ladder has failed; the dialogue is still out of sync. */
  onSyncFailed(error: unknown): void;
  /** Synchronism is lost; `synchronise` is the only way back. */
  onOutOfSync(): void;
  /** The module has restarted; synchronism is lost. */
  onReset(cause: ResetCause): void;
  onUnsolicited(line: string): void;
  /** An answer nobody here asked for, arguments removed. */
  onForeign(line: string): void;
}

/** A command line that sets or may set the echo: ATE, ATZ, AT&F, and what restarts the module. */
const SETS_ECHO = /^AT(?:[^+]*[EZ&]|\+CFUN=)/i;

/** The number of raw bytes that `line` announces; undefined for a line without, such as one with three numbers. */
function blockLength(line: string, { header, framing }: Block): number | undefined {
  if (headerOf(line) !== header) return undefined;
  const count = (framing === "comma" ? /^(\d{1,5}),?$/ : /^(\d{1,5})$/).exec(
    informationText(line).trim(),
  )?.[1];
  return count === undefined ? undefined : Number(count);
}

export class Dialogue implements DataPhaseHost {
  readonly tokenizer = new Tokenizer();
  private current: ChannelState = { kind: "outOfSync" };
  private readonly ladder: ResyncLadder;
  private echo: Echo = "unknown";
  private format: ResultFormat = "words";
  /** The command whose answer was given up last. */
  private last: Command<unknown> | undefined;
  private lastResetSign = Number.NEGATIVE_INFINITY;
  /** The next line is the text of a short message: it may read `OK` or `RDY` and is neither. */
  private textFollows = false;

  constructor(
    readonly wire: Wire,
    private readonly clock: Clock,
    private readonly listener: DialogueListener,
  ) {
    this.ladder = new ResyncLadder(wire);
  }

  get state(): ChannelState {
    return this.current;
  }

  advance(event: ChannelEvent): void {
    this.current = nextState(this.current, event);
  }

  /** Puts the command of `job` on the line; only in state idle. */
  start(job: Job): void {
    const { command } = job;
    const exchange = new Exchange(job, this.clock);
    this.advance({ kind: "start", exchange });
    if (command.payload?.prompted === true) this.tokenizer.expectPrompt();
    if (command.block?.framing === "comma") this.tokenizer.expectHeader(command.block.header);
    job.begin();
    this.wire.writeLine(command.line).then(
      () => {
        // The answer, even CONNECT, may have come before the host knew that the line had left.
        if (this.exchange === exchange && exchange.sender === undefined && this.isTimed(command)) {
          exchange.limit(command.timeout, () => this.onTimeout());
        }
      },
      (error: unknown) => {
        if (this.exchange === exchange) this.loseSync(exchange, error);
      },
    );
  }

  /** The caller of `job` has given up: data state is left at once; any other command ends in its own time. */
  abandon(job: Job): void {
    const { exchange } = this;
    if (exchange?.job !== job || this.current.kind !== "data" || !canEscape(job.command)) return;
    leaveData(this, exchange);
  }

  /** Runs the resync ladder; in states outOfSync and idle only. */
  synchronise(): void {
    this.advance({ kind: "sync" });
    this.ladder.run().then(
      ({ echo, format, wasMultiplexed }) => {
        this.echo = echo;
        this.format = format;
        this.advance({ kind: "synced" });
        if (this.current.kind === "idle") this.listener.onSynced(wasMultiplexed);
      },
      (error: unknown) => {
        this.advance({ kind: "syncFailed" });
        if (this.current.kind === "outOfSync") this.listener.onSyncFailed(error);
      },
    );
  }

  /** The connection has ended; the command in flight fails with `reason`. */
  end(error: ModemError | undefined, reason: ModemError): void {
    const { exchange } = this;
    this.advance({ kind: "close", error });
    exchange?.end(reason);
    this.ladder.stop(reason);
  }

  /** Bytes from the module. */
  onData(bytes: Buffer): void {
    this.ladder.onBytes(bytes);
    this.tokenizer.push(bytes);
    for (let token = this.tokenizer.next(); token !== undefined; token = this.tokenizer.next()) {
      if (this.current.kind === "closed") return;
      this.onToken(token);
    }
  }

  /** The time limit of the command in flight has run out. */
  onTimeout(): void {
    const { exchange } = this;
    if (exchange === undefined) return;
    if (this.current.kind === "data" && canEscape(exchange.command)) {
      exchange.giveUp(exchange.job.error("MODEM_TIMEOUT", { detail: "the data came to a stop" }));
      leaveData(this, exchange);
    } else {
      this.loseSync(exchange, exchange.job.error("MODEM_TIMEOUT"));
    }
  }

  /** True while the time limit of `command` itself runs, and not that of its data state. */
  private isTimed(command: Command<unknown>): boolean {
    return this.current.kind === "command" || (this.current.kind === "data" && command.block !== undefined);
  }

  private get exchange(): Exchange | undefined {
    return "exchange" in this.current ? this.current.exchange : undefined;
  }

  private onToken(token: Token): void {
    const { exchange } = this;
    switch (token.kind) {
      case "line":
        this.onLine(token.text);
        return;
      case "data":
        exchange?.addData(token.bytes);
        // A block is short: its bytes come within the time of the command.
        if (exchange?.command.download === true)
          exchange.limit(exchange.command.timeout, () => this.onTimeout());
        if (token.left === 0) this.advance({ kind: "dataSent" });
        return;
      case "prompt":
        if (exchange !== undefined && this.current.kind === "command") beginPrompted(this, exchange);
        return;
      case "ack":
        exchange?.sender?.acknowledge();
        return;
      case "garbage":
        return;
    }
  }

  private onLine(line: string): void {
    const { exchange, echo } = this;
    if (this.textFollows) {
      this.textFollows = false;
      return this.listener.onUnsolicited(line);
    }
    if (this.current.kind === "syncing") {
      // The echo that the last ladder switched off is back: the module has restarted unseen.
      if (line.trim() === FORMAT_LINE && echo === "off") this.onReset("echo");
      if (this.ladder.onLine(line)) return;
    }
    const kind = lineKind(line, this.lineContext());
    switch (kind.kind) {
      case "echo":
        if (exchange !== undefined) exchange.echoSeen = true;
        if (echo === "off") this.onReset("echo");
        return;
      case "result":
        if (exchange !== undefined) this.onResult(kind.result, line, exchange);
        return;
      case "information":
        if (exchange !== undefined) this.onInformation(line, exchange);
        return;
      case "unsolicited":
        if (exchange?.blockSeen === true && headerOf(line) === undefined) this.misframed(exchange);
        this.onUnsolicited(line);
        return;
      case "foreign":
        this.listener.onForeign(line.replace(/=.*$/s, "=…"));
        return;
      case "late":
        return;
    }
  }

  private lineContext(): LineContext {
    const { exchange, echo, format, last } = this;
    if (exchange !== undefined) {
      const { command, echoSeen } = exchange;
      return { kind: "inFlight", command, echo, echoSeen, format };
    }
    return this.current.kind === "idle" ? { kind: "idle", format } : { kind: "outOfSync", format, last };
  }

  private onInformation(line: string, exchange: Exchange): void {
    const { block } = exchange.command;
    const count = block === undefined ? undefined : blockLength(line, block);
    if (count === undefined) return exchange.addLine(line);
    if (exchange.blockSeen || count > (block?.longest ?? 0)) return this.misframed(exchange);
    exchange.blockSeen = true;
    beginBlock(this, exchange, count);
  }

  /** The number of a block was damaged on the line: data and lines can no longer be told apart. */
  private misframed(exchange: Exchange): void {
    const detail = "the number of its bytes is wrong";
    this.loseSync(exchange, exchange.job.error("MODEM_ANSWER", { detail }));
  }

  private onUnsolicited(line: string): void {
    this.textFollows = isBeforeText(line);
    const cause = resetSign(line, this.clock.now() - this.lastResetSign);
    if (cause !== undefined) this.onReset(cause);
    this.listener.onUnsolicited(line);
  }

  private onResult(result: ResultCode, line: string, exchange: Exchange): void {
    if (result.kind === "connect") {
      if (this.current.kind === "command") beginData(this, exchange, result.length);
      return;
    }
    const { command, echoSeen, isDataComplete } = exchange;
    const state = this.current.kind;
    const cutShort = state === "escaping" || (!isDataComplete && (state === "data" || result.kind === "ok"));
    this.tokenizer.expectLines();
    this.echo = SETS_ECHO.test(command.line) ? "unknown" : echoSeen ? "on" : "off";
    this.advance({ kind: cutShort ? "cutShort" : "finished" });
    exchange.complete(result, line);
    if (cutShort) this.listener.onOutOfSync();
    else this.listener.onIdle();
  }

  /** The command in flight will not end in the ordinary way. */
  private loseSync(exchange: Exchange, error: unknown): void {
    this.last = exchange.command;
    this.tokenizer.expectLines();
    this.advance({ kind: "timedOut" });
    exchange.end(error);
    this.listener.onOutOfSync();
  }

  private onReset(cause: ResetCause): void {
    const { exchange } = this;
    this.lastResetSign = this.clock.now();
    this.echo = "unknown";
    this.last = exchange?.command;
    this.tokenizer.expectLines();
    this.advance({ kind: "restarted" });
    exchange?.end(exchange.job.error("MODEM_RESET"));
    this.listener.onReset(cause);
  }
}
