/**
 * A process that stands still (SIGSTOP, a host that swaps, a virtual machine that is moved) and goes on later: module,
 * server and disk of the others do not wait for it.
 *
 * What reaches it meanwhile is kept by the operating system: data, answers of the disk, and timers that are due. Which
 * of them its event loop sees first when it goes on depends on where it stood.
 */
import type { Clock } from "../../../lib/clock";

export type Source = "timers" | "line" | "disk";

export class ProcessPause {
  private paused = false;
  private readonly kept: { readonly source: Source; readonly deliver: () => void }[] = [];

  constructor(private readonly world: Clock) {}

  get isPaused(): boolean {
    return this.paused;
  }

  stop(): void {
    this.paused = true;
  }

  /** @param first what the event loop sees before all others. */
  goOn(first: Source): void {
    if (!this.paused) return;
    this.paused = false;
    const kept = this.kept.splice(0);
    // Each in a turn of its own, and what comes now comes behind them.
    for (const { deliver } of kept.filter(({ source }) => source === first)) this.world.after(0, deliver);
    for (const { deliver } of kept.filter(({ source }) => source !== first)) this.world.after(0, deliver);
  }

  /** Calls `deliver` now, or when the process goes on. */
  pass(source: Source, deliver: () => void): void {
    if (this.paused) this.kept.push({ source, deliver });
    else deliver();
  }

  /** Resolves now, or when the process goes on. */
  async passed(source: Source): Promise<void> {
    if (this.paused) await new Promise<void>((resolve) => this.pass(source, resolve));
  }
}
