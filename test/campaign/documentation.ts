/** Writes the figures of a full run into docs/campaign.md. */
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Figure } from "./part";

const ROOT = resolve(__dirname, "../..");

export type Row = Pick<Figure, "name" | "value" | "goal" | "met"> & { readonly part: string };

/** @param about date, command and duration of the run. @throws when the page has no place for them. */
export async function writeDocumentation(rows: readonly Row[], about: string): Promise<void> {
  await replace("docs/campaign.md", `${about}\n\n${tableOf(rows)}`);
}

/** As Markdown. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ part, name, value, goal, met }) =>
      `| ${part} | ${name} | ${value} | ${goal} | ${goal === "" ? "" : met ? "yes" : "NOT MET"} |`,
  );
  return ["| part | figure | value | goal | met |", "|---|---|---:|---|---|", ...lines].join("\n");
}

async function replace(file: string, text: string): Promise<void> {
  const path = join(ROOT, file);
  const before = await readFile(path, "utf8");
  const place = /(<!-- campaign: npm run campaign -- --write -->\n)[^]*?(\n<!-- \/campaign -->)/;
  if (!place.test(before)) throw new Error(`${file} has no place for the figures`);
  await writeFile(
    path,
    before.replace(place, (_all, begin: string, end: string) => begin + text + end),
  );
}
