/** How a world comes out of its mishaps: each is healed in time, a person looks after held outboxes, and in the end all is mended. */
import { cell, change, simCard, type SimulatedModem } from "../../../lib/simulator";
import type { FastClock } from "../../support/fast-clock";
import type { Host } from "./host";
import { MINUTE } from "./mishap";

export interface Mended {
  readonly clock: FastClock;
  readonly module: SimulatedModem;
  readonly host: Host;
}

/** A person looks after a held outbox this often. */
const PERSON_EVERY = 40 * MINUTE;

export class Mending {
  private readonly cures = new Set<() => void>();
  /** Wall-clock time at the start of `clock`, before any mishap. */
  private readonly begin: number;

  constructor(private readonly world: Mended) {
    const { clock } = world;
    this.begin = clock.wall() - clock.now();
  }

  /** What is still to be healed. */
  get due(): number {
    return this.cures.size;
  }

  /** Undoes something after `ms`, or earlier when all is mended. */
  readonly heal = (ms: number, repair: () => void): void => {
    const cure = (): void => {
      if (this.cures.delete(cure)) repair();
    };
    this.cures.add(cure);
    this.world.clock.after(ms, cure);
  };

  /** From now on a person resumes outboxes that hold their mails. */
  watch(): void {
    const { clock, host } = this.world;
    clock.after(PERSON_EVERY, () => {
      for (const { outbox } of host.isPaused ? [] : host.gateways)
        if (outbox?.summary().hold !== undefined) void outbox.resume().catch(() => undefined);
      this.watch();
    });
  }

  /** Nothing is wrong any more. */
  all(): void {
    const { clock, module, host } = this.world;
    for (const cure of this.cures) cure();
    module.faults.set([]);
    change(module, simCard, { inserted: true });
    // New firmware ends the hold of mails that cannot go out over sockets.
    Object.assign(module.variants, { "socket-commands": "present" });
    change(module, cell, { registration: 1, rssi: 23, grantsContext: true });
    module.plug();
    clock.jumpWall(this.begin + clock.now() - clock.wall());
    host.goOn("line");
    host.start();
  }
}
