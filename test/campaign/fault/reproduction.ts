/** A mocha test that repeats an episode which has failed. */
import type { Chosen } from "./schedule";

export interface Failed {
  readonly seed: number;
  readonly number: number;
  /** With what it fails. */
  readonly chosen: Chosen;
  /** Kinds of the mishaps chosen. */
  readonly kinds: readonly string[];
  /** What is wrong with it, in words. */
  readonly problems: readonly string[];
}

/** Folder for it, from that of the repository. */
export const TEST_FOLDER = "test/e2e/campaign";

/** Its code, for a file in `TEST_FOLDER`. */
export function reproduction({ seed, number, chosen, kinds, problems }: Failed): string {
  const { mails, mishaps } = chosen;
  const plan = `{ seed: ${seed}, number: ${number}, mails: [${mails.join(", ")}], mishaps: [${mishaps.join(", ")}] }`;
  const title = `ends well with ${mails.length} of its mails and ${kinds.length === 0 ? "no mishap" : kinds.join(", ")}`;
  return [
    `/** An episode that has failed: ${problems.map(inComment).join("; ")} */`,
    `import assert from "node:assert/strict";`,
    `import { replayed } from "../../campaign/fault/replayed";`,
    ``,
    `describe("Episode ${number} of seed ${seed}", () => {`,
    `  it(${JSON.stringify(title)}, async () => {`,
    `    const problems = await replayed(${plan});`,
    `    assert.deepEqual(problems, []);`,
    `  }).timeout(120_000);`,
    `});`,
    ``,
  ].join("\n");
}

function inComment(problem: string): string {
  const [line = ""] = problem.split("\n", 1);
  return line.replaceAll("*/", "* /").slice(0, 200);
}
