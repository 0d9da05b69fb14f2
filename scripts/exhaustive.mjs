// Tries a mishap at every single byte of the dialogues in test/e2e/exhaustive: compiles them once, because compiled they
// take half the time, and runs each in several parts, as many at once as there are cores.
//
//   npm run test:exhaustive                  all forms of mail
//   npm run test:exhaustive -- plain-mail    some
//   npm run test:exhaustive -- sockets:1/6   the first sixth of the bytes of one, evenly spread
import { spawn, spawnSync } from "node:child_process";
import { cpSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

/** Parts of each form, a process each: short enough that no core is idle for long at the end. */
const PARTS = 4;
const COMPILED = "test/output/exhaustive";

rmSync(COMPILED, { recursive: true, force: true });
const tsc = ["node_modules/typescript/bin/tsc", "-p", "test/e2e/exhaustive/tsconfig.json"];
const compiled = spawnSync(process.execPath, tsc, { stdio: "inherit" });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
cpSync("test/support/certificates", `${COMPILED}/test/support/certificates`, { recursive: true });

const folder = `${COMPILED}/test/e2e/exhaustive`;
const known = readdirSync(folder)
  .filter((name) => name.endsWith(".test.js"))
  .map((name) => name.slice(0, -".test.js".length));
const wanted = process.argv.length > 2 ? process.argv.slice(2) : known;
const runs = wanted.map((text) => {
  const [, form = "", share = "1", shares = "1"] = /^([\w-]+)(?::(\d+)\/(\d+))?$/.exec(text) ?? [];
  if (!known.includes(form)) throw new Error(`${text} is none of ${known.join(", ")}`);
  return { form, share: Number(share), shares: Number(shares) };
});
const jobs = runs.flatMap(({ form, share, shares }) =>
  Array.from({ length: PARTS }, (_none, at) => ({
    form,
    part: `${at * shares + share}/${PARTS * shares}`,
  })),
);
/** By form: places tried, places there are, and the tests of one part. */
const sums = new Map(runs.map(({ form }) => [form, { tried: 0, all: 0, tests: 0 }]));
let failed = false;

const begun = Date.now();
await Promise.all(Array.from({ length: availableParallelism() }, work));

const total = { tried: 0, all: 0, tests: 0 };
for (const { form, shares } of runs) {
  const { tried, all, tests } = sums.get(form);
  console.log(`${form}: ${tried} of ${all} positions tried`);
  // Each direction of each dialogue is divided by itself, so a share can be a few positions off.
  if (shares === 1 ? tried !== all : tried < (all / shares) * 0.9) failed = true;
  total.tried += tried;
  total.all += all;
  total.tests += tests;
}
const minutes = ((Date.now() - begun) / 60_000).toFixed(1);
console.log(`in sum: ${total.tried} of ${total.all} positions tried in ${minutes} min`);
if (failed) process.exit(1);
console.log(`  ${total.tests} passing`);

async function work() {
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await run(job);
}

/** Runs one part of a form in a process of its own, whose lines are shown as they come. */
async function run({ form, part }) {
  const mocha = ["node_modules/mocha/bin/mocha.js", "--no-config", "--forbid-only", "--forbid-pending"];
  const child = spawn(process.execPath, [...mocha, `${folder}/${form}.test.js`], {
    env: { ...process.env, EXHAUSTIVE: part },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const sum = sums.get(form);
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.trim() !== "") console.log(`${form} ${part}: ${line}`);
    const [, tried, all] = /: (\d+) of (\d+) positions tried/.exec(line) ?? [];
    sum.tried += Number(tried ?? 0);
    // Each part says how many there are in all parts.
    sum.all = Number(all ?? sum.all);
    sum.tests = Number(/^ *(\d+) passing/.exec(line)?.[1] ?? sum.tests);
  }
  if ((await ended) !== 0) failed = true;
}
