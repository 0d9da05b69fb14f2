/**
 * Mutation tests: `npm run mutation` for all areas, `npm run mutation -- at` for some, `npm run mutation -- at
 * lib/at/exchange.ts` for some files of an area. With `--incremental` a mutant that a test noticed in the last run counts
 * as noticed while neither has changed; all others are tried anew. Prints what survived and a table, and fails when a
 * folder is below the goal.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AREAS, isAreaName, type Area, type AreaName } from "./areas";
import { STRYKER } from "./stryker-options";
import { readResult, scoreOf, survivorLines, tableOf, type AreaResult } from "./result";

/** Percent of the mutants that tests must notice, in each folder. */
const GOAL = 88;

const INCREMENTAL = "--incremental";

const root = join(__dirname, "..", "..");
const output = join(root, "test", "output", "mutation");

/** Runs an area, or only the `files` of it. */
function run(name: AreaName, files: readonly string[], incremental: boolean): AreaResult {
  const area: Area = AREAS[name];
  const report = join(output, `${name}.json`);
  const config = join(output, `${name}.config.json`);
  mkdirSync(output, { recursive: true });
  writeFileSync(
    config,
    JSON.stringify({
      ...STRYKER,
      concurrency: area.concurrency ?? STRYKER.concurrency,
      tempDirName: `test/output/mutation/sandbox-${name}`,
      mutate: files.length > 0 ? files : area.mutate,
      mochaOptions: { require: ["test/mutation/setup.ts"], spec: area.tests },
      jsonReporter: { fileName: report },
      incremental,
      incrementalFile: report,
    }),
  );
  const program = join(__dirname, "node_modules", "@stryker-mutator", "core", "bin", "stryker.js");
  const { status } = spawnSync(process.execPath, [program, "run", config], { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new Error(`The mutation tests of ${name} did not run.`);
  return readResult(JSON.parse(readFileSync(report, "utf8")));
}

function main(words: readonly string[]): void {
  const named = words.filter(isAreaName);
  const files = words.filter((word) => !isAreaName(word) && word !== INCREMENTAL);
  if (files.length > 0 && named.length !== 1) throw new Error("Name the one area that the files belong to.");
  const names = named.length > 0 ? named : Object.keys(AREAS).filter(isAreaName);
  const results = names.map((name) => run(name, files, words.includes(INCREMENTAL)));
  for (const result of results) console.log(survivorLines(result));
  console.log(tableOf(results));
  const below = results.flatMap(({ folders }) => folders.filter((figures) => scoreOf([figures]) < GOAL));
  for (const { folder } of below) console.error(`${folder} is below ${GOAL} %.`);
  if (below.length > 0) process.exitCode = 1;
}

main(process.argv.slice(2));
