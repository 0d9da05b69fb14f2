/**
 * Order: the mails that have not ended, what is due and what has expired, with no more in memory than that needs.
 *
 * What comes next stands first in the order of acceptance of its priority, and nothing expires before the earliest
 * deadline known; so all of them are looked through only when that has come, or when none is due.
 */
import type { ErrorCode } from "../errors";
import type { Priority } from "../mail/mail";
import { adopted, stateOf, type MailLife, type MailState } from "./lifecycle";
import { LONGEST_WAIT_MS } from "./outcome";
import type { RecoveredMail } from "./spool/record";
import type { Unread } from "./spool/spool";
import type { OutboxTime } from "./spool/state";
import type { Slot } from "./spool/store";

export interface Entry extends Slot {
  readonly seq: number;
  readonly priority: Priority;
  readonly nodeId: string;
  /** Key of `msg.replaces`. */
  readonly replaces: string | undefined;
  /** When it is given up: at its own limit in running time, or at the modem's in active time; the other is infinite. */
  readonly ends: Deadline;
  /** Accepted by an earlier run, or put back from the failed ones. */
  readonly recovered: boolean;
  /** Running time; `flush` brings it forward. */
  due: number;
  /** Computed from the transactions of the mail (lifecycle.ts); `ended` also of one whose end has been decided. */
  stage: MailState["kind"];
  /** Why it was not sent when it was last tried. */
  lastError: ErrorCode | undefined;
  /** Which of its files could not be read; undefined: it was not tried yet. */
  unread: Unread | undefined;
}

/** In the order of sending. */
const PRIORITIES = ["high", "normal", "low"] as const satisfies readonly Priority[];
const MINUTE_MS = 60_000;

/** What there is to do now, and when there will be something. */
interface Survey {
  /** Oldest of all that have not ended. */
  readonly oldest: Entry | undefined;
  /** First in order of those that are due. */
  readonly next: Entry | undefined;
  /** Milliseconds until a mail is due; infinite when one is due now, or none waits. */
  readonly dueIn: number;
  /** The mail that is due then. */
  readonly soonest: Entry | undefined;
}

interface Expiring {
  readonly expired: readonly Entry[];
  /** Milliseconds until another mail may expire. */
  readonly expiresIn: number;
}

/** Whichever comes first. */
interface Deadline {
  /** Active time. */
  readonly active: number;
  /** Running time. */
  readonly time: number;
}

const NEVER: Deadline = { active: Infinity, time: Infinity };

export class Order {
  /** All mails by their id, in the order in which they came. */
  readonly entries = new Map<string, Entry>();
  /** Mails that have not ended. */
  depth = 0;
  /** Of all of them on the disk. */
  bytes = 0;
  /** The same in the order of acceptance, by priority. */
  private readonly queues = { high: new Set<Entry>(), normal: new Set<Entry>(), low: new Set<Entry>() };
  /** Highest place that was in each of them. */
  private readonly youngest = { high: 0, normal: 0, low: 0 };
  /** Those with a key for `msg.replaces`, by node and key. */
  private readonly keys = new Map<string, Set<Entry>>();
  /** Before that, no mail of the queue expires, whatever its stage. */
  private deadline: Deadline = NEVER;
  /** Highest place in the order of acceptance that was given away. */
  private lastSeq = 0;

  /** @param limit milliseconds of active time, for mails without a limit of their own. */
  constructor(
    private readonly time: OutboxTime,
    private readonly limit: number,
  ) {}

  add({ record, place, bytes }: RecoveredMail, recovered: boolean): Entry {
    const now = this.time.now();
    const { id, seq, priority, replaces, maxAge, revision, accepted, written } = record;
    const { nodeId } = record.origin;
    const isOfNow = accepted.clock === now.clock;
    // Of another clock (a spool that was adopted, a lost state) nothing is known but that it is here now; what was
    // accepted in time that was lost since, by a power cut or a wrong record, starts over.
    const startsOver = !isOfNow || accepted.time > now.time;
    const since = {
      clock: now.clock,
      time: isOfNow ? Math.min(accepted.time, now.time) : now.time,
      active: isOfNow ? Math.min(accepted.active, now.active) : now.active,
      // Kept with the next state of the mail, which names our clock and would pass for exact.
      ...((startsOver || accepted.startedOver === true) && { startedOver: true as const }),
    };
    const entry: Entry = {
      id,
      seq,
      priority,
      nodeId,
      replaces,
      accepted: since,
      ends:
        maxAge === null
          ? { active: since.active + this.limit, time: Infinity }
          : { active: Infinity, time: since.time + maxAge * MINUTE_MS },
      recovered,
      bytes,
      place,
      due: 0,
      stage: "queued",
      lastError: undefined,
      unread: undefined,
      revision,
      unsaved: undefined,
    };
    this.entries.set(id, entry);
    this.depth++;
    this.bytes += bytes;
    this.settle(entry, adopted(record, place), Math.max(0, written.time - now.time));
    if (!isOfNow) entry.due = now.time;
    this.queues[priority].add(entry);
    // Its message took longer to read, or its files longer to write, than those of younger mails.
    if (seq < this.youngest[priority]) {
      this.queues[priority] = new Set([...this.queues[priority]].sort((a, b) => a.seq - b.seq));
    }
    this.youngest[priority] = Math.max(this.youngest[priority], seq);
    if (replaces !== undefined) this.keyed(nodeId, replaces).add(entry);
    const { active, time } = this.deadline;
    this.deadline = { active: Math.min(active, entry.ends.active), time: Math.min(time, entry.ends.time) };
    this.lastSeq = Math.max(this.lastSeq, seq);
    return entry;
  }

  /** The place in the order of acceptance for a new mail. */
  nextSeq(): number {
    return ++this.lastSeq;
  }

  /** From now on nothing more is sent of it. */
  startEnding(entry: Entry): void {
    if (entry.stage !== "ended") this.depth--;
    entry.stage = "ended";
  }

  /** What `startEnding` announced did not happen. */
  cancelEnding(entry: Entry): void {
    if (entry.stage === "ended") this.depth++;
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
    this.bytes -= entry.bytes;
    if (entry.stage !== "ended") this.depth--;
  }

  /** In the order of sending: priority, then age. Those that have ended are left out. */
  inOrder(): Entry[] {
    return PRIORITIES.flatMap((priority) =>
      [...this.queues[priority]].filter(({ stage }) => stage !== "ended"),
    );
  }

  /** Those that have ended and are perhaps not told. */
  untold(): Entry[] {
    return [...this.entries.values()].filter(({ stage }) => stage === "ended");
  }

  /** True while a mail waits that failed with this error when it was last tried. */
  hasFailed(code: ErrorCode): boolean {
    for (const { stage, lastError } of this.entries.values())
      if (stage !== "ended" && lastError === code) return true;
    return false;
  }

  /** The mail that a `high` one pushes out of a full outbox. */
  youngestLow(): Entry | undefined {
    return [...this.queues.low].findLast(({ stage }) => stage === "queued");
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

  /**
   * Puts down what the lifecycle has made of a mail.
   *
   * @param lostMs of running time that was lost since its record was written.
   */
  settle(entry: Entry, mail: Pick<MailLife, "end" | "transactions">, lostMs = 0): void {
    const state = stateOf(mail);
    if (state.kind === "ended") return this.startEnding(entry);
    entry.stage = state.kind;
    entry.lastError = mail.transactions.findLast(({ lastError }) => lastError !== undefined)?.lastError?.code;
    // Its record may name a time of another clock.
    if (state.kind === "queued")
      entry.due = Math.min(state.due - lostMs, this.time.now().time + LONGEST_WAIT_MS);
  }

  /** Milliseconds until the mail is given up; not above 0 when that time has come. */
  timeLeft({ ends }: Entry): number {
    const now = this.time.now();
    return Math.min(ends.active - now.active, ends.time - now.time);
  }

  survey(): Survey {
    const now = this.time.now();
    let oldest: Entry | undefined;
    for (const entry of this.entries.values()) {
      if (entry.stage === "ended") continue;
      oldest = entry;
      break;
    }
    for (const priority of PRIORITIES) {
      for (const entry of this.queues[priority]) {
        const { stage, due, ends } = entry;
        if (stage === "queued" && due <= now.time && ends.active > now.active && ends.time > now.time)
          return { oldest, next: entry, dueIn: Infinity, soonest: undefined };
      }
    }
    let soonest: Entry | undefined;
    for (const entry of this.entries.values()) {
      if (entry.stage !== "queued" || entry.due <= now.time) continue;
      if (soonest === undefined || entry.due < soonest.due) soonest = entry;
    }
    const dueIn = soonest === undefined ? Infinity : soonest.due - now.time;
    return { oldest, next: undefined, dueIn, soonest };
  }

  /** Ids of the nodes whose mails have not ended, without the mail `sending`. */
  sendersBehind(sending: Entry): ReadonlySet<string> {
    const senders = new Set<string>();
    for (const entry of this.entries.values())
      if (entry !== sending && entry.stage !== "ended") senders.add(entry.nodeId);
    return senders;
  }

  /**
   * The mails whose time is over.
   *
   * @param held active time stands still. @param spared cannot be ended now.
   */
  expiring(held: boolean, spared?: Entry): Expiring {
    const now = this.time.now();
    const [active, time] = [this.deadline.active - now.active, this.deadline.time - now.time];
    if (active > 0 && time > 0) return { expired: [], expiresIn: held ? time : Math.min(active, time) };
    // A deadline has come; perhaps that of a mail that is no longer there, or does not wait just now.
    const expired: Entry[] = [];
    let expiresIn = Infinity;
    let first = NEVER;
    for (const entry of this.entries.values()) {
      const { ends } = entry;
      first = { active: Math.min(first.active, ends.active), time: Math.min(first.time, ends.time) };
      if (entry.stage === "ended" || entry === spared) continue;
      const [activeLeft, timeLeft] = [ends.active - now.active, ends.time - now.time];
      if (activeLeft <= 0 || timeLeft <= 0) expired.push(entry);
      else expiresIn = Math.min(expiresIn, timeLeft, held ? Infinity : activeLeft);
    }
    this.deadline = first;
    return { expired, expiresIn };
  }

  private keyed(nodeId: string, replaces: string): Set<Entry> {
    const key = keyOf(nodeId, replaces);
    const same = this.keys.get(key) ?? new Set<Entry>();
    this.keys.set(key, same);
    return same;
  }
}

function keyOf(nodeId: string, replaces: string): string {
  return JSON.stringify([nodeId, replaces]);
}
