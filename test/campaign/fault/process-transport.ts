/**
 * The connection of one process of the host to the module: it is cut, without a word to the process, when that dies.
 *
 * What passes is shown to a witness.
 */
import { EventEmitter } from "node:events";
import type { ProcessPause } from "./process-pause";
import type {
  ControlLines,
  Transport,
  TransportEvents,
  TransportFactory,
} from "../../../lib/serial/transport";

/** Sees what goes over the wire as the host's end has it. */
export interface LineWitness {
  opened(): void;
  written(bytes: Uint8Array): void;
  read(bytes: Uint8Array): void;
}

/** All connections of one process. */
export class ProcessLines {
  private readonly open = new Set<ProcessTransport>();
  private dead = false;

  constructor(
    private readonly witness: LineWitness,
    private readonly pause: ProcessPause,
  ) {}

  through(factory: TransportFactory): TransportFactory {
    return () => {
      const line = new ProcessTransport(factory(), this.witness, this.pause, () => this.dead);
      this.open.add(line);
      line.on("closed", () => this.open.delete(line));
      return line;
    };
  }

  /** The process is gone; the operating system closes its ports. */
  die(): void {
    this.dead = true;
    for (const line of this.open) line.cut();
  }
}

class ProcessTransport extends EventEmitter<TransportEvents> implements Transport {
  constructor(
    private readonly inner: Transport,
    private readonly witness: LineWitness,
    private readonly pause: ProcessPause,
    private readonly isDead: () => boolean,
  ) {
    super();
    inner.on("data", (bytes) =>
      this.hear(() => {
        witness.read(bytes);
        this.emit("data", bytes);
      }),
    );
    inner.on("closed", (error) => this.hear(() => this.emit("closed", error)));
  }

  get label(): string {
    return this.inner.label;
  }

  get bitRate(): number | undefined {
    return this.inner.bitRate;
  }

  get flowControlled(): boolean {
    return this.inner.flowControlled;
  }

  open(): Promise<void> {
    this.witness.opened();
    return this.alive(() => this.inner.open());
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.alive(() => {
      this.witness.written(bytes);
      return this.inner.write(bytes);
    });
  }

  drain(): Promise<void> {
    return this.alive(() => this.inner.drain());
  }

  set(lines: ControlLines): Promise<void> {
    return this.alive(() => this.inner.set(lines));
  }

  close(): Promise<void> {
    return this.alive(() => this.inner.close());
  }

  cut(): void {
    void this.inner.close();
  }

  private hear(what: () => void): void {
    this.pause.pass("line", () => {
      if (!this.isDead()) what();
    });
  }

  private async alive(work: () => Promise<void>): Promise<void> {
    if (this.isDead()) await forever();
    await work();
    await this.pause.passed("line");
    if (this.isDead()) await forever();
  }
}

/** What a dead process waits for. */
export function forever(): Promise<never> {
  return new Promise<never>(() => undefined);
}
