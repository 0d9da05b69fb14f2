/** A mocha test that repeats an episode which has failed, or whose two runs differ. */
import { inWords, type Difference } from "./difference";
import type { Chosen } from "./schedule";

export interface Repeated {
  readonly seed: number;
  readonly number: number;
  /** What is left of it. */
  readonly chosen: Chosen;
  /** Kinds of the mishaps chosen. */
  readonly kinds: readonly string[];
}

export interface Failed extends Repeated {
  /** What is wrong with it, in words. */
  readonly problems: readonly string[];
}

/** Folder for it, from that of the repository. */
export const TEST_FOLDER = "test/e2e/campaign";

/** Code of a test that an episode ends well, for a file in `TEST_FOLDER`. */
export function reproduction({ problems, ...repeated }: Failed): string {
  return testOf(repeated, {
    why: `An episode that has failed: ${problems.map(inComment).join("; ")}`,
    what: "ends well",
    call: "replayed",
    check: (found) => `assert.deepEqual(${found}, []);`,
  });
}

/** Code of a test that an episode is the same each time, for a file in `TEST_FOLDER`. */
export function reproductionOfDifference({
  difference,
  ...repeated
}: Repeated & { readonly difference: Difference }): string {
  return testOf(repeated, {
    why: `An episode whose two runs differ: ${inComment(inWords(difference))}`,
    what: "is the same each time",
    call: "replayedTwice",
    check: (found) => `assert.equal(${found}, undefined);`,
  });
}

interface Claim {
  readonly why: string;
  readonly what: string;
  /** Function of `replayed.ts`. */
  readonly call: string;
  readonly check: (found: string) => string;
}

function testOf({ seed, number, chosen, kinds }: Repeated, { why, what, call, check }: Claim): string {
  const { mails, mishaps } = chosen;
  const plan = `{ seed: ${seed}, number: ${number}, mails: [${mails.join(", ")}], mishaps: [${mishaps.join(", ")}] }`;
  const title = `${what} with ${mails.length} of its mails and ${kinds.length === 0 ? "no mishap" : kinds.join(", ")}`;
  return [
    `/** ${why} */`,
    `import assert from "node:assert/strict";`,
    `import { ${call} } from "../../campaign/fault/replayed";`,
    ``,
    `describe("Episode ${number} of seed ${seed}", () => {`,
    `  it(${JSON.stringify(title)}, async () => {`,
    `    const found = await ${call}(${plan});`,
    `    ${check("found")}`,
    `  }).timeout(120_000);`,
    `});`,
    ``,
  ].join("\n");
}

function inComment(problem: string): string {
  const [line = ""] = problem.split("\n", 1);
  return line.replaceAll("*/", "* /").slice(0, 500);
}
