/**
 * What a campaign has reached: which events came to mails in which states, and in which states the mishaps found them.
 *
 * Looks on where the lifecycle is called, and changes nothing there.
 */
import type { LifeEvent, MailState } from "../../../lib/outbox/lifecycle";
import type { MailLife } from "../../../lib/outbox/outcome";
import { next, stateOf } from "../../../lib/outbox/lifecycle";
import type { Cells } from "../part";
import { replace } from "./replace";

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

/** States in which an event has to come to some mail in a full run. */
const REQUIRED: Readonly<Partial<Record<LifeEvent["kind"], readonly MailState["kind"][]>>> = {
  start: ["queued"],
  prepared: ["preparing"],
  marked: ["preparing"],
  unmarked: ["preparing"],
  abandoned: ["preparing"],
  outcome: ["preparing", "sending", "inDoubt"],
  end: ["queued"],
  evict: ["queued"],
  stop: ["preparing"],
  told: ["ended"],
};

/** Why no event of a kind has to come in any other state. One that comes all the same changes nothing there. */
export const NOT_REQUIRED: Readonly<Record<LifeEvent["kind"], string>> = {
  start: "the order chooses a mail that waits; one in doubt is asked about without it",
  prepared: "the mailer prepares what is being prepared",
  marked: "a mark is written for what is being prepared",
  unmarked: "a mark is written for what is being prepared",
  abandoned: "only what is being prepared is given up without an outcome",
  outcome: "nothing of a mail that waits or has ended is with the mailer",
  end: "the age of a mail that is with the mailer is looked at when it waits again, and no person discards one",
  supersede: "no message of an episode replaces another",
  evict: "a mail that is with the mailer or has ended takes no room in the queue",
  stop: "what is out is not stopped, and what waits needs no stop",
  told: "an end is told once there is one",
  retry: "no person retries what has failed",
};

/** In which of them a mishap finds a mail; the first that fits, because one mail at a time is under way. */
const FOUND = ["sending", "inDoubt", "preparing", "queued", "no mail"] as const;

/** Any of the first three. */
const UNDER_WAY = "a mail under way";

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
    const found = FOUND.find((state) => states.has(state)) ?? "no mail";
    this.mishaps.add(mishapCell(mishap, found));
    if (found !== "queued" && found !== "no mail") this.mishaps.add(mishapCell(mishap, UNDER_WAY));
  }
}

/** Tables of the cells that there are, each with those that a full run must reach. @param mishaps their names */
export function allCells(mishaps: readonly string[]): Record<"events" | "mishaps", Omit<Cells, "reached">> {
  return {
    events: {
      all: STATES.flatMap((state) => EVENTS.map((event) => eventCell(state, event))),
      required: EVENTS.flatMap((event) => (REQUIRED[event] ?? []).map((state) => eventCell(state, event))),
    },
    mishaps: {
      all: mishaps.flatMap((mishap) => [...FOUND, UNDER_WAY].map((state) => mishapCell(mishap, state))),
      // Each has to find a mail at work at least once, in whichever of the three states; the rest is up to chance.
      required: mishaps.map((mishap) => mishapCell(mishap, UNDER_WAY)),
    },
  };
}

function eventCell(state: string, event: string): string {
  return `${state}: ${event}`;
}

function mishapCell(mishap: string, state: string): string {
  return `${mishap}: ${state}`;
}
