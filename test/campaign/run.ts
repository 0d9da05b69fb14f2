/**
 * The campaign as a command: `npm run campaign [-- --part NAME --seed N --mails N --only POSITION]`.
 *
 * Without `--mails` it runs in full. Prints one table and ends with 1 when a figure is not met; every failure names the
 * seed and the position by which it is repeated alone.
 */
import { parseArgs } from "node:util";
import { faults } from "./faults";
import { hostile } from "./hostile";
import { load } from "./load";
import { kills } from "./kills";
import { secrets } from "./secrets";
import { soak } from "./soak";
import { supply } from "./supply";
import type { Figure, Part } from "./part";

const PARTS: readonly Part[] = [faults, kills, soak, hostile, secrets, load, supply];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      part: { type: "string", multiple: true },
      seed: { type: "string", default: "1" },
      mails: { type: "string" },
      only: { type: "string" },
    },
  });
  const seed = Number(values.seed);
  const mails = values.mails === undefined ? faults.full : Number(values.mails);
  if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(mails) || mails < 1)
    throw new Error("--seed and --mails are whole numbers");
  const share = Math.min(1, mails / faults.full);
  const only = values.only === undefined ? undefined : Number(values.only);
  const chosen = values.part === undefined ? PARTS : PARTS.filter(({ name }) => values.part?.includes(name));
  if (chosen.length === 0) throw new Error(`--part is one of ${PARTS.map(({ name }) => name).join(", ")}`);
  const rows: (Figure & { readonly part: string })[] = [];
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  for (const { name, full, unit, run } of chosen) {
    const size = Math.max(1, Math.round(full * share));
    say(`${name}: ${size} ${unit}, seed ${seed}`);
    rows.push(...(await run(size, { seed, share, only, say })).map((figure) => ({ part: name, ...figure })));
  }
  print(rows);
  const isMet = rows.every(({ met }) => met);
  console.log(isMet ? "\nAll figures are met." : "\nNOT MET, see the lines marked so.");
  // Servers that were closed may linger for a moment.
  process.exit(isMet ? 0 : 1);
}

function print(rows: readonly (Figure & { readonly part: string })[]): void {
  console.log("| part | figure | value | goal | met |\n|---|---|---:|---|---|");
  for (const { part, name, value, goal, met } of rows)
    console.log(`| ${part} | ${name} | ${value} | ${goal} | ${goal === "" ? "" : met ? "yes" : "NOT MET"} |`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
