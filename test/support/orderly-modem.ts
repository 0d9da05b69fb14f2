/**
 * A transport whose other end is a module that works like a real one in one respect: it takes one command line after
 * the other, thinks for a while, and answers in that order, however late.
 */
import { EventEmitter } from "node:events";
import type { Clock, Timer } from "../../lib/clock";
import type { Transport, TransportEvents } from "../../lib/serial/transport";

export interface OrderlyAnswer {
  /** Milliseconds before the first byte of the answer. */
  readonly thinks: number;
  readonly lines: readonly string[];
  readonly ends: string;
}

export interface OrderlyOptions {
  /** Echoes each command line, whatever ATE says. */
  readonly echo: boolean;
}

export class OrderlyModem extends EventEmitter<TransportEvents> implements Transport {
  readonly label = "orderly";
  readonly bitRate = undefined;
  readonly flowControlled = true;
  /** By command line; all others are answered with OK at once. */
  readonly answers = new Map<string, OrderlyAnswer>();
  private input = "";
  private isThinking = false;
  private thought: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly options: OrderlyOptions,
  ) {
    super();
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  write(bytes: Uint8Array): Promise<void> {
    this.input += Buffer.from(bytes).toString("latin1");
    this.work();
    return Promise.resolve();
  }

  drain(): Promise<void> {
    return Promise.resolve();
  }

  set(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.emit("closed", undefined);
    return Promise.resolve();
  }

  /** Forgets everything, and says that it is ready after `ms`. */
  restart(ms: number): void {
    this.thought?.clear();
    this.input = "";
    this.isThinking = true;
    this.thought = this.clock.after(ms, () => {
      this.input = "";
      this.isThinking = false;
      this.say("\r\nRDY\r\n");
    });
  }

  say(text: string): void {
    this.emit("data", Buffer.from(text, "latin1"));
  }

  private work(): void {
    const end = this.input.indexOf("\r");
    if (this.isThinking || end < 0) return;
    // What stands before AT, such as plus signs, is no part of the line (V.250 section 5.2.1).
    const line = this.input.slice(0, end).replace(/^\++(?=AT)/, "");
    this.input = this.input.slice(end + 1);
    this.isThinking = true;
    const { thinks, lines, ends } = this.answers.get(line) ?? {
      thinks: 0,
      lines: probeLines(line),
      ends: "OK",
    };
    if (this.options.echo) this.say(`${line}\r`);
    this.thought = this.clock.after(thinks, () => {
      this.isThinking = false;
      this.say([...lines, ends].map((text) => `\r\n${text}\r\n`).join(""));
      this.work();
    });
  }
}

function probeLines(line: string): string[] {
  return line.startsWith("AT+CMEE?") ? line.split(";").map(() => "+CMEE: 1") : [];
}
