/**
 * WaitingMails: the mails that have not ended, with no more in memory than their order needs.
 *
 * Looking through all of them is a matter of microseconds for the numbers a gateway keeps, and happens once per
 * transaction, so no ordered structure is kept.
 */
import type { Priority } from "../mail";
import type { Place } from "../spool/place";
import type { OutboxInstant, SpoolRecord } from "../spool/record";

export interface Entry {
  readonly id: string;
  readonly seq: number;
  readonly priority: Priority;
  readonly nodeId: string;
  readonly accepted: OutboxInstant;
  /** Milliseconds of running time; undefined: the modem's limit, of active time. */
  readonly ownLimit: number | undefined;
  /** Accepted by an earlier run, or put back from the failed ones. */
  readonly recovered: boolean;
  readonly attachments: number;
  /** On the disk when it was accepted, attachments included. */
  readonly bytes: number;
  place: Place;
  /** Running time. */
  due: number;
  /** `asking`: its result was lost and the module is to be asked. `ending`: nothing more is sent. */
  stage: "waiting" | "running" | "asking" | "ending";
  /** A state that the disk did not take; it holds instead of the file. */
  unsaved: SpoolRecord | undefined;
}

const RANK: Readonly<Record<Priority, number>> = { high: 0, normal: 1, low: 2 };

/** What there is to do now, and when there will be something. */
export interface Survey {
  /** First in order of those that are due. */
  readonly next: Entry | undefined;
  readonly expired: readonly Entry[];
  /** Milliseconds until another mail is due; infinite when none waits. */
  readonly dueIn: number;
  /** Milliseconds until another mail expires. */
  readonly expiresIn: number;
}

export class WaitingMails {
  /** In the order of acceptance. */
  private readonly entries = new Map<string, Entry>();
  private ending = 0;
  private total = 0;

  /** To be called in the order of acceptance. */
  add(entry: Entry): void {
    this.entries.set(entry.id, entry);
    this.total += entry.bytes;
    if (entry.stage === "ending") this.ending++;
  }

  /** From now on nothing more is sent of it. */
  startEnding(entry: Entry): void {
    if (entry.stage !== "ending") this.ending++;
    entry.stage = "ending";
  }

  /** What `startEnding` announced did not happen. */
  cancelEnding(entry: Entry): void {
    if (entry.stage === "ending") this.ending--;
    entry.stage = "waiting";
  }

  delete(entry: Entry): void {
    if (!this.entries.delete(entry.id)) return;
    this.total -= entry.bytes;
    if (entry.stage === "ending") this.ending--;
  }

  get(id: string): Entry | undefined {
    return this.entries.get(id);
  }

  /** Mails that have not ended. */
  get depth(): number {
    return this.entries.size - this.ending;
  }

  /** On the disk. */
  get bytes(): number {
    return this.total;
  }

  /** In the order of sending. */
  inOrder(): Entry[] {
    return [...this.entries.values()].filter(({ stage }) => stage !== "ending").sort(byOrder);
  }

  oldest(): Entry | undefined {
    for (const entry of this.entries.values()) if (entry.stage !== "ending") return entry;
    return undefined;
  }

  /** The mail that a `high` one pushes out of a full outbox. */
  youngestLow(): Entry | undefined {
    let youngest: Entry | undefined;
    for (const entry of this.entries.values()) {
      if (entry.stage === "waiting" && entry.priority === "low") youngest = entry;
    }
    return youngest;
  }

  /**
   * @param limit the modem's limit in milliseconds of active time.
   * @param held active time stands still.
   */
  survey(now: OutboxInstant, limit: number, held: boolean): Survey {
    let next: Entry | undefined;
    const expired: Entry[] = [];
    let dueIn = Infinity;
    let expiresIn = Infinity;
    for (const entry of this.entries.values()) {
      if (entry.stage !== "waiting") continue;
      const left = timeLeft(entry, now, limit);
      if (left <= 0) {
        expired.push(entry);
        continue;
      }
      if (entry.ownLimit !== undefined || !held) expiresIn = Math.min(expiresIn, left);
      const wait = entry.due - now.time;
      if (wait > 0) dueIn = Math.min(dueIn, wait);
      else if (next === undefined || byOrder(entry, next) < 0) next = entry;
    }
    return { next, expired, dueIn, expiresIn };
  }
}

/** Milliseconds until the mail is given up; not above 0 when that time has come. */
export function timeLeft(entry: Entry, now: OutboxInstant, limit: number): number {
  return entry.ownLimit === undefined
    ? entry.accepted.active + limit - now.active
    : entry.accepted.time + entry.ownLimit - now.time;
}

/** Priority, then age. */
function byOrder(a: Entry, b: Entry): number {
  return RANK[a.priority] - RANK[b.priority] || a.seq - b.seq;
}
