/**
 * The campaign as a command: `npm run campaign [-- --part NAME --seed N --mails N --minutes N --only POSITION --jobs N --write]`.
 *
 * Without `--mails` it runs in full; with `--minutes N` instead, for so long and with a fresh seed, which it prints. Prints one table and ends with 1 when a figure is not met; every failure names the
 * seed and the position by which it is repeated alone.
 */
import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { tableOf, writeDocumentation } from "./documentation";
import { joined, type Cells, type Figure, type Part, type Slice } from "./part";
import { Compiled, isCompiled, runPart } from "./part-runner";
import { PARTS } from "./parts";

/** The longest first, so that no core is idle for long at the end. */
const ORDER = ["soak", "faults", "hostile", "kills", "fresh", "next-mail", "secrets", "supply"] as const;
/** What is measured in them is time, or memory that grows while the collector waits for a processor: they run when all others have ended. */
const ALONE: readonly string[] = ["floods", "load", "real-time"];
/** They take their real time however small they are; CI runs `real-time` on its own, `npm test` a form of the others. */
const LONG: readonly string[] = ["floods", "fresh", "real-time"];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      part: { type: "string", multiple: true },
      seed: { type: "string" },
      mails: { type: "string" },
      minutes: { type: "string" },
      only: { type: "string" },
      write: { type: "boolean", default: false },
      jobs: { type: "string", default: String(availableParallelism()) },
    },
  });
  const minutes = values.minutes === undefined ? undefined : wholeNumber("minutes", values.minutes);
  const seed =
    minutes !== undefined && values.seed === undefined
      ? randomInt(2 ** 31)
      : wholeNumber("seed", values.seed ?? "1");
  const jobs = Math.max(1, wholeNumber("jobs", values.jobs));
  const most = PARTS.find(({ name }) => name === "faults")?.full ?? 1;
  const share = values.mails === undefined ? 1 : Math.min(1, wholeNumber("mails", values.mails) / most);
  if (values.write && (share < 1 || minutes !== undefined || values.part !== undefined))
    throw new Error("--write wants a full run");
  const only = values.only === undefined ? undefined : wholeNumber("only", values.only);
  const isWanted = (name: string): boolean =>
    values.part?.includes(name) ?? (share === 1 || !LONG.includes(name));
  const chosen = PARTS.filter(({ name }) => isWanted(name));
  if (
    minutes !== undefined &&
    chosen.some(({ isSliceable, unit }) => isSliceable !== true && unit !== "minutes")
  )
    throw new Error(
      "--minutes is for the parts that end at any time: --part faults, fresh, hostile or real-time",
    );
  if (chosen.length === 0) throw new Error(`--part is one of ${PARTS.map(({ name }) => name).join(", ")}`);

  const began = performance.now();
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const compiled = new Compiled();
  const figures = new Map<string, (readonly Figure[])[]>();
  const run = async ({ name, full, slice }: Slot): Promise<void> => {
    const size = Math.max(1, Math.round(full * share));
    const slices = figures.get(name) ?? [];
    figures.set(name, slices);
    slices.push(await runPart({ name, size, share, seed, only, minutes, slice }, compiled, say));
  };
  const waiting = ORDER.flatMap((wanted) =>
    chosen
      .filter(({ name }) => name === wanted)
      .flatMap((part) => slots(part, only === undefined ? jobs : 1)),
  );
  for (const { name, full, unit } of chosen)
    say(
      `${name}: ${minutes === undefined ? `${Math.max(1, Math.round(full * share))} ${unit}` : `${minutes} minutes`}, seed ${seed}`,
    );
  const work = async (): Promise<void> => {
    for (let slot = waiting.shift(); slot !== undefined; slot = waiting.shift()) await run(slot);
  };
  try {
    if (chosen.some(({ name }) => isCompiled(name))) await compiled.make();
    await Promise.all(Array.from({ length: jobs }, work));
    for (const part of chosen.filter(({ name }) => ALONE.includes(name)))
      await run({ ...part, slice: WHOLE });
  } finally {
    compiled.remove();
  }
  const rows = chosen.flatMap(({ name }) =>
    joined(figures.get(name) ?? []).map((figure) => ({ part: name, ...figure })),
  );
  console.log(tableOf(rows));
  for (const { name, cells } of rows)
    for (const line of cells === undefined || cells.required.length === 0 ? [] : neverReached(cells))
      console.log(`${name}: never ${line}`);
  const isMet = rows.every(({ met }) => met);
  const took = ((performance.now() - began) / 60_000).toFixed(0);
  console.log(`\n${isMet ? "All figures are met" : "NOT MET, see the lines marked so"}, in ${took} minutes.`);
  if (isMet && values.write) {
    const date = new Date().toISOString().slice(0, 10);
    await writeDocumentation(rows, `Seed ${seed}, on ${date}, in ${took} minutes:`);
  }
  process.exitCode = isMet ? 0 : 1;
}

/** The cells that no slice has reached, those of one kind in one line. */
function neverReached({ reached, all }: Cells): readonly string[] {
  const kinds = new Map<string, string[]>();
  for (const cell of all.filter((one) => !reached.includes(one))) {
    const at = cell.lastIndexOf(": ");
    const [kind, rest] = [cell.slice(0, at), cell.slice(at + 2)];
    kinds.set(kind, [...(kinds.get(kind) ?? []), rest]);
  }
  return [...kinds].map(([kind, cellsOfKind]) => `${kind}: ${cellsOfKind.join(", ")}`);
}

/** What one process does: a part, or a slice of it. */
type Slot = Part & { readonly slice: Slice };

const WHOLE: Slice = { index: 0, of: 1 };

function slots(part: Part, jobs: number): readonly Slot[] {
  if (part.isSliceable !== true) return [{ ...part, slice: WHOLE }];
  return Array.from({ length: jobs }, (_none, index) => ({ ...part, slice: { index, of: jobs } }));
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`--${name} is a whole number`);
  return number;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
