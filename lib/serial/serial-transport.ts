/**
 * SerialTransport: the serialport package as a byte pipe; no parser, no retry.
 *
 * serialport keeps what is written to a closed port and sends it after the next open; a mail command would then go
 * out late. So nothing is handed to it unless the port is open, and each connection has a port object of its own.
 */
import type { SerialPort, SerialPortMock } from "serialport";
import { systemClock, type Clock, type Timer } from "../clock";
import { isModemError, ModemError } from "../errors";
import { BaseTransport, readInPieces } from "./base-transport";
import { isModuleUsbPort } from "./port-role";
import { runPromiseReactions } from "./promise-reactions";
import { isWithoutLines, openError, portError } from "./serial-errors";
import { loadSerialPort } from "./serialport";
import type { ControlLines, Transport } from "./transport";

/** What becomes of a control line at open: raised, lowered, or left to the operating system. */
export type LineAtOpen = "on" | "off" | "leave";

export interface SerialOptions {
  /** Device or link below /dev/serial; a link is followed at each open, so a new number after replugging is found. */
  readonly path: string;
  /** bit/s. */
  readonly baudRate: number;
  readonly flowControl: "none" | "rtscts";
  readonly dtr: LineAtOpen;
  readonly rts: LineAtOpen;
  /** Default: the clock of the host. */
  readonly clock?: Clock;
  /** Default: this system. */
  readonly platform?: NodeJS.Platform;
  /** Default: serialport's own for this system; another for tests without a port. */
  readonly binding?: (typeof SerialPortMock)["binding"];
}

/**
 * Milliseconds between two looks whether the device is still there. serialport misses a device that goes between two
 * of its reads: from then on reading gives nothing, which it tries again at once and for ever.
 */
const WATCH_MS = 1_000;

type Done = (error?: Error | null) => void;

export class SerialTransport extends BaseTransport implements Transport {
  readonly label: string;
  private port: SerialPort | undefined;
  private opening: Promise<void> = Promise.resolve();
  private lastWrite: Promise<void> = Promise.resolve();
  /** As the operating system leaves them at open. serialport sets each line that is not named to its own default. */
  private lines: Required<ControlLines> = { dtr: true, rts: true };
  /** The module's own USB port: USB has its own flow control, and ignores the rate. */
  private isModuleUsb = false;
  private watching: Timer | undefined;
  private reactions: Timer | undefined;

  constructor(private readonly options: SerialOptions) {
    super();
    this.label = options.path;
  }

  private get clock(): Clock {
    return this.options.clock ?? systemClock;
  }

  get bitRate(): number | undefined {
    return this.isModuleUsb ? undefined : this.options.baudRate;
  }

  get flowControlled(): boolean {
    return this.isModuleUsb || this.options.flowControl === "rtscts";
  }

  /** Rejects with `PORT_NOT_FOUND`, `PORT_BUSY`, `PORT_DENIED`, `PORT_FAILED`, or `PORT_CLOSED` when closed meanwhile. */
  async open(): Promise<void> {
    this.beginOpening();
    this.opening = this.openPort();
    try {
      await this.during("opening", () => this.opening);
    } catch (error) {
      this.ended(undefined);
      await this.release();
      throw error;
    }
    this.opened();
    const binding = this.port?.port;
    if (binding !== undefined) this.reactions = runPromiseReactions(binding, this.clock);
    if (this.port !== undefined) {
      readInPieces(this.port, (bytes) => {
        if (this.isOpen) this.emit("data", bytes);
      });
    }
    this.watch();
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.during("open", () => {
      this.lastWrite = this.call((port, done) => port.write(Buffer.from(bytes), done));
      return this.lastWrite;
    });
  }

  drain(): Promise<void> {
    return this.during("open", async () => {
      await this.lastWrite;
      await this.call((port, done) => port.drain(done));
    });
  }

  set(lines: ControlLines): Promise<void> {
    const { dtr, rts } = this.options;
    const off = { ...(dtr === "off" && { dtr: false }), ...(rts === "off" && { rts: false }) };
    return this.during("open", () => this.setLines({ ...lines, ...off }));
  }

  async close(): Promise<void> {
    this.ended(undefined);
    await this.release();
  }

  protected override ended(error: ModemError | undefined): void {
    this.watching?.clear();
    this.reactions?.clear();
    super.ended(error);
  }

  /** Asks for the modem lines from time to time: a device that is gone answers with an input/output error. */
  private watch(): void {
    this.watching = this.clock.after(WATCH_MS, () => {
      this.call((port, done) => port.get((error) => done(error))).then(
        () => this.watchOn(),
        (error: ModemError) => (error.code === "PORT_UNPLUGGED" ? this.lose(error) : this.watchOn()),
      );
    });
  }

  private watchOn(): void {
    if (this.isOpen) this.watch();
  }

  private async lose(error: ModemError): Promise<void> {
    this.ended(error);
    await this.release();
  }

  private async openPort(): Promise<void> {
    const { path, baudRate, flowControl, dtr, rts, binding, platform = process.platform } = this.options;
    // Linux and macOS raise both lines at open. On Windows the binding lowers what it is not told to raise, and a
    // module whose lines are low may say nothing.
    const raise = platform === "win32";
    try {
      this.isModuleUsb = await isModuleUsbPort(path, { platform });
      const SerialPort = await loadSerialPort();
      const port = new SerialPort({
        path,
        baudRate,
        rtscts: flowControl === "rtscts",
        // Closing would lower DTR, which is no way to leave a line alone. On Windows it says whether DTR is raised.
        hupcl: raise ? dtr !== "off" : dtr !== "leave",
        autoOpen: false,
        ...(binding !== undefined && { binding }),
      });
      this.port = port;
      port.on("close", (error: Error | null) => this.onPortEnd(error));
      port.on("error", (error: Error) => this.onPortEnd(error));
      await this.call((_port, done) => port.open(done));
      if (raise || dtr !== "leave") await this.setLines({ dtr: dtr !== "off" });
      if (raise || rts !== "leave") await this.setLines({ rts: rts !== "off" });
    } catch (error) {
      throw isModemError(error, "PACKAGE_UPDATED") ? error : openError(error);
    }
  }

  private async setLines(lines: ControlLines): Promise<void> {
    this.lines = { ...this.lines, ...lines };
    try {
      await this.call((port, done) => port.set(this.lines, done));
    } catch (error) {
      if (!(error instanceof ModemError && isWithoutLines(error))) throw error;
    }
  }

  /** The port has closed itself, or failed beyond use. */
  private onPortEnd(cause: Error | null): void {
    this.ended(cause === null ? undefined : new ModemError("PORT_UNPLUGGED", { cause }));
  }

  /** Closes the port object when its opening is over; what it still had to send is thrown away, not waited for. */
  private async release(): Promise<void> {
    await this.opening.catch(() => undefined);
    if (this.port?.isOpen !== true) return;
    await this.call((port, done) => port.flush(done)).catch(() => undefined);
    if (this.port.isOpen) await this.call((port, done) => port.close(done)).catch(() => undefined);
  }

  private call(start: (port: SerialPort, done: Done) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const { port } = this;
      if (port === undefined) reject(new ModemError("PORT_CLOSED"));
      else start(port, (error) => (error instanceof Error ? reject(portError(error)) : resolve()));
    });
  }
}
