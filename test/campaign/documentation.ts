/** Writes the figures of a full run into docs/campaign.md. */
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { withPart } from "../../scripts/marked-parts.mjs";
import type { Figure } from "./part";

const PAGE = "docs/campaign.md";

export type Row = Pick<Figure, "name" | "value" | "goal" | "met"> & { readonly part: string };

/** @param about date, command and duration of the run. @throws when the page has no place for them. */
export async function writeDocumentation(rows: readonly Row[], about: string): Promise<void> {
  const path = resolve(__dirname, "../..", PAGE);
  const part = `${about}\n\n${tableOf(rows)}`;
  const marked = { page: PAGE, name: "campaign", command: "npm run campaign -- --write", part };
  await writeFile(path, withPart(await readFile(path, "utf8"), marked));
}

/** As Markdown. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ part, name, value, goal, met }) =>
      `| ${part} | ${name} | ${value} | ${goal} | ${goal === "" ? "" : met ? "yes" : "NOT MET"} |`,
  );
  return ["| part | figure | value | goal | met |", "|---|---|---:|---|---|", ...lines].join("\n");
}
