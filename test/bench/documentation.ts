/** Writes the tables of a run into docs/performance.md, between their markers, and draws the picture. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withPart } from "../../scripts/marked-parts.mjs";
import type { Figure } from "./figure";
import type { Row } from "./row";
import { sharesPicture } from "./picture";
import { goalsTable, markdownTable, sharesTable } from "./table";

const ROOT = join(__dirname, "../..");

/** The page that holds the tables of the benchmark, below the package's folder. */
export const PAGE = "docs/performance.md";
const PICTURE = "docs/mail-time.svg";

/**
 * @param runs figures of each run; all of them show their goals, the last one all it has.
 * @param machine what the figures were measured on.
 * @throws Error when the page lacks a marker.
 */
export async function writeDocumentation(
  runs: readonly (readonly Figure[])[],
  rows: readonly Row[],
  machine: string,
): Promise<void> {
  const figures = runs.at(-1) ?? [];
  const meaning = rows.map(({ name, about }) => `| \`${name}\` | ${about} |`);
  await fill({
    figures: `${machine}\n\n${markdownTable(figures)}`,
    runs: goalsTable(runs),
    "mail-time": sharesTable(figures),
    rows: ["| row | what is measured |", "|---|---|", ...meaning].join("\n"),
  });
  await writeFile(join(ROOT, PICTURE), sharesPicture(figures));
}

async function fill(parts: Readonly<Record<string, string>>): Promise<void> {
  const path = join(ROOT, PAGE);
  let text = await readFile(path, "utf8");
  for (const [name, part] of Object.entries(parts)) text = between(text, name, part);
  await writeFile(path, text);
}

/** The text with `part` between the markers of `name`. @throws Error when it has none, which names it. */
export function between(text: string, name: string, part: string): string {
  return withPart(text, { page: PAGE, name, command: "npm run bench -- --write", part });
}
