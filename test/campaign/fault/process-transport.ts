/**
 * The connection of one process of the host to the module: it is cut, without a word to the process, when that dies.
 *
 * Whatever passes takes a latency of its own and stays in its order, so that it overtakes, and is overtaken by, timers
 * and the disk. It is shown to a witness as the process has it.
 */
import { EventEmitter } from "node:events";
import type { Clock } from "../../../lib/clock";
import { Latencies } from "./latencies";
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

/** What lies between a process and its ports. */
export interface LinePath {
  /** Of the world: it goes on while the process stands still. */
  readonly clock: Clock;
  readonly witness: LineWitness;
  readonly pause: ProcessPause;
  /** Milliseconds that the next chunk takes, in either direction; 0: it is there at once. */
  readonly lineMs: () => number;
}

/** All connections of one process. */
export class ProcessLines {
  private readonly open = new Set<ProcessTransport>();
  private dead = false;

  constructor(private readonly path: LinePath) {}

  through(factory: TransportFactory): TransportFactory {
    return () => {
      const line = new ProcessTransport(factory(), this.path, () => this.dead);
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
  private readonly outward: Latencies;
  private readonly inward: Latencies;

  constructor(
    private readonly inner: Transport,
    private readonly path: LinePath,
    private readonly isDead: () => boolean,
  ) {
    super();
    this.outward = new Latencies(path.clock, path.lineMs);
    this.inward = new Latencies(path.clock, path.lineMs);
    inner.on("data", (bytes) =>
      this.hear(() => {
        path.witness.read(bytes);
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
    this.path.witness.opened();
    return this.alive(() => this.inner.open());
  }

  write(bytes: Uint8Array): Promise<void> {
    if (!this.isDead()) this.path.witness.written(bytes);
    return this.alive(() => this.inner.write(bytes));
  }

  drain(): Promise<void> {
    return this.alive(() => this.inner.drain());
  }

  set(lines: ControlLines): Promise<void> {
    return this.alive(() => this.inner.set(lines));
  }

  /** What has come before is heard first, that it is closed included. */
  close(): Promise<void> {
    return this.alive(async () => {
      await this.inner.close();
      await this.inward.allPassed();
    });
  }

  cut(): void {
    void this.inner.close();
  }

  private hear(what: () => void): void {
    this.inward.pass(() =>
      this.path.pause.pass("line", () => {
        if (!this.isDead()) what();
      }),
    );
  }

  private async alive(work: () => Promise<void>): Promise<void> {
    if (this.isDead()) await forever();
    await this.outward.passed();
    if (this.isDead()) await forever();
    await work();
    await this.path.pause.passed("line");
    if (this.isDead()) await forever();
  }
}

/** What a dead process waits for. */
export function forever(): Promise<never> {
  return new Promise<never>(() => undefined);
}
