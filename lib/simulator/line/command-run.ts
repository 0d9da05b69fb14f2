/** The execution of one command line: its commands in order, the first fault ends it, one final result. */
import type { Collected, CollectOptions } from "../device/data-mode";
import { delay } from "../../clock";
import { ERROR, OK, type Command, type CommandContext, type FinalResult } from "../device/command";
import type { Device } from "../device/device";
import type { ModemPort } from "../device/port";
import { formatInformation, formatResult } from "./v250-format";
import { parseLine, type ParsedCommand } from "./v250-parser";

/** The module as its ports see it: what executes their commands. */
export interface CommandProcessor extends Device {
  /** @param name upper case with `+`. */
  command(name: string): Command | undefined;
  /** Waits until a command on `port` may run, which another port in data mode can prevent. */
  commandTurn(port: ModemPort, signal: AbortSignal): Promise<void>;
  /** Executes one command. Rejects with what its handler throws. */
  execute(context: CommandContext): Promise<FinalResult>;
  /** A port has left data mode. */
  dataModeLeft(): void;
  /** A fault of the simulator itself, not of the module: it must not pass for an answer. */
  reportDefect(error: unknown): void;
}

/** The port that a line came in on, and that takes what its commands answer. */
interface CommandPort extends ModemPort {
  /** Sends text, one byte per character. */
  send(text: string): void;
  transmit(bytes: Buffer): void;
  /** Sends CONNECT and collects data for the command that runs. */
  collect(run: CommandRun, options: CollectOptions): Promise<Collected>;
}

export class CommandRun {
  /** Aborted when the module restarts. */
  readonly modemSignal: AbortSignal;
  /** Aborted also when input ends the command. */
  readonly signal: AbortSignal;
  private readonly own = new AbortController();
  private readonly later: (() => void)[] = [];
  private informationSent = false;

  constructor(
    private readonly modem: CommandProcessor,
    private readonly port: CommandPort,
    private readonly text: string,
  ) {
    this.modemSignal = this.modem.signal;
    // Not AbortSignal.any, which costs more than the rest of a command.
    this.signal = this.own.signal;
    if (this.modemSignal.aborted) this.onRestart();
    else this.modemSignal.addEventListener("abort", this.onRestart, { once: true });
  }

  /** Ends the line with ERROR at the next point where a command waits. */
  abort(): void {
    this.own.abort(new Error("ended by input"));
  }

  /** Runs the line and sends its result; rejects only when the module restarts. */
  async execute(): Promise<void> {
    let result: FinalResult;
    try {
      result = await this.runCommands();
    } catch (error) {
      if (this.modemSignal.aborted) throw error;
      if (!this.own.signal.aborted) this.modem.reportDefect(error);
      result = ERROR;
    }
    this.modemSignal.throwIfAborted();
    this.modemSignal.removeEventListener("abort", this.onRestart);
    this.port.send(formatResult(result, this.port.settings));
  }

  /** Does what the commands left for the time behind the result. */
  afterResult(): void {
    for (const action of this.later) action();
  }

  private readonly onRestart = (): void => this.own.abort(this.modemSignal.reason);

  private async runCommands(): Promise<FinalResult> {
    const line = parseLine(this.text);
    if (line.commands.length === 0) await this.think(undefined);
    for (const command of line.commands) {
      const result = await this.runCommand(command);
      if (result.kind !== "ok") return result;
    }
    return line.faulty ? ERROR : OK;
  }

  private async runCommand(command: ParsedCommand): Promise<FinalResult> {
    const known = this.modem.command(command.name);
    await this.think(known?.thinkingMs);
    await this.modem.commandTurn(this.port, this.signal);
    const result = await this.modem.execute(this.contextOf(command));
    this.signal.throwIfAborted();
    return result;
  }

  private async think(ms: number = this.modem.timing.thinkingMs): Promise<void> {
    if (ms > 0) await this.wait(ms);
  }

  private wait(ms: number): Promise<void> {
    return delay(this.modem.clock, ms, this.signal);
  }

  private contextOf(command: ParsedCommand): CommandContext {
    const { port } = this;
    const { name, form, argumentText, parameters } = command;
    return {
      name,
      form,
      argumentText,
      parameters,
      modem: this.modem,
      port,
      signal: this.signal,
      info: (line) => {
        const apart = !this.informationSent || this.modem.variants["information-framing"] === "separate";
        port.send(formatInformation(line, apart, port.settings));
        this.informationSent = true;
      },
      raw: (bytes) =>
        port.transmit(Buffer.from(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes)),
      collect: (options: CollectOptions): Promise<Collected> => port.collect(this, options),
      wait: (ms) => this.wait(ms),
      afterResult: (action) => this.later.push(action),
    };
  }
}
