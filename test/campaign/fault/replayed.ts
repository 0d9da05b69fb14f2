/** An episode of the campaign in a mocha test, from the sources. */
import type { Difference } from "./difference";
import { freshly } from "./freshly";
import type { Episode, Played } from "./replay";
import type { Chosen } from "./schedule";

/** An episode with the mails and mishaps at these positions; without them, the whole. */
export type ReplayPlan = Episode & {
  readonly mails?: readonly number[];
  readonly mishaps?: readonly number[];
};

let replay: typeof import("./replay") | undefined;

/** The campaign's code of its own, in which it can replace functions. */
export function campaign(): typeof import("./replay") {
  return (replay ??= freshly("./replay") as typeof import("./replay"));
}

/** What is wrong with an episode, in words. */
export async function replayed(plan: ReplayPlan): Promise<Played["problems"]> {
  return (await campaign().play(chosenOf(plan))).problems;
}

/** Where two runs of an episode differ; undefined: nowhere. */
export async function replayedTwice(plan: ReplayPlan): Promise<Difference | undefined> {
  return campaign().differenceBetweenRuns(chosenOf(plan));
}

function chosenOf({ mails, mishaps, ...episode }: ReplayPlan): Episode & { readonly chosen?: Chosen } {
  if (mails === undefined || mishaps === undefined) return episode;
  return { ...episode, chosen: { mails, mishaps } };
}
