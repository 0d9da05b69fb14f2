/**
 * One direction of something that takes a while: what enters it comes out later, each after a latency of its own, and in
 * its order.
 */
import type { Clock } from "../../../lib/clock";

export class Latencies {
  private readonly waiting: (() => void)[] = [];
  /** When the last one that is under way comes out. */
  private lastAt = 0;

  /** @param ms latency of the next one; 0: it takes no time where none is before it. */
  constructor(
    private readonly clock: Clock,
    private readonly ms: () => number,
  ) {}

  /** @param out called when it comes out; at once where nothing takes time. */
  pass(out: () => void): void {
    this.enter(this.ms(), out);
  }

  /** Resolves when all that is under way has come out. */
  async allPassed(): Promise<void> {
    if (this.waiting.length > 0) await new Promise<void>((resolve) => this.enter(0, resolve));
  }

  /** Resolves when this one has come out. */
  async passed(): Promise<void> {
    const ms = this.ms();
    if (ms > 0 || this.waiting.length > 0) await new Promise<void>((resolve) => this.enter(ms, resolve));
  }

  private enter(ms: number, out: () => void): void {
    if (ms === 0 && this.waiting.length === 0) {
      out();
      return;
    }
    const now = this.clock.now();
    this.lastAt = Math.max(this.lastAt, now + ms);
    this.waiting.push(out);
    // Whichever timer fires first: the one that entered first comes out.
    this.clock.after(this.lastAt - now, () => this.waiting.shift()?.());
  }
}

/** Kinds of latency: milliseconds that most take at most, from a good disk, line or network to a bad one. */
export type Pace = "disk" | "line" | "network";

const USUAL: Readonly<Record<Pace, readonly number[]>> = {
  // A solid-state disk to a card that is worn out.
  disk: [0.2, 3, 20, 80],
  // USB, an adapter with its latency timer (16 ms), a gateway on the network.
  line: [0.1, 1, 16, 60],
  // One way: a server beside the base station, LTE, a weak signal, a network that pages the module first.
  network: [0.5, 20, 100, 400],
};
/** One in so many takes up to `SPIKE` times as long. */
const SPIKE_EVERY = 100;
const SPIKE = 10;

/** A disk, line or network of chance. @param random of its own: 0 (included) to 1 (excluded) */
export function anyLatency(pace: Pace, random: () => number): () => number {
  const usual = USUAL[pace];
  const most = usual[Math.floor(random() * usual.length)] ?? 1;
  return () => most * random() * (random() * SPIKE_EVERY < 1 ? SPIKE : 1);
}
