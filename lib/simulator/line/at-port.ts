/**
 * One serial port of the module: command state, a command running, data mode.
 *
 *   host bytes -> reader -> line -> commands, one after the other -> one final result -> host
 *                        \-> collector while a command takes data
 */
import { CommandRun, type CommandProcessor } from "./command-run";
import { DataCollector } from "./data-collector";
import type { Collected, CollectOptions } from "../device/data-mode";
import { startSettings } from "./line-settings";
import { MultiplexedLine } from "./multiplexer";
import type { LineSettings, ModemPort, PortName } from "../device/port";
import { formatConnect, formatUnsolicited } from "./v250-format";
import { CommandLineReader } from "./v250-reader";

/** Unit of S12, ms. */
const guardUnitMs = 20;

type State =
  /** No power, or starting: bytes are lost. */
  | { readonly kind: "off" }
  /** Takes bytes and says nothing. */
  | { readonly kind: "hung" }
  /** Left in multiplexing mode: takes frames only. */
  | { readonly kind: "multiplexed"; readonly line: MultiplexedLine }
  | { readonly kind: "command" }
  | { readonly kind: "running"; readonly run: CommandRun; readonly waiting: Buffer[] }
  | {
      readonly kind: "data";
      readonly run: CommandRun;
      readonly waiting: Buffer[];
      readonly collector: DataCollector;
    };

export class AtPort implements ModemPort {
  readonly settings: LineSettings;
  private state: State = { kind: "command" };
  private readonly reader: CommandLineReader;
  private echo: number[] = [];
  private lastLine = "";
  /** Set when data mode ended by length: what else came in the same packet is lost (fact base 2.4). */
  private droppingPacket = false;
  private heldUrcs: { readonly line: string; readonly data: Buffer | undefined }[] = [];

  /** @param transmit sends bytes to the host. */
  constructor(
    readonly name: PortName,
    private readonly modem: CommandProcessor,
    readonly transmit: (bytes: Buffer) => void,
  ) {
    this.settings = startSettings(modem);
    this.reader = new CommandLineReader(this.settings);
  }

  /** True while a command takes data on this port. */
  get collecting(): boolean {
    return this.state.kind === "data";
  }

  /** Bytes from the host. */
  receive(bytes: Buffer): void {
    this.modem.log.add({ kind: "received", port: this.name, bytes });
    if (!this.droppingPacket) this.take(bytes);
  }

  /** The bytes since the last call were handed over at once. */
  packetEnd(): void {
    this.droppingPacket = false;
  }

  /** DTR went off. */
  dtrDropped(): void {
    if (this.state.kind === "data" && this.settings.dataTerminalReady !== 0)
      this.state.collector.dtrDropped();
  }

  urc(line: string, data?: Buffer): void {
    switch (this.state.kind) {
      case "off":
      case "hung":
      case "multiplexed":
        return;
      case "data":
        if (this.modem.variants["data-mode-urc"] === "held") this.heldUrcs.push({ line, data });
        return;
      case "command":
      case "running":
        this.modem.log.add({ kind: "urc", port: this.name, text: line });
        this.send(formatUnsolicited(line, this.settings));
        if (data !== undefined) this.transmit(data);
    }
  }

  /** Sends text, one byte per character. */
  send(text: string): void {
    // In multiplexing mode nothing goes out but frames.
    if (text !== "" && this.state.kind !== "multiplexed") this.transmit(Buffer.from(text, "latin1"));
  }

  /** Loses power or restarts: what runs ends without an answer. */
  switchOff(): void {
    if (this.state.kind === "data") this.state.collector.cancel();
    this.state = { kind: "off" };
    this.heldUrcs = [];
    this.droppingPacket = false;
  }

  /** Is there after a start, with stored settings. */
  switchOn(): void {
    this.useSettings(startSettings(this.modem));
    this.reader.reset();
    this.state = { kind: "command" };
    this.lastLine = "";
  }

  /** Goes silent for good. */
  hang(): void {
    if (this.state.kind === "data") this.state.collector.cancel();
    this.state = { kind: "hung" };
  }

  /** Goes into multiplexing mode, as if by AT+CMUX of another program. */
  multiplex(): void {
    if (this.state.kind === "data") this.state.collector.cancel();
    this.state = { kind: "multiplexed", line: new MultiplexedLine() };
  }

  /** Replaces all line settings, as ATZ and AT&F do. */
  useSettings(settings: LineSettings): void {
    Object.assign(this.settings, settings);
  }

  /** Sends CONNECT and collects data for the command that runs. */
  collect(run: CommandRun, options: CollectOptions): Promise<Collected> {
    return new Promise((resolve, reject) => {
      if (this.state.kind !== "running" || this.state.run !== run) {
        // The port went deaf to the command that runs, which is no fault of the simulator.
        if (!run.signal.aborted) run.abort();
        reject(run.signal.reason);
        return;
      }
      const { waiting } = this.state;
      const guard = (this.settings.registers.get(12) ?? 0) * guardUnitMs;
      const collector = new DataCollector(this.modem.clock, options, guard, (collected) => {
        run.signal.removeEventListener("abort", onAbort);
        this.leaveDataMode(run, waiting, collected);
        resolve(collected);
      });
      const onAbort = (): void => {
        collector.cancel();
        if (this.state.kind === "data" && this.state.run === run)
          this.state = { kind: "running", run, waiting };
        reject(run.signal.reason);
      };
      run.signal.addEventListener("abort", onAbort, { once: true });
      this.send(options.prompt ?? formatConnect(options.connect ?? "CONNECT", this.settings));
      this.state = { kind: "data", run, waiting, collector };
      for (const bytes of waiting.splice(0)) this.take(bytes);
    });
  }

  private leaveDataMode(run: CommandRun, waiting: Buffer[], collected: Collected): void {
    this.state = { kind: "running", run, waiting };
    this.droppingPacket = collected.end === "length";
    this.modem.log.add({ kind: "payload", port: this.name, bytes: collected.bytes });
    this.modem.dataModeLeft();
  }

  private take(bytes: Buffer): void {
    this.takeEach(bytes);
    this.sendEcho();
  }

  private sendEcho(): void {
    if (this.echo.length > 0) this.transmit(Buffer.from(this.echo.splice(0)));
  }

  private takeEach(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at++) {
      switch (this.state.kind) {
        case "off":
        case "hung":
          return;
        case "multiplexed":
          this.takeFrameByte(this.state.line, bytes.readUInt8(at));
          break;
        case "command":
          this.takeCommandByte(bytes.readUInt8(at));
          break;
        case "running":
          this.takeWhileRunning(this.state, bytes.subarray(at));
          return;
        case "data":
          this.state.collector.push(bytes.subarray(at));
          return;
      }
    }
  }

  private takeFrameByte(line: MultiplexedLine, byte: number): void {
    const answer = line.push(byte);
    if (answer === undefined) return;
    this.transmit(answer);
    this.reader.reset();
    this.state = { kind: "command" };
  }

  private takeCommandByte(byte: number): void {
    if (this.reader.isLineFeedAfterEnd(byte)) {
      this.reader.push(byte);
      return;
    }
    if (this.settings.echo === 1) this.echo.push(byte);
    const event = this.reader.push(byte);
    switch (event.kind) {
      case "none":
        return;
      case "line":
        this.lastLine = event.text;
        this.start(event.text);
        return;
      case "repeat":
        this.start(this.lastLine);
        return;
      case "overrun":
        // No command is spelled so, which gives ERROR.
        this.start("\0");
    }
  }

  private takeWhileRunning(state: { run: CommandRun; waiting: Buffer[] }, bytes: Buffer): void {
    if (this.reader.isLineFeedAfterEnd(bytes.readUInt8(0))) {
      this.reader.push(bytes.readUInt8(0));
      if (bytes.length > 1) this.takeWhileRunning(state, bytes.subarray(1));
      return;
    }
    switch (this.modem.variants["busy-input"]) {
      case "queued":
        state.waiting.push(bytes);
        return;
      case "dropped":
        return;
      case "aborts":
        state.run.abort();
    }
  }

  private start(text: string): void {
    this.sendEcho();
    this.modem.log.add({ kind: "line", port: this.name, text: `AT${text}` });
    const run = new CommandRun(this.modem, this, text);
    const waiting: Buffer[] = [];
    this.state = { kind: "running", run, waiting };
    this.modem.background(async () => {
      await run.execute();
      if (run.modemSignal.aborted || this.state.kind !== "running" || this.state.run !== run) return;
      this.state = { kind: "command" };
      this.reportHeld();
      run.afterResult();
      for (const bytes of waiting) this.take(bytes);
    });
  }

  private reportHeld(): void {
    for (const { line, data } of this.heldUrcs.splice(0)) this.urc(line, data);
  }
}
