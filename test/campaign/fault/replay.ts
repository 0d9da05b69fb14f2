/** Plays one episode alone, whole or with some of its mails and mishaps. */
import { differenceOf, type Difference } from "./difference";
import { runEpisode, type EpisodePlan, type EpisodeReport } from "./episode";
import { PostOffice } from "./post-office";
import { kindOf, problemsOf, watchProcess } from "./problems";
import { Reached } from "./reached";
import type { Chosen } from "./schedule";
import { shrunk } from "./shrink";

/** An episode by its seed and number. */
export type Episode = Pick<EpisodePlan, "seed" | "number" | "spoil" | "spoilNode">;

export interface Played extends Omit<EpisodeReport, "account" | "complaints"> {
  /** What was wrong with it, in words. */
  readonly problems: readonly string[];
  readonly story: readonly string[];
}

/** Milliseconds of real time that making an episode smaller may take. */
const PATIENCE_MS = 180_000;

/** Rejects when the episode comes to no end. */
export async function play(episode: Episode & { readonly chosen?: Chosen }): Promise<Played> {
  const office = await PostOffice.open();
  const watch = watchProcess();
  try {
    const story: string[] = [];
    const report = await runEpisode({ ...episode, office, reached: new Reached(), story });
    return { ...report, problems: [...problemsOf(report), ...watch.take()], story };
  } finally {
    watch.end();
    await office.close();
  }
}

/**
 * The fewest mishaps and mails with which it fails in a way in which it has failed as a whole; as few as were found in
 * three minutes.
 *
 * @param problems of the whole
 * @param tried told before each attempt
 */
export async function smallest(
  episode: Episode,
  { had, problems }: Pick<Played, "had" | "problems">,
  tried: () => void = () => undefined,
): Promise<Chosen> {
  const kinds = new Set(problems.map(kindOf));
  return smaller(had, tried, async (chosen) => {
    const found = await play({ ...episode, chosen }).then(
      (played) => played.problems,
      (error: unknown) => [String(error)],
    );
    return found.some((problem) => kinds.has(kindOf(problem)));
  });
}

/** Plays it twice, and says where the second run differs. Undefined: nowhere, or one of them comes to no end. */
export async function differenceBetweenRuns(
  episode: Episode & { readonly chosen?: Chosen },
): Promise<Difference | undefined> {
  try {
    const { story } = await play(episode);
    return differenceOf(story, (await play(episode)).story);
  } catch {
    return undefined;
  }
}

/** The fewest mishaps and mails with which its two runs still differ; as few as were found in three minutes. */
export async function smallestThatDiffers(
  episode: Episode,
  { had }: Pick<Played, "had">,
  tried: () => void = () => undefined,
): Promise<Chosen> {
  return smaller(
    had,
    tried,
    async (chosen) => (await differenceBetweenRuns({ ...episode, chosen })) !== undefined,
  );
}

/** @param tried told before each attempt */
async function smaller(
  had: Chosen,
  tried: () => void,
  isStill: (chosen: Chosen) => Promise<boolean>,
): Promise<Chosen> {
  const end = performance.now() + PATIENCE_MS;
  return shrunk(had, async (chosen) => {
    if (performance.now() > end) return false;
    tried();
    return isStill(chosen);
  });
}
