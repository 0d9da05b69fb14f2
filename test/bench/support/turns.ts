/** Watches the turns of the event loop: how long each keeps all others from running. */

export class TurnWatch {
  /** Milliseconds of the longest turn so far. */
  longest = 0;
  private isRunning = true;

  constructor() {
    let before = this.now();
    const look = (): void => {
      const now = this.now();
      // A turn during which the machine ran something else is no longer than what this process spent in it.
      this.longest = Math.max(this.longest, Math.min(now.wall - before.wall, now.cpu - before.cpu));
      before = now;
      if (this.isRunning) setImmediate(look);
    };
    setImmediate(look);
  }

  stop(): void {
    this.isRunning = false;
  }

  private now(): { readonly wall: number; readonly cpu: number } {
    const { user, system } = process.cpuUsage();
    return { wall: performance.now(), cpu: (user + system) / 1000 };
  }
}
