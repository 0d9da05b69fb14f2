/**
 * Order: the mails that have not ended, what is due and what has expired, with no more in memory than that needs.
 *
 * What comes next stands first in the order of acceptance of its priority, and nothing expires before the earliest
 * deadline known; so all of them are looked through only when that has come, or when none is due.
 */
import type { Priority } from "../mail/mail";
import type { MailLife, MailState } from "./life";
import { stateOf } from "./lifecycle";
import type { OutboxInstant, Place, SpoolRecord } from "./spool/record";

export interface Entry {
  readonly id: string;
  readonly seq: number;
  readonly priority: Priority;
  readonly nodeId: string;
  /** Key of `msg.replaces`. */
  readonly replaces: string | undefined;
  readonly accepted: OutboxInstant;
  /** Milliseconds of running time; undefined: the modem's limit, of active time. */
  readonly ownLimit: number | undefined;
  /** Accepted by an earlier run, or put back from the failed ones. */
  readonly recovered: boolean;
  /** On the disk when it was accepted, attachments included. */
  readonly bytes: number;
  place: Place;
  /** Running time; `flush` brings it forward. */
  due: number;
  /** Computed from the transactions of the mail (lifecycle.ts); `ended` also of one whose end has been decided. */
  stage: MailState["kind"];
  /** Of the last record that was written. */
  revision: number;
  /** A state that the disk did not take; it holds instead of the file. */
  unsaved: SpoolRecord | undefined;
}

const RANK: Readonly<Record<Priority, number>> = { high: 0, normal: 1, low: 2 };
const PRIORITIES = ["high", "normal", "low"] as const satisfies readonly Priority[];

/** What there is to do now, and when there will be something. */
export interface Survey {
  /** First in order of those that are due. */
  readonly next: Entry | undefined;
  /** Milliseconds until a mail is due; infinite when one is due now, or none waits. */
  readonly dueIn: number;
}

export interface Expiring {
  readonly expired: readonly Entry[];
  /** Milliseconds until another mail may expire. */
  readonly expiresIn: number;
}

/** Before both, no mail of the queue expires, whatever its stage. */
interface Deadline {
  /** Active time of acceptance of the oldest mail under the modem's limit. */
  readonly oldest: number;
  /** Running time at which the first mail with a limit of its own ends. */
  readonly own: number;
}

const NEVER: Deadline = { oldest: Infinity, own: Infinity };

export class Order {
  /** In the order of acceptance. */
  private readonly entries = new Map<string, Entry>();
  /** The same, by priority. */
  private readonly queues = { high: new Set<Entry>(), normal: new Set<Entry>(), low: new Set<Entry>() };
  /** Those with a key for `msg.replaces`, by node and key. */
  private readonly keys = new Map<string, Set<Entry>>();
  private deadline: Deadline = NEVER;
  private ending = 0;
  private total = 0;

  /** To be called in the order of acceptance. */
  add(entry: Entry): void {
    this.entries.set(entry.id, entry);
    this.queues[entry.priority].add(entry);
    if (entry.replaces !== undefined) this.keyed(entry.nodeId, entry.replaces).add(entry);
    this.deadline = earlier(this.deadline, entry);
    this.total += entry.bytes;
    if (entry.stage === "ended") this.ending++;
  }

  /** From now on nothing more is sent of it. */
  startEnding(entry: Entry): void {
    if (entry.stage !== "ended") this.ending++;
    entry.stage = "ended";
  }

  /** What `startEnding` announced did not happen. */
  cancelEnding(entry: Entry): void {
    if (entry.stage === "ended") this.ending--;
    entry.stage = "queued";
  }

  delete(entry: Entry): void {
    if (!this.entries.delete(entry.id)) return;
    this.queues[entry.priority].delete(entry);
    if (entry.replaces !== undefined) {
      const same = this.keyed(entry.nodeId, entry.replaces);
      same.delete(entry);
      if (same.size === 0) this.keys.delete(keyOf(entry.nodeId, entry.replaces));
    }
    this.total -= entry.bytes;
    if (entry.stage === "ended") this.ending--;
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
    return [...this.entries.values()].filter(({ stage }) => stage !== "ended").sort(byOrder);
  }

  oldest(): Entry | undefined {
    for (const entry of this.entries.values()) if (entry.stage !== "ended") return entry;
    return undefined;
  }

  /** The mail that a `high` one pushes out of a full outbox. */
  youngestLow(): Entry | undefined {
    let youngest: Entry | undefined;
    for (const entry of this.entries.values()) {
      if (entry.stage === "queued" && entry.priority === "low") youngest = entry;
    }
    return youngest;
  }

  /** All but the youngest of the mails of the same node with the same key: several may come to the disk at once. */
  replaced({ nodeId, replaces }: Entry): readonly Entry[] {
    const same = replaces === undefined ? [] : [...(this.keys.get(keyOf(nodeId, replaces)) ?? [])];
    const youngest = Math.max(...same.map(({ seq }) => seq));
    return same.filter(({ seq, stage }) => seq < youngest && stage !== "ended");
  }

  /** Makes all that waits due at this running time at the latest. */
  hurry(time: number): void {
    for (const entry of this.entries.values()) entry.due = Math.min(entry.due, time);
  }

  /** Puts down what the lifecycle has made of a mail. */
  settle(entry: Entry, mail: MailLife): void {
    const state = stateOf(mail);
    if (state.kind === "ended") {
      this.startEnding(entry);
      return;
    }
    entry.stage = state.kind;
    if (state.kind === "queued") entry.due = state.due;
  }

  /** @param limit the modem's limit in milliseconds of active time. */
  survey(now: OutboxInstant, limit: number): Survey {
    const next = this.firstDue(now, limit);
    return { next, dueIn: next === undefined ? this.dueIn(now) : Infinity };
  }

  /**
   * The mails whose time is over.
   *
   * @param held active time stands still. @param isSpared cannot be ended now.
   */
  expiring(now: OutboxInstant, limit: number, held: boolean, isSpared: (entry: Entry) => boolean): Expiring {
    const { oldest, own } = this.deadline;
    const [active, time] = [oldest + limit - now.active, own - now.time];
    if (active > 0 && time > 0) return { expired: [], expiresIn: held ? time : Math.min(active, time) };
    return this.lookForExpired(now, limit, held, isSpared);
  }

  private keyed(nodeId: string, replaces: string): Set<Entry> {
    const key = keyOf(nodeId, replaces);
    const same = this.keys.get(key) ?? new Set<Entry>();
    this.keys.set(key, same);
    return same;
  }

  private firstDue(now: OutboxInstant, limit: number): Entry | undefined {
    for (const priority of PRIORITIES) {
      for (const entry of this.queues[priority]) {
        if (entry.stage === "queued" && entry.due <= now.time && timeLeft(entry, now, limit) > 0)
          return entry;
      }
    }
    return undefined;
  }

  private dueIn(now: OutboxInstant): number {
    let dueIn = Infinity;
    for (const { stage, due } of this.entries.values()) {
      if (stage === "queued" && due > now.time) dueIn = Math.min(dueIn, due - now.time);
    }
    return dueIn;
  }

  /** A deadline has come; perhaps that of a mail that is no longer there, or does not wait just now. */
  private lookForExpired(
    now: OutboxInstant,
    limit: number,
    held: boolean,
    isSpared: (entry: Entry) => boolean,
  ): Expiring {
    const expired: Entry[] = [];
    let expiresIn = Infinity;
    this.deadline = NEVER;
    for (const entry of this.entries.values()) {
      this.deadline = earlier(this.deadline, entry);
      if (entry.stage === "ended" || isSpared(entry)) continue;
      const left = timeLeft(entry, now, limit);
      if (left <= 0) expired.push(entry);
      else if (entry.ownLimit !== undefined || !held) expiresIn = Math.min(expiresIn, left);
    }
    return { expired, expiresIn };
  }
}

function keyOf(nodeId: string, replaces: string): string {
  return JSON.stringify([nodeId, replaces]);
}

/** The deadline with one mail more. */
function earlier({ oldest, own }: Deadline, { ownLimit, accepted }: Entry): Deadline {
  return ownLimit === undefined
    ? { oldest: Math.min(oldest, accepted.active), own }
    : { oldest, own: Math.min(own, accepted.time + ownLimit) };
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
