/** Where two stories of an episode part that should be one. */

export interface Difference {
  /** The first line that is not the same in both, counted from 1. */
  readonly line: number;
  /** That line in each; undefined where a story has ended before. */
  readonly first: string | undefined;
  readonly second: string | undefined;
}

/** Undefined: they are the same. */
export function differenceOf(one: readonly string[], other: readonly string[]): Difference | undefined {
  const [first, second] = [linesOf(one), linesOf(other)];
  const longest = Math.max(first.length, second.length);
  for (let at = 0; at < longest; at++)
    if (first[at] !== second[at]) return { line: at + 1, first: first[at], second: second[at] };
  return undefined;
}

/** Without stack traces, which name the files of one run. */
export function linesOf(story: readonly string[]): readonly string[] {
  return story.flatMap((told) => told.replaceAll(/\n {4}at [^\n]*/g, "").split("\n"));
}

/** For a person, in one line. */
export function inWords({ line, first, second }: Difference): string {
  const shown = (text: string | undefined): string =>
    text === undefined ? "nothing more" : JSON.stringify(text.slice(0, 200));
  return `line ${line} is ${shown(first)} and ${shown(second)}`;
}
