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

/** What making an episode smaller may take. */
export interface Effort {
  /** Told before each attempt. */
  readonly tried?: () => void;
  /** Milliseconds of real time; left out: three minutes. No attempt begins after it. */
  readonly patienceMs?: number;
}

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
 * The fewest mishaps and mails with which it fails in a way in which it has failed as a whole; as few as are found while
 * patience lasts.
 *
 * @param problems of the whole
 */
export async function smallest(
  episode: Episode,
  { had, problems }: Pick<Played, "had" | "problems">,
  effort?: Effort,
): Promise<Chosen> {
  const kinds = new Set(problems.map(kindOf));
  return smaller(had, effort, async (chosen) => {
    const found = await play({ ...episode, chosen }).then(
      (played) => played.problems,
      (error: unknown) => [String(error)],
    );
    return found.some((problem) => kinds.has(kindOf(problem)));
  });
}

/** Plays it twice, and says where the second run differs; the story of a run that comes to no end is why. Undefined: nowhere. */
export async function differenceBetweenRuns(
  episode: Episode & { readonly chosen?: Chosen },
): Promise<Difference | undefined> {
  const told = (): Promise<readonly string[]> =>
    play(episode).then(
      ({ story }) => story,
      (error: unknown) => [`no end: ${String(error)}`],
    );
  return differenceOf(await told(), await told());
}

/** The fewest mishaps and mails with which its two runs still differ; as few as are found while patience lasts. */
export async function smallestThatDiffers(
  episode: Episode,
  { had }: Pick<Played, "had">,
  effort?: Effort,
): Promise<Chosen> {
  return smaller(
    had,
    effort,
    async (chosen) => (await differenceBetweenRuns({ ...episode, chosen })) !== undefined,
  );
}

async function smaller(
  had: Chosen,
  { tried = () => undefined, patienceMs = PATIENCE_MS }: Effort = {},
  isStill: (chosen: Chosen) => Promise<boolean>,
): Promise<Chosen> {
  const end = performance.now() + patienceMs;
  return shrunk(had, async (chosen) => {
    if (performance.now() > end) return false;
    tried();
    return isStill(chosen);
  });
}
