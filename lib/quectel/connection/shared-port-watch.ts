/**
 * SharedPortWatch: recognises a second program on our port by answers that nothing here has asked for.
 *
 * ModemManager and its like take no lock; their commands and ours mix on the line. A single stray answer may be a late
 * one, so several in a short time are wanted.
 */
import type { Clock } from "../../clock";
import { ModemError } from "../../errors";

/** Stray answers within so many milliseconds that show a second program. */
const STRAY_ANSWERS = 3;
const STRAY_WINDOW_MS = 60_000;

export class SharedPortWatch {
  private times: number[] = [];
  private told = false;

  constructor(private readonly clock: Clock) {}

  /** Takes a foreign line; returns the error once, when there have been too many. */
  heard(line: string): ModemError | undefined {
    const now = this.clock.now();
    this.times = [...this.times.filter((time) => now - time < STRAY_WINDOW_MS), now];
    if (this.told || this.times.length < STRAY_ANSWERS) return undefined;
    this.told = true;
    return new ModemError("PORT_SHARED", { detail: `nobody here asked for ${line}` });
  }
}
