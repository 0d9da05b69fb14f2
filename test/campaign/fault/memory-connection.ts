/**
 * A TCP connection in memory: chunks, the end and a reset take a latency of their own and arrive in their order.
 *
 * An end that is destroyed takes the other with it, as a reset does, behind all that it had sent before.
 */
import { Duplex } from "node:stream";
import type { Clock } from "../../../lib/clock";
import { Latencies } from "./latencies";

/** What lies between a module and its servers. */
export interface Network {
  readonly clock: Clock;
  /** Milliseconds that the next chunk takes, in either direction; 0: it is there at once. */
  readonly ms: () => number;
}

/**
 * @param serve takes the far end when the first packet of the near one has reached it
 * @param network left out: nothing takes time
 */
export function memoryConnection(serve: (far: Duplex) => void, network?: Network): Duplex {
  const direction = (): Latencies => new Latencies(network?.clock ?? TIMELESS, network?.ms ?? (() => 0));
  const up = direction();
  const near = new End(up);
  const far = new End(direction());
  near.peer = far;
  far.peer = near;
  up.pass(() => serve(far));
  return near;
}

class End extends Duplex {
  peer: End | undefined;
  /** Told when the chunk that arrived last has been read. */
  private isRead: () => void = () => undefined;

  /** @param outward what its chunks pass on their way to the peer */
  constructor(private readonly outward: Latencies) {
    super({ allowHalfOpen: true });
    this.on("error", () => undefined);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.outward.pass(() => this.peer?.arrive(chunk, done));
  }

  override _final(done: () => void): void {
    this.outward.pass(() => {
      if (this.peer?.destroyed === false) this.peer.push(null);
    });
    done();
  }

  override _read(): void {
    const { isRead } = this;
    this.isRead = () => undefined;
    isRead();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const isOrderly = this.writableFinished && this.readableEnded;
    if (!isOrderly) this.outward.pass(() => this.peer?.destroy());
    done(error);
  }

  /** @param isRead never told by an end that is gone: its reset is on its way. */
  private arrive(chunk: Buffer, isRead: () => void): void {
    if (this.destroyed) return;
    if (chunk.length === 0) {
      isRead();
      return;
    }
    this.isRead = isRead;
    this.push(chunk);
  }
}

const TIMELESS: Clock = {
  now: () => 0,
  wall: () => 0,
  after: () => {
    throw new Error("nothing takes time here");
  },
};
