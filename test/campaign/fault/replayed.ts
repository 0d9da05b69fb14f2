/** An episode of the campaign in a mocha test, from the sources. */
import { freshly } from "./freshly";
import type { Episode, Played } from "./replay";

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
export async function replayed({ mails, mishaps, ...episode }: ReplayPlan): Promise<Played["problems"]> {
  const chosen = mails === undefined || mishaps === undefined ? undefined : { mails, mishaps };
  const { problems } = await campaign().play({ ...episode, ...(chosen !== undefined && { chosen }) });
  return problems;
}
