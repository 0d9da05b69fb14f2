/**
 * The process of an episode: one config node or two on two ports of the same module, which live and die together.
 *
 * In two config nodes of one process the module's lock is shared, as it is in Node-RED.
 */
import type { FaultyFiles, Operation, Survives } from "../../support/faulty-files";
import type { Gateway } from "./gateway";
import type { ProcessPause, Source } from "./process-pause";

export class Host {
  /** Changes with each end of a process by which it may have told something without noting it. */
  epoch = 0;
  /** Milliseconds that an operation of the disk takes beyond its usual time. */
  diskMs: (operation: Operation) => number = () => 0;

  constructor(
    readonly gateways: readonly Gateway[],
    private readonly pause: ProcessPause,
    /** Told when the process has ended in the middle of whatever it did. */
    private readonly ended: () => void,
  ) {}

  /** All config nodes take messages. */
  get isServing(): boolean {
    return !this.isPaused && this.gateways.every((gateway) => gateway.isServing);
  }

  get isPaused(): boolean {
    return this.pause.isPaused;
  }

  /** All config nodes have noticed that another host sends mails through the module. */
  get knowsOthers(): boolean {
    return this.gateways.every(({ current }) => current?.knowsOthers() === true);
  }

  start(): void {
    for (const gateway of this.gateways) gateway.start();
  }

  kill(survives: Survives): void {
    this.epoch++;
    for (const gateway of this.gateways) gateway.kill(survives);
    this.ended();
    this.goOn("line");
  }

  /** A process that stands still is deployed when it goes on. */
  async close(): Promise<void> {
    await this.pause.passed("line");
    await Promise.all(this.gateways.map((gateway) => gateway.close()));
  }

  /** Deploys new flows with one of the config nodes; a process that stands still deploys them when it goes on. */
  async deploy(gateway: Gateway, ...how: Parameters<Gateway["deploy"]>): Promise<void> {
    await this.pause.passed("line");
    gateway.deploy(...how);
  }

  /** The process stands still until `goOn`. */
  stop(): void {
    this.pause.stop();
  }

  goOn(first: Source): void {
    this.pause.goOn(first);
  }

  /** Another runtime opens the first outbox and leaves it after `ms`; meanwhile it tells what was not told before. */
  intrude(ms: number): void {
    const [first] = this.gateways;
    this.epoch++;
    void first?.intrude(ms).then(() => this.epoch++);
  }

  /** Errors of the disk may make it forget what it has told. */
  set diskFault(fault: FaultyFiles["fault"]) {
    this.epoch++;
    for (const { disk } of this.gateways) disk.fault = fault;
  }
}
