/**
 * What a campaign has reached: which events came to mails in which states, and in which states the mishaps found them.
 *
 * Looks on where the lifecycle is called, and changes nothing there.
 */
import type { LifeEvent, MailState } from "../../../lib/outbox/lifecycle";
import type { MailLife } from "../../../lib/outbox/outcome";
import { next, stateOf } from "../../../lib/outbox/lifecycle";
import { replace } from "./replaceable";

const STATES = ["queued", "preparing", "sending", "inDoubt", "ended"] as const satisfies MailState["kind"][];
const EVENTS = [
  "start",
  "prepared",
  "marked",
  "unmarked",
  "abandoned",
  "outcome",
  "end",
  "supersede",
  "evict",
  "stop",
  "told",
  "retry",
] as const satisfies LifeEvent["kind"][];

/** In which of them a mishap finds a mail; the first that fits, because one mail at a time is under way. */
const FOUND = ["sending", "inDoubt", "preparing", "queued", "no mail"] as const;

type Watcher = (
  mail: string,
  event: LifeEvent["kind"],
  before: MailState["kind"],
  after: MailState["kind"],
) => void;

let watcher: Watcher = () => undefined;
let isWatched = false;

function watch(): void {
  if (isWatched) return;
  isWatched = true;
  const go = next;
  const watched = <M extends MailLife>(mail: M, event: LifeEvent, now: number, random: number) => {
    const step = go(mail, event, now, random);
    if ("id" in mail) watcher(String(mail.id), event.kind, stateOf(mail).kind, stateOf(step.mail).kind);
    return step;
  };
  replace("lib/outbox/lifecycle.ts", { next: watched });
}

export class Reached {
  /** Cells of the two tables. */
  readonly events = new Set<string>();
  readonly mishaps = new Set<string>();
  private states = new Map<string, MailState["kind"]>();

  /** A new episode begins; from now on what happens is noted here. */
  begin(): void {
    watch();
    this.states = new Map();
    watcher = (mail, event, before, after) => {
      this.events.add(eventCell(before, event));
      if (event === "told") this.states.delete(mail);
      else this.states.set(mail, after);
    };
  }

  accepted(mail: string): void {
    this.states.set(mail, "queued");
  }

  /** A process has ended: what was under way is in doubt, or waits again. */
  restarted(): void {
    for (const [mail, state] of this.states)
      this.states.set(mail, state === "sending" ? "inDoubt" : state === "preparing" ? "queued" : state);
  }

  /** A mishap strikes now. */
  struck(mishap: string): void {
    const states = new Set<string>(this.states.values());
    this.mishaps.add(mishapCell(mishap, FOUND.find((state) => states.has(state)) ?? "no mail"));
  }
}

/** All cells that there are. @param mishaps their names */
export function allCells(mishaps: readonly string[]): {
  events: readonly string[];
  mishaps: readonly string[];
} {
  return {
    events: STATES.flatMap((state) => EVENTS.map((event) => eventCell(state, event))),
    mishaps: mishaps.flatMap((mishap) => FOUND.map((state) => mishapCell(mishap, state))),
  };
}

function eventCell(state: string, event: string): string {
  return `${state}: ${event}`;
}

function mishapCell(mishap: string, state: string): string {
  return `${mishap}: ${state}`;
}
