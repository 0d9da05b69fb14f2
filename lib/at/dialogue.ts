/**
 * Dialogue: one command at a time on the line, and every byte from the module put where it belongs.
 *
 *   job ─start─> exchange ─> wire                 states and arrows: `exchange.ts`
 *   bytes ─> tokenizer ─> line kind ─┬─> exchange ─> outcome of the job
 *                                    ├─> unsolicited, reset, foreign ─> listener
 *                                    └─> resync ladder
 *
 * CONNECT is an intermediate result here. The data are part of the command, so there is no data mode to be left switched
 * on: the data phase ends with the last byte announced, or with `+++`. What follows a prompt is of a fixed length and has
 * no escape: it is sent to its end, even when its result is no longer awaited.
 *
 * A time limit that runs out never frees the line: the dialogue is out of sync until the ladder has found command
 * state again. It has no queue, and waits for nothing: the listener decides what happens next.
 */
import type { Clock } from "../clock";
import type { ModemError } from "../errors";
import { type Block, type Command, headerOf, informationText } from "./command";
import { type ChannelState, type Exchange, nextState } from "./exchange";
import {
  type Echo,
  lineKind,
  outsideText,
  type ResetCause,
  resetSign,
  type ResultCode,
  type ResultFormat,
} from "./line-kind";
import { FORMAT_LINE, ResyncLadder } from "./resync-ladder";
import { Tokenizer } from "./tokenizer";
import { BLOCK, escapeByPlus, GUARD_TIME_MS, PayloadSender, PIECE, type Wire } from "./wire";

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
  /** An answer to no command of ours, arguments removed. */
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

/** Milliseconds for the final result code after `+++` and its guard times. */
const RESULT_TIME_MS = 5_000;

export class Dialogue {
  state: ChannelState = { kind: "outOfSync" };
  private readonly tokenizer = new Tokenizer();
  private readonly ladder: ResyncLadder;
  private echo: Echo = "unknown";
  private format: ResultFormat = "words";
  /** The command whose answer was given up last. */
  private last: Command<unknown> | undefined;
  private lastResetSign = Number.NEGATIVE_INFINITY;
  /** The restart that was told of in the bytes at hand: nothing was written since, so that a second is the same one. */
  private toldOf: ResetCause | undefined;
  /** The next line is the text of a short message: it may read `OK` or `RDY` and is neither. */
  private textFollows = false;

  constructor(
    private readonly wire: Wire,
    private readonly clock: Clock,
    private readonly listener: DialogueListener,
  ) {
    this.ladder = new ResyncLadder(wire);
  }

  /** Puts the command of `exchange` on the line; only in state idle. */
  start(exchange: Exchange): void {
    const { command } = exchange;
    this.state = nextState(this.state, { kind: "start", exchange });
    if (command.payload?.prompted === true) this.tokenizer.expectPrompt();
    if (command.block?.framing === "comma") this.tokenizer.expectHeader(command.block.header);
    exchange.options.onStart?.();
    this.wire.write(command.line).then(
      () => {
        // The answer, even CONNECT, may have come before the host knew that the line had left. The data state has a
        // time limit of its own; a block comes within that of the command.
        const { kind } = this.state;
        const isTimed = kind === "command" || (kind === "data" && command.block !== undefined);
        if (!exchange.isOver && exchange.sender === undefined && isTimed)
          exchange.limit(command.timeoutMs, this.onTimeout);
      },
      (error: unknown) => {
        if (!exchange.isOver) this.loseSync(exchange, error);
      },
    );
  }

  /** The caller of `exchange` has given up: data state is left at once; any other command ends in its own time. */
  abandon(exchange: Exchange): void {
    if (this.state.kind === "data" && this.state.exchange === exchange && exchange.canEscape)
      this.leaveData(exchange);
  }

  /** Runs the resync ladder; in states outOfSync and idle only. */
  synchronise(): void {
    this.state = nextState(this.state, { kind: "sync" });
    this.ladder.run().then(
      ({ echo, format, wasMultiplexed }) => {
        this.echo = echo;
        this.format = format;
        this.state = nextState(this.state, { kind: "synced" });
        if (this.state.kind === "idle") this.listener.onSynced(wasMultiplexed);
      },
      (error: unknown) => {
        this.state = nextState(this.state, { kind: "syncFailed" });
        if (this.state.kind === "outOfSync") this.listener.onSyncFailed(error);
      },
    );
  }

  /** The connection has ended; the command in flight fails with `reason`. */
  end(error: ModemError | undefined, reason: ModemError): void {
    const { exchange } = this.state;
    this.state = nextState(this.state, { kind: "close", error });
    exchange?.end(reason);
    this.ladder.stop(reason);
  }

  /** Bytes from the module. */
  onData(bytes: Buffer): void {
    this.toldOf = undefined;
    if (this.state.kind === "syncing") this.ladder.onBytes(bytes);
    this.tokenizer.push(bytes);
    for (let token = this.tokenizer.next(); token !== undefined; token = this.tokenizer.next()) {
      const { kind, exchange } = this.state;
      if (kind === "closed") return;
      switch (token.kind) {
        case "line":
          this.onLine(token.text, exchange);
          break;
        case "data":
          exchange?.blocks.push(token.bytes);
          // A block is short: its bytes come within the time of the command.
          if (exchange?.command.download === true) exchange.limit(exchange.command.timeoutMs, this.onTimeout);
          if (token.left === 0) this.state = nextState(this.state, { kind: "dataSent" });
          break;
        case "prompt":
          if (exchange === undefined || kind !== "command") break;
          this.state = nextState(this.state, { kind: "connect" });
          this.sendPayload(exchange);
          break;
        case "ack":
          exchange?.sender?.acknowledge();
          break;
        case "garbage":
          break;
      }
    }
  }

  private onLine(line: string, exchange: Exchange | undefined): void {
    const { echo, format, last } = this;
    if (this.textFollows) {
      this.textFollows = false;
      return this.listener.onUnsolicited(line);
    }
    if (this.state.kind === "syncing") {
      // The echo that the last ladder switched off is back: the module has restarted unseen.
      if (line.trim() === FORMAT_LINE && echo === "off") this.onReset("echo");
      if (this.ladder.onLine(line)) return;
    }
    const is = lineKind(
      line,
      exchange !== undefined
        ? {
            kind: "inFlight",
            command: exchange.command,
            echo,
            echoSeen: exchange.echoSeen,
            format,
          }
        : this.state.kind === "idle"
          ? { kind: "idle", format }
          : { kind: "outOfSync", format, last },
    );
    switch (is.kind) {
      case "echo":
        if (exchange !== undefined) exchange.echoSeen = true;
        if (echo === "off") this.onReset("echo");
        return;
      case "result":
        if (exchange !== undefined) this.onResult(is.result, line, exchange);
        return;
      case "information":
        if (exchange?.command.block !== undefined) this.onBlock(line, exchange, exchange.command.block);
        else exchange?.lines.push(line);
        return;
      case "unsolicited": {
        if (exchange?.blockSeen === true && headerOf(line) === undefined) this.misframed(exchange);
        this.textFollows = outsideText(line) === "next";
        const cause = resetSign(line, this.clock.now() - this.lastResetSign);
        if (cause !== undefined) this.onReset(cause);
        this.listener.onUnsolicited(line);
        return;
      }
      case "foreign":
        this.listener.onForeign(line.replace(/=.*$/s, "=…"));
        return;
      case "late":
        return;
    }
  }

  private onResult(result: ResultCode, line: string, exchange: Exchange): void {
    const { command, echoSeen } = exchange;
    const { kind } = this.state;
    if (result.kind === "connect") {
      if (kind === "command") this.beginData(exchange, result.length);
      return;
    }
    const isGiven = command.payload === undefined || exchange.sender?.bytesSent === command.payload.size;
    const cutShort = kind === "escaping" || (!isGiven && (kind === "data" || result.kind === "ok"));
    this.tokenizer.expectLines();
    this.echo = SETS_ECHO.test(command.line) ? "unknown" : echoSeen ? "on" : "off";
    this.state = nextState(this.state, { kind: cutShort ? "cutShort" : "finished" });
    exchange.complete(result, line, isGiven);
    if (cutShort) this.listener.onOutOfSync();
    else this.listener.onIdle();
  }

  /** CONNECT has come, with the number of raw bytes that it announced, if any. */
  private beginData(exchange: Exchange, length: number | undefined): void {
    const { command } = exchange;
    this.state = nextState(this.state, { kind: "connect" });
    if (exchange.isSettled) this.leaveData(exchange);
    else if (command.payload !== undefined && exchange.sender === undefined && exchange.canEscape)
      this.sendPayload(exchange);
    else if (command.download === true && length !== undefined) {
      this.tokenizer.expectBytes(length);
      exchange.limit(command.timeoutMs, this.onTimeout);
      if (length === 0) this.state = nextState(this.state, { kind: "dataSent" });
    } else {
      exchange.fail(exchange.error("MODEM_ANSWER", { detail: "the module entered data state unexpectedly" }));
      this.leaveData(exchange);
    }
  }

  private sendPayload(exchange: Exchange): void {
    const { command } = exchange;
    const { payload } = command;
    if (payload === undefined) return;
    const stalledMs = command.timeoutMs + this.wire.lineTime(PIECE);
    const sender = new PayloadSender();
    const { signal } = (exchange.writing = new AbortController());
    exchange.sender = sender;
    if (payload.acknowledged === true) this.tokenizer.expectAcks(Math.floor(payload.size / BLOCK));
    exchange.limit(stalledMs, this.onTimeout);
    sender
      .run(this.wire, payload, signal, (bytes) => {
        exchange.limit(stalledMs, this.onTimeout);
        exchange.progress(bytes);
      })
      .then(
        () => {
          // Given up meanwhile: the time limit that runs is that of the escape, or of another command.
          if (signal.aborted) return;
          exchange.limit(stalledMs, this.onTimeout);
          this.state = nextState(this.state, { kind: "dataSent" });
        },
        (error: unknown) => {
          if (signal.aborted) return;
          exchange.fail(error);
          // Of a block that cannot be filled up, the time limit decides: the resync ladder fills it up.
          if (exchange.canEscape) this.leaveData(exchange);
        },
      );
  }

  /** The data are given up: nothing more is written but `+++`, and the final result code is awaited. */
  private leaveData(exchange: Exchange): void {
    const { wire } = this;
    exchange.writing?.abort();
    const { signal } = (exchange.writing = new AbortController());
    this.state = nextState(this.state, { kind: "leave" });
    this.tokenizer.expectLines();
    exchange.limit(2 * GUARD_TIME_MS + RESULT_TIME_MS + wire.lineTime(PIECE), this.onTimeout);
    // The guard time counts from the last byte that was still on its way.
    Promise.resolve(exchange.sender?.written)
      .then(() => wire.transport.drain())
      .then(() => escapeByPlus(wire, signal))
      // Ended by its result, or the serial line accepts no bytes: then the time limit decides.
      .catch(() => undefined);
  }

  /** Information text of a command with a block: the line that announces the block's raw bytes, or another one. */
  private onBlock(line: string, exchange: Exchange, block: Block): void {
    const count = blockLength(line, block);
    if (count === undefined) return void exchange.lines.push(line);
    if (exchange.blockSeen || count > block.longest) return this.misframed(exchange);
    exchange.blockSeen = true;
    this.state = nextState(this.state, { kind: "connect" });
    // None is an answer too; the time limit of the command goes on.
    exchange.blocks.push(Buffer.alloc(0));
    this.tokenizer.expectBytes(count);
    if (count === 0) this.state = nextState(this.state, { kind: "dataSent" });
  }

  /** The number of a block was damaged on the line: data and lines can no longer be told apart. */
  private misframed(exchange: Exchange): void {
    const detail = "the number of its bytes is wrong";
    this.loseSync(exchange, exchange.error("MODEM_ANSWER", { detail }));
  }

  /** The time limit of the command in flight has run out. */
  private readonly onTimeout = (): void => {
    const { kind, exchange } = this.state;
    if (exchange === undefined) return;
    if (kind === "data" && exchange.canEscape) {
      exchange.fail(exchange.error("MODEM_TIMEOUT", { detail: "the data transfer stalled" }));
      this.leaveData(exchange);
    } else {
      this.loseSync(exchange, exchange.error("MODEM_TIMEOUT"));
    }
  };

  /** The command in flight will not end in the ordinary way. */
  private loseSync(exchange: Exchange, error: unknown): void {
    this.last = exchange.command;
    this.tokenizer.expectLines();
    this.state = nextState(this.state, { kind: "timedOut" });
    exchange.end(error);
    this.listener.onOutOfSync();
  }

  private onReset(cause: ResetCause): void {
    this.lastResetSign = this.clock.now();
    if (this.toldOf === cause) return;
    this.toldOf = cause;
    const { exchange } = this.state;
    this.echo = "unknown";
    this.last = exchange?.command;
    this.tokenizer.expectLines();
    this.state = nextState(this.state, { kind: "restarted" });
    exchange?.end(exchange.error("MODEM_RESET"));
    this.listener.onReset(cause);
  }
}
